"""main.py ROOT [SECTION…]: measures, shows and writes ROOT/docs/benchmarks-queue.md: all of it, unless sections are
named.

ROUNDS (3), PENDING (1000000), LETTERS (100000: dead letters), LIMITED (60: the seconds that limits looks at) and WINDOW
(10: those that isolation and rates look at) may be set in the environment; with a smaller one nothing is written.
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import report
import servers
from before import before
from bench import Bench
from dead import dead
from delivery import delivery
from enqueuing import batches, enqueuing
from groups import groups
from isolation import isolation
from lateness import lateness
from limits import limits
from pending import pending
from rates import rates
from retries import retries
from tokens import tokens

SECTIONS = {
    "enqueue": enqueuing,
    "batches": batches,
    "delivery": delivery,
    "before": before,
    "lateness": lateness,
    "pending": pending,
    "tokens": tokens,
    "isolation": isolation,
    "limits": limits,
    "dead": dead,
    "rates": rates,
    "retries": retries,
    "groups": groups,
}
NUMBERS = {"rounds": 3, "pending": 1_000_000, "window": 10, "limited": 60, "letters": 100_000}


def sync_milliseconds(directory, times=100):
    """What it takes this disk to make 4 KiB durable: what every durable figure rests on."""
    with open(directory / "sync", "wb", buffering=0) as file:
        begun = time.monotonic()
        for _ in range(times):
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
        return (time.monotonic() - begun) / times * 1000


def main(root, *names):
    if unknown := set(names) - set(SECTIONS):
        sys.exit(f"no section {' '.join(unknown)}; there are {' '.join(SECTIONS)}")
    root = Path(root)
    with tempfile.TemporaryDirectory(prefix="fletch-queue-") as name:
        directory = Path(name)
        # PostgreSQL runs as another user.
        directory.chmod(0o711)
        sync = sync_milliseconds(directory)
        print(f"fdatasync of 4 KiB: {sync:.2f} ms\n", flush=True)
        with servers.nginx(directory) as port:
            numbers = {name: int(os.environ.get(name.upper(), usual)) for name, usual in NUMBERS.items()}
            bench = Bench(root, directory, port, **numbers)
            sections = []
            for measure in [SECTIONS[name] for name in names or SECTIONS]:
                sections.append(measure(bench))
                print(sections[-1].markdown(), flush=True)
    if any(numbers[name] < usual for name, usual in NUMBERS.items()):
        return
    write = report.update if names else report.write
    write(root / "docs/benchmarks-queue.md", sections, bench.rounds, sync)


if __name__ == "__main__":
    main(*sys.argv[1:])
