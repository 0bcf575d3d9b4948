"""The usual transformers script for fine-tuning the head of a pretrained encoder on labelled texts: all but what
is named frozen, batches padded to their longest text, AdamW, a linear schedule, a look at the validation texts each epoch.

usage: texts.py FOLDER MODEL THREADS EPOCHS LEARNING_RATE PREFIX…
FOLDER has train.jsonl, validation.jsonl and test.jsonl of {"text", "label"}; MODEL is a folder in transformers' layout;
parameters learn whose names begin with a PREFIX.
Prints one line of JSON: {"accuracy": on the test texts by the epoch with the least validation loss, "seconds": of training and checking}
"""

import json
import pathlib
import sys
import time

import torch
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, get_linear_schedule_with_warmup

BATCH = 16


def main(folder: str, name: str, threads: str, epochs: str, rate: str, *prefixes: str) -> None:
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    splits = {
        split: [json.loads(line) for line in (pathlib.Path(folder) / f"{split}.jsonl").open(encoding="utf-8")]
        for split in ("train", "validation", "test")
    }
    labels = sorted({row["label"] for row in splits["train"]})
    tokenizer = AutoTokenizer.from_pretrained(name)
    model = AutoModelForSequenceClassification.from_pretrained(name, num_labels=len(labels))
    for key, parameter in model.named_parameters():
        parameter.requires_grad = key.startswith(prefixes)

    def batches(split: str) -> DataLoader:
        encoded = tokenizer([row["text"] for row in splits[split]], truncation=True)
        rows = [
            {**{key: values[i] for key, values in encoded.items()}, "labels": labels.index(row["label"])}
            for i, row in enumerate(splits[split])
        ]
        return DataLoader(rows, BATCH, shuffle=split == "train", collate_fn=DataCollatorWithPadding(tokenizer))

    @torch.no_grad()
    def judged(loader: DataLoader) -> tuple[float, float]:
        model.eval()
        loss, right, count = 0.0, 0, 0
        for batch in loader:
            answer = model(**batch)
            loss += answer.loss.item() * len(batch["labels"])
            right += (answer.logits.argmax(1) == batch["labels"]).sum().item()
            count += len(batch["labels"])
        return loss / count, right / count

    train, validation, test = batches("train"), batches("validation"), batches("test")
    steps = int(epochs) * len(train)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=float(rate))
    schedule = get_linear_schedule_with_warmup(optimizer, round(0.05 * steps), steps)
    start = time.perf_counter()
    learned = {key for key, parameter in model.named_parameters() if parameter.requires_grad}
    least, best = float("inf"), {}
    for _ in range(int(epochs)):
        model.train()
        for batch in train:
            optimizer.zero_grad()
            model(**batch).loss.backward()
            optimizer.step()
            schedule.step()
        loss, _ = judged(validation)
        if loss < least:
            least, best = loss, {key: value.clone() for key, value in model.state_dict().items() if key in learned}
    model.load_state_dict(best, strict=False)
    _, accuracy = judged(test)
    print(json.dumps({"accuracy": accuracy, "seconds": time.perf_counter() - start}))


if __name__ == "__main__":
    main(*sys.argv[1:])
