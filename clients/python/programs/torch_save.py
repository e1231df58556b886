"""Saves weights with torch, without any training: `torch_save.py FOLDER`."""

import sys
from pathlib import Path

import torch
import torch.distributed.checkpoint as dcp

folder = Path(sys.argv[1])
weights = {"weight": torch.ones(10, 10), "bias": torch.ones(5), "step": 5}
dcp.save(weights, checkpoint_id=folder / "distributed", no_dist=True)
torch.save(weights, folder / "whole.pt")
