"""What it costs to know who asks, and to sign what is delivered."""

import base64
import itertools
import json
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from bench import median
from contest import delivered
from load import body
from processes import clock_seconds
from report import Section

PASSPHRASE = "a passphrase for the benchmark"
JOBS, HEAD_START, LIMIT = 8_000, 2, 30


@dataclass(frozen=True)
class Kind:
    name: str
    # With passphrases: callers are known and counted, and so are deliveries, and the targets' addresses are checked.
    passphrases: bool = True
    # Deliveries are signed by HMAC.
    token: bool = True
    # By Standard Webhooks as well.
    webhooks: bool = False
    # By RSA in place of HMAC.
    rsa: bool = False

    @contextmanager
    def running(self, bench, keys):
        environment = {"PASSPHRASES": PASSPHRASE, "ALLOW_TARGET": "127.0.0.1", "REQUEST_LIMIT": "1000000000",
                       "JWT_PUBLIC_KEY": keys.public}
        if self.rsa:
            environment["WEBHOOK_SIGNING_PRIVATE_KEY"] = keys.private
        with bench.fletchd(name=self.name, environment=environment if self.passphrases else {}) as fletchd:
            if self.passphrases:
                token = self._token(fletchd) if self.token else keys.jwt()
                fletchd.authorization = {"Authorization": f"Bearer {token}"}
            if self.webhooks:
                fletchd.ask("POST", "/signing-secret/rotate", fletchd.authorization)
            yield fletchd

    @staticmethod
    def _token(fletchd):
        basic = base64.b64encode(f":{PASSPHRASE}".encode()).decode()
        return fletchd.ask("PUT", "/tokens/tenant", {"Authorization": f"Basic {basic}"})


class Keys:
    """An RSA key, and what it signs."""

    def __init__(self, directory):
        self.path = directory / "key.pem"
        self.path.write_bytes(self._openssl("genrsa", "2048"))
        self.private = self.path.read_text()
        self.public = self._openssl("rsa", "-in", self.path, "-pubout").decode()

    def jwt(self):
        parts = [{"alg": "RS256", "typ": "JWT"}, {"sub": "tenant", "exp": int(time.time()) + 86_400}]
        signed = ".".join(self._url(json.dumps(part).encode()) for part in parts)
        return f"{signed}.{self._url(self._openssl('dgst', '-sha256', '-sign', self.path, data=signed.encode()))}"

    @staticmethod
    def _url(data):
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    @staticmethod
    def _openssl(*arguments, data=None):
        return subprocess.run(["openssl", *arguments], check=True, capture_output=True, input=data).stdout


NOBODY = Kind("anybody", passphrases=False)
JWT = Kind("JWT", token=False)
TOKEN = Kind("token")
COMPARED = [NOBODY, JWT, TOKEN]
# Taken by themselves: what takes both processors for seconds costs others time, too.
OTHERS = [Kind("token, Standard Webhooks", webhooks=True), Kind("token, RSA", rsa=True)]


def _measure(bench, fletchd):
    """Milliseconds of processor time for 1,000 jobs: enqueued one by one, and delivered."""
    begun = clock_seconds(fletchd.process)
    enqueued = fletchd.enqueue(1, seconds=1)
    taken = (clock_seconds(fletchd.process) - begun) * 1e6 / enqueued.jobs
    # They are for later: whoever has enqueued more would have to deliver out of a larger database.
    fletchd.ask("DELETE", fletchd.path, fletchd.authorization)
    due = time.time() + HEAD_START
    fletchd.fill([(body(), due)] * JOBS)
    if time.time() > due:
        raise RuntimeError("the jobs were due before they were all stored")
    begun = clock_seconds(fletchd.process)
    delivered(bench.counter, JOBS, LIMIT)
    return taken, (clock_seconds(fletchd.process) - begun) * 1e6 / JOBS


def _in_turns(bench, keys, orders):
    taken = {kind: [] for kind in orders[0]}
    with ExitStack() as stack:
        running = {kind: stack.enter_context(kind.running(bench, keys)) for kind in orders[0]}
        # The first turn connects and fills caches.
        for turn, order in enumerate([orders[0], *orders]):
            print(f"tokens {turn}/{len(orders)}", file=sys.stderr, flush=True)
            for kind in order:
                measured = _measure(bench, running[kind])
                if turn > 0:
                    taken[kind].append(measured)
    return taken


def tokens(bench):
    keys = Keys(bench.directory)
    # Turns are short, many and in every order, because the machine is shared: what it does to one, it does to all.
    orders = list(itertools.permutations(COMPARED)) * bench.rounds
    taken = _in_turns(bench, keys, orders) | _in_turns(bench, keys, [OTHERS] * bench.rounds)
    section = Section(
        "Tokens and signatures",
        f"`fletchd` as anybody may ask it, and with passphrases, side by side and in turns: jobs of 100 bytes from wrk, "
        f"one by one from 32 clients for a second, and {JOBS:,} that are delivered to nginx. With passphrases callers "
        "are known by a JWT or a token, calls and deliveries are counted, and the targets' addresses are checked; with "
        "a token deliveries are signed, too. Processor time of `fletchd`, in milliseconds for 1,000 jobs; ratios are "
        f"the medians of those of {len(orders)} turns.",
        ["", "enqueue", "deliver"])
    for kind in COMPARED + OTHERS:
        section.rows.append([kind.name, *(f"{median(values):.1f}" for values in zip(*taken[kind]))])

    def ratio(one, other, figure):
        return statistics.median(figure(ours) / figure(theirs) for ours, theirs in zip(taken[one], taken[other]))

    section.judge("a job with a token over one of anybody", ratio(TOKEN, NOBODY, sum), most=1.1)
    section.judge(
        "a delivery that is signed by HMAC over one that is not", ratio(TOKEN, JWT, lambda pair: pair[1]), most=1.08)
    return section
