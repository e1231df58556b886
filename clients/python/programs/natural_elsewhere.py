"""A script as people write it: the Trainer without a bar, and an absolute folder outside of the working directory."""
import os

import torch
from natural_pause import pause
from transformers import Trainer, TrainerCallback, TrainingArguments


class Linear(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def forward(self, x, labels=None):
        predicted = self.layer(x).squeeze(-1)
        return {"loss": ((predicted - labels) ** 2).mean(), "logits": predicted}


class Pause(TrainerCallback):
    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == 25:
            pause()


torch.manual_seed(0)
rows = [{"x": x, "labels": x.sum()} for x in torch.randn(64, 4)]
args = TrainingArguments(
    os.path.join(os.environ["NATURAL_ELSEWHERE"], "hf"), max_steps=40, eval_strategy="steps",
    eval_steps=10, save_steps=10, logging_steps=10, learning_rate=1e-2, report_to=[],
    disable_tqdm=True)
Trainer(Linear(), args, train_dataset=rows, eval_dataset=rows, callbacks=[Pause()]).train()
