"""Loads model folders that Thaw saved, in timm or transformers as they are, and prints a line of JSON for each: what it computes
from an input that the caller knows too.

    load_back.py FOLDER…  →  {"with": "timm", "labels": […], "input": [3, S, S], "mean": […], "logits": […]}
                             {"with": "transformers", "labels": […], "logits": […]}

timm's folders go through its own door (`local-dir:`), transformers' through `from_pretrained` of the class that config.json
names. A tensor missing, too many or of another shape ends it with an error.
"""

import json
import sys
from pathlib import Path

import numpy as np
import timm
import torch
import transformers

# Tokens of a text; must be what loadBack.slow.test.ts gives.
LENGTH = 7


def wave(*shape: int) -> torch.Tensor:
    """make_models.py's."""
    x = np.sin((np.arange(int(np.prod(shape)), dtype=np.float64) + 1) * 12.9898) * 43758.5453
    return torch.from_numpy((2 * (x - np.floor(x)) - 1).astype(np.float32)).reshape(shape)


def in_timm(folder: Path) -> dict[str, object]:
    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    data = timm.data.resolve_model_data_config(model)
    return {
        "with": "timm",
        "labels": model.pretrained_cfg.get("label_names"),
        "input": list(data["input_size"]),
        "mean": list(data["mean"]),
        "logits": model(wave(1, *data["input_size"]))[0].tolist(),
    }


def in_transformers(folder: Path, config: dict) -> dict[str, object]:
    kind = getattr(transformers, config["architectures"][0])
    model, report = kind.from_pretrained(folder, output_loading_info=True)
    wrong = {key: found for key, found in report.items() if found}
    if wrong:
        sys.exit(f"{folder}: {wrong}")
    vocabulary = model.config.get_text_config().vocab_size
    ids = torch.tensor([[(3 + 5 * i) % vocabulary for i in range(LENGTH)]])
    more = {"decoder_input_ids": ids} if model.config.is_encoder_decoder else {}
    logits = model.eval()(input_ids=ids, **more).logits
    labels = [model.config.id2label[i] for i in range(len(model.config.id2label))]
    return {"with": "transformers", "labels": labels, "logits": logits.flatten().tolist()}


@torch.no_grad()
def main() -> None:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for folder in map(Path, sys.argv[1:]):
        config = json.loads((folder / "config.json").read_text())
        print(json.dumps(in_timm(folder) if "architecture" in config else in_transformers(folder, config)), flush=True)


if __name__ == "__main__":
    main()
