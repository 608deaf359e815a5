"""One request to a subject, by a client that leaves in one of several ways."""

import json
import subprocess
import time
from dataclasses import dataclass

from network import HOST
from stage import PORT, ROOT, WORK_MS

FLETCH = str(ROOT / ".build/release/fletch")
DISPOSALS = ["automatic", "close", "reset"]
# By the script: what it does in its own words.
LEAVE = "close after 100 ms"
HALF_CLOSE = "half close"
STAY = "stays and reads"
SCRIPT = {LEAVE: "leave", HALF_CLOSE: "half-close", STAY: "stay"}
MANNERS = [*DISPOSALS, *SCRIPT]
# How long it takes at most until an origin has said something about a request: the recorder speaks when its work is
# done, and another 250 ms after its answer.
PATIENCE_SECONDS = (WORK_MS + 250) / 1000 + 0.75
# How long after the work there may be word of the answer.
LAST_WORD_SECONDS = 0.3


@dataclass
class Outcome:
    has_begun: bool
    has_finished: bool
    # What the hop or the origin was told of its client, or of its answer.
    seen: str
    # What the client got, where it reads.
    answer: str
    # How long the client ran.
    milliseconds: float
    sent_bytes: int
    received_bytes: int
    packet_count: int


def attempt(stage, manner, path):
    """Runs the client, and waits until all is quiet.

    Returns what makes the outcome, later: a subject may still have something to say."""
    before, start = stage.network.counters(), time.monotonic()
    answer = send(stage, manner, path)
    milliseconds = (time.monotonic() - start) * 1000
    await_end(stage, path)
    counts = [now - then for now, then in zip(stage.network.counters_at_rest(), before)]
    return lambda: outcome(stage.events(path), answer, milliseconds, counts)


def send(stage, manner, path):
    if manner in SCRIPT:
        return stage.ask(SCRIPT[manner], path)
    options = ["--foreground", "--disposal", manner, "--receipt", "json", "-d", "job=1"]
    command = [FLETCH, *options, f"http://{HOST}:{PORT}{path}"]
    run = subprocess.run(stage.network.inside(stage.network.client, command), stdout=subprocess.PIPE, text=True)
    receipt = json.loads(run.stdout)
    return "" if run.returncode == 0 else f"{receipt.get('error')} ({receipt.get('certainty')})"


def await_end(stage, path):
    give_up = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up:
        kinds = {event.split(" ")[0] for event in stage.events(path)}
        if kinds & {"aborted", "written", "failed"}:
            return
        if "finished" in kinds:
            give_up = min(give_up, time.monotonic() + LAST_WORD_SECONDS)
        time.sleep(0.02)


def outcome(events, answer, milliseconds, counts):
    kinds = {event.split(" ")[0] for event in events}
    return Outcome("begun" in kinds, "finished" in kinds, seen(events), answer, milliseconds, *counts)


def seen(events):
    """`told`, `aborted` and `failed` say what was seen; where nothing was, the answer was written."""
    words = dict.fromkeys(event.split(" ", 1)[1] for event in events if event.split(" ")[0] in ("told", "aborted"))
    words |= dict.fromkeys(f"answer failed: {event[7:]}" for event in events if event.startswith("failed"))
    words |= dict.fromkeys("answer written" for event in events if event == "written")
    words |= dict.fromkeys(f"hop: {event[4:]}" for event in events if event.startswith("hop "))
    return " · ".join(words) or "nothing"
