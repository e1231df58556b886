"""Trains a tiny classifier with Lightning: `lightning_fit.py FOLDER [--client]`."""

import argparse

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch.utils.data import DataLoader, TensorDataset


class Classifier(lightning.LightningModule):
    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.save_hyperparameters()
        sizes = torch.nn.Linear(8, width), torch.nn.ReLU(), torch.nn.Linear(width, 3)
        self.layers = torch.nn.Sequential(*sizes)

    def loss(self, batch):
        inputs, labels = batch
        said = self.layers(inputs)
        return torch.nn.functional.cross_entropy(said, labels), (said.argmax(-1) == labels).float().mean()

    def training_step(self, batch, _):
        loss, _accuracy = self.loss(batch)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, _):
        loss, accuracy = self.loss(batch)
        self.log_dict({"val_loss": loss, "val_acc": accuracy})

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), lr=0.05)


def examples(count: int, seed: int) -> TensorDataset:
    torch.manual_seed(seed)
    inputs = torch.randn(count, 8)
    return TensorDataset(inputs, (inputs[:, :3] + torch.randn(count, 3)).argmax(-1))


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--client", action="store_true")
told = parser.parse_args()
loggers = [CSVLogger(told.folder, name="", version="")]
if told.client:
    from bestmark.lightning import BestmarkLogger

    loggers.append(BestmarkLogger(told.folder))

train, held = examples(80, 1), examples(64, 2)
torch.manual_seed(0)
saver = ModelCheckpoint(f"{told.folder}/checkpoints", monitor="val_loss", mode="min", save_top_k=-1)
trainer = lightning.Trainer(
    max_epochs=6, logger=loggers, callbacks=[saver], log_every_n_steps=5, accelerator="cpu",
    val_check_interval=5, enable_progress_bar=False, enable_model_summary=False)
trainer.fit(Classifier(), DataLoader(train, batch_size=8), DataLoader(held, batch_size=64))
print(f"best {saver.best_model_path} {saver.best_model_score.item()!r}")
