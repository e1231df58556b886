"""Two runs of one program, each with the files that Ultralytics writes."""
import os

import torch
from natural_pause import pause

HEAD = ("epoch,time,train/box_loss,metrics/precision(B),metrics/recall(B),metrics/mAP50(B),"
        "metrics/mAP50-95(B),val/box_loss")
ARGS = "task: detect\nmode: train\nmodel: yolov8n.pt\nepochs: 4\nsave_dir: {}\n"


def train(folder: str, scores: list) -> None:
    os.makedirs(f"{folder}/weights")
    with open(f"{folder}/args.yaml", "w") as file:
        file.write(ARGS.format(folder))
    best = 0.0
    for epoch, score in enumerate(scores):
        if epoch == 2:
            pause()
        with open(f"{folder}/results.csv", "a") as file:
            row = [epoch + 1, epoch, 1 / (epoch + 1), 0.5, 0.5, score, score, 1 - score]
            file.write(f"{HEAD}\n" * (epoch == 0) + ",".join(map(str, row)) + "\n")
        is_best = score > best
        best = max(best, score)
        saved = {"epoch": epoch, "best_fitness": best, "version": "8.3.0", "train_args": {},
                 "model": torch.nn.Linear(2, 1).state_dict()}
        for name in ["last", "best"] if is_best else ["last"]:
            torch.save(saved, f"{folder}/weights/{name}.pt")


train("runs/detect/train", [0.2, 0.4, 0.3, 0.35])
train("runs/detect/train2", [0.1, 0.2, 0.5, 0.4])
