"""A model of a step on many machines: what each term takes, from measured rates and stated assumptions. Prints a table and
writes scaling.svg beside this file.

It predicts, it does not measure: README.md says which of its numbers were measured, and where.
"""
import math
import os

CORES = 16                # of a machine
OF_CORES = 0.7            # what 16 threads make of 16 times one; assumed
PIECE_SECONDS = 30e-6     # of a call on the network, times log2 of the machines; assumed
OVERLAP = 0.5             # the share of a step's computing during which gradients travel: measured at 1 Gbit/s, 0.2 to 0.6
COPY_BYTES = 5e9          # bytes a second of a core that packs and unpacks small gradients
FLOPS = 200e9             # of a core, float32
SCORE_SECONDS = 13e-9     # of a core for all that is done to a score but the products: measured, 8,192 pairs
TOKENS = 28.6             # of a pair, the mean of STS-B's and SNLI's
SPREAD = 0.44             # of the tokens of a pair, as a share of the mean
NETWORKS = {"25 GbE": 2.2e9, "100 GbE": 9e9}  # bytes a second that a sum of gradients gets through

# pairs a second of a core (measured, batch 64), dense gradients, numbers of an embedding, layers
MODELS = {"MiniLM": (130, 10.9e6, 384, 6), "bert-base": (16.6, 85.4e6, 768, 12)}


def rows(pairs):
    """How many rows of the table of words a batch touches: fitted to batches of 16 to 15,000 pairs."""
    return min(30522, 36 * pairs ** 0.64)


def step(model, machines, share, bandwidth, compressed=False, cores=CORES * OF_CORES):
    """The terms of a step in seconds: `share` pairs on each of so many machines, of so many times one core."""
    rate, dense, width, layers = MODELS[model]
    pairs = machines * share
    computing = share / (rate * cores)
    # The machine with the most tokens; shares are cut at whole texts, of which each has half a pair's tokens.
    uneven = 1 + (TOKENS / 2) / (TOKENS * share) if machines > 1 else 1
    bytes_each = 2 if compressed else 4
    ring = 2 * (machines - 1) / machines
    wire = ring * bytes_each * (dense + rows(pairs) * width) / bandwidth
    calls = (4 * layers + 4) * 2 * math.log2(max(machines, 2)) * PIECE_SECONDS if machines > 1 else 0
    table = ring * bytes_each * rows(pairs) * width / bandwidth  # known only when the whole tape is done
    hidden = min(wire + calls - table, OVERLAP * computing * uneven)
    # Embeddings are gathered, and their gradients summed, which takes twice as long.
    gathered = 3 * 4 * 2 * pairs * width * (machines - 1) / machines / bandwidth
    scores = pairs ** 2 / machines * (SCORE_SECONDS + 3 * 2 * width / FLOPS) / cores
    small = 2 * 4 * rows(pairs) * width / COPY_BYTES if machines > 1 else 0
    return {"computing": computing, "uneven shares": computing * (uneven - 1), "gradients": wire + calls - hidden,
            "rows packed": small, "embeddings gathered": gathered if machines > 1 else 0, "scores": scores}


def efficiency(model, machines, share, bandwidth, compressed=False):
    alone = sum(step(model, 1, share, bandwidth).values())
    return alone / sum(step(model, machines, share, bandwidth, compressed).values())


def strong(model, machines, pairs, bandwidth):
    alone = sum(step(model, 1, pairs, bandwidth).values())
    return alone / machines / sum(step(model, machines, pairs / machines, bandwidth).values())


COUNTS = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1000]
CASES = [(model, share, network) for model in MODELS for share in (64, 256) for network in NETWORKS]

print("weak efficiency, % (with gradients as bfloat16)")
print("| machines | " + " | ".join(f"{m} {s}, {n}" for m, s, n in CASES) + " |")
print("|---|" + "---|" * len(CASES))
for count in COUNTS:
    cells = [f"{100 * efficiency(m, count, s, NETWORKS[n]):.0f} ({100 * efficiency(m, count, s, NETWORKS[n], True):.0f})" for m, s, n in CASES]
    print(f"| {count} | " + " | ".join(cells) + " |")
print("\nstrong efficiency, %, a batch of 2,048 pairs, 25 GbE")
for model in MODELS:
    print(model, ", ".join(f"{c}: {100 * strong(model, c, 2048, NETWORKS['25 GbE']):.0f}" for c in COUNTS[:7]))
print("\nwhat a step takes on 128 machines with 256 pairs each, 25 GbE, ms")
for model in MODELS:
    print(model, {name: round(1000 * seconds, 1) for name, seconds in step(model, 128, 256, NETWORKS["25 GbE"]).items()})

# The plot: machines from left to right, doubling; efficiency upwards.
left, top, width, height = 60, 30, 560, 300
colours = {"MiniLM": "#c2571a", "bert-base": "#1f5fa8"}
parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 390" font-family="sans-serif" font-size="12">',
         '<rect width="800" height="390" fill="white"/>',
         f'<text x="{left}" y="18">weak efficiency by the model: machines of 16 cores, float32</text>']


def place(machines, value):
    return left + width * math.log2(machines) / math.log2(1000), top + height * (1 - value)


for percent in range(0, 101, 20):
    y = place(1, percent / 100)[1]
    parts.append(f'<path d="M{left} {y}H{left + width}" stroke="#ddd"/><text x="{left - 8}" y="{y + 4}" text-anchor="end">{percent} %</text>')
for count in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1000]:
    x = place(count, 0)[0]
    parts.append(f'<text x="{x}" y="{top + height + 18}" text-anchor="middle">{count}</text>')
parts.append(f'<text x="{left + width / 2}" y="{top + height + 38}" text-anchor="middle">machines</text>')
for model, share, network in CASES:
    values = [(1, 1.0)] + [(c, efficiency(model, c, share, NETWORKS[network])) for c in COUNTS]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*value) for value in values))
    dash = ' stroke-dasharray="5 4"' if network == "25 GbE" else ""
    parts.append(f'<polyline points="{points}" fill="none" stroke="{colours[model]}" stroke-width="{1 if share == 64 else 2.4}"{dash}/>')
for line, (model, share, network) in enumerate(CASES):
    y = top + 12 + 20 * line
    dash = ' stroke-dasharray="5 4"' if network == "25 GbE" else ""
    parts.append(f'<path d="M{left + width + 10} {y - 4}h24" stroke="{colours[model]}" stroke-width="{1 if share == 64 else 2.4}"{dash}/>'
                 f'<text x="{left + width + 40}" y="{y}">{model} {share}, {network}</text>')
parts.append("</svg>")
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "scaling.svg"), "w") as file:
    file.write("\n".join(parts) + "\n")
