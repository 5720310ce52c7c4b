"""Runs the command, and says what lies in a folder."""

import csv
import hashlib
import os
import re
import signal
import subprocess


class Command:
    """A program with what it does in a folder, and what that should come to."""

    def __init__(self, simile, shim):
        self.simile, self.shim = simile, shim

    def run(self, words, folder, faults=None, timeout=60):
        environment = dict(os.environ, SIMILE_THREADS="1", HOME=str(folder))
        if faults is not None:
            environment.update(faults, LD_PRELOAD=self.shim, FAULT_ROOT=str(folder))
        done = subprocess.Popen(
            [self.simile] + words, cwd=folder, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, error = done.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(done.pid, signal.SIGKILL)
            done.communicate()
            return None, "", "it did not end"
        return done.returncode, out.decode(errors="replace"), error.decode(errors="replace")


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


def leftovers(folder):
    return [
        str(path.relative_to(folder)) for path in folder.rglob("*")
        if path.name.endswith(".part") or path.name == "run.lock"
    ]


def different(found, expected):
    names = [name for name in sorted(set(found) | set(expected)) if found.get(name) != expected.get(name)]
    return ", ".join(names[:4])
