"""Makes every system call of a command fail, one at a time."""

import pathlib
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
    "accept": ["EMFILE", "ECONNRESET"],
}
HARMLESS = {"EINTR", "SHORT"}
# A program whose disk is gone cannot clean up on it.
LEAVES = {"EIO", "GONE"}
DIED = 99


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
        """Lets one call fail; returns what is wrong, or nothing."""
        folder = trial_folder(self.root)
        try:
            self.scenario.prepare(folder)
            status, _, error = self.scenario.run(folder, faults={"FAULT_CALL": call, "FAULT_KIND": kind})
            return self.outcome(folder, status, error, kind) or self.given_again(folder, kind)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def outcome(self, folder, status, error, kind):
        """What is wrong with how the command ended."""
        if status is None:
            return "it did not end"
        if status < 0 or status > 128 and status != 130:
            return f"signal {-status if status < 0 else status - 128}"
        found = contents(folder, self.scenario.outputs)
        # A figure that needs the rows before training is left out, and said to be, when those cannot be read.
        if status == 0 and "its predictions are not kept" in error:
            for name in ("run/results.json", "run/model/README.md"):
                found[name] = self.expected.get(name)
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

    def given_again(self, folder, kind):
        """What is wrong when the command is given again."""
        state = (folder, everything(folder))
        with self.lock:
            if state in self.known:
                problem, left = self.known[state]
                return problem or (left if kind not in LEAVES else None)
        problem, left = self.recover(folder)
        with self.lock:
            self.known[state] = (problem, left)
        return problem or (left if kind not in LEAVES else None)

    def recover(self, folder):
        status, _, error = self.scenario.run(folder, self.scenario.again(folder))
        if status != 0 and " is complete: model/ holds the best model" in error:
            return None, None
        if status != 0:
            return f"given again it fails: {error.strip()[-300:]}", None
        found = contents(folder, self.scenario.outputs)
        if found != self.expected:
            return "given again it ends otherwise: " + different(found, self.expected), None
        left = leftovers(folder)
        return None, f"left behind: {', '.join(left)}" if left else None


def run(root, all_scenarios, pool, share, only):
    """Counts by scenario, and what went wrong."""
    counts, failures = {}, []
    for scenario in all_scenarios:
        if only not in scenario.name:
            continue
        faults = Faults(root, scenario)
        every = [call + (kind,) for call in faults.calls for kind in KINDS[call[1]]]
        step = max(1, round(1 / share))
        chosen = every[len(counts) % step :: step]
        problems = pool.map(lambda fault: faults.trial(*fault), chosen)
        bad = 0
        for (number, kind, path, fault), problem in zip(chosen, problems):
            if problem:
                bad += 1
                failures.append(f"{scenario.name}: call {number}, {kind} {pathlib.Path(path).name}, {fault}: {problem}")
                print("  " + failures[-1], flush=True)
        counts[scenario.name] = {"calls": len(faults.calls), "faults": len(chosen), "failures": bad}
        print(f"{scenario.name:20} {len(faults.calls):6} calls {len(chosen):7} faults {bad:5} failures", flush=True)
    return counts, failures
