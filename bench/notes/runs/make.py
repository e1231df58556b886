"""Makes the runs beside this file: for each note that no public run gives, one that must give it and one
that must not (`NOTE-not`). Each is a real training of a tiny model with the HuggingFace Trainer; only
its trainer_state.json is kept.

usage: python make.py [NAME…]   (with torch, transformers and accelerate)
"""

import copy
import os
import sys
import tempfile

import numpy as np
import torch
from torch import nn
from transformers import Trainer, TrainerCallback, TrainingArguments

torch.set_num_threads(1)
HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES, WIDTH = 4, 16


class Data(torch.utils.data.Dataset):
    """Noisy points around one centre per class."""

    def __init__(self, size, seed, noise=1.5):
        rng = np.random.default_rng(seed)
        centres = np.random.default_rng(1).normal(size=(CLASSES, WIDTH))
        self.labels = rng.integers(CLASSES, size=size)
        self.points = centres[self.labels] + rng.normal(size=(size, WIDTH)) * noise

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, at):
        return {"x": torch.tensor(self.points[at], dtype=torch.float32), "labels": int(self.labels[at])}


class Net(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.Linear(WIDTH, hidden), nn.ReLU(), nn.Linear(hidden, CLASSES))

    def forward(self, x, labels=None):
        logits = self.net(x)
        return {"loss": nn.functional.cross_entropy(logits, labels), "logits": logits}


def accuracy(predicted):
    return {"accuracy": float((predicted.predictions.argmax(-1) == predicted.label_ids).mean())}


def error_rate(name):
    return lambda predicted: {name: 1 - accuracy(predicted)["accuracy"]}


def train(folder, model=None, size=64, steps=100, measure=accuracy, kind=Trainer, callbacks=(), **options):
    given = {"eval_steps": 10, "save_steps": 10, "logging_steps": 10, "learning_rate": 3e-3, "per_device_eval_batch_size": 1000, **options}
    arguments = TrainingArguments(
        output_dir=folder, max_steps=steps, per_device_train_batch_size=16, eval_strategy="steps",
        save_strategy="steps", report_to=[], use_cpu=True, disable_tqdm=True, seed=1, **given,
    )
    trainer = kind(
        model=model or Net(), args=arguments, train_dataset=Data(size, 2), eval_dataset=Data(400, 3),
        compute_metrics=measure, callbacks=[one() for one in callbacks],
    )
    for callback in trainer.callback_handler.callbacks:
        callback.trainer = trainer
    trainer.train()
    trainer.save_state()
    return trainer


class Averaged(TrainerCallback):
    """Keeps an average of the weights, and measures it at each evaluation."""

    name, average = "ema_accuracy", None

    def on_step_end(self, args, state, control, model=None, **_):
        if self.average is None:
            self.average = copy.deepcopy(model)
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), model.parameters()):
                mean.lerp_(now, 0.1)

    def on_evaluate(self, args, state, control, metrics=None, **_):
        data = self.trainer.eval_dataset
        logits = self.average(torch.tensor(data.points, dtype=torch.float32), torch.tensor(data.labels))["logits"]
        right = float((logits.argmax(-1).numpy() == data.labels).mean())
        state.log_history[-1][f"eval_{self.name}"] = right


class Schema(Averaged):
    """The same number under a name that only looks like an average."""

    name = "schema_accuracy"


class LargerSet(TrainerCallback):
    """From the middle of the training on, a larger set is evaluated."""

    def on_step_end(self, args, state, control, **_):
        if state.global_step == 50:
            self.trainer.eval_dataset = Data(900, 5)


class Overflow(Trainer):
    """The loss of some batches overflows in half precision; their gradients are skipped."""

    def compute_loss(self, model, inputs, return_outputs=False, **_):
        outputs = model(**inputs)
        loss = outputs["loss"]
        if model.training and 40 <= self.state.global_step < 50:
            scaled = (loss.detach() * 1e6).half()
            loss = loss * 0 + (scaled - scaled).float()
        return (loss, outputs) if return_outputs else loss


class Preference(Trainer):
    """DPO: raises the chosen answer above the rejected one, relative to the first weights."""

    reference = None
    columns = True

    def compute_loss(self, model, inputs, return_outputs=False, **_):
        self.reference = self.reference or copy.deepcopy(model)
        chosen = inputs["labels"]
        rejected = (chosen + 1) % CLASSES
        outputs = model(**inputs)
        now = outputs["logits"].log_softmax(-1)
        with torch.no_grad():
            before = self.reference(**inputs)["logits"].log_softmax(-1)
        reward = 0.5 * (now - before)
        good, bad = (reward.gather(1, one[:, None])[:, 0] for one in (chosen, rejected))
        self.last = {
            "rewards/chosen": good.mean().item(), "rewards/rejected": bad.mean().item(),
            "rewards/accuracies": (good > bad).float().mean().item(), "rewards/margins": (good - bad).mean().item(),
        }
        loss = -nn.functional.logsigmoid(good - bad).mean()
        return (loss, outputs) if return_outputs else loss

    def log(self, logs, *rest):
        prefix = "eval_" if "eval_loss" in logs else ""
        super().log({**logs, **{f"{prefix}{name}": value for name, value in self.columns_of(self.last).items()}}, *rest)

    def columns_of(self, values):
        return values


class Distillation(Preference):
    """The same loop, which logs only a divergence, as a distillation does."""

    def columns_of(self, values):
        return {"kl": abs(values["rewards/margins"])}


def pretrained(folder):
    return train(os.path.join(folder, "before"), size=4000, steps=400, eval_steps=400, save_steps=400).model


RUNS = {
    "wrong_direction": lambda to: train(to, metric_for_best_model="accuracy", greater_is_better=False, load_best_model_at_end=True),
    "wrong_direction-not": lambda to: train(to, measure=error_rate("error"), metric_for_best_model="error", greater_is_better=False, load_best_model_at_end=True),
    "unbeaten_start": lambda to: train(to, pretrained(to), learning_rate=0.05, eval_on_start=True),
    "unbeaten_start-not": lambda to: train(to, eval_on_start=True),
    "preference_training": lambda to: train(to, kind=Preference),
    "preference_training-not": lambda to: train(to, kind=Distillation),
    "speech": lambda to: train(to, measure=error_rate("wer"), steps=200, eval_steps=20, save_steps=20, learning_rate=1e-2),
    "speech-not": lambda to: train(to, size=4000, measure=error_rate("wer"), learning_rate=1e-3, steps=60),
    "averaged_weights": lambda to: train(to, callbacks=[Averaged]),
    "averaged_weights-not": lambda to: train(to, callbacks=[Schema]),
    "hidden_nan": lambda to: train(to, kind=Overflow, logging_nan_inf_filter=False),
    "hidden_nan-not": lambda to: train(to, kind=Overflow, logging_nan_inf_filter=True),
    "unlike_samples": lambda to: train(to, callbacks=[LargerSet]),
    "unlike_samples-not": lambda to: train(to, per_device_eval_batch_size=70),
}

for name in sys.argv[1:] or RUNS:
    with tempfile.TemporaryDirectory() as folder:
        RUNS[name](folder)
        os.makedirs(os.path.join(HERE, name), exist_ok=True)
        with open(os.path.join(folder, "trainer_state.json")) as state:
            text = state.read().replace(folder, "out")
        with open(os.path.join(HERE, name, "trainer_state.json"), "w") as kept:
            kept.write(text)
    print(name)
