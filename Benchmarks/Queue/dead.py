"""How fast jobs become dead letters, and dead letters jobs again."""

import json
import time
from contextlib import contextmanager
from dataclasses import dataclass

from bench import median
from contest import Fletchd
from load import body
from processes import clock_seconds
from report import Section
from servers import failing, wait_until

# A second of the head start for so many jobs; and the seconds that all of them have.
STORED, LIMIT = 10_000, 120
KINDS = DIED, REPLAYED, DELIVERED = "dead-lettered", "replayed", "replayed and delivered"


@dataclass
class Figures:
    seconds: float = 0
    # Of processor time.
    used: float = 0


class _Course:
    """One `fletchd` whose jobs fail, are replayed, and then succeed."""

    def __init__(self, bench, fletchd):
        self.bench, self.process, self.counter = bench, fletchd.process, bench.counter
        self.queue = fletchd.queue(bench.target, "/switched")
        self.figures = {kind: Figures() for kind in KINDS}

    def run(self):
        with failing(self.bench.directory):
            self._die()
        with self._measuring(DELIVERED):
            before = self.counter.count()
            with self._measuring(REPLAYED):
                self._replay()
            self._await_deliveries(before)
        return self.figures

    @contextmanager
    def _measuring(self, kind):
        begun, used = time.monotonic(), clock_seconds(self.process)
        yield
        self.figures[kind] = Figures(time.monotonic() - begun, clock_seconds(self.process) - used)

    def _die(self):
        before, due = self.counter.count(), time.time() + 5 + self.bench.letters / STORED
        self.queue.fill([(body(), due)] * self.bench.letters)
        if time.time() > due:
            raise RuntimeError("the jobs were due before they were all stored")
        time.sleep(due - time.time())
        with self._measuring(DIED):
            self._await_deliveries(before)

    def _await_deliveries(self, before):
        """Waits until nginx has counted all, and none of them is a job any more."""
        wait_until(lambda: self.counter.count() - before >= self.bench.letters, LIMIT, "jobs were not delivered")
        wait_until(lambda: self.queue.ask("GET", "/queues/stats", {}) == "{}", LIMIT, "jobs are left")

    def _replay(self):
        answer = json.loads(self.queue.ask("POST", "/dead-letters/replay", {}, {}, seconds=LIMIT))
        if answer != {"replayed": self.bench.letters, "left": 0}:
            raise RuntimeError(f"of {self.bench.letters} dead letters: {answer}")


def _measure(bench):
    with bench.fletchd() as fletchd:
        return _Course(bench, fletchd).run()


def dead(bench):
    taken = bench.in_turns([Fletchd], lambda _: _measure(bench))[Fletchd.name]
    section = Section(
        "Dead letters and replay",
        f"{bench.letters:,} jobs of 100 bytes without retries are due at one moment, and nginx answers each with 500: "
        "dead-lettered, from that moment until no job is left. `fletchd` logs each failure, to a file. Then nginx "
        "answers 204, and one `POST /dead-letters/replay` makes jobs of all: replayed, until it is answered, and "
        "replayed and delivered, until no job is left. Deliveries begin while jobs are still being replayed, so the "
        "processor time of a replay has some of theirs.",
        ["", "jobs/s", "ms for 1,000 jobs"])
    rates = {kind: median(bench.letters / figures[kind].seconds for figures in taken) for kind in KINDS}
    for kind in KINDS:
        used = median(figures[kind].used for figures in taken) * 1e6 / bench.letters
        section.rows.append([kind, f"{rates[kind]:.0f}", f"{used:.0f}"])
    section.judge("dead letters a second", rates[DIED], least=5_000)
    return section
