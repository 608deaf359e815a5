"""How late a healthy queue is while other targets hang."""

import math
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import median
from lateness import RATE, origin, punctual, spread, wait
from load import body
from processes import resident_megabytes, running, status_megabytes
from report import Section

# For as many jobs to be stored before the first is due.
HEAD_START = 15
# Seconds in which those that hang begin to.
BEGINNING = 1
HANGING = Path(__file__).with_name("hanging.py")


@dataclass(frozen=True)
class Kind:
    name: str
    targets: int = 0
    # For each of the targets.
    jobs: int = 0


ALONE = Kind("alone")
BESIDE = [Kind("1 target hangs, 10,000 jobs", 1, 10_000), Kind("200 targets hang, 100 jobs each", 200, 100)]


@dataclass
class Figures:
    arrived: int
    # Milliseconds: median, p99 and maximum; and those of the seconds in which the others begin to hang.
    late: list
    late_at_first: list
    # Deliveries to targets that hang.
    hanging: int
    megabytes: float
    peak: float


class _Hanging:
    """Origins that never answer."""

    def __init__(self, process):
        self.targets = [f"127.0.0.1:{port}" for port in process.stdout.readline().split()]
        self.descriptors = Path(f"/proc/{process.pid}/fd")
        self.before = self._descriptor_count()

    def connection_count(self):
        return self._descriptor_count() - self.before

    def _descriptor_count(self):
        return len(os.listdir(self.descriptors))


@contextmanager
def _hanging(count):
    with running([sys.executable, HANGING, str(count)], stdout=subprocess.PIPE, text=True) as process:
        yield _Hanging(process)


def _measure(bench, kind):
    count = (BEGINNING + bench.window) * RATE
    # Those that hang end first: fletchd would wait for them.
    with (origin(bench, count) as (process, target), bench.fletchd(target) as fletchd,
          _hanging(kind.targets) as hanging):
        due = time.time() + HEAD_START
        for hung in hanging.targets:
            fletchd.queue(hung).fill([(body(), due)] * kind.jobs)
        fletchd.fill(punctual(due, count))
        if time.time() > due:
            raise RuntimeError("the jobs were due before they were all stored")
        late = wait(process, due + count / RATE)
        arrived = len(late)
        late += [math.inf] * (count - arrived)
        return Figures(arrived, spread(late[BEGINNING * RATE:]), spread(late[:BEGINNING * RATE]),
                       hanging.connection_count(), resident_megabytes([fletchd.process]),
                       status_megabytes(fletchd.process, "VmHWM:"))


def isolation(bench):
    taken = bench.in_turns([ALONE, *BESIDE], lambda kind: _measure(bench, kind))
    section = Section(
        "A healthy queue beside targets that hang",
        f"A healthy queue has one job due each millisecond for {BEGINNING + bench.window} s, as in the section on "
        "lateness. Beside it, other queues have jobs for targets that accept connections and never answer. Those jobs "
        "are all due at the moment when the first healthy one is. In the first second `fletchd` begins all the "
        "deliveries that hang; that second is shown by itself, and the other figures are those of the "
        f"{bench.window} s after it. `fletchd` runs with its defaults: 100 deliveries at once to each origin, 4,096 in "
        "all, 30 s for each. Deliveries that hang are counted, and memory (`Pss`; peak: `VmHWM`) is measured, when the "
        "last healthy job has arrived.",
        ["", "arrived", "median ms", "p99 ms", "max ms", "p99 ms of the first second", "deliveries that hang",
         "MB resident", "peak MB"])
    for name, rounds in taken.items():
        late = [f"{median(figures):.1f}" for figures in
                zip(*(figures.late + figures.late_at_first[1:2] for figures in rounds))]
        section.rows.append([name, min(figures.arrived for figures in rounds), *late,
                             *(f"{median(getattr(figures, what) for figures in rounds):.0f}"
                               for what in ("hanging", "megabytes", "peak"))])
    _judge(section, taken)
    return section


def _judge(section, taken):
    p99 = {name: median(figures.late[1] for figures in rounds) for name, rounds in taken.items()}
    most = round(2 * p99[ALONE.name] + 5, 2)
    meaning = "p99 (wanted: twice that of the queue alone, and 5 ms)"
    for kind in BESIDE:
        section.judge(f"{kind.name}: {meaning}", p99[kind.name], most=most, unit=" ms")
        megabytes = median(figures.megabytes for figures in taken[kind.name])
        section.judge(f"{kind.name}: resident", megabytes, most=100, unit=" MB")
