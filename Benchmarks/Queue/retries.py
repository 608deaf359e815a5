"""How fast jobs are done whose first attempt fails, and how late the second one is."""

import time
from dataclasses import dataclass

from bench import median
from contest import Fletchd, specialists
from job import RETRY
from lateness import arrivals, origin, spread
from load import body
from processes import processor_seconds
from report import Section

JOBS, PEER_JOBS = 20_000, 5_000
# Seconds: for the jobs to be stored before the first is due; and those that all of them have.
HEAD_START, LIMIT = 6, 30


@dataclass
class Figures:
    stored: int
    done: int
    # Jobs a second.
    rate: float
    # Milliseconds: median, p99 and maximum.
    late: list
    # Of processor time, for a thousand jobs.
    milliseconds: float


def _fletchd(bench):
    with origin(bench, 2 * JOBS, "failing") as (process, target), bench.fletchd(target) as fletchd:
        due = time.time() + HEAD_START
        fletchd.fill([(body(f"{number} "), due) for number in range(JOBS)], retry=[RETRY])
        if time.time() > due:
            raise RuntimeError("the jobs were due before they were all stored")
        time.sleep(due - time.time())
        return _watch(process, [fletchd.process], JOBS)


def _peer(bench, peer):
    with (origin(bench, 2 * PEER_JOBS, "failing") as (process, target),
          peer.running(bench.directory, target) as run):
        stored = run.enqueue("retried", PEER_JOBS).jobs
        with run.working() as processes:
            return _watch(process, processes, stored)


def _watch(process, processes, stored):
    used = processor_seconds(processes)
    came = {}
    for moment, number in arrivals(process, time.time() + LIMIT):
        came.setdefault(number, []).append(moment)
    used = processor_seconds(processes) - used
    pairs = [moments[:2] for moments in came.values() if len(moments) > 1]
    if not pairs:
        raise RuntimeError("no job was done")
    seconds = max(second for _, second in pairs) - min(moments[0] for moments in came.values())
    return Figures(stored, len(pairs), len(pairs) / seconds,
                   spread([(second - first) * 1000 - RETRY for first, second in pairs]), used * 1e6 / len(pairs))


def retries(bench):
    taken = bench.in_turns([Fletchd, *specialists("retried")],
                           lambda peer: _fletchd(bench) if peer is Fletchd else _peer(bench, peer))
    section = Section(
        "Retries, against Dramatiq and Huey",
        "Each job is one POST of 100 bytes to the origin of the section on lateness, which answers the first attempt "
        f"of each with 500 and the second with 204. The second attempt is due {RETRY} ms after the first has failed: "
        f'`{{"retry":[{RETRY}]}}`; `dramatiq.Retry(delay={RETRY})`, which is not logged; '
        f"`retries=1, retry_delay={RETRY // 1000}`. Huey's scheduler looks once a second. In the peers a function in "
        f"the workers posts, and raises an error if it is answered 500. All jobs ({JOBS:,} for `fletchd`, "
        f"{PEER_JOBS:,} for the peers) are stored first; those of `fletchd` are due at one moment, the workers of the "
        "peers are started then. Jobs a second: from the first attempt at any until the last has succeeded, the "
        f"second that they wait included, or {LIMIT} s have passed. Late is how much more than {RETRY} ms there are "
        "between the two attempts as they arrive; second attempts wait for first ones that are due as well. Processor "
        "time is that of `fletchd`, or of broker and workers.",
        ["", "stored", "done", "jobs/s", "late: median ms", "p99 ms", "max ms", "ms for 1,000 jobs"])
    for name, rounds in taken.items():
        late = [f"{median(figures):.1f}" for figures in zip(*(figures.late for figures in rounds))]
        section.rows.append([name, min(figures.stored for figures in rounds), min(figures.done for figures in rounds),
                             f"{median(figures.rate for figures in rounds):.0f}", *late,
                             f"{median(figures.milliseconds for figures in rounds):.0f}"])
    rates = {name: median(figures.rate for figures in rounds) for name, rounds in taken.items()}
    ours = rates.pop(Fletchd.name)
    best = max(rates, key=rates.get)
    section.judge(f"jobs a second of fletchd over those of {best}", ours / rates[best], least=1)
    return section
