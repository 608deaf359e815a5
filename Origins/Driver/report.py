"""docs/origins.md."""

import datetime
import platform
from collections import Counter
from statistics import median

from stage import BODY_BYTES
from trial import DISPOSALS, HALF_CLOSE, LEAVE

HEAD = """# Who aborts the work of a client that leaves

Written by `make origins`, from experiments on one machine; not by hand, and no cell from reading.

{date} · Linux {kernel}

Each subject works for {work} ms on a request, then answers {body} KB. Its client sends a POST of 5 bytes, and leaves:

- `automatic`, `close`, `reset`: `fletch` with that disposal, once the request is acknowledged: here, a fraction of a
  millisecond after it was sent
- close after 100 ms: a script that gives up; also what a `close` looks like that comes from far away
- half close: a script that ends its side of the connection with the request, and reads on
- stays and reads: the ordinary client, for comparison

A hop stands before `fletch-target --on-disconnect abort`, which works for just as long as the hop stays connected to
it. An origin runs a handler that reads the request, works, and answers in the plain way of its platform. All are as the
system packages them, and configured by nothing but what [Servers](../Origins/Servers) shows. Each experiment is made
{rounds} times, and a cell says so where they differed. There is one request at a time: what becomes of one that still
waits in a queue is another question.

## At a glance

**done**: the work began and came to its end. A half-closed client can also get the answer, or not.
"""

DETAILS = """
## What was seen

Bytes and packets (medians) are counted at the client's end of a veth pair with segmentation offload off, link headers
included; `ms` is how long the client ran. The last column is what the handler, or the recording origin, was told of its
client, and what the hop's own log says. `fletch` does not read the answer, so none is shown.
"""


class Report:
    def __init__(self, rounds, work):
        self.rounds = rounds
        self.work = work
        header = ["", "version", *[f"`{name}`" for name in DISPOSALS], LEAVE, HALF_CLOSE]
        self.glance = [row(header), row(["---"] * len(header))]
        self.details = []

    def add(self, subject, versions, outcomes):
        """`outcomes`: those of each manner of leaving."""
        cells = [verdict(outcomes[name]) for name in [*DISPOSALS, LEAVE]]
        half_close = agree([half_close_verdict(each) for each in outcomes[HALF_CLOSE]])
        self.glance.append(row([subject.name, versions, *cells, half_close]))
        header = ["client", "begun", "finished", "answer", "ms", "bytes out", "bytes in", "packets", "seen"]
        self.details += [f"\n### {subject.name}", "", f"{versions}", "", row(header), row(["---"] * len(header))]
        self.details += [detail(name, each) for name, each in outcomes.items()]

    def add_not_run(self, subject, reason):
        self.glance.append(row([subject.name, f"not run: {reason}", "", "", "", "", ""]))

    def write(self, path):
        head = HEAD.format(
            date=datetime.date.today(), kernel=platform.release().split("-")[0], work=self.work,
            body=BODY_BYTES // 1000, rounds=self.rounds)
        path.write_text("\n".join([head, *self.glance, DETAILS.rstrip(), *self.details]) + "\n")


def row(cells):
    return f"| {' | '.join(cells)} |"


def detail(name, outcomes):
    def middle(values):
        return str(round(median(values)))

    return row([
        f"`{name}`" if name in DISPOSALS else name,
        agree([yes(each.has_begun) for each in outcomes]),
        agree([yes(each.has_finished) for each in outcomes]),
        agree([each.answer for each in outcomes]),
        middle(each.milliseconds for each in outcomes),
        middle(each.sent_bytes for each in outcomes),
        middle(each.received_bytes for each in outcomes),
        middle(each.packet_count for each in outcomes),
        agree([each.seen for each in outcomes]),
    ])


def verdict(outcomes):
    return agree([work_verdict(each) for each in outcomes])


def work_verdict(outcome):
    if not outcome.has_begun:
        return "**never begun**"
    return "done" if outcome.has_finished else "**aborted**"


def half_close_verdict(outcome):
    status, _, rest = outcome.answer.partition(", ")
    answer = "no answer" if not rest else "answered" if rest.startswith(f"{BODY_BYTES} B") else f"an empty {status}"
    return f"{work_verdict(outcome)}, {answer}"


def yes(value):
    return "yes" if value else "no"


def agree(values):
    """The one value, or each with its share."""
    counts = Counter(values)
    if len(counts) == 1:
        return values[0]
    return "; ".join(f"{count} of {len(values)}: {value}" for value, count in counts.most_common())
