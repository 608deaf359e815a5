"""How fast jobs are delivered that run one at a time and in order within their group."""

import time
from dataclasses import dataclass

from bench import median
from contest import Fletchd, specialists
from job import GROUPS
from lateness import arrivals, origin
from load import body
from processes import processor_seconds
from report import Section

JOBS = 10_000
# Seconds: for the jobs to be stored before the first is due; and those that all of them have.
HEAD_START, LIMIT = 5, 12


@dataclass
class Figures:
    stored: int
    arrived: int
    # Jobs a second.
    rate: float
    # Groups whose jobs arrived in order.
    ordered: int
    # Of processor time, for a thousand jobs.
    milliseconds: float


def _fletchd(bench):
    with origin(bench, JOBS, "numbered") as (process, target), bench.fletchd(target) as fletchd:
        due = time.time() + HEAD_START
        for group in range(GROUPS):
            # A millisecond apart: it is due times that say what the order is.
            jobs = [(body(f"{number} "), due + place / 1000)
                    for place, number in enumerate(range(group, JOBS, GROUPS))]
            fletchd.fill(jobs, group=str(group))
        if time.time() > due:
            raise RuntimeError("the jobs were due before they were all stored")
        time.sleep(due - time.time())
        return _watch(process, [fletchd.process], JOBS)


def _peer(bench, peer):
    with origin(bench, JOBS, "numbered") as (process, target), peer.running(bench.directory, target) as run:
        stored = run.enqueue("locked", JOBS).jobs
        with run.working() as processes:
            return _watch(process, processes, stored)


def _watch(process, processes, stored):
    used = processor_seconds(processes)
    came = arrivals(process, time.time() + LIMIT)
    used = processor_seconds(processes) - used
    if len(came) < 2:
        raise RuntimeError(f"{len(came)} of {stored} jobs were delivered")
    groups = [[] for _ in range(GROUPS)]
    for _, number in came:
        groups[number % GROUPS].append(number)
    ordered = sum(numbers == sorted(numbers) for numbers in groups)
    return Figures(stored, len(came), len(came) / (came[-1][0] - came[0][0]), ordered, used * 1e6 / len(came))


def groups(bench):
    taken = bench.in_turns([Fletchd, *specialists("locked")],
                           lambda peer: _fletchd(bench) if peer is Fletchd else _peer(bench, peer))
    section = Section(
        f"{GROUPS} groups in order, against the locks of procrastinate",
        f"{JOBS:,} jobs in turns of {GROUPS} groups, each one POST of 100 bytes to the origin of the section on "
        "lateness, which notes when each arrives. Those of a group run one at a time and in order: `group` of "
        "`fletchd`, `lock` of procrastinate, whose workers make the POST in a function. All jobs are stored first; "
        f"those of `fletchd` are due within {JOBS // GROUPS} ms, since due times are its order, the workers of "
        f"procrastinate (two with eight jobs at a time each) are started then. From the first that arrives until all "
        f"have, or {LIMIT} s have passed. A group is in order if its jobs arrived in the order in which they were "
        "enqueued. Processor time is that of `fletchd`, or of PostgreSQL and workers.",
        ["", "stored", "arrived", "jobs/s", "groups in order", "ms for 1,000 jobs"])
    for name, rounds in taken.items():
        counts = [min(getattr(figures, what) for figures in rounds) for what in ("stored", "arrived")]
        section.rows.append([name, *counts,
                             f"{median(figures.rate for figures in rounds):.0f}",
                             min(figures.ordered for figures in rounds),
                             f"{median(figures.milliseconds for figures in rounds):.0f}"])
    rates = {name: median(figures.rate for figures in rounds) for name, rounds in taken.items()}
    ours = rates.pop(Fletchd.name)
    best = max(rates, key=rates.get)
    section.judge(f"jobs a second of fletchd over those of {best}", ours / rates[best], least=1)
    section.judge("groups of fletchd in order", min(figures.ordered for figures in taken[Fletchd.name]), least=GROUPS)
    return section
