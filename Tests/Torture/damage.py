"""Damages files that a command reads: it refuses them with a message, or gives what it gave before."""

import random
import shutil
import tempfile
from pathlib import Path

from command import contents

WAYS = ["cut", "flip", "zero", "noise", "empty", "repeat"]


def damaged(data, way, chance):
    place = chance.randrange(max(1, len(data)))
    length = min(len(data) - place, 1 << chance.randrange(12))
    if way == "cut":
        return data[:place]
    if way == "flip":
        return data[:place] + bytes([data[place] ^ 1 << chance.randrange(8)]) + data[place + 1 :] if data else b""
    if way == "zero":
        return data[:place] + bytes(length) + data[place + length :]
    if way == "noise":
        return data[:place] + chance.randbytes(length) + data[place + length :]
    if way == "repeat":
        return data[: place + length] + data[place:]
    return b""


def trial(root, command, start, expected, kind, number):
    """What is wrong after one file is damaged, or nothing."""
    chance = random.Random(f"{kind} {number}")
    folder = Path(tempfile.mkdtemp(dir=root))
    try:
        way = WAYS[number % len(WAYS)]
        if kind == "run":
            shutil.copytree(start / "stopped", folder / "run")
            for name in ["a.h5", "train.tsv", "dev.tsv"]:
                shutil.copy(start / name, folder)
            files = [path for path in (folder / "run").rglob("*") if path.is_file() and path.suffix in (".h5", ".csv", ".yaml")]
            words = ["train", "--resume", "run"]
        elif kind == "folder":
            shutil.copytree(start / "c", folder / "c")
            files = [path for path in (folder / "c").rglob("*") if path.is_file() and path.name != "README.md"]
            words = ["similarity", "c", "A man plays.", "Someone sings.", "It rains."]
        else:
            shutil.copy(start / "a.h5", folder)
            files, words = [folder / "a.h5"], ["similarity", "a.h5", "A man plays.", "Someone sings.", "It rains."]
        file = chance.choice(sorted(files))
        data = file.read_bytes()
        changed = damaged(data, way, chance)
        if changed == data:
            return None
        file.write_bytes(changed)
        status, out, error = command.run(words, folder)
        name = f"{file.relative_to(folder)}, {way}"
        if status is None:
            return f"{name}: it did not end"
        if status not in (0, 1):
            return f"{name}: status {status}"
        if status == 1 and not error.strip():
            return f"{name}: no message"
        if status == 0 and kind == "run":
            found = contents(folder, ["run/model", "run/steps.csv", "run/evaluations.csv"])
            return None if found == expected else f"{name}: other results without an error"
        return None if status == 1 or out == expected else f"{name}: other results without an error"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(root, command, start, pool, count):
    """Counts by kind, and what went wrong."""
    counts, failures = {}, []
    for kind in ["run", "folder", "checkpoint"]:
        folder = Path(tempfile.mkdtemp(dir=root))
        if kind == "run":
            shutil.copytree(start / "stopped", folder / "run")
            for name in ["a.h5", "train.tsv", "dev.tsv"]:
                shutil.copy(start / name, folder)
            command.run(["train", "--resume", "run"], folder)
            expected = contents(folder, ["run/model", "run/steps.csv", "run/evaluations.csv"])
        else:
            model = "c" if kind == "folder" else "a.h5"
            expected = command.run(["similarity", model, "A man plays.", "Someone sings.", "It rains."], start)[1]
        shutil.rmtree(folder)
        problems = [problem for problem in pool.map(
            lambda number: trial(root, command, start, expected, kind, number), range(count)) if problem]
        for problem in problems:
            failures.append(f"damaged {kind}: {problem}")
            print("  " + failures[-1], flush=True)
        counts[kind] = {"files": count, "failures": len(problems)}
        print(f"{'damaged ' + kind:20} {count:7} files {len(problems):5} failures", flush=True)
    return counts, failures
