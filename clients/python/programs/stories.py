"""Records the three stories of the empty board from real runs: `stories.py FOLDER`.

HuggingFace's Trainer with the client's callback trains each one on made-up data, for some seconds.
The journal is kept as it was written. Each checkpoint that is still on disk gets a placeholder for
its weights: a complete safetensors file with one number.
"""

import json
import shutil
import struct
import sys
from pathlib import Path

import torch
from transformers import (BertConfig, BertForSequenceClassification, GPT2Config, GPT2LMHeadModel,
                          Trainer, TrainingArguments)

from bestmark.huggingface import BestmarkCallback


def texts(count: int, seed: int) -> list:
    """Rows in which each token decides the next one, except for noise."""
    torch.manual_seed(seed)
    rows = (torch.randint(0, 16, (count, 1)) + torch.arange(12) * 3) % 16
    noise = torch.rand(rows.shape) < 0.2
    rows[noise] = torch.randint(0, 16, (int(noise.sum()),))
    return [{"input_ids": row, "labels": row} for row in rows]


def reports(count: int, seed: int) -> list:
    """Half of the rows hold a mark. Almost half of those hold a defect, which nothing predicts."""
    torch.manual_seed(seed)
    rows = torch.randint(4, 40, (count, 16))
    is_marked = torch.rand(count) < 0.5
    rows[is_marked, 3] = 2
    labels = (is_marked & (torch.rand(count) < 0.45)).long()
    return [{"input_ids": row, "labels": label} for row, label in zip(rows, labels)]


def f1(evaluated) -> dict:
    predicted, labels = evaluated.predictions.argmax(-1), evaluated.label_ids
    hits = int((predicted & labels).sum())
    return {"f1": 2 * hits / max(1, int(predicted.sum() + labels.sum())), "accuracy": (predicted == labels).mean()}


def language_model() -> GPT2LMHeadModel:
    size = {"vocab_size": 16, "n_positions": 16, "n_embd": 32, "n_layer": 1, "n_head": 2}
    ids = {"bos_token_id": 0, "eos_token_id": 0}
    return GPT2LMHeadModel(GPT2Config(**size, **ids, loss_type="ForCausalLMLoss"))


def classifier() -> BertForSequenceClassification:
    return BertForSequenceClassification(BertConfig(
        vocab_size=40, hidden_size=32, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=16))


def record(folder: Path, name: str, make, rows: tuple, **options) -> None:
    root = folder / name
    shutil.rmtree(root, ignore_errors=True)
    torch.manual_seed(0)
    settings = {"per_device_train_batch_size": 8, "logging_steps": 5, "eval_strategy": "steps", **options}
    compute_metrics = settings.pop("compute_metrics", None)
    args = TrainingArguments(str(root), report_to=[], use_cpu=True, disable_tqdm=True, **settings)
    config = {key: value for key, value in settings.items() if key != "eval_strategy"}
    callback = BestmarkCallback(name=name, project="examples", config=config)
    model = make()
    trainer = Trainer(model, args, train_dataset=rows[0], eval_dataset=rows[1], callbacks=[callback],
                      compute_metrics=compute_metrics)
    trainer.train()
    for saved in root.iterdir():
        if saved.is_dir():
            shutil.rmtree(saved)
            saved.mkdir()
            (saved / "model.safetensors").write_bytes(stand_in())


def stand_in() -> bytes:
    """A complete safetensors file: the length of its header, the header, one number."""
    number = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}
    note = {"format": "pt", "note": "stands in for the weights of an example"}
    header = json.dumps({"__metadata__": note, "stand_in": number}).encode()
    return struct.pack("<Q", len(header)) + header + struct.pack("<f", 0)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    record(target, "best-between-saves", language_model, (texts(40, 1), texts(32, 2)), max_steps=80,
           learning_rate=0.006, eval_steps=10, save_steps=20, metric_for_best_model="loss")
    record(target, "loss-against-f1", classifier, (reports(160, 1), reports(320, 2)), max_steps=240,
           learning_rate=0.002, eval_steps=20, save_steps=20, compute_metrics=f1)
    record(target, "best-rotated-away", language_model, (texts(32, 1), texts(32, 2)), max_steps=100,
           learning_rate=0.01, eval_steps=10, save_steps=10, save_total_limit=4)
