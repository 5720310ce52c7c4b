"""What the programs are made to do, and what that starts from."""

import pathlib
import shutil

DATA = pathlib.Path(__file__).resolve().parent.parent.parent / "Datasets" / "small-sts"


class Scenario:
    """A command, the files that it makes, and how it is given again."""

    def __init__(self, name, command, words, outputs, files, again=None, environment=None):
        self.name, self.command, self.words, self.outputs = name, command, words, outputs
        self.files, self.environment = files, environment or {}
        self.again = again or (lambda folder: words + self.overwriting())

    def overwriting(self):
        """What makes the command replace the output that it has written."""
        able = self.words[0] in ("export", "import", "encode") and "--overwrite" not in self.words
        return ["--overwrite"] if able and "lib-" not in self.name else []

    def prepare(self, folder):
        for source, target in self.files:
            (folder / target).parent.mkdir(exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / target)

    def run(self, folder, words=None, faults=None, timeout=60):
        return self.command.run(words or self.words, folder, faults, timeout, self.environment)


TRAIN = [
    "train", "--model", "a.h5", "--train", "train.tsv", "--dev", "dev.tsv", "--score-range", "0...5",
    "--batch-size", "8", "--max-steps", "4", "--evaluate-every", "2", "--save-every", "2", "--keep-last", "2",
    "--output", "run",
]
RESULTS = ["run/model", "run/results.json", "run/evaluations.csv", "run/steps.csv"]
DATA_FILES = ["train.tsv", "dev.tsv"]


def again(start):
    """How a training is given again, whose first words are these."""

    def words(folder):
        run = folder / "run"
        has_begun = any(run.glob("recipe.*")) or any((run / "checkpoints").glob("step-*.h5"))
        return (["train", "--resume", "run"] if len(start) > 1 else ["resume"]) if has_begun else start

    return words


def scenarios(start, simile, library, hub):
    """All of them; `start` has the models a.h5 and b.h5, the folder c and the runs of stopped trainings."""

    def scenario(name, words, output, inputs, old=None, environment=None):
        program, files = simile, [(start / file, file) for file in inputs]
        if name.startswith("lib-"):
            program = library
        if old:
            files.append((start / old, output))
        return Scenario(name, program, words, [output], files, environment=environment)

    def training(name, program, words, first, stopped=None):
        files = [(start / file, file) for file in ["a.h5"] + DATA_FILES]
        if stopped:
            files.append((start / stopped, "run"))
        return Scenario(name, program, words, RESULTS, files, again(first))

    yield training("train", simile, TRAIN, TRAIN)
    yield training("resume", simile, ["train", "--resume", "run"], TRAIN, "stopped")
    texts = "texts.txt"
    for name, words, output, inputs, old in [
        ("export-folder", ["export", "a.h5", "out", "--overwrite"], "out", ["a.h5"], "c"),
        ("export-new-folder", ["export", "a.h5", "out"], "out", ["a.h5"], None),
        ("export-onnx", ["export", "a.h5", "out.onnx", "--overwrite"], "out.onnx", ["a.h5"], "old"),
        ("export-int8", ["export", "a.h5", "out.onnx", "--quantize", "int8"], "out.onnx", ["a.h5"], None),
        ("export-gguf", ["export", "a.h5", "out.gguf", "--overwrite"], "out.gguf", ["a.h5"], "old"),
        ("import", ["import", "c", "out.h5", "--overwrite"], "out.h5", ["c"], "b.h5"),
        ("encode-npy", ["encode", "a.h5", texts, "-o", "out.npy", "--overwrite"], "out.npy", ["a.h5", texts], "old"),
        ("encode-h5", ["encode", "a.h5", texts, "-o", "out.h5", "--overwrite"], "out.h5", ["a.h5", texts], "old"),
        ("encode-jsonl", ["encode", "a.h5", texts, "-o", "out.jsonl", "--overwrite"], "out.jsonl", ["a.h5", texts], "old"),
        ("encode-csv", ["encode", "c", texts, "-o", "out.csv", "--overwrite"], "out.csv", ["c", texts], "old"),
        (
            "new", ["new", "out.h5", "--texts", texts, "--vocabulary-size", "100", "--hidden-size", "16",
                    "--layers", "1", "--heads", "2", "--max-seq-length", "16"], "out.h5", [texts], None,
        ),
        ("student", ["student", "a.h5", "out.h5", "--keep-layers", "0"], "out.h5", ["a.h5"], None),
        ("merge", ["merge", "a.h5", "c", "--output", "out"], "out", ["a.h5", "c"], "c"),
        ("report", ["report", "run", "-o", "out.html"], "out.html", ["run"], None),
        ("lib-import", ["import"], "out.h5", ["c"], "b.h5"),
        ("lib-export-folder", ["folder"], "out", ["a.h5"], "c"),
        ("lib-export-onnx", ["onnx"], "out.onnx", ["a.h5"], "old"),
        ("lib-export-int8", ["int8"], "out.onnx", ["a.h5"], "old"),
        ("lib-export-gguf", ["gguf"], "out.gguf", ["a.h5"], "old"),
        ("lib-encode-npy", ["encode", "out.npy"], "out.npy", ["a.h5", texts], "old"),
        ("lib-encode-h5", ["encode", "out.h5"], "out.h5", ["a.h5", texts], "old"),
        ("lib-encode-jsonl", ["encode", "out.jsonl"], "out.jsonl", ["a.h5", texts], "old"),
    ]:
        yield scenario(name, words, output, inputs, old)
    yield training("lib-train", library, ["train"], ["train"])
    yield training("lib-resume", library, ["resume"], ["train"], "lib-stopped")
    yield scenario(
        "fetch", ["fetch", "org/tiny"], ".cache/huggingface/hub", [], None,
        {"HF_ENDPOINT": hub.endpoint, "FAULT_SOCKETS": "1"})


