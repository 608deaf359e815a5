"""How fast jobs are taken."""

from bench import median
from contest import PEERS, Fletchd
from report import Section

CONTRACT = (
    "The peers enqueue in their own process, `fletchd` is given its jobs over HTTP (by wrk): so the clients' processor "
    "time of the peers is their library's, that of `fletchd` is wrk's, and its own is that of an HTTP server too. "
    "Milliseconds of processor time are for each 1,000 jobs; those of Huey on SQLite are all the clients'. "
)
HEADER = ["", "durable", "jobs/s", "ms of the clients", "ms of server or broker"]


def _measure(bench, peers, how, batch, count):
    def measure(peer):
        if peer is Fletchd:
            with bench.fletchd() as fletchd:
                return fletchd.enqueue(batch)
        with peer.running(bench.directory, bench.target) as run:
            return run.enqueue(how, count)

    return bench.in_turns([Fletchd, *peers], measure)


def _rows(taken, durable):
    for name, rounds in taken.items():
        yield [name, "yes" if name in durable else "no", f"{median(e.rate for e in rounds):.0f}",
               f"{median(e.milliseconds(e.client) for e in rounds):.0f}",
               f"{median(e.milliseconds(e.keeper) for e in rounds):.0f}"]


def _judge(section, what, taken, least, peers=None):
    """Against the best of the peers that are durable, or of those named."""
    rates = {name: median(e.rate for e in rounds) for name, rounds in taken.items()}
    best = max(peers or _durable() & taken.keys() - {Fletchd.name}, key=rates.get)
    section.judge(f"{what} over that of {best}", rates[Fletchd.name] / rates[best], least=least)


def _durable():
    return {Fletchd.name} | {peer.name for peer in PEERS if peer.durable}


def enqueuing(bench):
    taken = _measure(bench, PEERS, "one", 1, 20_000)
    section = Section(
        "One by one, from 32 clients",
        "Jobs of 100 bytes, for later or with no worker running, for some seconds. Durable is what has been fsynced "
        "before the client is told. " + CONTRACT + "The peers' clients are four processes of eight threads each.",
        HEADER, list(_rows(taken, _durable())))
    _judge(section, "durable rate of fletchd", taken, 3)
    # Which of the peers, like fletchd, needs no server beside it.
    _judge(section, "durable rate of fletchd", taken, 3, ["Huey, SQLite with fsync"])
    return section


def batches(bench):
    taken = _measure(bench, [peer for peer in PEERS if peer.batches], "batch", 1000, 40_000)
    section = Section(
        "1,000 at a time, from 4 clients",
        "`POST …/batch`, `enqueue_many` of RQ, `batch_defer` of procrastinate; the others enqueue one by one. "
        + CONTRACT,
        HEADER, list(_rows(taken, _durable())))
    _judge(section, "rate of fletchd", taken, 5)
    return section
