"""Trains a tiny language model with TRL: `trl_fit.py FOLDER sft|dpo|reward|grpo`.

Each row is a prompt of one letter and an answer of three. In a good answer each letter is followed
by the next one of the alphabet, in a bad one it is not. A quarter of the training rows have a wrong
label. The supervised run evaluates twice as often as it saves. It needs `trl` (1.16) in addition to
requirements.txt. Its output is a fixture of the trainer, so tests need neither.
"""

import argparse
import random
import string
import tempfile

import torch
from datasets import Dataset
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel,
                          PreTrainedTokenizerFast)
from trl import (DPOConfig, DPOTrainer, GRPOConfig, GRPOTrainer, RewardConfig, RewardTrainer,
                 SFTConfig, SFTTrainer)

LETTERS = string.ascii_lowercase


def answer(letter: str, step: int) -> str:
    at = LETTERS.index(letter)
    return " " + " ".join(LETTERS[(at + step * (1 + turn)) % 26] for turn in range(3))


def pairs(count: int, seed: int, wrong: float) -> list:
    chance = random.Random(seed)
    rows = []
    for _ in range(count):
        letter = chance.choice(LETTERS)
        good, bad = answer(letter, 1), answer(letter, chance.choice([2, 3, 25]))
        if chance.random() < wrong:
            good, bad = bad, good
        rows.append({"prompt": letter, "chosen": good, "rejected": bad})
    return rows


def dataset(kind: str, rows: list) -> Dataset:
    if kind == "sft":
        rows = [{"prompt": row["prompt"], "completion": row["chosen"]} for row in rows]
    if kind == "grpo":
        rows = [{"prompt": row["prompt"]} for row in rows]
    return Dataset.from_list(rows)


def in_order(prompts: list, completions: list, **_options) -> list:
    """The reward of GRPO: the share of letters that equal the good answer."""
    def share(prompt: str, completion: str) -> float:
        letters = zip(completion.split(), answer(prompt, 1).split())
        return sum(letter == wanted for letter, wanted in letters) / 3

    return [share(*both) for both in zip(prompts, completions)]


def tokens() -> PreTrainedTokenizerFast:
    words = {word: at for at, word in enumerate(["[PAD]", "[EOS]", "[UNK]", *LETTERS])}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", eos_token="[EOS]", unk_token="[UNK]")


KINDS = {
    "sft": (SFTTrainer, SFTConfig, "eval_mean_token_accuracy", {
        "learning_rate": 0.1, "eval_steps": 5}),
    "dpo": (DPOTrainer, DPOConfig, "eval_rewards/accuracies", {}),
    "reward": (RewardTrainer, RewardConfig, "eval_accuracy", {"learning_rate": 0.03}),
    "grpo": (GRPOTrainer, GRPOConfig, "eval_reward", {
        "num_generations": 4, "max_completion_length": 6, "beta": 0.04, "learning_rate": 0.01}),
}
parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("kind", choices=KINDS)
parser.add_argument("--metric", help="the metric that decides, instead of the default of the kind")
parser.add_argument("--bars", action="store_true")
options = parser.parse_args()
make, settings, metric, extra = KINDS[options.kind]

torch.manual_seed(0)
size = {"vocab_size": 29, "n_positions": 32, "n_embd": 32, "n_layer": 1, "n_head": 2}
config = GPT2Config(**size, pad_token_id=0, bos_token_id=1, eos_token_id=1, num_labels=1)
kind = GPT2ForSequenceClassification if options.kind == "reward" else GPT2LMHeadModel
args = settings(options.folder, **{
    "max_steps": 30, "per_device_train_batch_size": 8, "learning_rate": 0.003,
    "eval_strategy": "steps", "eval_steps": 10, "save_strategy": "steps", "save_steps": 10,
    "logging_steps": 10, "metric_for_best_model": options.metric or metric, "report_to": [],
    "use_cpu": True, "bf16": False, "disable_tqdm": not options.bars, **extra})
beside = {"reward_funcs": in_order} if options.kind == "grpo" else {}
train, held = dataset(options.kind, pairs(48, 1, 0.25)), dataset(options.kind, pairs(32, 2, 0))
# The trainers load their reference model from the path of the first model.
with tempfile.TemporaryDirectory() as base:
    kind(config).save_pretrained(base)
    trainer = make(model=kind.from_pretrained(base), args=args, train_dataset=train,
                   eval_dataset=held, processing_class=tokens(), **beside)
trainer.train()
trainer.save_state()