def begin(simile, folder):
    """The files that scenarios start from."""
    lines = (DATA / "train.tsv").read_text().splitlines(keepends=True)
    (folder / "train.tsv").write_text("".join(lines[:33]))
    (folder / "dev.tsv").write_text("".join((DATA / "dev.tsv").read_text().splitlines(keepends=True)[:11]))
    (folder / "texts.txt").write_text("".join(line.split("\t")[0] + "\n" for line in lines[1:40]))
    (folder / "old").write_bytes(b"what was there before\n" * 100)
    shape = ["--vocabulary-size", "200", "--hidden-size", "16", "--layers", "1", "--heads", "2", "--max-seq-length", "24"]
    steps = [
        ["new", "a.h5", "--texts", "texts.txt", "--seed", "1"] + shape,
        ["new", "b.h5", "--texts", "texts.txt", "--seed", "2"] + shape,
        ["export", "b.h5", "c"],
    ]
    for words in steps:
        status, _, error = simile.run(words, folder)
        if status != 0:
            raise SystemExit(f"{words}: {error}")


def stop(command, folder, words, name, whole=None):
    """A run that was killed when it had written its first checkpoint; the whole one is kept where a name is given."""
    log = folder / "calls"
    status, _, error = command.run(words, folder, {"FAULT_LOG": str(log)})
    if status != 0:
        raise SystemExit(f"{words}: {error}")
    calls = read(log)
    log.unlink()
    shutil.move(folder / "run", folder / (whole or "finished"))
    number = next(call for call, kind, path in calls if kind == "rename" and path.endswith("step-00000002.h5"))
    command.run(words, folder, {"FAULT_CALL": number, "FAULT_KIND": "AFTERDEATH"})
    shutil.move(folder / "run", folder / name)
    if whole is None:
        shutil.rmtree(folder / "finished")
    else:
        shutil.move(folder / whole, folder / "run")


def read(log):
    calls = []
    for line in log.read_text().splitlines():
        number, kind, path = line.split(" ", 2)
        calls.append((number, kind, path))
    return calls
