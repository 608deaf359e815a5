"""Sections of docs/benchmarks-queue.md, in the form of those of docs/benchmarks.md."""

import datetime
import os
import platform
import re
from dataclasses import dataclass, field
from pathlib import Path

HEAD = """# Benchmarks of the queue

Written by `make bench-queue`; not by hand. Medians of {rounds} rounds, in which the peers take turns. The machine is \
shared, and its disk too: ratios count, absolute figures do not.

{machine} · fdatasync of 4 KiB: {sync:.2f} ms

"""


@dataclass
class Section:
    title: str
    method: str
    header: list
    rows: list = field(default_factory=list)
    verdicts: list = field(default_factory=list)

    def judge(self, what, value, most=None, least=None, unit=""):
        if most is not None:
            wanted, missed = f"at most {most:g}", value / most - 1
        else:
            wanted, missed = f"at least {least:g}", 1 - value / least
        verdict = "reached" if missed <= 0 else f"**missed by {missed * 100:.0f} %**"
        self.verdicts.append(f"{what}: {value:.3g}{unit}, wanted {wanted}{unit}: {verdict}")

    def markdown(self, note=""):
        lines = [self.header, ["---"] * len(self.header)] + self.rows
        table = "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
        verdicts = "".join(f"- {verdict}\n" for verdict in self.verdicts)
        return f"## {self.title}\n\n{self.method}{note}\n\n{table}\n\n{verdicts}"


def write(path, sections, rounds, sync):
    """Writes the whole report."""
    head = HEAD.format(rounds=rounds, machine=_machine(), sync=sync)
    path.write_text(head + "\n".join(section.markdown() for section in sections))


def update(path, sections, rounds, sync):
    """Writes sections that were measured by themselves in place of those that the report has of the same titles."""
    head, *blocks = re.split("^(?=## )", path.read_text(), flags=re.MULTILINE)
    by_title = {block.partition("\n")[0]: block.rstrip() + "\n" for block in blocks}
    note = f" Measured apart from the others: {rounds} rounds, {_machine()}, fdatasync of 4 KiB: {sync:.2f} ms."
    for section in sections:
        by_title[f"## {section.title}"] = section.markdown(note)
    path.write_text(head + "\n".join(by_title.values()))


def _machine():
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    name = processor[1] if processor else platform.machine()
    kernel = platform.release().split("-")[0]
    return f"{datetime.date.today()} · {name}, {os.cpu_count()} processors · Linux {kernel}"
