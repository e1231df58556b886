"""A script as people write it: a plain PyTorch loop that prints its losses and saves its weights."""
import os

import torch
from natural_pause import pause

torch.manual_seed(0)
model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=1e-2)
x = torch.randn(64, 4)
y = x.sum(1, keepdim=True)
os.makedirs("weights", exist_ok=True)
for epoch in range(1, 6):
    if epoch == 3:
        pause()
    loss = torch.nn.functional.mse_loss(model(x[:48]), y[:48])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        val_loss = torch.nn.functional.mse_loss(model(x[48:]), y[48:])
    print(f"Epoch {epoch}/5 - loss: {loss.item():.4f} - val_loss: {val_loss.item():.4f}")
    torch.save(model.state_dict(), f"weights/epoch_{epoch}.pt")
