"""How late delayed jobs are."""

import re
import subprocess
import sys
import time
from contextlib import contextmanager

from contest import PEERS, Fletchd
from load import body
from processes import running
from report import Section

JOBS, RATE = 10_000, 1_000
# For as many jobs to be stored before the first is due, and for those that come late.
HEAD_START, PATIENCE = 20, 30


@contextmanager
def origin(bench, count, *kind):
    """Yields the process of an origin that notes how late so many requests are, and its address. Of the kinds
    `numbered` and `failing` it notes when each number comes; `failing` answers each number with 500 at first."""
    command = [bench.root / "Benchmarks/.build/queue/due", str(count), *kind]
    with running(command, stdout=subprocess.PIPE, text=True) as process:
        yield process, f"127.0.0.1:{process.stdout.readline().strip()}"


def punctual(due, count):
    """Jobs that are due one each millisecond, and say when."""
    # As `runAt` has it: in whole milliseconds.
    moments = [round(due + number / RATE, 3) for number in range(count)]
    return [(body(f"{round(moment * 1e6)} "), moment + 1e-5) for moment in moments]


def wait(process, end):
    """The milliseconds by which those were late that have come in time, as they came; the last is due at `end`."""
    return [int(line) / 1000 for line in _lines(process, end + PATIENCE)]


def arrivals(process, end):
    """The seconds since 1970 and the number of each request that has come by `end`, or until all have, as they came."""
    return [(int(moment) / 1e6, int(number)) for moment, number in map(str.split, _lines(process, end))]


def _lines(process, end):
    try:
        # It may say more than a pipe takes.
        said = process.communicate(timeout=end - time.time())[0]
    except subprocess.TimeoutExpired:
        process.terminate()
        said = process.communicate()[0]
    return said.splitlines()


def spread(late):
    """Median, p99 and maximum."""
    late = sorted(late)
    return [late[len(late) // 2], late[len(late) * 99 // 100], late[-1]]


def _fletchd(bench):
    with origin(bench, JOBS) as (process, target), bench.fletchd(target) as fletchd:
        due = time.time() + HEAD_START
        fletchd.fill(punctual(due, JOBS))
        return JOBS, wait(process, due + JOBS / RATE)


def _peer(bench, peer):
    with origin(bench, JOBS) as (process, target), peer.running(bench.directory, target) as run:
        with run.working():
            due = time.time() + HEAD_START
            stored = run.enqueue("at", JOBS, due).jobs
            return stored, wait(process, due + JOBS / RATE)


def _capacity(bench):
    """Requests a second that the origin can take."""
    with origin(bench, 10_000_000) as (_, target):
        said = subprocess.run(["wrk", "-t1", "-c32", "-d2s", f"http://{target}/"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
    return float(re.search(r"Requests/sec: *([\d.]+)", said)[1])


def lateness(bench):
    section = Section(
        "Lateness of delayed jobs, 1,000 a second",
        f"{JOBS:,} jobs, stored beforehand, are due one each millisecond; an origin in C compares the time when each "
        f"arrives with the time that its body says (it takes {_capacity(bench):.0f} requests a second from wrk). "
        f"Who could not keep up had {PATIENCE} s more; RQ's and Huey's schedulers look once a second.",
        ["", "stored in time", "arrived", "median ms", "p99 ms", "max ms"])
    for peer in [Fletchd, *(peer for peer in PEERS if peer.delays)]:
        print(peer.name, file=sys.stderr, flush=True)
        stored, late = _fletchd(bench) if peer is Fletchd else _peer(bench, peer)
        figures = spread(late) if late else ["", "", ""]
        section.rows.append([peer.name, stored, len(late), *(f"{figure:.1f}" for figure in figures if late)])
        if peer is Fletchd:
            section.judge("p99 of fletchd", figures[1], most=10, unit=" ms")
    return section
