"""PyTorch's side of bench/steps.mjs: the same work, eager, channels_last.

usage: steps.py CASE THREADS BATCH SIZE DATA
Prints null when ready; then, for each line N on stdin, what a batch took over N steps: {"wall", "processor"} in
milliseconds and {"memory"}, the process's greatest so far, in bytes.
"""

import json
import multiprocessing
import os
import resource
import sys
import time

import timm
import torch
from torch import nn


def convnet():
    """Thaw's convnet_small: four times a 3×3 convolution that halves, then one around which its input is added."""

    def layer(inputs, outputs, stride):
        return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())

    class Stage(nn.Module):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.halving, self.residual = layer(inputs, outputs, 2), layer(outputs, outputs, 1)

        def forward(self, x):
            halved = self.halving(x)
            return halved + self.residual(halved)

    stages = [Stage(inputs, outputs) for inputs, outputs in zip([3, 16, 32, 64], [16, 32, 64, 128])]
    return nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def mobilenet():
    return timm.create_model("mobilenetv2_035", num_classes=10)


def lite():
    return timm.create_model("tf_efficientnet_lite0", num_classes=10)


def lite_top():
    whole = lite()
    return nn.Sequential(whole.blocks[5], whole.blocks[6], whole.conv_head, whole.bn2, whole.global_pool, whole.classifier)


def learning(build, frozen_norms=False, features=None):
    """A training step; `features`: channels of what it starts from, at 1/16 of the picture's side."""

    def prepare(batch, size, _):
        model = build().to(memory_format=torch.channels_last).train()
        shape = (3, size, size) if features is None else (features, size // 16, size // 16)
        x = torch.rand(batch, *shape).to(memory_format=torch.channels_last)
        if frozen_norms:
            for module in model.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval().requires_grad_(False)
        labels = torch.arange(batch) % 10
        optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 1e-6, momentum=0.9)

        def step():
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), labels)
            loss.backward()
            optimizer.step()
            loss.item()
            return 1

        return step

    return prepare


def featurizer(name="tf_efficientnet_lite0"):
    return timm.create_model(name, num_classes=0).to(memory_format=torch.channels_last).eval()


def features_of_pixels(name):
    def prepare(batch, size, _):
        model = featurizer(name)
        x = torch.rand(batch, 3, size, size).to(memory_format=torch.channels_last)

        def step():
            with torch.inference_mode():
                model(x)
            return 1

        return step

    return prepare


def features_of_files(batch, size, data):
    """Up to 128 training pictures, decoded by two workers, as timm's evaluation has them."""
    from torch.utils.data import DataLoader, Subset
    from torchvision import datasets

    model = featurizer()
    config = timm.data.resolve_model_data_config(model) | {"input_size": (3, size, size)}
    folder = f"{data}/train" if os.path.isdir(f"{data}/train") else data
    pictures = datasets.ImageFolder(folder, timm.data.create_transform(**config, is_training=False))
    batches = max(1, min(8, len(pictures) // batch))
    loader = DataLoader(Subset(pictures, range(batches * batch)), batch, num_workers=2, persistent_workers=True)

    def step():
        with torch.inference_mode():
            for images, _ in loader:
                model(images.to(memory_format=torch.channels_last))
        return batches

    return step


def bert(dropout=0.0):
    """MiniLM's shape."""
    from transformers import BertConfig, BertForSequenceClassification

    shape = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536}
    return BertForSequenceClassification(BertConfig(**shape, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout))


def tokens(batch, length):
    ids = 1000 + (torch.arange(batch * length) * 7919) % 20_000
    return {"input_ids": ids.reshape(batch, length), "attention_mask": torch.ones(batch, length, dtype=torch.long)}


def bert_forward(batch, length, _):
    model, given = bert().eval(), tokens(batch, length)

    def step():
        with torch.inference_mode():
            model(**given)
        return 1

    return step


def bert_learning(lora=False, dropout=0.0):
    def prepare(batch, length, _):
        model, given = bert(dropout), tokens(batch, length)
        if lora:
            from peft import LoraConfig, get_peft_model

            model = get_peft_model(model, LoraConfig("SEQ_CLS", r=8, lora_alpha=16, target_modules=["query", "value"]))
        model.train()
        labels = torch.arange(batch) % 2
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], 1e-6)

        def step():
            optimizer.zero_grad()
            loss = model(**given, labels=labels).loss
            loss.backward()
            optimizer.step()
            loss.item()
            return 1

        return step

    return prepare


def generation(_, length, __):
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(n_layer=6)).eval()
    written = 64
    ids = (1000 + (torch.arange(length) * 7919) % 20_000).reshape(1, length)
    how = {"max_new_tokens": written, "do_sample": False, "eos_token_id": None, "pad_token_id": 0}

    def step():
        with torch.inference_mode():
            model.generate(ids, attention_mask=torch.ones_like(ids), **how)
        return written

    return step


# A case: (batch, size, data) → a function that does some work and returns how many batches it was.
CASES = {
    "features": features_of_pixels("tf_efficientnet_lite0"),
    "features-resnet18": features_of_pixels("resnet18"),
    "features-vit-tiny": features_of_pixels("vit_tiny_patch16_224"),
    "files": features_of_files,
    "mobilenet": learning(mobilenet),
    "mobilenet-frozen-norms": learning(mobilenet, frozen_norms=True),
    "lite": learning(lite),
    "lite-top": learning(lite_top, features=112),
    "lite-top-frozen-norms": learning(lite_top, frozen_norms=True, features=112),
    "convnet": learning(convnet),
    "transformer-forward": bert_forward,
    "transformer": bert_learning(),
    "transformer-lora": bert_learning(lora=True),
    "transformer-dropout": bert_learning(dropout=0.1),
    "transformer-lora-dropout": bert_learning(lora=True, dropout=0.1),
    "generation": generation,
}


def processor():
    """Seconds of processor time, workers' included."""
    ticks = 0
    for child in multiprocessing.active_children():
        with open(f"/proc/{child.pid}/stat") as file:
            ticks += sum(int(n) for n in file.read().rsplit(")", 1)[1].split()[11:13])
    return time.process_time() + ticks / os.sysconf("SC_CLK_TCK")


def main(case, threads, batch, size, data):
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    step = CASES[case](int(batch), int(size), data)
    for _ in range(3):
        step()
    print("null", flush=True)
    for line in sys.stdin:
        start, used = time.perf_counter(), processor()
        batches = sum(step() for _ in range(int(line)))
        wall, spent = time.perf_counter() - start, processor() - used
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"wall": wall * 1000 / batches, "processor": spent * 1000 / batches, "memory": memory}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
