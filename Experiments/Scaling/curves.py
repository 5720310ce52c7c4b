"""Trains with gradients that travel as float32 and as bfloat16, and compares the losses.

    python3 Experiments/Scaling/curves.py .build/release/simile --model MODEL --train FILE --dev FILE

Needs mpirun of Open MPI. Prints the largest and the mean difference of the losses and the figures of both, and writes curves.svg
beside this file.
"""
import argparse
import json
import os
import subprocess
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("simile")
parser.add_argument("--model", required=True)
parser.add_argument("--train", required=True)
parser.add_argument("--dev", required=True)
parser.add_argument("--batch", type=int, default=32, help="rows of both processes")
options = parser.parse_args()

environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
losses, figures = {}, {}
with tempfile.TemporaryDirectory() as folder:
    for name, more in (("float32", []), ("bfloat16", ["--bf16-compress"])):
        run = f"{folder}/{name}"
        subprocess.run(["mpirun", "-n", "2", "--bind-to", "none", options.simile, "train", "--model", options.model, "--train", options.train,
                        "--dev", options.dev, "--batch-size", str(options.batch), "--epochs", "1", "--threads", "1", "--quiet",
                        "--output", run, *more], check=True, env=environment)
        with open(f"{run}/steps.csv") as file:
            losses[name] = [float(line.split(",")[1]) for line in list(file)[1:]]
        with open(f"{run}/results.json") as file:
            figures[name] = json.load(file)
differences = [b - a for a, b in zip(losses["float32"], losses["bfloat16"])]
print(json.dumps({"steps": len(differences), "largest": max(map(abs, differences)),
                  "mean": sum(map(abs, differences)) / len(differences), "mean loss": sum(losses["float32"]) / len(differences)}))
for name, figure in figures.items():
    print(name, json.dumps({key: value for key, value in figure.items() if key.startswith("dev_")}))

# Above the losses, one curve upon the other; below what lies between them, at its own scale.
WIDTH, HEIGHT, LEFT = 640, 150, 70
parts = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 740 420" font-family="sans-serif" font-size="12">',
         '<rect width="740" height="420" fill="white"/>']


def plot(top, title, curves, low, high):
    parts.append(f'<text x="{LEFT}" y="{top - 10}">{title}</text>')
    for part in range(5):
        value = low + (high - low) * part / 4
        y = top + HEIGHT * (1 - part / 4)
        parts.append(f'<path d="M{LEFT} {y}h{WIDTH}" stroke="#ddd"/><text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:.2g}</text>')
    for values, colour, stroke in curves:
        points = " ".join(f"{LEFT + WIDTH * step / (len(values) - 1):.1f},{top + HEIGHT * (high - value) / (high - low):.1f}"
                          for step, value in enumerate(values))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" {stroke}/>')


top = max(losses["float32"] + losses["bfloat16"])
plot(40, "loss by step: gradients as float32 (blue) and as bfloat16 (orange, dashed)",
     [(losses["float32"], "#1f5fa8", 'stroke-width="2.4"'), (losses["bfloat16"], "#c2571a", 'stroke-dasharray="3 3"')], 0, top)
most = max(map(abs, differences))
plot(240, "bfloat16 less float32", [(differences, "#444", "")], -most, most)
parts.append(f'<text x="{LEFT}" y="410">step 1</text><text x="{LEFT + WIDTH}" y="410" text-anchor="end">step {len(differences)}</text></svg>')
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "curves.svg"), "w") as file:
    file.write("\n".join(parts) + "\n")
