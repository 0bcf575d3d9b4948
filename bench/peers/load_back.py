"""Loads model folders that Thaw saved, in timm, transformers or PEFT as they are, and prints a line of JSON for each: what it
computes from an input that the caller knows too.

    load_back.py FOLDER…  →  {"with": "timm", "labels": […], "input": [3, S, S], "mean": […], "logits": […]}
                             {"with": "transformers", "labels": […], "logits": […]}
                             {"with": "peft", "logits": […]}

timm's folders go through its own door (`local-dir:`), transformers' through `from_pretrained` of the class that config.json
names. A tensor missing, too many or of another shape ends it with an error. An adapter's base is the folder that its
adapter_config.json names, loaded by the first of these that takes it.
"""

import json
import sys
import warnings
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


def in_timm(folder: Path, _: dict) -> dict[str, object]:
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
    ids = ids_below(model.config.get_text_config().vocab_size)
    more = {"decoder_input_ids": ids} if model.config.is_encoder_decoder else {}
    logits = model.eval()(input_ids=ids, **more).logits
    labels = [model.config.id2label[i] for i in range(len(model.config.id2label))]
    return {"with": "transformers", "labels": labels, "logits": logits.flatten().tolist()}


def in_peft(folder: Path, config: dict) -> dict[str, object]:
    import peft

    base = Path(config["base_model_name_or_path"])
    settings = json.loads((base / "config.json").read_text())
    if "architecture" in settings:
        model = timm.create_model(f"local-dir:{base}", pretrained=True)
    else:
        model = getattr(transformers, settings["architectures"][0]).from_pretrained(base)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # PEFT only warns of tensors that are missing
        warnings.filterwarnings("ignore", message=".*fan_in_fan_out.*")
        model = peft.PeftModel.from_pretrained(model, folder).eval()
    if "architecture" in settings or settings["model_type"] in ("vit", "deit"):
        size = timm.data.resolve_model_data_config(model.get_base_model())["input_size"] if "architecture" in settings else None
        size = size or (3, settings["image_size"], settings["image_size"])
        y = model(wave(1, *size))
    else:
        ids = ids_below(model.config.get_text_config().vocab_size)
        y = model(input_ids=ids, **({"decoder_input_ids": ids} if model.config.is_encoder_decoder else {}))
    return {"with": "peft", "logits": getattr(y, "logits", y).flatten().tolist()}


def ids_below(vocabulary: int) -> torch.Tensor:
    return torch.tensor([[(3 + 5 * i) % vocabulary for i in range(LENGTH)]])


@torch.no_grad()
def main() -> None:
    warnings.filterwarnings("ignore", category=FutureWarning)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for folder in map(Path, sys.argv[1:]):
        adapter = folder / "adapter_config.json"
        config = json.loads((adapter if adapter.exists() else folder / "config.json").read_text())
        found = in_peft if adapter.exists() else in_timm if "architecture" in config else in_transformers
        print(json.dumps(found(folder, config)), flush=True)


if __name__ == "__main__":
    main()
