"""Tries every subject of the catalogue, and writes docs/origins.md."""

import os
import signal
import sys

from catalogue import SUBJECTS
from network import Network
from report import Report, work_verdict
from stage import ROOT, WORK_MS, NotRun, Stage
from trial import MANNERS, attempt

ROUNDS = 3


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    report = Report(ROUNDS, WORK_MS)
    with Network() as network:
        for subject in SUBJECTS:
            try_out(subject, network, report)
    report.write(ROOT / "docs/origins.md")


def try_out(subject, network, report):
    try:
        with Stage(subject, network) as stage:
            versions = stage.versions()
            outcomes = experiments(stage)
    except NotRun as reason:
        report.add_not_run(subject, str(reason))
        print(f"{subject.name}: not run: {reason}", flush=True)
        return
    report.add(subject, versions, outcomes)
    for manner, each in outcomes.items():
        print(f"{subject.name} · {manner}: {', '.join(map(work_verdict, each))}", flush=True)


def experiments(stage):
    """The manners take turns."""
    attempts = {manner: [] for manner in MANNERS}
    for number in range(ROUNDS):
        for manner in MANNERS:
            path = f"/{manner.replace(' ', '-')}-{number + 1}"
            attempts[manner].append(attempt(stage, manner, path))
    return {manner: [outcome() for outcome in each] for manner, each in attempts.items()}


if __name__ == "__main__":
    main()
