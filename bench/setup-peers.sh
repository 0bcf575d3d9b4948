#!/bin/sh
# Installs what Thaw is measured against into bench/.peers: PyTorch, torchvision, timm, transformers and PEFT. About 5 GB.
set -eu
cd "$(dirname "$0")"
python3 -m venv .peers
.peers/bin/pip install --quiet torch==2.15.0 torchvision==0.29.2 timm==1.0.31 safetensors==0.8.0 \
  transformers==5.24.0 peft==0.21.2
.peers/bin/python -c 'import torch, timm; print("torch", torch.__version__, "timm", timm.__version__)'
