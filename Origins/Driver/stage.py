"""One subject, started in the server's namespace, and what it says there."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from network import HOST

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ROOT / "Origins/Servers"
CLIENT = [sys.executable, str(Path(__file__).with_name("client.py"))]
PORT = 8080
WORK_MS = 300
# Less than what `fletch` discards of an answer of unknown length; after that it would hold the connection for a minute.
BODY_BYTES = 60_000


class NotRun(Exception):
    """Why a subject could not be tried."""


class Stage:
    """A subject at work; what it started is ended on leaving the `with` block."""

    def __init__(self, subject, network):
        self.subject = subject
        self.network = network
        self.processes = []
        self.folder = tempfile.TemporaryDirectory(prefix="fletch-origins-")
        self.work = Path(self.folder.name)
        self.values = {
            "WORK": str(self.work),
            "EVENTS": str(self.work / "events"),
            "BUILD": str(ROOT / "Origins/.build"),
            "FLETCH_TARGET": str(ROOT / ".build/release/fletch-target"),
            "PORT": str(PORT),
            "UPSTREAM_PORT": "9000",
            "WORK_MS": str(WORK_MS),
            "BODY_BYTES": str(BODY_BYTES),
            "OPTION": subject.option,
        }
        self.environment = os.environ | {
            "ORIGIN_PORT": str(PORT),
            "ORIGIN_LOG": self.values["EVENTS"],
            "ORIGIN_WORK_MS": self.values["WORK_MS"],
            "ORIGIN_BODY_BYTES": self.values["BODY_BYTES"],
            "ORIGIN_GIVES_UP": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.work),
        }
        self.environment |= {name: self.filled(value) for name, value in subject.environment.items()}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # One that is only just about to enter the namespace is not in there yet.
        for process in self.processes:
            process.terminate()
        self.network.end_all()
        for process in self.processes:
            process.wait()
        self.folder.cleanup()

    def filled(self, text):
        return re.sub("@([A-Z_]+)@", lambda match: self.values[match[1]], text)

    def versions(self):
        return " · ".join(f"{name} {self._version(command)}" for name, command in self.subject.versions.items())

    def ask(self, manner, path):
        """Runs the script that reads answers; `wait` goes on until there is a good one."""
        command = self.network.inside(self.network.client, [*CLIENT, manner, HOST, str(PORT), path])
        return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.strip()

    def events(self, path):
        """What was said about the request with that path: by a hop, by an origin, by `fletch-target`."""
        lines = [line for log in self._logs() for line in log.read_text(errors="replace").splitlines()]
        told = [line.removeprefix(path + " ") for line in lines if line.startswith(path + " ")]
        records = [json.loads(line) for line in lines if line.startswith("{")]
        return told + [event for record in records for event in events_of(record, path)]

    def _start(self):
        commands = [[self.filled(word) for word in command] for command in self.subject.commands]
        for program in (command[0] for command in commands):
            if not shutil.which(program):
                raise NotRun(f"`{Path(program).name}` could not be installed or built here")
        self._put_files()
        for number, command in enumerate(commands):
            with open(self.work / f"output-{number}", "wb") as output:
                process = subprocess.Popen(
                    self.network.inside(self.network.server, command), env=self.environment, cwd=self.work,
                    stdin=subprocess.DEVNULL, stdout=output, stderr=output)
                self.processes.append(process)
        answer = self.ask("wait", "/begin")
        if not answer.startswith("200"):
            raise NotRun(f"it did not answer when started ({answer}): {self._last_words()}")

    def _put_files(self):
        for source, name in self.subject.files.items():
            place = self.work / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self.filled((SERVERS / source).read_text()))
        # Where workers of another user write, too.
        self.work.chmod(0o777)
        Path(self.values["EVENTS"]).touch()
        Path(self.values["EVENTS"]).chmod(0o666)

    def _logs(self):
        return sorted([Path(self.values["EVENTS"]), *self.work.glob("output-*")])

    def _last_words(self):
        words = [line for log in self.work.glob("output-*") for line in log.read_text(errors="replace").splitlines()]
        return (words or ["it said nothing"])[-1].replace(str(self.work), "…")

    def _version(self, command):
        command = [self.filled(word) for word in command]
        try:
            run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        except FileNotFoundError:
            return "?"
        found = re.search(r"\d+(\.\d+)+", run.stdout)
        return found[0] if found else "?"


def events_of(record, path):
    """The lines of JSON: Caddy's access log, and what `fletch-target` recorded."""
    if record.get("path") == path:
        return recorded(record)
    if record.get("request", {}).get("uri") == path:
        return [f"hop {record['status']}"]
    return []


def recorded(record):
    moments, how = record["moments"], record["departure"].upper()
    if record["work"] == "pending":
        return ["told request incomplete"]
    if record["work"] == "aborted":
        return ["begun", f"aborted {how} while it worked"]
    answered, left = moments["answered"], moments.get("left")
    if left is not None and left < answered:
        return ["begun", f"told {how} while it worked", "finished"]
    return ["begun", "finished", "written"]
