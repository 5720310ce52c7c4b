"""Makes every system call of a command fail, one at a time, and looks at what is left.

Wanted, whatever happens: no signal, no hang; an error has a message; a success has the right files; what was there before
is whole, or what was to come is; and the command, given again, ends as if nothing had been.

    torture.py SIMILE [--share 0.1] [--only train] [--json FILE]
"""

import argparse
import concurrent.futures
import csv
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
DATA = HERE.parent.parent / "Datasets" / "small-sts"

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


def digest(path, folder):
    """The bytes of a file, without times and without the name of the folder."""
    data = path.read_bytes().replace(os.fsencode(folder), b"")
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
            found[name] = digest(path, folder)
        elif path.is_dir():
            for inner in sorted(path.rglob("*")):
                if inner.is_file():
                    found[str(inner.relative_to(folder))] = digest(inner, folder)
    return found


def leftovers(folder):
    return [
        str(path.relative_to(folder)) for path in folder.rglob("*")
        if path.name.endswith(".part") or path.name == "run.lock"
    ]


class Scenario:
    """A command, the files that it makes, and how it is given again."""

    def __init__(self, name, words, outputs, prepare=lambda folder: None, again=None):
        self.name, self.words, self.outputs, self.prepare = name, words, outputs, prepare
        self.again = again or (lambda folder: words)


def scenarios(command, start):
    """All of them; `start` has the models a.h5 and b.h5, the folder c and the run of a stopped training."""

    def copying(*pairs):
        def prepare(folder):
            for name, target in pairs:
                source = start / name
                (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / target)

        return prepare

    train = [
        "train", "--model", "a.h5", "--train", "train.tsv", "--dev", "dev.tsv", "--score-range", "0...5",
        "--batch-size", "8", "--max-steps", "6", "--evaluate-every", "2", "--save-every", "2", "--keep-last", "2",
        "--output", "run",
    ]
    results = ["run/model", "run/results.json", "run/evaluations.csv", "run/steps.csv"]

    def resume(folder):
        run = folder / "run"
        has_begun = (run / "recipe.yaml").exists() or any((run / "checkpoints").glob("step-*.h5"))
        return ["train", "--resume", "run"] if has_begun else train

    data = [("train.tsv", "train.tsv"), ("dev.tsv", "dev.tsv")]
    model = ("a.h5", "a.h5")
    yield Scenario("train", train, results, copying(model, *data), resume)
    yield Scenario(
        "resume", ["train", "--resume", "run"], results, copying(model, ("stopped", "run"), *data), resume)
    for name, words, output, old in [
        ("export-folder", ["export", "a.h5", "out", "--overwrite"], "out", ("c", "out")),
        ("export-new-folder", ["export", "a.h5", "out"], "out", None),
        ("export-onnx", ["export", "a.h5", "out.onnx", "--overwrite"], "out.onnx", ("old", "out.onnx")),
        ("export-int8", ["export", "a.h5", "out.onnx", "--quantize", "int8"], "out.onnx", None),
        ("export-gguf", ["export", "a.h5", "out.gguf", "--overwrite"], "out.gguf", ("old", "out.gguf")),
        ("import", ["import", "c", "out.h5", "--overwrite"], "out.h5", ("b.h5", "out.h5")),
        ("encode-npy", ["encode", "a.h5", "texts.txt", "-o", "out.npy", "--overwrite"], "out.npy", ("old", "out.npy")),
        ("encode-h5", ["encode", "a.h5", "texts.txt", "-o", "out.h5", "--overwrite"], "out.h5", ("old", "out.h5")),
        ("encode-jsonl", ["encode", "a.h5", "texts.txt", "-o", "out.jsonl", "--overwrite"], "out.jsonl", ("old", "out.jsonl")),
        ("encode-csv", ["encode", "c", "texts.txt", "-o", "out.csv", "--overwrite"], "out.csv", ("old", "out.csv")),
        (
            "new", ["new", "out.h5", "--texts", "texts.txt", "--vocabulary-size", "100", "--hidden-size", "16",
                    "--layers", "1", "--heads", "2", "--max-seq-length", "16"], "out.h5", None,
        ),
        ("merge", ["merge", "a.h5", "c", "--output", "out"], "out", ("c", "out")),
    ]:
        files = [model, ("c", "c"), ("texts.txt", "texts.txt")] + ([old] if old else [])
        yield Scenario(name, words, [output], copying(*files))


