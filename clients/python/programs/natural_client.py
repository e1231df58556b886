"""A script as people write it: a loop that logs with the Python client, without any other library."""
import json
import os
import struct

import bestmark
from natural_pause import pause


def save(folder: str) -> None:
    """A complete safetensors file with one number."""
    os.makedirs(folder)
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    with open(f"{folder}/model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(header)) + header + struct.pack("<f", 1))


bestmark.init("runs/one", total_steps=6)
for step in range(1, 7):
    if step == 4:
        pause()
    bestmark.log({"train_loss": 1 / step, "eval_loss": abs(step - 3) + 0.5}, step=step)
    save(f"runs/one/step-{step}")
    bestmark.checkpoint(f"runs/one/step-{step}", step=step)
