"""Trains for long and watches memory and open files."""

import shutil
import tempfile
import time
from pathlib import Path

# What a training of any length may take more of than one of a tenth of it.
MOST_GROWTH = 4 << 20


def measured(process):
    """The bytes of memory in use and the number of open files of a process; None when it is gone."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
        files = len(list(Path(f"/proc/{process}/fd").iterdir()))
    except (FileNotFoundError, ProcessLookupError):
        return None
    line = next((line for line in status.splitlines() if line.startswith("VmRSS:")), None)
    return (int(line.split()[1]) << 10, files) if line else None


def step(folder):
    try:
        return int((folder / "run/steps.csv").read_text().splitlines()[-1].split(",")[0])
    except (OSError, ValueError, IndexError):
        return 0


def run(root, simile, scenario, steps):
    """What a training of so many steps, a save and an evaluation with each hundredth, takes early and at most later."""
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        scenario.prepare(folder)
        words = list(scenario.words)
        for name, value in [
            ("--max-steps", steps), ("--evaluate-every", max(1, steps // 100)), ("--save-every", max(1, steps // 100)),
        ]:
            words[words.index(name) + 1] = str(value)
        words += ["--epochs", str(steps)]
        server = simile.server(words)
        process = server.start(folder, {})
        early, late = None, (0, 0)
        # A step takes some milliseconds.
        end = time.monotonic() + 60 + steps / 20
        while (status := server.answer(0.05)) is None and time.monotonic() < end:
            now = measured(process)
            if now and step(folder) >= steps // 10:
                early = early or now
                late = (max(late[0], now[0]), max(late[1], now[1]))
        error = server.error.read_text(errors="replace")
        if status is None:
            status, _, error = server.end(process, 0)
        taken = step(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if status != 0 or taken != steps or early is None:
        failure = f"growth: status {status} after {taken} steps: {error.strip()[-200:]}"
        print("  " + failure, flush=True)
        return {"failures": 1}, [failure]
    grown, files = late[0] - early[0], late[1] - early[1]
    failures = []
    if grown > MOST_GROWTH:
        failures.append(f"growth: {grown} bytes of memory in {steps} steps")
    # A file that is written at the moment of a look counts.
    if files > 4:
        failures.append(f"growth: {files} files in {steps} steps")
    for line in failures:
        print("  " + line, flush=True)
    megabytes = round(late[0] / (1 << 20), 1)
    print(f"{'growth':20} {steps:7} steps, {grown >> 10} KiB more than after a tenth, {late[1]} files at most", flush=True)
    counts = {"steps": steps, "growth_kib": grown >> 10, "most_mib": megabytes, "most_files": late[1]}
    return {**counts, "failures": len(failures)}, failures
