"""load.py PEER one|batch|at|limited|retried|locked COUNT PROCESSES THREADS [DUE]

Enqueues COUNT jobs of 100 bytes from that many clients at the same time: one by one, a thousand at a time, each due a
millisecond after the one before, the first at DUE, or one by one numbered jobs of a kind that not every peer has. Gives
up after its time. Says how many jobs it enqueued, the seconds they took, and the processor seconds of these clients.
"""

import importlib
import multiprocessing
import os
import sys
import threading
import time

# Jobs that are due at a time are not timed: all have to be stored before the first is due, 20 s after the start.
SECONDS, BATCH = {"one": 10, "batch": 10, "at": 19, "limited": 15, "retried": 15, "locked": 19}, 1000


def body(text=""):
    return text.ljust(100, "x")


def client(peer, how, count, index, clients, due):
    """Enqueues this client's share; returns how many jobs that were."""
    end = time.monotonic() + SECONDS[how]
    done = 0
    if how == "batch":
        while done < count // clients and time.monotonic() < end:
            peer.enqueue_batch([body()] * BATCH)
            done += BATCH
        return done
    for number in range(index, count, clients):
        if time.monotonic() > end:
            break
        if how == "one":
            peer.enqueue(body())
        elif how == "at":
            moment = due + number / 1000
            peer.enqueue_at(body(f"{round(moment * 1e6)} "), moment)
        else:
            getattr(peer, f"enqueue_{how}")(body(f"{number} "), number)
        done += 1
    return done


def process(peer, how, count, first, threads, clients, due, barrier, results):
    getattr(peer, "start", lambda: None)()
    barrier.wait()
    used, begun, done = time.process_time(), time.monotonic(), []
    work = [
        threading.Thread(target=lambda index=index: done.append(client(peer, how, count, index, clients, due)))
        for index in range(first, first + threads)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    results.put((sum(done), begun, time.monotonic(), time.process_time() - used))
    # Pools and threads of the peers are not waited for.
    results.close()
    results.join_thread()
    os._exit(0)


def main(name, how, count, processes, threads, due="0"):
    count, processes, threads = int(count), int(processes), int(threads)
    peer = importlib.import_module("peers." + name)
    barrier, results = multiprocessing.Barrier(processes), multiprocessing.Queue()
    clients = processes * threads
    for index in range(processes):
        arguments = (peer, how, count, index * threads, threads, clients, float(due), barrier, results)
        multiprocessing.Process(target=process, args=arguments).start()
    done, begun, ended, used = zip(*(results.get(timeout=SECONDS[how] + 30) for _ in range(processes)))
    print(sum(done), max(ended) - min(begun), sum(used))


if __name__ == "__main__":
    main(*sys.argv[1:])
