"""Makes every system call of a command fail, one at a time."""

import pathlib
import shutil
import tempfile

from command import contents, different, leftovers
from scenarios import read, scenarios

# How each kind of call can fail.
KINDS = {
    "write": ["EIO", "ENOSPC", "EINTR", "SHORT", "DEATH", "HALFDEATH", "AFTERDEATH"],
    "pwrite": ["EIO", "ENOSPC", "EINTR", "SHORT", "DEATH", "HALFDEATH", "AFTERDEATH"],
    "read": ["EIO", "EINTR", "SHORT"],
    "pread": ["EIO", "EINTR", "SHORT"],
    "fsync": ["EIO", "EINTR", "DEATH"],
    "close": ["EIO", "ENOSPC", "EINTR"],
    "ftruncate": ["EIO", "EINTR", "DEATH"],
    "rename": ["EIO", "ENOSPC", "DEATH", "AFTERDEATH"],
    "unlink": ["EIO", "DEATH", "AFTERDEATH"],
    "rmdir": ["EIO", "DEATH"],
    "mkdir": ["EACCES", "ENOSPC", "DEATH", "AFTERDEATH"],
    "chmod": ["EIO", "DEATH"],
    "create": ["ENOSPC", "EMFILE", "EINTR", "DEATH", "AFTERDEATH"],
    "open": ["EIO", "EMFILE", "EINTR"],
    "mmap": ["ENOMEM"],
}
HARMLESS = {"EINTR", "SHORT"}
DIED = 99


def trial(root, command, scenario, expected, before, call, name, path, kind):
    """Lets one call fail; returns what is wrong, or nothing."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=root))
    try:
        scenario.prepare(folder)
        status, _, error = command.run(
            scenario.words, folder, {"FAULT_CALL": str(call), "FAULT_KIND": kind})
        if status is None:
            return "it did not end"
        if status < 0 or status > 128 and status != 130:
            return f"signal {-status if status < 0 else status - 128}"
        found = contents(folder, scenario.outputs)
        # A figure that needs the rows before training is left out, and said to be, when those cannot be read.
        if status == 0 and "its predictions are not kept" in error:
            found["run/results.json"] = expected["run/results.json"]
        if status == 0 and found != expected:
            return "exit 0 with other files: " + different(found, expected)
        if status not in (0, DIED):
            if kind in HARMLESS:
                return "an interruption or a short count is an error: " + error.strip()[-200:]
            if not error.strip():
                return "no message"
            if "NSCocoa" in error or "Error Domain" in error or ".part" in error:
                return "a raw message: " + error.strip()[-200:]
        if status != 0 and len(scenario.outputs) == 1 and found not in (before, expected):
            return "neither old nor new: " + different(found, expected)
        words = scenario.again(folder)
        overwrite = [] if words[0] in ("train", "merge", "new") or "--overwrite" in words else ["--overwrite"]
        status, _, error = command.run(words + overwrite, folder)
        if status != 0 and " is complete: model/ holds the best model" in error:
            return None
        if status != 0:
            return f"given again it fails: {error.strip()[-300:]}"
        found = contents(folder, scenario.outputs)
        if found != expected:
            return "given again it ends otherwise: " + different(found, expected)
        left = leftovers(folder)
        if left and kind != "EIO":
            return f"left behind: {', '.join(left)}"
        return None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(root, command, start, pool, share, only):
    """Counts by scenario, and what went wrong."""
    counts, failures = {}, []
    for scenario in scenarios(start):
        if only not in scenario.name:
            continue
        folder = pathlib.Path(tempfile.mkdtemp(dir=root))
        scenario.prepare(folder)
        before = contents(folder, scenario.outputs)
        log = root / "calls"
        status, _, error = command.run(scenario.words, folder, {"FAULT_LOG": str(log)})
        if status != 0:
            raise SystemExit(f"{scenario.name}: {error}")
        expected, calls = contents(folder, scenario.outputs), read(log)
        log.unlink()
        shutil.rmtree(folder)
        faults = [call + (kind,) for call in calls for kind in KINDS[call[1]]]
        step = max(1, round(1 / share))
        faults = faults[len(counts) % step :: step]
        problems = pool.map(lambda fault: trial(root, command, scenario, expected, before, *fault), faults)
        bad = 0
        for (number, kind, path, fault), problem in zip(faults, problems):
            if problem:
                bad += 1
                failures.append(f"{scenario.name}: call {number}, {kind} {pathlib.Path(path).name}, {fault}: {problem}")
                print("  " + failures[-1], flush=True)
        counts[scenario.name] = {"calls": len(calls), "faults": len(faults), "failures": bad}
        print(f"{scenario.name:20} {len(calls):6} calls {len(faults):7} faults {bad:5} failures", flush=True)
    return counts, failures
