"""Kills trainings at any moment, and has two processes work on one folder."""

import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from command import contents, different, leftovers


def place(root, start):
    folder = Path(tempfile.mkdtemp(dir=root))
    for name in ["a.h5", "train.tsv", "dev.tsv"]:
        shutil.copy(start / name, folder)
    return folder


def begin(command, words, folder):
    return subprocess.Popen(
        [command.simile] + words, cwd=folder, env=dict(os.environ, SIMILE_THREADS="1", HOME=str(folder)),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def otherwise(folder, scenario, expected):
    """What is not as after an undisturbed run, or nothing."""
    found, left = contents(folder, scenario.outputs), leftovers(folder)
    if found != expected:
        return "it ends otherwise: " + different(found, expected)
    return f"left behind: {', '.join(left)}" if left else None


def killed(root, command, start, scenario, expected, seconds, number):
    """What is wrong after a training that was killed again and again, or nothing."""
    chance = random.Random(number)
    folder = place(root, start)
    try:
        words = scenario.words
        for _ in range(50):
            process = begin(command, words, folder)
            try:
                _, error = process.communicate(timeout=chance.uniform(0.02, seconds))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                words = scenario.again(folder)
                continue
            if process.returncode != 0:
                return f"given again it fails: {error.decode(errors='replace').strip()[-300:]}"
            break
        else:
            command.run(words, folder)
        return otherwise(folder, scenario, expected)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pair(root, command, start, scenario, expected, number):
    """What is wrong after two processes were started in one folder, or nothing."""
    folder = place(root, start)
    try:
        if number % 2:
            shutil.copytree(start / "stopped", folder / "run")
        words = scenario.again(folder) if number % 2 else scenario.words
        first = begin(command, words, folder)
        time.sleep(0.01 * (number % 13))
        second = begin(command, words, folder)
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


def run(root, command, start, pool, count, scenario):
    """Counts of both, and what went wrong."""
    folder = place(root, start)
    began = time.monotonic()
    command.run(scenario.words, folder)
    seconds = time.monotonic() - began
    expected = contents(folder, scenario.outputs)
    shutil.rmtree(folder)
    failures, counts = [], {}
    for name, one in [
        ("killed", lambda number: killed(root, command, start, scenario, expected, 1.2 * seconds, number)),
        ("two at once", lambda number: pair(root, command, start, scenario, expected, number)),
    ]:
        problems = [problem for problem in pool.map(one, range(count)) if problem]
        for problem in problems:
            failures.append(f"{name}: {problem}")
            print("  " + failures[-1], flush=True)
        counts[name] = {"trials": count, "failures": len(problems)}
        print(f"{name:20} {count:7} trials {len(problems):5} failures", flush=True)
    return counts, failures
