#!/bin/sh
# Installs what Thaw is measured against into bench/.peers: PyTorch for the CPU, torchvision, timm. About 5 GB.
set -eu
cd "$(dirname "$0")"
python3 -m venv .peers
.peers/bin/pip install --quiet torch torchvision timm safetensors
.peers/bin/python -c 'import torch, timm; print("torch", torch.__version__, "timm", timm.__version__)'
