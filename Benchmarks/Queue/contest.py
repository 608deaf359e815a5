"""Who takes part: the peers, and `fletchd`."""

import http.client
import json
import os
import re
import resource
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import quote

import servers
from processes import processor_seconds, running

HERE = Path(__file__).parent
CLIENTS = 32
BATCH = 1000
# How many processes of the peers enqueue jobs of a kind, and threads in each: 32 threads would wait for one another's
# interpreter, 32 processes for a processor.
LOADS = {"one": (4, CLIENTS // 4), "batch": (4, 1), "at": (4, CLIENTS // 4), "limited": (1, 1), "retried": (4, 1),
         "locked": (4, 5)}


@dataclass
class Enqueued:
    """What enqueuing came to. Processor time is in seconds: that of the clients, and of whoever keeps the jobs."""

    jobs: int
    seconds: float
    client: float
    keeper: float

    @property
    def rate(self):
        return self.jobs / self.seconds

    def milliseconds(self, seconds):
        """Of processor time, for a thousand jobs."""
        return seconds * 1e6 / self.jobs


@dataclass(frozen=True)
class Peer:
    name: str
    module: str
    broker: str
    # How many jobs its workers deliver in some seconds.
    jobs: int
    durable: bool = False
    batches: bool = False
    delays: bool = False
    # The kind of its own that it is measured with besides: `limited`, `retried` or `locked` jobs.
    special: str = ""

    @contextmanager
    def running(self, directory, target, workers="workers"):
        """A run of it; `workers` is what its module calls the commands that are to work."""
        with servers.broker(self.broker, directory / "broker") as (process, address):
            yield _PeerRun(self, process, address, target, workers)


class _PeerRun:
    def __init__(self, peer, process, address, target, workers):
        self.peer = peer
        self.processes = [process] if process else []
        self.environment = dict(
            os.environ, BROKER=address, TARGET=target, PYTHONPATH=str(HERE), PYTHONDONTWRITEBYTECODE="1",
            PYTHONWARNINGS="ignore", PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        code = f"import json, peers.{peer.module} as p; getattr(p, 'prepare', int)(); print(json.dumps(p.{workers}))"
        self.commands = json.loads(self._python("-c", code))

    def _python(self, *arguments):
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(
            command, env=self.environment, cwd=HERE, stdout=subprocess.PIPE, check=True, text=True, timeout=120).stdout

    def enqueue(self, how, count, due=0):
        processes, threads = LOADS[how]
        before = processor_seconds(self.processes)
        said = self._python("load.py", self.peer.module, how, count, processes, threads, due)
        jobs, seconds, used = map(float, said.split())
        return Enqueued(int(jobs), seconds, used, processor_seconds(self.processes) - before)

    @contextmanager
    def working(self):
        """Runs the workers; yields all processes of this peer."""
        with ExitStack() as stack:
            workers = [
                stack.enter_context(running(command, env=self.environment, cwd=HERE, **servers.QUIET))
                for command in self.commands
            ]
            yield self.processes + workers


PEERS = [
    Peer("RQ, Redis everysec", "rq", "redis everysec", 2_000, delays=True),
    Peer("RQ, Redis always", "rq", "redis always", 2_000, durable=True, batches=True),
    Peer("Celery, Redis everysec", "celery", "redis everysec", 5_000, delays=True, special="limited"),
    Peer("Celery, Redis always", "celery", "redis always", 5_000, durable=True),
    Peer("Dramatiq, Redis everysec", "dramatiq", "redis everysec", 20_000, delays=True, special="retried"),
    Peer("Dramatiq, Redis always", "dramatiq", "redis always", 10_000, durable=True),
    Peer("Huey, Redis everysec", "huey", "redis everysec", 20_000, delays=True, special="retried"),
    Peer("Huey, Redis always", "huey", "redis always", 5_000, durable=True),
    Peer("Huey, SQLite with fsync", "huey", "sqlite", 5_000, durable=True),
    Peer("procrastinate, PostgreSQL", "procrastinate", "postgres", 2_000, durable=True, batches=True, delays=True,
         special="locked"),
]


def specialists(kind):
    """The peers that are measured with jobs of this kind."""
    return [peer for peer in PEERS if peer.special == kind]


class Fletchd:
    """A running `fletchd`, and its clients."""

    name = "**fletchd**"

    def __init__(self, process, port, target, path="/job"):
        self.process, self.port = process, port
        # What its clients ask with; nothing where nobody is asked for a token.
        self.authorization = {}
        self.endpoint = quote(f"http://{target}{path}", safe="")
        self.path = f"/queues/{self.endpoint}"

    @classmethod
    @contextmanager
    def running(cls, root, directory, target, environment=None):
        directory.mkdir(exist_ok=True)
        with servers.fletchd(root, directory / "queue.sqlite", environment) as (process, port):
            yield cls(process, port, target)

    def queue(self, target, path="/job"):
        """Another queue of the same `fletchd`."""
        other = Fletchd(self.process, self.port, target, path)
        other.authorization = self.authorization
        return other

    def ask(self, method, path, fields, content=None, seconds=60):
        """The answer's text to a request without a body, or with one of JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        if content is not None:
            fields = {"Content-Type": "application/json", **fields}
        connection.request(method, path, None if content is None else json.dumps(content), fields)
        response = connection.getresponse()
        answer = response.read().decode()
        connection.close()
        if response.status >= 300:
            raise RuntimeError(f"fletchd answered {response.status}: {answer[:200]}")
        return answer

    def enqueue(self, batch, order="ordered", seconds=5):
        """Enqueues jobs for later with wrk, one by one or a thousand at a time."""
        path, connections = (self.path, CLIENTS) if batch == 1 else (f"{self.path}/batch", 4)
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", HERE / "enqueue.lua",
                   f"http://127.0.0.1:{self.port}{path}", "--", str(batch), order]
        keeper, client = processor_seconds([self.process]), _children_seconds()
        environment = dict(os.environ, AUTHORIZATION=self.authorization.get("Authorization", ""))
        said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
        requests, took = re.search(r"(\d+) requests in ([\d.]+)s", said).groups()
        if refused := re.search(r"Non-2xx or 3xx responses: (\d+)|Socket errors.*", said):
            raise RuntimeError(f"fletchd refused jobs: {refused[0]}")
        return Enqueued(int(requests) * batch, float(took), _children_seconds() - client,
                        processor_seconds([self.process]) - keeper)

    def fill(self, jobs, **keys):
        """Enqueues jobs of an exact number, each a body and when it is due, with these keys, a thousand at a time."""
        with ThreadPoolExecutor(4) as pool:
            batches = [jobs[index:index + BATCH] for index in range(0, len(jobs), BATCH)]
            list(pool.map(lambda batch: self._post(batch, keys), batches))

    def _post(self, jobs, keys):
        content = [{"body": body, "runAt": iso(due), **keys} for body, due in jobs]
        self.ask("POST", f"{self.path}/batch", self.authorization, content)

    def set(self, policy):
        """Sets the policy of the queue."""
        self.ask("PUT", f"/policies/{self.endpoint}", self.authorization, policy)


def iso(seconds):
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def _children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def delivered(counter, count, seconds):
    """Waits until nginx has had `count` more requests; returns how many a second there were after the first."""
    before, end, begun, first = counter.count(), time.monotonic() + seconds, None, 0
    while True:
        got, now = counter.count() - before, time.monotonic()
        if got and begun is None:
            begun, first = now, got
        if got >= count or now > end:
            break
        time.sleep(0.02)
    if begun is None or got == first:
        raise RuntimeError(f"{got} of {count} jobs were delivered")
    return (got - first) / (now - begun)
