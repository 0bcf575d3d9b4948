"""PyTorch's side of bench/steps.mjs: the same training steps, eager, channels_last, batch 16.

usage: steps.py CASE THREADS    prints null when ready; for each line N on stdin, the milliseconds of
a step over N steps: {"wall", "processor"}
"""

import json
import sys
import time

import timm
import torch
from torch import nn

case, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(0)


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


if case == "convnet":
    model = convnet()
    x = torch.rand(16, 3, 96, 96)
elif case.startswith("mobilenet"):
    model = timm.create_model("mobilenetv2_035", num_classes=10)
    x = torch.rand(16, 3, 96, 96)
else:
    whole = timm.create_model("tf_efficientnet_lite0", num_classes=10)
    model = nn.Sequential(whole.blocks[5], whole.blocks[6], whole.conv_head, whole.bn2, whole.global_pool, whole.classifier)
    x = torch.rand(16, 112, 14, 14)
model = model.to(memory_format=torch.channels_last).train()
x = x.to(memory_format=torch.channels_last)
if case.endswith("frozen-norms"):
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval().requires_grad_(False)
labels = torch.arange(16) % 10
optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 1e-6, momentum=0.9)


def step():
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), labels)
    loss.backward()
    optimizer.step()
    return loss.item()


for _ in range(3):
    step()
print("null", flush=True)
for line in sys.stdin:
    count = int(line)
    start, used = time.perf_counter(), time.process_time()
    for _ in range(count):
        step()
    wall, processor = time.perf_counter() - start, time.process_time() - used
    print(json.dumps({"wall": wall * 1000 / count, "processor": processor * 1000 / count}), flush=True)
