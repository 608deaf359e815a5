"""How near a limited queue of `fletchd`, and a limited task of Celery, come to their rates."""

import time
from bisect import bisect_left
from dataclasses import dataclass

from bench import median
from contest import Fletchd, specialists
from job import QUEUES, RATE
from load import body
from processes import processor_seconds
from report import Section
from servers import Arrivals, wait_until

POLICY = {"rate": {"count": RATE, "per": 1_000, "burst": 1}}
# Seconds: for the jobs to be stored before the first is due; from the first that arrives until it is steady.
HEAD_START, SETTLING = 4, 2
PATHS = [f"/logged/{queue}" for queue in range(QUEUES)]


@dataclass
class Figures:
    # Jobs a second of each queue.
    rates: list
    # The most of one queue within a second.
    most: int
    # Of processor time, for a thousand jobs.
    milliseconds: float

    @property
    def share(self):
        return sum(self.rates) / (QUEUES * RATE)


def _fletchd(bench):
    with bench.fletchd() as fletchd:
        due = time.time() + HEAD_START
        for path in PATHS:
            queue = fletchd.queue(bench.target, path)
            queue.set(POLICY)
            queue.fill([(body(), due)] * _job_count(bench))
        if time.time() > due:
            raise RuntimeError("the jobs were due before they were all stored")
        return _watch(bench, [fletchd.process])


def _peer(bench, peer):
    with peer.running(bench.directory, bench.target, "limited_workers") as run:
        run.enqueue("limited", QUEUES * _job_count(bench))
        with run.working() as processes:
            return _watch(bench, processes)


def _job_count(bench):
    """Of each queue: more than are delivered while it is watched."""
    return RATE * (bench.window + 2 * SETTLING)


def _watch(bench, processes):
    arrivals, counter = Arrivals(bench.directory), bench.counter
    before = counter.count()
    wait_until(lambda: counter.count() > before, otherwise="no job was delivered")
    time.sleep(SETTLING)
    begun, used = time.time(), processor_seconds(processes)
    time.sleep(bench.window)
    ended, used = time.time(), processor_seconds(processes) - used
    by_path = arrivals.by_path()
    queues = [[moment for moment in by_path.get(path, []) if begun <= moment < ended] for path in PATHS]
    return Figures([len(moments) / (ended - begun) for moments in queues], max(map(_most, queues)),
                   used * 1e6 / sum(map(len, queues)))


def _most(moments):
    """The most of these moments, which are in order, that lie within one second."""
    return max((bisect_left(moments, moment + 1) - place for place, moment in enumerate(moments)), default=0)


def rates(bench):
    taken = bench.in_turns([Fletchd, *specialists("limited")],
                           lambda peer: _fletchd(bench) if peer is Fletchd else _peer(bench, peer))
    section = Section(
        f"{QUEUES} rates of {RATE} a second, against Celery",
        f"{QUEUES} queues of `fletchd` have the policy "
        f'`{{"rate":{{"count":{RATE},"per":1000,"burst":1}}}}`, {QUEUES} tasks of Celery `rate_limit="{RATE}/s"`. '
        "Each worker of Celery keeps the rates by itself, so there is one, with four processes and the default "
        "prefetch, with which it came nearest to them. Each job is one POST of 100 bytes to nginx, which logs when it "
        "arrives; in Celery a function in the worker makes it. All jobs are stored first, Celery's in turns of the "
        "tasks, because fetched jobs of one task keep those of others out. Jobs are counted, and the processor time of "
        "`fletchd`, or of broker and worker, is measured, for "
        f"{bench.window} s that begin {SETTLING} s after the first arrives. The slowest and the fastest queue, and the "
        "most jobs of one queue within a second, are those of all rounds.",
        ["", "share of the rate", "slowest queue/s", "fastest queue/s", "most within a second", "ms for 1,000 jobs"])
    for name, rounds in taken.items():
        section.rows.append([name, f"{median(figures.share for figures in rounds) * 100:.1f} %",
                             f"{min(min(figures.rates) for figures in rounds):.2f}",
                             f"{max(max(figures.rates) for figures in rounds):.2f}",
                             max(figures.most for figures in rounds),
                             f"{median(figures.milliseconds for figures in rounds):.0f}"])
    share = median(figures.share for figures in taken[Fletchd.name])
    section.judge("share of its rate that fletchd keeps", share * 100, least=98, unit=" %")
    return section
