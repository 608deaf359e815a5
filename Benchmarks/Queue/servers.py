"""The servers that take part, each on a port or socket of its own, with its data in a directory that is thrown away."""

import http.client
import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

from processes import running

QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
POSTGRES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), Path("/usr/bin"))


def wait_until(ready, seconds=30, otherwise="a server did not start"):
    end = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError(otherwise)
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


class Arrivals:
    """When each request below /logged/ has come since this was made, as nginx has logged it."""

    def __init__(self, directory):
        self.path = directory / "nginx/arrivals"
        self.start = self.path.stat().st_size

    def by_path(self):
        """The seconds since 1970, in order, of the requests of each path."""
        # What came last is in the file after a second.
        time.sleep(1.5)
        arrivals = {}
        with open(self.path) as file:
            file.seek(self.start)
            for line in file:
                moment, path = line.split()
                arrivals.setdefault(path, []).append(float(moment))
        return arrivals


@contextmanager
def failing(directory):
    """Meanwhile nginx answers what comes to /switched with 500, otherwise with 204."""
    switch = directory / "nginx/broken"
    switch.touch()
    try:
        yield
    finally:
        switch.unlink()


NGINX = """
daemon off;
worker_processes 1;
pid {directory}/pid;
error_log {directory}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    log_format arrivals '$msec $uri';
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
        location /logged/ {{
            access_log {directory}/arrivals arrivals buffer=64k flush=1s;
            return 204;
        }}
        location /switched {{
            if (-f {directory}/broken) {{ return 500; }}
            return 204;
        }}
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
    """Yields the process and its port. It logs to a file: it would wait for someone to read a pipe."""
    command = [root / ".build/release/fletchd", "--host", "127.0.0.1", "--port", "0", "--store", f"sqlite:{store}"]
    log = store.with_name("log")
    with open(log, "wb") as file, running(command, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                                          env=dict(os.environ, **(environment or {}))) as process:
        yield process, _port(process, log)


def _port(process, log):
    """The port that `fletchd` says it listens at."""
    end = time.monotonic() + 30
    while not (found := re.search(rb"127\.0\.0\.1:(\d+)", log.read_bytes())):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"fletchd did not start: {log.read_text()}")
        time.sleep(0.001)
    return int(found[1])
