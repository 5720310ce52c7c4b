"""Makes every system call of a command fail, one at a time."""

import pathlib
import random
import shutil
import tempfile
import threading

from command import contents, different, everything, leftovers, trial_folder
from scenarios import read

# How each kind of call can fail.
WRITING = ["EIO", "ENOSPC", "EINTR", "SHORT", "FULL", "GONE", "DEATH", "HALFDEATH", "AFTERDEATH"]
KINDS = {
    "write": WRITING,
    "pwrite": WRITING,
    "read": ["EIO", "EINTR", "SHORT"],
    "pread": ["EIO", "EINTR", "SHORT"],
    "fsync": ["EIO", "EINTR", "GONE", "DEATH"],
    "close": ["EIO", "ENOSPC", "EINTR"],
    "ftruncate": ["EIO", "EINTR", "DEATH"],
    "rename": ["EIO", "ENOSPC", "GONE", "DEATH", "AFTERDEATH"],
    "unlink": ["EIO", "DEATH", "AFTERDEATH"],
    "mkdir": ["EACCES", "ENOSPC", "DEATH", "AFTERDEATH"],
    "chmod": ["EIO", "DEATH"],
    "symlink": ["EIO", "ENOSPC", "DEATH", "AFTERDEATH"],
    "create": ["ENOSPC", "EMFILE", "EINTR", "FULL", "DEATH", "AFTERDEATH"],
    "open": ["EIO", "EMFILE", "EINTR"],
    "stat": ["EIO"],
    "list": ["EIO", "EMFILE"],
    "lock": ["ENOLCK"],
    "mmap": ["ENOMEM"],
    "connect": ["ETIMEDOUT", "ECONNRESET"],
    "send": ["ECONNRESET", "EPIPE", "SHORT", "DEATH"],
    "receive": ["ECONNRESET", "SHORT", "DEATH"],
    # What else it could give ends NIO's listening.
    "accept": ["EMFILE", "ECONNABORTED"],
}
# On Linux closing a socket gives none of the other errors that closing a file can.
CLOSING_SOCKETS = ["EINTR"]
HARMLESS = {"EINTR", "SHORT"}
# A program whose disk is gone cannot clean up on it.
LEAVES = {"EIO", "GONE"}
# The status with which `faults.c` ends a process.
DIED = 99


def kinds(call, name, path):
    """How a call can fail; those on sockets are numbered by themselves."""
    return CLOSING_SOCKETS if call.startswith("s") and name == "close" else KINDS[name]


def chosen(calls, share, seed):
    """A share of all faults of some calls, drawn at random and the same each time."""
    every = [call + (kind,) for call in calls for kind in kinds(*call)]
    return random.Random(seed).sample(every, max(1, round(share * len(every))))


class Faults:
    """A scenario as it goes without a fault, and what came of the states that faults left."""

    def __init__(self, root, scenario):
        self.root, self.scenario = root, scenario
        # What giving the command again came to, by what was in the folder: most faults leave the same.
        self.known, self.lock = {}, threading.Lock()
        folder = pathlib.Path(tempfile.mkdtemp(dir=root))
        scenario.prepare(folder)
        self.before = contents(folder, scenario.outputs)
        log = root / "calls"
        status, _, error = scenario.run(folder, faults={"FAULT_LOG": str(log)})
        if status != 0:
            raise SystemExit(f"{scenario.name}: {error}")
        self.expected, self.calls = contents(folder, scenario.outputs), read(log)
        log.unlink()
        shutil.rmtree(folder)

    def trial(self, call, name, path, kind):
        """Lets one call fail; whether it came to that, and what is wrong, or nothing."""
        folder = trial_folder(self.root)
        try:
            self.scenario.prepare(folder)
            status, _, error = self.scenario.run(folder, faults={"FAULT_CALL": call, "FAULT_KIND": kind})
            met = self.scenario.command.met() == (call, name)
            if met and kind.endswith("DEATH") and status != DIED:
                return met, f"status {status} instead of an end by the fault"
            return met, self.outcome(folder, status, error, kind) or self.given_again(folder, error, kind)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def found(self, folder, said):
        """What the outputs are, where the program has said something."""
        found = contents(folder, self.scenario.outputs)
        # A figure that needs the rows before training is left out, and said to be, when those cannot be read.
        if "its predictions are not kept" in said:
            for name in ("run/results.json", "run/model/README.md"):
                found[name] = self.expected.get(name)
        return found

    def outcome(self, folder, status, error, kind):
        """What is wrong with how the command ended."""
        if status is None:
            return "it did not end"
        if status < 0 or status > 128 and status != 130:
            return f"signal {-status if status < 0 else status - 128}"
        found = self.found(folder, error)
        if status == 0 and found != self.expected:
            return "exit 0 with other files: " + different(found, self.expected)
        if status not in (0, DIED):
            if kind in HARMLESS:
                return "an interruption or a short count is an error: " + error.strip()[-200:]
            if not error.strip():
                return "no message"
            if "NSCocoa" in error or "Error Domain" in error or ".part" in error:
                return "a raw message: " + error.strip()[-200:]
        if status != 0 and len(self.scenario.outputs) == 1 and found not in (self.before, self.expected):
            if self.scenario.name != "fetch":
                return "neither old nor new: " + different(found, self.expected)
        return None

    def given_again(self, folder, said, kind):
        """What is wrong when the command is given again."""
        state = (folder, everything(folder))
        with self.lock:
            if state in self.known:
                problem, left = self.known[state]
                return problem or (left if kind not in LEAVES else None)
        problem, left = self.recover(folder, said)
        with self.lock:
            self.known[state] = (problem, left)
        return problem or (left if kind not in LEAVES else None)

    def recover(self, folder, said):
        status, _, error = self.scenario.run(folder, self.scenario.again(folder))
        # A finished training is not taken up again; its files must be right.
        if status != 0 and " is complete: model/ holds the best model" not in error:
            return f"given again it fails: {error.strip()[-300:]}", None
        found = self.found(folder, said + error)
        if found != self.expected:
            return "given again it ends otherwise: " + different(found, self.expected), None
        left = leftovers(folder)
        return None, f"left behind: {', '.join(left)}" if left else None


def report(name, calls, tried, ends):
    """Counts of a scenario, whose trials have come to whether the call failed and what is wrong; and what is wrong."""
    failures = []
    for (number, kind, path, fault), (_, problem) in zip(tried, ends):
        if problem:
            failures.append(f"{name}: call {number}, {kind} {pathlib.Path(path).name}, {fault}: {problem}")
            print("  " + failures[-1], flush=True)
    met = sum(met for met, _ in ends)
    counts = {"calls": len(calls), "faults": met, "missed": len(tried) - met, "failures": len(failures)}
    print(
        f"{name:20} {len(calls):6} calls {met:7} faults {len(tried) - met:5} not reached {len(failures):5} failures",
        flush=True)
    return counts, failures


def run(root, all_scenarios, pool, share, only):
    """Counts by scenario, and what went wrong."""
    counts, failures = {}, []
    for scenario in all_scenarios:
        if only not in scenario.name:
            continue
        faults = Faults(root, scenario)
        tried = chosen(faults.calls, share, scenario.name)
        ends = list(pool.map(lambda fault: faults.trial(*fault), tried))
        counts[scenario.name], problems = report(scenario.name, faults.calls, tried, ends)
        failures.extend(problems)
        # Otherwise a shim that does nothing would find nothing.
        if counts[scenario.name]["missed"] * 2 > len(tried):
            failures.append(f"{scenario.name}: most calls that were to fail were not reached")
            print("  " + failures[-1], flush=True)
    return counts, failures
