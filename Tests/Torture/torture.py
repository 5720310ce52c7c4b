"""What is left when system calls fail, disks fill up, files are damaged, processes are killed, or two work on one folder.

Wanted, whatever happens: no signal, no hang; an error has a message; a success has the right files; what was there before
is whole, or what was to come is; and the command, given again, ends as if nothing had been.

    torture.py SIMILE LIBRARY [--share 0.1] [--only train] [--json FILE]
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import damage
import disks
import faults
import growth
import kills
import serving
from command import Command
from hub import Hub
from scenarios import TRAIN, begin, scenarios, stop

HERE = pathlib.Path(__file__).resolve().parent


def main():
    options = argparse.ArgumentParser()
    options.add_argument("simile")
    options.add_argument("library", help="torture-library, which does the same without the command")
    options.add_argument("--share", type=float, default=1, help="of all that is tried")
    options.add_argument("--only", default="", help="parts and scenarios whose name has this in it")
    options.add_argument("--json", help="where counts go")
    options = options.parse_args()
    # In memory, where flushing costs nothing.
    memory = pathlib.Path("/dev/shm")
    root = pathlib.Path(tempfile.mkdtemp(prefix="simile-torture-", dir=memory if memory.is_dir() else None))
    try:
        return torture(root, options)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def torture(root, options):
    shim = root / "faults.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-o", shim, HERE / "faults.c", "-ldl"], check=True)
    simile, library = (Command(os.path.abspath(program), str(shim), root) for program in (options.simile, options.library))
    start = root / "start"
    start.mkdir()
    begin(simile, start)
    stop(library, start, ["train"], "lib-stopped")
    stop(simile, start, TRAIN, "stopped", "whole")
    every = list(scenarios(start, simile, library, Hub(start / "c")))
    began, counts, failures = time.monotonic(), {}, []

    def take(name, part):
        if options.only in name or name == "faults":
            began = time.monotonic()
            counts[name], problems = part()
            failures.extend(problems)
            print(f"{name}: {time.monotonic() - began:.0f} s", flush=True)

    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        share = options.share
        take("kills", lambda: kills.run(root, start, pool, max(1, round(240 * share)), every[0]))
        take("damage", lambda: damage.run(root, simile, start, pool, max(6, round(2000 * share))))
        take("disks", lambda: disks.run(root, every, pool, max(2, round(60 * share))))
        take("growth", lambda: growth.run(root, simile, every[0], max(500, round(10_000 * share))))
        take("serve", lambda: serving.run(root, simile, start, pool, share))
        take("faults", lambda: faults.run(root, every, pool, share, options.only))
    parts = list(counts["faults"].values()) + ([counts["serve"]] if "serve" in counts else [])
    total, missed = (sum(part[name] for part in parts) for name in ("faults", "missed"))
    seconds = time.monotonic() - began
    print(f"{total} faults, {missed} not reached, {len(failures)} failures of all kinds, {seconds:.0f} s")
    if options.json:
        counts.update(share=options.share, seconds=round(seconds), injected=total, missed=missed, failures=len(failures))
        pathlib.Path(options.json).write_text(json.dumps(counts, indent=1) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
