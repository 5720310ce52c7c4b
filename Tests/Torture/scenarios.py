"""What the command is made to do, and what it starts from."""

import pathlib
import shutil

DATA = pathlib.Path(__file__).resolve().parent.parent.parent / "Datasets" / "small-sts"


class Scenario:
    """A command, the files that it makes, and how it is given again."""

    def __init__(self, name, words, outputs, prepare=lambda folder: None, again=None):
        self.name, self.words, self.outputs, self.prepare = name, words, outputs, prepare
        self.again = again or (lambda folder: words)


def scenarios(start):
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
            raise SystemExit(f"{words}: {error}")


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
