"""Has commands write to disks that are full sooner or later: small ones in memory, where mounting them is allowed."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from command import contents, different, leftovers

PAGE = 4096
NAMES = ["train", "export-folder", "export-onnx", "export-gguf", "import", "encode-npy", "encode-h5", "encode-csv"]


def size(place):
    """The bytes that a file, or the files of a folder, take of a disk in memory."""
    files = [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
    return sum(-(-file.stat().st_size // PAGE) * PAGE for file in files)


def mount(folder, kilobytes, again=False):
    options = f"size={kilobytes}k" + (",remount" if again else "")
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], capture_output=True, check=True)


def trial(root, scenario, before, expected, kilobytes):
    """Whether the disk was full, and what is wrong, or nothing."""
    folder = Path(tempfile.mkdtemp(dir=root))
    mount(folder, 1 << 16)
    try:
        scenario.prepare(folder)
        mount(folder, kilobytes, again=True)
        status, _, error = scenario.run(folder)
        found = contents(folder, scenario.outputs)
        if status not in (0, 1):
            return True, f"status {status}: {error.strip()[-200:]}"
        if status == 0:
            return False, None if found == expected else "exit 0 with other files: " + different(found, expected)
        if not any(words in error.lower() for words in ("no space left", "free on the disk")):
            return True, f"no word of the disk: {error.strip()[-200:]}"
        if len(scenario.outputs) == 1 and found != before:
            return True, "the old file is gone: " + different(found, before)
        mount(folder, 1 << 16, again=True)
        status, _, error = scenario.run(folder, scenario.again(folder))
        if status != 0:
            return True, f"given again it fails: {error.strip()[-300:]}"
        found, left = contents(folder, scenario.outputs), leftovers(folder)
        if found != expected:
            return True, "given again it ends otherwise: " + different(found, expected)
        return True, f"left behind: {', '.join(left)}" if left else None
    finally:
        subprocess.run(["umount", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def run(root, scenarios, pool, count):
    """Counts by scenario, and what went wrong."""
    counts, failures = {}, []
    probe = Path(tempfile.mkdtemp(dir=root))
    try:
        mount(probe, 64)
    except (OSError, subprocess.CalledProcessError):
        print("full disks are left out: mounting is not allowed here", flush=True)
        return counts, failures
    subprocess.run(["umount", probe], check=True)
    for scenario in scenarios:
        if scenario.name not in NAMES:
            continue
        folder = Path(tempfile.mkdtemp(dir=root))
        scenario.prepare(folder)
        start, before = size(folder), contents(folder, scenario.outputs)
        scenario.run(folder)
        # While a file is replaced, both are there.
        end, expected = start + sum(size(folder / name) for name in scenario.outputs), contents(folder, scenario.outputs)
        shutil.rmtree(folder)
        sizes = sorted({(start + (end - start) * part // count) // 1024 for part in range(count)})
        ends = list(pool.map(lambda size: trial(root, scenario, before, expected, size), sizes))
        full = sum(was_full for was_full, _ in ends)
        wrong = [f"{scenario.name} on {size} KiB: {problem}" for size, (_, problem) in zip(sizes, ends) if problem]
        for line in wrong:
            print("  " + line, flush=True)
        if full == 0:
            wrong.append(f"{scenario.name}: none of {len(ends)} disks was full")
            print("  " + wrong[-1], flush=True)
        failures.extend(wrong)
        counts[scenario.name] = {"disks": len(ends), "full": full, "failures": len(wrong)}
        print(f"{'disks: ' + scenario.name:20} {len(ends):7} disks {full:5} full {len(wrong):5} failures", flush=True)
    return counts, failures
