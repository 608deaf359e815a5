"""Processes that are started here, and what they and their children take."""

import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def running(command, **options):
    """Runs `command`, and ends it and what it started afterwards."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        yield process
    finally:
        stop(process)


def stop(process, seconds=15):
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass
    # Its group, which is its own session's: also workers that outlive whoever started them.
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def _stat(pid):
    return (Path("/proc") / str(pid) / "stat").read_text().rsplit(")", 1)[1].split()


def tree(processes):
    """The ids of the processes and all their descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                children.setdefault(int(_stat(entry)[1]), []).append(int(entry))
            except (FileNotFoundError, ProcessLookupError):
                pass
    found, left = [], [process.pid for process in processes]
    while left:
        found.append(left.pop())
        left += children.get(found[-1], [])
    return found


def processor_seconds(processes):
    """What they have used, with their descendants, those that have ended included."""
    total = 0
    for pid in tree(processes):
        try:
            total += sum(int(ticks) for ticks in _stat(pid)[11:15])
        except (FileNotFoundError, ProcessLookupError):
            pass
    return total / TICK


def clock_seconds(process):
    """What a process has used by itself, to the nanosecond: its processor clock (clock_getcpuclockid(3))."""
    return time.clock_gettime(~process.pid << 3 | 2)


def resident_megabytes(processes):
    """Their memory and that of their descendants; what several of them share counts once."""
    total = 0
    for pid in tree(processes):
        try:
            rollup = (Path("/proc") / str(pid) / "smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    return total / 1024


def status_megabytes(process, name):
    """What a line of a process's status says: `VmRSS:` resident, `VmHWM:` the most that it has had resident."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(name)) / 1024
