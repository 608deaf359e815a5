"""`fletchd` with a million jobs pending."""

import random
import signal
import sys
import time
from contextlib import ExitStack

from bench import median
from contest import Fletchd, delivered
from load import body
from processes import status_megabytes
from report import Section

DAY = 24 * 3600
EMPTY, ORDERED, RANDOM = "an empty queue", "due in order", "at random over a day"
KINDS = [EMPTY, ORDERED, RANDOM]
# As many of them as are delivered in a round, and the seconds that has.
DELIVERED, GAP = 20_000, 20
MOST = {ORDERED: 1.5, RANDOM: 4}


def _moments(bench, kind, starts):
    """When each job is due: some at each start, all others within the day that follows the last."""
    soon = [start for start in starts for _ in range(DELIVERED)]
    if kind == EMPTY:
        return soon
    later = bench.pending - len(soon)
    moments = soon + [starts[-1] + GAP + DAY * number / later for number in range(later)]
    if kind == RANDOM:
        random.Random(1).shuffle(moments)
    return moments


def _fill(bench, queues):
    """Fills the queues; returns when each kind has its jobs due, round by round."""
    # Both are filled by then at a quarter of the rate that is usual here.
    begin = time.time() + 30 + bench.pending / 10_000
    starts = {kind: [begin + (turn * len(KINDS) + place) * GAP for turn in range(bench.rounds)]
              for place, kind in enumerate(KINDS)}
    for kind in KINDS:
        begun = time.monotonic()
        jobs = [(body(), moment) for moment in _moments(bench, kind, starts[kind])]
        queues[kind].fill(jobs)
        print(f"{len(jobs)} jobs, {kind}: {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)
    if time.time() > begin:
        raise RuntimeError("the first jobs were due before all were stored")
    return starts


def _deliveries(bench, starts):
    counter, rates = bench.counter, {kind: [] for kind in KINDS}
    for start, kind in sorted((start, kind) for kind in KINDS for start in starts[kind]):
        time.sleep(max(0, start - 0.5 - time.time()))
        rates[kind].append(delivered(counter, DELIVERED, GAP - 1))
    return rates


def _enqueued(bench, queues, batch):
    rates = {kind: [] for kind in KINDS}
    for _ in range(bench.rounds):
        for kind in KINDS:
            order = "random" if kind == RANDOM else "ordered"
            rates[kind].append(queues[kind].enqueue(batch, order, seconds=3).rate)
    return rates


def _start_up(bench, name):
    """Seconds from exec until it listens, after it was killed."""
    begun = time.monotonic()
    with Fletchd.running(bench.root, bench.directory / name, bench.target) as fletchd:
        seconds = time.monotonic() - begun
        fletchd.process.send_signal(signal.SIGKILL)
        fletchd.process.wait()
    return seconds


def pending(bench):
    figures, names = {kind: {} for kind in KINDS}, dict(zip(KINDS, ("empty", "ordered", "random")))
    with ExitStack() as stack:
        queues = {kind: stack.enter_context(Fletchd.running(bench.root, bench.directory / names[kind], bench.target))
                  for kind in KINDS}
        deliveries = _deliveries(bench, _fill(bench, queues))
        single, batched = _enqueued(bench, queues, 1), _enqueued(bench, queues, 1000)
        for kind in KINDS:
            process = queues[kind].process
            figures[kind]["memory"] = status_megabytes(process, "VmRSS:"), status_megabytes(process, "VmHWM:")
            process.send_signal(signal.SIGKILL)
    for kind in KINDS:
        figures[kind]["start"] = max(_start_up(bench, names[kind]) for _ in range(3))
    return _section(bench, figures, {"delivered": deliveries, "one by one": single, "in batches": batched})


def _section(bench, figures, measured):
    section = Section(
        f"{bench.pending:,} pending jobs",
        f"Three `fletchd`, each with a database of its own, take turns: one has an empty queue, the others "
        f"{bench.pending:,} pending jobs with ids of the server's, stored in the order in which they are due, or in a "
        f"random one, over a day. In each round {DELIVERED:,} become due at one moment (those of the random kind lie "
        "all over the table) and are delivered to nginx; then jobs are enqueued by wrk, due after all others, or at "
        "random. Start-up is the longest of three, each after `kill -9`.",
        ["pending", *(f"{what}/s" for what in measured), "MB resident", "peak MB", "start-up s"])
    rates = {kind: {what: median(measured[what][kind]) for what in measured} for kind in KINDS}
    for kind in KINDS:
        resident, peak = figures[kind]["memory"]
        section.rows.append([kind, *(f"{rate:.0f}" for rate in rates[kind].values()), f"{resident:.0f}", f"{peak:.0f}",
                             f"{figures[kind]['start']:.2f}"])
    for kind, most in MOST.items():
        for what in measured:
            ratio = rates[EMPTY][what] / rates[kind][what]
            section.judge(f"{kind}, {what}: the rate of an empty queue over this", ratio, most=most)
        section.judge(f"{kind}, resident", figures[kind]["memory"][0], most=150, unit=" MB")
        section.judge(f"{kind}, start-up", figures[kind]["start"], most=2, unit=" s")
    return section
