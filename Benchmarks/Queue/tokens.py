"""What it costs to know who asks, and to sign what is delivered."""

import base64
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass

from bench import median
from delivery import filled_and_taken
from report import Section

PASSPHRASE = "a passphrase for the benchmark"
JOBS, HEAD_START, SECONDS = 30_000, 8, 3


@dataclass(frozen=True)
class Kind:
    name: str
    # With passphrases: a token for each call, a signature for each delivery, an address that is checked, usage.
    tenant: bool = True
    # Standard Webhooks as well.
    webhooks: bool = False
    rsa: bool = False

    @contextmanager
    def running(self, bench, key):
        environment = {"PASSPHRASES": PASSPHRASE, "ALLOW_TARGET": "127.0.0.1", "REQUEST_LIMIT": "1000000000"}
        if self.rsa:
            environment["WEBHOOK_SIGNING_PRIVATE_KEY"] = key
        with bench.fletchd(environment=environment if self.tenant else {}) as fletchd:
            if self.tenant:
                basic = "Basic " + base64.b64encode(f":{PASSPHRASE}".encode()).decode()
                token = fletchd.ask("PUT", "/tokens/tenant", {"Authorization": basic})
                fletchd.authorization = {"Authorization": f"Bearer {token}"}
            if self.webhooks:
                fletchd.ask("POST", "/signing-secret/rotate", fletchd.authorization)
            yield fletchd


NOBODY = Kind("anybody", tenant=False)
TENANT = Kind("tokens")
KINDS = [NOBODY, TENANT, Kind("tokens, Standard Webhooks", webhooks=True), Kind("tokens, RSA", rsa=True)]


def _measure(bench, kind, key):
    """Milliseconds of processor time for 1,000 jobs: enqueued one by one, and delivered."""
    with kind.running(bench, key) as fletchd:
        enqueued = fletchd.enqueue(1, seconds=SECONDS)
        _, delivered, _ = filled_and_taken(bench, fletchd, JOBS, time.time() + HEAD_START)
    return enqueued.milliseconds(enqueued.keeper), delivered


def tokens(bench):
    key = subprocess.run(["openssl", "genrsa", "2048"], check=True, capture_output=True, text=True).stdout
    taken = {kind: [] for kind in KINDS}
    # Pairs are compared, so more of them than other sections have rounds.
    for turn in range(bench.rounds * 2):
        for kind in KINDS if turn % 2 == 0 else reversed(KINDS):
            print(f"{kind.name} {turn + 1}/{bench.rounds * 2}", file=sys.stderr, flush=True)
            taken[kind].append(_measure(bench, kind, key))
    section = Section(
        "Tokens and signatures",
        f"`fletchd` as anybody may ask it, and with tenants, in turns: jobs of 100 bytes from wrk, one by one from 32 "
        f"clients, and {JOBS:,} that are delivered to nginx. With tenants each call has a token and is counted, each "
        "delivery is signed by HMAC (or RSA) and counted, and its target's address is checked. Processor time of "
        "`fletchd`, in milliseconds for 1,000 jobs; ratios are the medians of those of each round.",
        ["", "enqueue", "deliver"])
    for kind in KINDS:
        section.rows.append([kind.name, *(f"{median(values):.1f}" for values in zip(*taken[kind]))])

    def ratio(kind, figure):
        return statistics.median(
            figure(ours) / figure(theirs) for ours, theirs in zip(taken[kind], taken[NOBODY]))

    section.judge("a job with tokens over one without", ratio(TENANT, sum), most=1.1)
    section.judge("a delivery that is signed by HMAC over one that is not", ratio(TENANT, lambda pair: pair[1]), most=1.08)
    return section
