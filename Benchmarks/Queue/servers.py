"""The servers that take part, each on a port or socket of its own, with its data in a directory that is thrown away."""

import http.client
import os
import pwd
import re
import select
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from processes import running

QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/usr/bin"))


def wait_until(ready, seconds=30):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError("a server did not start")
        time.sleep(0.01)


def accepts(address, family=socket.AF_UNIX):
    with socket.socket(family) as attempt:
        return attempt.connect_ex(address) == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Counter:
    """How many requests nginx has had, but for those that ask."""

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.asked = 0

    def count(self):
        self.connection.request("GET", "/count")
        self.asked += 1
        text = self.connection.getresponse().read().decode()
        return int(text.split("\n")[2].split()[2]) - self.asked


NGINX = """
daemon off;
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ return 204; }}
        location /count {{ stub_status; }}
    }}
}}
"""


@contextmanager
def nginx(directory):
    """Yields the port of the origin that every job posts to."""
    directory = directory / "nginx"
    directory.mkdir()
    port = free_port()
    (directory / "conf").write_text(NGINX.format(directory=directory, port=port))
    command = ["nginx", "-c", directory / "conf", "-p", directory, "-e", directory / "error.log"]
    with running(command, **QUIET):
        wait_until(lambda: accepts(("127.0.0.1", port), socket.AF_INET))
        yield port


@contextmanager
def redis(directory, fsync):
    """Yields the process and the path of its socket."""
    path = str(directory / "socket")
    command = ["redis-server", "--port", "0", "--unixsocket", path, "--dir", directory, "--save", "",
               "--appendonly", "yes", "--appendfsync", fsync]
    with running(command, **QUIET) as process:
        wait_until(lambda: accepts(path))
        yield process, path


@contextmanager
def postgres(directory):
    """Yields the process and the directory of its socket. PostgreSQL refuses to be run by root."""
    user = {}
    if os.getuid() == 0:
        user = {"user": "postgres", "group": "postgres", "extra_groups": []}
        account = pwd.getpwnam("postgres")
        os.chown(directory, account.pw_uid, account.pw_gid)
    data = directory / "data"
    subprocess.run([POSTGRES / "initdb", "-D", data, "-U", "postgres", "-A", "trust"], check=True, cwd=directory,
                   **QUIET, **user)
    command = [POSTGRES / "postgres", "-D", data, "-k", directory, "-c", "listen_addresses=",
               "-c", "shared_buffers=256MB", "-c", "max_connections=200"]
    with running(command, cwd=directory, **QUIET, **user) as process:
        wait_until(lambda: accepts(str(directory / ".s.PGSQL.5432")))
        # The socket is there a little before the server is.
        wait_until(lambda: subprocess.run([POSTGRES / "pg_isready", "-h", directory], **QUIET).returncode == 0)
        yield process, str(directory)


@contextmanager
def sqlite(directory):
    """A file of the peer's own."""
    yield None, str(directory / "jobs.sqlite")


@contextmanager
def broker(kind, directory):
    """Starts what a peer keeps its jobs in: `redis everysec`, `redis always`, `sqlite` or `postgres`."""
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir()
    name, _, argument = kind.partition(" ")
    start = {"redis": lambda: redis(directory, argument), "postgres": lambda: postgres(directory),
             "sqlite": lambda: sqlite(directory)}[name]
    with start() as (process, address):
        yield process, address
    shutil.rmtree(directory)


@contextmanager
def fletchd(root, store, environment=None):
    """Yields the process and its port."""
    command = [root / ".build/release/fletchd", "--host", "127.0.0.1", "--port", "0", "--store", f"sqlite:{store}"]
    with running(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                 env=dict(os.environ, **(environment or {}))) as process:
        yield process, _port(process)


def _port(process):
    """The port that `fletchd` says it listens at."""
    said = b""
    end = time.monotonic() + 30
    while not (found := re.search(rb"127\.0\.0\.1:(\d+)", said)):
        ready, _, _ = select.select([process.stdout], [], [], end - time.monotonic())
        more = os.read(process.stdout.fileno(), 65536) if ready else b""
        if not more:
            raise RuntimeError(f"fletchd did not start: {said.decode()}")
        said += more
    return int(found[1])
