"""What gates, limits and dead letters cost, against the `fletchd` that had none of them."""

import shutil
import subprocess
import time

from bench import median
from contest import Fletchd
from delivery import HEAD_START, JOBS, filled_and_taken
from load import body
from report import Section

# The last commit without them.
COMMIT = "d8418933a87ccf5c586f9bf6a7093ee3015281da"
STORED = 100_000
# Pairs in each round: one differs from the next by more than what is looked for.
PAIRS = 3
DAY = 86_400


def _built(root):
    """Where it lies, built as this one is."""
    old = root / "Benchmarks/.build/queue/before"
    if not old.exists():
        subprocess.run(["git", "clone", "--quiet", "--no-checkout", root, old], check=True)
    subprocess.run(["git", "-C", old, "checkout", "--quiet", "--detach", COMMIT], check=True)
    subprocess.run([old / "scripts/build-release"], check=True)
    return old


def _delivered(bench, root):
    """ms of processor time for 1,000 deliveries."""
    directory = bench.directory / "before"
    with Fletchd.running(root, directory, bench.target) as fletchd:
        _, used, _ = filled_and_taken(bench, fletchd, JOBS, time.time() + HEAD_START)
    shutil.rmtree(directory)
    return used


def _upgraded(bench, old):
    """Seconds until the new one listens on a database of the old one, and again once it is upgraded."""
    directory, took = bench.directory / "upgrade", []
    with Fletchd.running(old, directory, bench.target) as fletchd:
        fletchd.fill([(body(), time.time() + DAY)] * STORED)
    for _ in range(2):
        begun = time.monotonic()
        with Fletchd.running(bench.root, directory, bench.target):
            took.append(time.monotonic() - begun)
    shutil.rmtree(directory)
    return took


def before(bench):
    old = _built(bench.root)
    pairs = []
    for number in range(bench.rounds * PAIRS):
        pair = {root: _delivered(bench, root) for root in [(old, bench.root), (bench.root, old)][number % 2]}
        pairs.append((pair[old], pair[bench.root]))
    starts = [_upgraded(bench, old) for _ in range(bench.rounds)]
    upgrade, start = (median(seconds) for seconds in zip(*starts))
    section = Section(
        "The version before gates, limits and dead letters",
        f"The `fletchd` of commit {COMMIT[:7]}, built the same way, and this one deliver {JOBS:,} jobs as in the section "
        f"on delivery, in {len(pairs)} pairs; the ratio is the median of those of the pairs. Then this one is started on "
        f"a database in which the old one has stored {STORED:,} jobs, from its start until it listens; and once more.",
        ["", "the version before", "this one"])
    section.rows.append(["ms of processor time for 1,000 deliveries", *(f"{median(used):.1f}" for used in zip(*pairs))])
    section.rows.append([f"s of the start that upgrades {STORED:,} jobs", "", f"{upgrade:.2f}"])
    section.rows.append([f"s of the next start with {STORED:,} jobs", "", f"{start:.2f}"])
    section.judge("processor time of a delivery over that of the version before",
                  median(new / was for was, new in pairs), most=1.05)
    section.judge(f"upgrade of {STORED:,} jobs", upgrade, most=5, unit=" s")
    return section
