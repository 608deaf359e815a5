"""How fast jobs are delivered, and what that takes."""

import time

from bench import median
from contest import PEERS, Fletchd, delivered
from load import body
from processes import processor_seconds, resident_megabytes
from report import Section

JOBS, SECONDS = 50_000, 30
# For as many jobs to be stored before the first is due.
HEAD_START = 15


def _fletchd(bench):
    with bench.fletchd() as fletchd:
        due = time.time() + HEAD_START
        return filled_and_taken(bench, fletchd, JOBS, due)


def filled_and_taken(bench, fletchd, count, due):
    fletchd.fill([(body(), due)] * count)
    if time.time() > due:
        raise RuntimeError("the jobs were due before they were all stored")
    return _take(bench, [fletchd.process], count)


def _peer(bench, peer):
    with peer.running(bench.directory, bench.target) as run:
        count = run.enqueue("one", peer.jobs).jobs
        with run.working() as processes:
            return _take(bench, processes, count)


def _take(bench, processes, count):
    """Jobs a second, ms of processor time for 1,000 of them, and MB resident when they are done."""
    counter, used = bench.counter, processor_seconds(processes)
    before = counter.count()
    rate = delivered(counter, count, SECONDS)
    done = counter.count() - before
    return rate, (processor_seconds(processes) - used) * 1e6 / done, resident_megabytes(processes)


def delivery(bench):
    taken = bench.in_turns(
        [Fletchd, *PEERS], lambda peer: _fletchd(bench) if peer is Fletchd else _peer(bench, peer))
    section = Section(
        "Delivery",
        f"Each job is one POST of 100 bytes to the same nginx, over connections that are kept. All jobs ({JOBS:,} for "
        f"`fletchd`, {min(p.jobs for p in PEERS):,} to {max(p.jobs for p in PEERS):,} for the peers) are stored first; "
        "those of `fletchd` are due at one moment, the workers of the peers are started then. From the first that "
        "arrives until nginx has counted all, or 30 s have passed. Processor time and memory (`Pss`) are those of "
        "`fletchd`, or of broker and workers; the processor time of the workers' start is in it.",
        ["", "jobs/s", "ms for 1,000 jobs", "MB resident"])
    for name, rounds in taken.items():
        rate, used, memory = map(median, zip(*rounds))
        section.rows.append([name, f"{rate:.0f}", f"{used:.0f}", f"{memory:.0f}"])
    rates = {name: median(rate for rate, _, _ in rounds) for name, rounds in taken.items()}
    ours = rates.pop(Fletchd.name)
    best = max(rates, key=rates.get)
    section.judge(f"deliveries of fletchd over the best peer's ({best})", ours / rates[best], least=5)
    return section
