"""Kills trainings at any moment, and has two processes work on one folder."""

import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from command import contents, different, leftovers


def place(root, scenario):
    folder = Path(tempfile.mkdtemp(dir=root))
    scenario.prepare(folder)
    return folder


def otherwise(folder, scenario, expected):
    """What is not as after an undisturbed run, or nothing."""
    found, left = contents(folder, scenario.outputs), leftovers(folder)
    if found != expected:
        return "it ends otherwise: " + different(found, expected)
    return f"left behind: {', '.join(left)}" if left else None


def killed(root, scenario, expected, seconds, number):
    """How often a training was killed, and what is wrong after it, or nothing."""
    chance = random.Random(number)
    folder = place(root, scenario)
    try:
        words = scenario.words
        for kills in range(50):
            timeout = chance.uniform(0, seconds) if kills < 49 else 60
            status, _, error = scenario.run(folder, words, timeout=timeout)
            if status == 0:
                return kills, otherwise(folder, scenario, expected)
            if status is not None:
                return kills, f"given again it fails: {error.strip()[-300:]}"
            words = scenario.again(folder)
        return kills, "it did not end"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pair(root, start, scenario, expected, number):
    """What is wrong after two processes were started in one folder, or nothing."""
    folder = place(root, scenario)
    try:
        if number % 2:
            shutil.copytree(start / "stopped", folder / "run")
        words = scenario.again(folder) if number % 2 else scenario.words

        def begin():
            return subprocess.Popen(
                [scenario.command.program] + words, cwd=folder, env=dict(os.environ, SIMILE_THREADS="1", HOME=str(folder)),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

        first = begin()
        time.sleep(0.01 * (number % 13))
        second = begin()
        ends = []
        for process in (first, second):
            _, error = process.communicate(timeout=60)
            ends.append((process.returncode, error.decode(errors="replace")))
        for status, error in ends:
            refused = "works on this run" in error or "exists and is not empty" in error
            if status != 0 and not (status == 1 and refused):
                return f"status {status}: {error.strip()[-200:]}"
        if all(status != 0 for status, _ in ends):
            return "both were refused"
        return otherwise(folder, scenario, expected)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(root, start, pool, count, scenario):
    """Counts of both, and what went wrong."""
    folder = place(root, scenario)
    began = time.monotonic()
    scenario.run(folder)
    seconds = time.monotonic() - began
    expected = contents(folder, scenario.outputs)
    shutil.rmtree(folder)
    failures, counts = [], {}

    def report(name, problems, **more):
        wrong = [f"{name}: {problem}" for problem in problems if problem]
        for line in wrong:
            print("  " + line, flush=True)
        failures.extend(wrong)
        counts[name] = {"trials": len(problems), **more, "failures": len(wrong)}
        print(f"{name:20} {len(problems):7} trials {len(wrong):5} failures {more or ''}", flush=True)

    ends = list(pool.map(lambda number: killed(root, scenario, expected, seconds, number), range(count)))
    report("killed", [problem for _, problem in ends], kills=sum(kills for kills, _ in ends))
    report("two at once", list(pool.map(lambda number: pair(root, start, scenario, expected, number), range(count))))
    return counts, failures
