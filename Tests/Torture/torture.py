"""What is left when system calls fail, files are damaged, processes are killed, or two work on one folder.

Wanted, whatever happens: no signal, no hang; an error has a message; a success has the right files; what was there before
is whole, or what was to come is; and the command, given again, ends as if nothing had been.

    torture.py SIMILE [--share 0.1] [--only train] [--json FILE]
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
import faults
import kills
from command import Command
from scenarios import begin, scenarios, stop

HERE = pathlib.Path(__file__).resolve().parent


def main():
    options = argparse.ArgumentParser()
    options.add_argument("simile")
    options.add_argument("--share", type=float, default=1, help="of all that is tried, spread evenly")
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
    command = Command(os.path.abspath(options.simile), str(shim))
    start = root / "start"
    start.mkdir()
    begin(command, start)
    train = next(scenarios(start))
    stop(command, start, train.words)
    began, counts, failures = time.monotonic(), {}, []

    def take(name, result):
        counts[name] = result[0]
        failures.extend(result[1])

    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        if options.only in "kills":
            take("kills", kills.run(root, command, start, pool, round(240 * options.share), train))
        if options.only in "damage":
            take("damage", damage.run(root, command, start, pool, round(2000 * options.share)))
        take("faults", faults.run(root, command, start, pool, options.share, options.only))
    total = sum(count["faults"] for count in counts["faults"].values())
    seconds = time.monotonic() - began
    print(f"{total} faults, {len(failures)} failures of all kinds, {seconds:.0f} s")
    if options.json:
        counts.update(share=options.share, seconds=round(seconds), injected=total, failures=len(failures))
        pathlib.Path(options.json).write_text(json.dumps(counts, indent=1) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
