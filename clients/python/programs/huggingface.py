"""Trains a tiny language model with HuggingFace's Trainer: `huggingface.py FOLDER [--client]`.

It overfits: its best evaluation, at step 30, lies between two saves. With `--results` it ends like
the example scripts: it saves its state, evaluates and predicts, and saves these metrics.
"""

import argparse

import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainingArguments


def texts(count: int, seed: int) -> list:
    """Rows in which each token decides the next one, except for noise."""
    torch.manual_seed(seed)
    rows = (torch.randint(0, 16, (count, 1)) + torch.arange(12) * 3) % 16
    noise = torch.rand(rows.shape) < 0.2
    rows[noise] = torch.randint(0, 16, (int(noise.sum()),))
    return [{"input_ids": row, "labels": row} for row in rows]


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--client", action="store_true")
parser.add_argument("--resume", action="store_true")
parser.add_argument("--load-best", action="store_true")
parser.add_argument("--results", action="store_true")
parser.add_argument("--steps", type=int, default=80)
options = parser.parse_args()
callbacks = []
if options.client:
    from bestmark.huggingface import BestmarkCallback

    callbacks.append(BestmarkCallback())

train, held = texts(40, 1), texts(32, 2)
torch.manual_seed(0)
size = {"vocab_size": 16, "n_positions": 16, "n_embd": 32, "n_layer": 1, "n_head": 2}
model = GPT2LMHeadModel(GPT2Config(**size, bos_token_id=0, eos_token_id=0, loss_type="ForCausalLMLoss"))
args = TrainingArguments(
    options.folder, max_steps=options.steps, per_device_train_batch_size=8, learning_rate=0.006,
    eval_strategy="steps", eval_steps=10, save_strategy="steps", save_steps=20, logging_steps=5,
    metric_for_best_model="loss", load_best_model_at_end=options.load_best,
    report_to=["tensorboard"], use_cpu=True, disable_tqdm=True)
trainer = Trainer(model, args, train_dataset=train, eval_dataset=held, callbacks=callbacks)
trained = trainer.train(resume_from_checkpoint=options.resume or None)
if options.results:
    trainer.save_model()
    trainer.save_metrics("train", trained.metrics)
    trainer.save_state()
    trainer.save_metrics("eval", trainer.evaluate())
    trainer.save_metrics("predict", trainer.predict(held, metric_key_prefix="predict").metrics)
else:
    if options.load_best:
        trainer.evaluate()
    trainer.save_state()