def begin(command, folder):
    """The files that scenarios start from."""
    lines = (DATA / "train.tsv").read_text().splitlines(keepends=True)
    (folder / "train.tsv").write_text("".join(lines[:49]))
    (folder / "dev.tsv").write_text("".join((DATA / "dev.tsv").read_text().splitlines(keepends=True)[:21]))
    (folder / "texts.txt").write_text("".join(line.split("\t")[0] + "\n" for line in lines[1:60]))
    (folder / "old").write_bytes(b"what was there before\n" * 100)
    shape = ["--vocabulary-size", "200", "--hidden-size", "16", "--layers", "1", "--heads", "2", "--max-seq-length", "24"]
    steps = [
        ["new", "a.h5", "--texts", "texts.txt", "--seed", "1"] + shape,
        ["new", "b.h5", "--texts", "texts.txt", "--seed", "2"] + shape,
        ["export", "b.h5", "c"],
    ]
    for words in steps:
        status, _, error = command.run(words, folder)
        if status != 0:
            sys.exit(f"{words}: {error}")


def stop(command, folder, words):
    """A run that was killed in the middle."""
    log = folder / "calls"
    command.run(words, folder, {"FAULT_LOG": str(log)})
    calls = read(log)
    log.unlink()
    shutil.rmtree(folder / "run")
    number = next(call for call, kind, path in calls if kind == "rename" and path.endswith("step-00000004.h5"))
    command.run(words, folder, {"FAULT_CALL": str(number), "FAULT_KIND": "AFTERDEATH"})
    shutil.move(folder / "run", folder / "stopped")


def read(log):
    calls = []
    for line in log.read_text().splitlines():
        number, kind, path = line.split(" ", 2)
        calls.append((int(number), kind, path))
    return calls


def trial(command, scenario, expected, before, call, name, path, kind):
    """Lets one call fail; returns what is wrong, or nothing."""
    folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
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


def different(found, expected):
    names = [name for name in sorted(set(found) | set(expected)) if found.get(name) != expected.get(name)]
    return ", ".join(names[:4])


def main():
    global ROOT
    options = argparse.ArgumentParser()
    options.add_argument("simile")
    options.add_argument("--share", type=float, default=1, help="of all faults, spread evenly")
    options.add_argument("--only", default="", help="scenarios whose name has this in it")
    options.add_argument("--json", help="where counts go")
    options = options.parse_args()
    fast = pathlib.Path("/dev/shm")
    ROOT = tempfile.mkdtemp(prefix="simile-torture-", dir=fast if fast.is_dir() else None)
    try:
        return torture(options)
    finally:
        shutil.rmtree(ROOT, ignore_errors=True)


def torture(options):
    shim = os.path.join(ROOT, "faults.so")
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", "-o", shim, str(HERE / "faults.c"), "-ldl"], check=True)
    command = Command(os.path.abspath(options.simile), shim)
    start = pathlib.Path(ROOT) / "start"
    start.mkdir()
    begin(command, start)
    stop(command, start, next(scenarios(command, start)).words)
    began, counts, failures = time.monotonic(), {}, []
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for scenario in scenarios(command, start):
            if options.only not in scenario.name:
                continue
            folder = pathlib.Path(tempfile.mkdtemp(dir=ROOT))
            scenario.prepare(folder)
            before = contents(folder, scenario.outputs)
            log = pathlib.Path(ROOT) / "calls"
            status, _, error = command.run(scenario.words, folder, {"FAULT_LOG": str(log)})
            if status != 0:
                sys.exit(f"{scenario.name}: {error}")
            expected, calls = contents(folder, scenario.outputs), read(log)
            log.unlink()
            shutil.rmtree(folder)
            faults = [call + (kind,) for call in calls for kind in KINDS[call[1]]]
            step = max(1, round(1 / options.share))
            faults = faults[len(counts) % step :: step]
            done = pool.map(lambda fault: (fault, trial(command, scenario, expected, before, *fault)), faults)
            bad = 0
            for (number, kind, path, fault), problem in done:
                if problem is None:
                    continue
                bad += 1
                name = pathlib.Path(path).name
                failures.append((scenario.name, number, kind, name, fault, problem))
                print(f"  {scenario.name}: call {number}, {kind} {name}, {fault}: {problem}", flush=True)
            counts[scenario.name] = {"calls": len(calls), "faults": len(faults), "failures": bad}
            print(f"{scenario.name:20} {len(calls):6} calls {len(faults):7} faults {bad:5} failures", flush=True)
    total = sum(count["faults"] for count in counts.values())
    seconds = time.monotonic() - began
    print(f"{'all':20} {total} faults, {len(failures)} failures, {seconds:.0f} s")
    if options.json:
        pathlib.Path(options.json).write_text(
            json.dumps({"seconds": round(seconds), "faults": total, "failures": len(failures), "by": counts}, indent=1) + "\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
