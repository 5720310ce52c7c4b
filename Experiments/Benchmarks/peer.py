"""The same work with sentence-transformers and PyTorch: see Worker.swift for the protocol."""
import json
import resource
import sys
import time

work = json.load(open(sys.argv[1]))


def rounds(body, warm_up=True):
    if warm_up:
        body()
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        units = body()
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "units": units, "peakMiB": peak}), flush=True)


if work["kind"] == "tokenize":
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(work["model"]["folder"] + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(work["maxLength"])
    lines = work["sentences"]

    def tokenize():
        for i in range(0, len(lines), 1000):
            tokenizer.encode_batch(lines[i:i + 1000])
        return len(lines)

    rounds(tokenize)
    sys.exit()

import torch
from sentence_transformers import SentenceTransformer

torch.set_num_threads(work["threads"])
torch.manual_seed(1)
model = SentenceTransformer(work["model"]["folder"], device="cpu")
model.max_seq_length = work["maxLength"]
if "sizes" in work["model"]:
    from transformers import BertConfig, BertModel

    hidden, layers, heads = work["model"]["sizes"]
    slot = next(n for n, m in model[0]._modules.items() if isinstance(m, BertModel))
    model[0]._modules[slot] = BertModel(BertConfig(
        hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
        intermediate_size=4 * hidden))
    dimension = hidden
else:
    dimension = model.get_embedding_dimension()

if work["kind"] == "encode":
    model.eval()

    def encode():
        model.encode(work["sentences"], batch_size=32)
        return len(work["sentences"])

    rounds(encode)
    sys.exit()

model.train()
head = torch.nn.Linear(3 * dimension, 3)
named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
if work["loss"] == "softmax":
    named += [("head." + n, p) for n, p in head.named_parameters()]
plain = [p for n, p in named if n.endswith("bias") or "LayerNorm" in n]
decayed = [p for n, p in named if not (n.endswith("bias") or "LayerNorm" in n)]
optimizer = torch.optim.AdamW(
    [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}], lr=2e-5)
size, count = work["batchSize"], len(work["first"])
place = 0


def step():
    global place
    end = min(place + size, count)
    rows = slice(place, end)
    place = end % count
    u, v = (model(model.preprocess(work[side][rows]))["sentence_embedding"]
            for side in ("first", "second"))
    labels = work["labels"][rows]
    if work["loss"] == "softmax":
        logits = head(torch.cat([u, v, (u - v).abs()], 1))
        loss = torch.nn.functional.cross_entropy(logits, torch.tensor(labels).long())
    else:
        loss = torch.nn.functional.mse_loss(torch.cosine_similarity(u, v), torch.tensor(labels))
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return len(labels)


def train():
    return sum(step() for _ in range(work["stepsPerRound"]))


step()
rounds(train, warm_up=False)
