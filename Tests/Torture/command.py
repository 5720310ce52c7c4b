"""Runs a program, and says what lies in a folder."""

import csv
import hashlib
import itertools
import os
import re
import select
import signal
import subprocess
import threading
from pathlib import Path


numbers, local = itertools.count(), threading.local()


def trial_folder(root):
    """A new folder, at the same place for all trials of a thread: runs have it in their files."""
    if not hasattr(local, "number"):
        local.number = next(numbers)
    folder = root / f"trial-{local.number}"
    folder.mkdir()
    return folder


class Server:
    """A program that is loaded once and run many times, each time in a process of its own; see `faults.c`."""

    def __init__(self, command, words, environment):
        requests, self.requests = os.pipe()
        self.answers, answers = os.pipe()
        self.out, self.error = (command.root / f"{name}-{id(self)}" for name in ("out", "error"))
        self.process = subprocess.Popen(
            [command.program] + words, pass_fds=(requests, answers), stdin=subprocess.DEVNULL,
            env=dict(
                os.environ, SIMILE_THREADS="1", LD_PRELOAD=command.shim, FAULT_SERVER=f"{requests} {answers}",
                SWIFT_BACKTRACE="enable=no", **environment))
        os.close(requests)
        os.close(answers)
        self.rest, self.met = b"", ()

    def answer(self, timeout):
        """The next number that the server says, or None; `met` has the call that was made to fail, if one was."""
        while b"\n" not in self.rest:
            if not select.select([self.answers], [], [], timeout)[0]:
                return None
            piece = os.read(self.answers, 4096)
            if not piece:
                raise SystemExit("the program cannot be loaded or begun")
            self.rest += piece
        line, self.rest = self.rest.split(b"\n", 1)
        number, *met = line.decode().split()
        self.met = tuple(met)
        return int(number)

    def start(self, folder, faults):
        """Begins a run and returns its process."""
        fields = [folder, self.out, self.error] + [faults.get(key, "") for key in ("FAULT_LOG", "FAULT_CALL", "FAULT_KIND")]
        fields[4] = fields[4] or "-1"
        self.out.unlink(missing_ok=True)
        os.write(self.requests, ("\t".join(map(str, fields)) + "\n").encode())
        process = self.answer(60)
        # A signal to any other number would be one to many processes.
        if process is None or process <= 1:
            raise SystemExit("no process was begun")
        return process

    def end(self, process, timeout):
        """The status of a run, what it said, and what it said was wrong; without a status, it was made to end."""
        status = self.answer(timeout)
        if status is None:
            for kill in (os.kill, os.killpg):
                try:
                    kill(process, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.answer(60)
            return None, "", "it did not end"
        return status, self.out.read_text(errors="replace"), self.error.read_text(errors="replace")

    def close(self):
        os.close(self.requests)
        os.close(self.answers)
        self.process.wait()
        for file in (self.out, self.error):
            file.unlink(missing_ok=True)


class Command:
    """A program, and the servers that run it: those of each thread."""

    def __init__(self, program, shim, root):
        self.program, self.shim, self.root = program, shim, root
        self.local, self.lock, self.servers = threading.local(), threading.Lock(), []

    def server(self, words, environment=None):
        environment = environment or {}
        if not hasattr(self.local, "servers"):
            self.local.servers = {}
        key = (tuple(words), tuple(sorted(environment.items())))
        if key not in self.local.servers:
            # One for every command that is given in turn would fill the memory.
            if len(self.local.servers) > 8:
                self.local.servers.pop(next(iter(self.local.servers))).close()
            self.local.servers[key] = Server(self, words, environment)
        return self.local.servers[key]

    def run(self, words, folder, faults=None, timeout=60, environment=None):
        server = self.server(words, environment)
        ended = server.end(server.start(folder, faults or {}), timeout)
        self.local.met = server.met
        return ended

    def met(self):
        """The number and the kind of the call that failed in this thread's last run; nothing where none did."""
        return self.local.met


def digest(path):
    """The bytes of a file, without times and without the names of the folders of trials."""
    data = re.sub(rb"/[^\s\"]*simile-torture-[^/\s\"]*/[^/\s\"]*", b"", path.read_bytes())
    if path.name == "steps.csv":
        rows = list(csv.reader(data.decode().splitlines()))
        data = repr([row[:6] for row in rows]).encode()
    if path.name == "results.json":
        data = re.sub(rb'"(seconds|memory_peak_mib)": [0-9.]+', b"", data)
    return hashlib.sha256(data).hexdigest()


def contents(folder, names):
    """What lies under some names: digests by path."""
    found = {}
    for name in names:
        path = folder / name
        if path.is_file():
            found[name] = digest(path)
        elif path.is_dir():
            for inner in sorted(path.rglob("*")):
                if inner.is_file():
                    found[str(inner.relative_to(folder))] = digest(inner)
    return found


def state(path):
    """What a file is to who goes on with it: reports, locks and what is unfinished are made anew."""
    if path.name.endswith((".part", ".tmp", ".html", ".lock")):
        return ""
    if path.name == "run.json":
        return hashlib.sha256(re.sub(rb"[0-9.]+", b"", path.read_bytes())).hexdigest()
    return digest(path)


def everything(folder):
    """All that is in a folder, without the numbers of processes, as something to compare."""
    found = []
    for parent, folders, files in os.walk(folder):
        place = os.path.relpath(parent, folder)
        found += [(place, name, os.path.islink(os.path.join(parent, name))) for name in folders]
        found += [(place, name, state(Path(parent, name))) for name in files if os.path.exists(os.path.join(parent, name))]
    return tuple(sorted((re.sub(r"([0-9]+\.)?[0-9a-f]+\.(part|tmp)", r"\2", repr(entry)) for entry in found)))


def leftovers(folder):
    return [
        str(path.relative_to(folder)) for path in folder.rglob("*")
        if path.name.endswith(".part") or path.name == "run.lock"
    ]


def different(found, expected):
    names = [name for name in sorted(set(found) | set(expected)) if found.get(name) != expected.get(name)]
    return ", ".join(names[:4])
