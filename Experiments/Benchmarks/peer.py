"""The same work with sentence-transformers and PyTorch, onnxruntime, openvino or llama.cpp: see Worker.swift for the protocol."""
import json
import resource
import sys
import time

work = json.load(open(sys.argv[1]))
setting = work["setting"]


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

if setting["engine"] in ("onnxruntime", "openvino"):
    # As sentence-transformers batches: sorted by length, 32 at a time, padded to the longest.
    import numpy
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(work["model"]["folder"] + "/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.enable_truncation(work["maxLength"])
    path = work["model"]["onnx"]
    if setting["engine"] == "onnxruntime":
        import onnxruntime

        if setting["numbers"] == "int8":
            from onnxruntime.quantization import QuantType, quantize_dynamic

            quantize_dynamic(path, path + ".int8.onnx", weight_type=QuantType.QInt8)
            path += ".int8.onnx"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = work["threads"]
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        names = [i.name for i in session.get_inputs()]

        def embed(feed):
            return session.run(["sentence_embedding"], feed)[0]
    else:
        import openvino

        compiled = openvino.Core().compile_model(path, "CPU", {
            "INFERENCE_PRECISION_HINT": "bf16" if setting["numbers"] == "bf16" else "f32",
            "INFERENCE_NUM_THREADS": work["threads"]})
        names = [i.any_name for i in compiled.inputs]
        request = compiled.create_infer_request()
        output = next(o for o in compiled.outputs if "sentence_embedding" in o.names)

        def embed(feed):
            return request.infer(feed)[output]

    def encode():
        ids = [e.ids for e in tokenizer.encode_batch(work["sentences"])]
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        result = [None] * len(ids)
        for i in range(0, len(order), 32):
            own = order[i:i + 32]
            x = numpy.zeros((len(own), max(len(ids[j]) for j in own)), numpy.int64)
            mask = numpy.zeros_like(x)
            for row, j in enumerate(own):
                x[row, :len(ids[j])] = ids[j]
                mask[row, :len(ids[j])] = 1
            feed = {"input_ids": x, "attention_mask": mask, "token_type_ids": numpy.zeros_like(x)}
            for j, y in zip(own, embed({name: feed[name] for name in names})):
                result[j] = y
        return len(ids)

    rounds(encode)
    sys.exit()

if setting["engine"] == "llama.cpp":
    import llama_cpp

    # With 512 tokens a batch it was fastest; each text's are fewer.
    llama = llama_cpp.Llama(
        work["model"]["smallGGUF" if setting["numbers"] == "int8" else "gguf"], embedding=True,
        n_ctx=512, n_batch=512, n_ubatch=512, n_threads=work["threads"],
        n_threads_batch=work["threads"], verbose=False)

    def embed_all():
        llama.embed(work["sentences"])
        return len(work["sentences"])

    rounds(embed_all)
    sys.exit()

import torch
from sentence_transformers import SentenceTransformer

torch.set_num_threads(work["threads"])
torch.manual_seed(1)
half = setting["numbers"] == "bf16"
model = SentenceTransformer(
    work["model"]["folder"], device="cpu",
    model_kwargs={"dtype": torch.bfloat16} if half and work["kind"] == "encode" else {})
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
        model.encode(work["sentences"], batch_size=32, convert_to_tensor=True).float().numpy()
        return len(work["sentences"])

    rounds(encode)
    sys.exit()

if setting["isCompiled"]:
    slot = next(n for n, m in model[0]._modules.items() if type(m).__name__ == "BertModel")
    model[0]._modules[slot] = torch.compile(model[0]._modules[slot], dynamic=True)
model.train()
head = torch.nn.Linear(3 * dimension, 3)
named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
if work["loss"] == "softmax":
    named += [("head." + n, p) for n, p in head.named_parameters()]
plain = [p for n, p in named if n.endswith("bias") or "LayerNorm" in n]
decayed = [p for n, p in named if not (n.endswith("bias") or "LayerNorm" in n)]
optimizer = torch.optim.AdamW(
    [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}], lr=2e-5,
    fused=True if setting["isFused"] else None)
size, count = work["batchSize"], len(work["first"])
places = list(range(0, count, size))
if setting["isGrouped"]:
    # Sorted within fifty batches, as its own sampler does it.
    order = []
    for start in range(0, count, 50 * size):
        order += sorted(range(start, min(start + 50 * size, count)),
                        key=lambda i: len(work["first"][i]) + len(work["second"][i]))
    for key in ("first", "second", "labels"):
        work[key] = [work[key][i] for i in order]

    def length(place):
        return sum(len(work[side][i]) for side in ("first", "second")
                   for i in range(place, min(place + size, count)))

    # Its sampler takes the batches in random order. Here each round has short and long ones alike: rounds are compared,
    # and whole epochs are what matters. What does not fill a round is of middle length.
    places.sort(key=length)
    steps = work["stepsPerRound"]
    parts = len(places) // steps
    middle, left_over = len(places) // 2, len(places) - parts * steps
    dealt = places[:middle] + places[middle + left_over:]
    rows = [dealt[i:i + parts] for i in range(0, len(dealt), parts)]
    rows[1::2] = [row[::-1] for row in rows[1::2]]
    places = [row[part] for part in range(parts) for row in rows]
turn = 0


def step():
    global turn
    rows = slice(places[turn], places[turn] + size)
    turn = (turn + 1) % len(places)
    labels = work["labels"][rows]
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
        u, v = (model(model.preprocess(work[side][rows]))["sentence_embedding"]
                for side in ("first", "second"))
        if work["loss"] == "softmax":
            logits = head(torch.cat([u, v, (u - v).abs()], 1))
            loss = torch.nn.functional.cross_entropy(logits.float(), torch.tensor(labels).long())
        else:
            loss = torch.nn.functional.mse_loss(
                torch.cosine_similarity(u, v).float(), torch.tensor(labels))
    loss.backward()
    torch.nn.utils.clip_grad_norm_([p for _, p in named], 1.0)
    optimizer.step()
    optimizer.zero_grad()
    return len(labels)


def train():
    return sum(step() for _ in range(work["stepsPerRound"]))


# A compiled model is compiled anew for some of the first batches.
for _ in range(12 if setting["isCompiled"] else 1):
    step()
turn = 0
rounds(train, warm_up=False)
