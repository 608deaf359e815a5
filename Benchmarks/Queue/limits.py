"""How well the rates of a thousand queues are kept, and what that costs."""

import statistics
import threading
import time
from dataclasses import dataclass

from bench import median
from load import body
from processes import clock_seconds
from report import Section
from servers import Arrivals

QUEUES, RATE = 1_000, 10
POLICY = {"rate": {"count": RATE, "per": 1_000, "burst": 1}}
# Seconds after the first jobs are due until it is steady.
SETTLING = 1
# Jobs that each queue has when the first are due, and how many are added at a time: 100,000 or more are always due.
AHEAD, REFILL = 200, 100


@dataclass(frozen=True)
class Kind:
    name: str
    limited: bool = False


LIMITED, UNLIMITED = Kind("with a rate of 10 a second each", limited=True), Kind("without limits, at that pace")


@dataclass
class Figures:
    # Deliveries a second: of the slowest queue, the median one and the fastest.
    rates: list
    rate: float
    # Of processor time, for a thousand deliveries.
    milliseconds: float


class _Turns:
    """In each round first with limits, and then without them at the pace that there was."""

    def __init__(self, bench):
        self.bench = bench
        # Of each queue: more than are delivered until its rate has been measured, and 100 of them are left then.
        self.job_count = -(-RATE * (bench.limited + 2 * SETTLING) // REFILL) * REFILL + REFILL
        self.paths = [f"/logged/{number}" for number in range(QUEUES)]
        # When the jobs of each queue came with limits, in seconds after the first of all.
        self.pace = []

    def measure(self, kind):
        with self.bench.fletchd() as fletchd:
            queues = [fletchd.queue(self.bench.target, path) for path in self.paths]
            due, moments = self._fill(kind, queues)
            # Not before: what the last turn left came until it ended.
            arrivals = Arrivals(self.bench.directory)
            refilling = threading.Thread(target=self._refill, args=(queues, moments, due))
            refilling.start()
            time.sleep(max(0, due + SETTLING - time.time()))
            begun, used = time.time(), clock_seconds(fletchd.process)
            time.sleep(self.bench.limited)
            ended, used = time.time(), clock_seconds(fletchd.process) - used
            refilling.join()
            by_path = arrivals.by_path()
        moments = [by_path.get(path, []) for path in self.paths]
        if kind.limited:
            first = min(map(min, by_path.values()))
            self.pace = [[moment - first for moment in queue] for queue in moments]
        counts = [sum(begun <= moment < ended for moment in queue) for queue in moments]
        rates = [count / (ended - begun) for count in counts]
        return Figures([min(rates), statistics.median(rates), max(rates)], sum(rates), used * 1e6 / sum(counts))

    def _fill(self, kind, queues):
        """Stores the first jobs; returns when they are due, and how long after it each of a queue's is."""
        if kind.limited:
            for queue in queues:
                queue.set(POLICY)
        moments = [[0] * self.job_count] * QUEUES if kind.limited else self.pace
        due = time.time() + 10 + QUEUES * AHEAD / 10_000
        for queue, seconds in zip(queues, moments):
            queue.fill([(body(), due + second) for second in seconds[:AHEAD]])
        if time.time() > due:
            raise RuntimeError("the first jobs were due before all were stored")
        return due, moments

    def _refill(self, queues, moments, due):
        """Stores further jobs of one queue after the other, about as fast as they are delivered."""
        pause = REFILL / RATE / QUEUES
        number, start = 0, due
        for first in range(AHEAD, self.job_count, REFILL):
            for queue, seconds in zip(queues, moments):
                time.sleep(max(0, start + number * pause - time.time()))
                number += 1
                more = seconds[first:first + REFILL]
                if more:
                    queue.fill([(body(), due + second) for second in more])


def limits(bench):
    turns = _Turns(bench)
    taken = bench.in_turns([LIMITED, UNLIMITED], turns.measure)
    section = Section(
        f"{QUEUES:,} queues with a rate limit",
        f"{QUEUES:,} queues of one origin have {AHEAD} jobs each, all due at one moment, get {REFILL} more every "
        f"{REFILL // RATE} s, so that {QUEUES * REFILL:,} or more are due at any time, and each queue has "
        f'the policy `{{"rate":{{"count":{RATE},"per":1000,"burst":1}}}}`. nginx logs when each job arrives. Without '
        "limits, each job is due at the moment when it arrived with limits a turn before, so that both deliver as many "
        "jobs at the same pace. The deliveries of each queue are counted, and the processor time of `fletchd` is "
        f"measured (to store the added jobs is in it), for {bench.limited} s that begin {SETTLING} s after the first "
        "jobs are due. The slowest and the fastest queue are those of all rounds.",
        ["", "slowest queue/s", "median queue/s", "fastest queue/s", "all together/s", "ms for 1,000 jobs"])
    for name, rounds in taken.items():
        slowest, middle, fastest = zip(*(figures.rates for figures in rounds))
        section.rows.append([name, f"{min(slowest):.2f}", f"{median(middle):.2f}", f"{max(fastest):.2f}",
                             f"{median(figures.rate for figures in rounds):.0f}",
                             f"{median(figures.milliseconds for figures in rounds):.1f}"])
    _judge(section, taken[LIMITED.name], taken[UNLIMITED.name])
    return section


def _judge(section, limited, unlimited):
    slowest, _, fastest = zip(*(figures.rates for figures in limited))
    section.judge("rate of the slowest queue", min(slowest), least=RATE * 0.98, unit="/s")
    section.judge("rate of the fastest queue", max(fastest), most=RATE * 1.02, unit="/s")
    ratio = median(ours.milliseconds / theirs.milliseconds for ours, theirs in zip(limited, unlimited))
    section.judge("processor time with limits over that without", ratio, most=1.5)
