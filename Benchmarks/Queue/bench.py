"""What every section needs."""

import shutil
import statistics
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import servers
from contest import Fletchd


@dataclass
class Bench:
    root: Path
    directory: Path
    port: int
    rounds: int
    pending: int
    # Seconds that are looked at, and those of many limited queues; and dead letters.
    window: int
    limited: int
    letters: int

    @property
    def target(self):
        return f"127.0.0.1:{self.port}"

    @property
    def counter(self):
        return servers.Counter(self.port)

    def in_turns(self, peers, measure):
        """The measurements of each peer, by its name; in each round they take turns."""
        taken = {}
        for turn in range(self.rounds):
            for peer in peers:
                print(f"{peer.name} {turn + 1}/{self.rounds}", file=sys.stderr, flush=True)
                taken.setdefault(peer.name, []).append(measure(peer))
        return taken

    @contextmanager
    def fletchd(self, target=None, name="fletchd", environment=None):
        """A `fletchd` with an empty database."""
        directory = self.directory / name
        with Fletchd.running(self.root, directory, target or self.target, environment) as fletchd:
            yield fletchd
        shutil.rmtree(directory)


def median(values):
    return statistics.median(values)
