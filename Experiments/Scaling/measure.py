"""Measures how well two processes on this machine share a training, each configuration in turn, several times.

    python3 Experiments/Scaling/measure.py .build/release/simile --model MODEL --train FILE [--batch 64] [--rounds 5]

Prints the rows per second of one process with one thread, of two such at once that know nothing of each other (what the machine
leaves to each), of two that share a training of twice the batch, and of one process with two threads.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("simile")
parser.add_argument("--model", required=True)
parser.add_argument("--train", required=True)
parser.add_argument("--batch", type=int, default=64, help="rows of a process")
parser.add_argument("--steps", type=int, default=12)
parser.add_argument("--rounds", type=int, default=5)
parser.add_argument("--options", nargs="*", default=[], help="further options of the training, without the dashes")
options = parser.parse_args()

environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
together = ["mpirun", "-n", "2", "--bind-to", "none"]


def command(batch, threads, output):
    return [options.simile, "train", "--model", options.model, "--train", options.train, "--max-steps", str(options.steps),
            "--batch-size", str(batch), "--threads", str(threads), "--output", output, "--quiet",
            *[f"--{option}" for option in options.options]]


def rate(output):
    """Rows per second of the median step; the first steps find no memory to reuse."""
    with open(f"{output}/steps.csv") as file:
        rows = [line.split(",") for line in list(file)[1:]]
    return statistics.median(float(row[8]) for row in rows[3:])


def run(commands, outputs, environment):
    for output in outputs:
        shutil.rmtree(output, ignore_errors=True)
    jobs = [subprocess.Popen(command, env=environment) for command in commands]
    for job in jobs:
        if job.wait():
            raise SystemExit(f"{job.args}: status {job.returncode}")


rates = {"one": [], "two apart": [], "two together": [], "two threads": []}
with tempfile.TemporaryDirectory() as folder:
    a, b = f"{folder}/a", f"{folder}/b"
    for _ in range(options.rounds):
        run([command(options.batch, 1, a)], [a], environment)
        rates["one"].append(rate(a))
        run([command(options.batch, 1, a), command(options.batch, 1, b)], [a, b], environment)
        rates["two apart"].append(rate(a) + rate(b))
        run([together + command(2 * options.batch, 1, a)], [a], environment)
        rates["two together"].append(rate(a))
        run([command(2 * options.batch, 2, a)], [a], environment)
        rates["two threads"].append(rate(a))
medians = {name: statistics.median(values) for name, values in rates.items()}
result = {
    "batch": options.batch, "rows_per_second": {name: round(value, 1) for name, value in medians.items()},
    "weak_efficiency": round(medians["two together"] / (2 * medians["one"]), 3),
    "of_what_the_machine_leaves": round(medians["two together"] / medians["two apart"], 3),
    "rounds": {name: [round(value, 1) for value in values] for name, values in rates.items()},
}
print(json.dumps(result))
