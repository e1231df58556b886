"""Trains a line with plain torch and writes event files by hand: `summary_writer.py FOLDER`."""

import os
import sys

import torch
from torch.utils.tensorboard import SummaryWriter

folder = sys.argv[1]
os.makedirs(folder)
torch.manual_seed(0)
inputs = torch.randn(64, 8)
targets = inputs[:, :1] * 2 + torch.randn(64, 1)
model = torch.nn.Sequential(torch.nn.Linear(8, 32), torch.nn.ReLU(), torch.nn.Linear(32, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
writer = SummaryWriter(folder)
measured = {}
for step in range(1, 101):
    loss = torch.nn.functional.mse_loss(model(inputs[:32]), targets[:32])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    writer.add_scalar("train/loss", loss.item(), step)
    if step % 10 == 0:
        with torch.no_grad():
            held = torch.nn.functional.mse_loss(model(inputs[32:]), targets[32:]).item()
        writer.add_scalar("val/loss", held, step)
        torch.save(model.state_dict(), f"{folder}/step_{step}.pt")
        measured[step] = held
writer.close()
best = min(measured, key=measured.get)
print(f"best {best} {measured[best]!r}")
