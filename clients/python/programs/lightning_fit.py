"""Trains a tiny classifier with Lightning: `lightning_fit.py FOLDER [--client]`.

With `--logger csv` or `--logger tensorboard` it logs as Lightning does by itself, into a new
`version_N`. With `--optimizers 2` each of its layers has its own optimiser.
"""

import argparse

import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from torch.utils.data import DataLoader, TensorDataset


class Classifier(lightning.LightningModule):
    def __init__(self, width: int = 16, optimizers: int = 1) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.automatic_optimization = optimizers == 1
        sizes = torch.nn.Linear(8, width), torch.nn.ReLU(), torch.nn.Linear(width, 3)
        self.layers = torch.nn.Sequential(*sizes)

    def loss(self, batch):
        inputs, labels = batch
        logits = self.layers(inputs)
        return torch.nn.functional.cross_entropy(logits, labels), (logits.argmax(-1) == labels).float().mean()

    def training_step(self, batch, _):
        loss, _accuracy = self.loss(batch)
        self.log("train_loss", loss)
        if not self.automatic_optimization:
            for optimizer in self.optimizers():
                optimizer.zero_grad()
            self.manual_backward(loss)
            for optimizer in self.optimizers():
                optimizer.step()
        return loss

    def validation_step(self, batch, _):
        loss, accuracy = self.loss(batch)
        self.log_dict({"val_loss": loss, "val_acc": accuracy})

    def configure_optimizers(self):
        if self.automatic_optimization:
            return torch.optim.Adam(self.parameters(), lr=0.05)
        return [torch.optim.Adam(self.layers[at].parameters(), lr=0.05) for at in (0, 2)]


def examples(count: int, seed: int) -> TensorDataset:
    torch.manual_seed(seed)
    inputs = torch.randn(count, 8)
    return TensorDataset(inputs, (inputs[:, :3] + torch.randn(count, 3)).argmax(-1))


parser = argparse.ArgumentParser()
parser.add_argument("folder")
parser.add_argument("--client", action="store_true")
parser.add_argument("--logger", choices=["csv", "tensorboard"])
parser.add_argument("--optimizers", type=int, default=1)
options = parser.parse_args()
kind = TensorBoardLogger if options.logger == "tensorboard" else CSVLogger
loggers = [kind(options.folder, name="", version=None if options.logger else "")]
if options.client:
    from bestmark.lightning import BestmarkLogger

    loggers.append(BestmarkLogger(options.folder))

train, held = examples(80, 1), examples(64, 2)
torch.manual_seed(0)
folder = None if options.logger else f"{options.folder}/checkpoints"
saver = ModelCheckpoint(folder, monitor="val_loss", mode="min", save_top_k=-1)
trainer = lightning.Trainer(
    max_epochs=6, logger=loggers, callbacks=[saver], log_every_n_steps=5, accelerator="cpu",
    val_check_interval=5, enable_progress_bar=False, enable_model_summary=False)
trainer.fit(Classifier(optimizers=options.optimizers), DataLoader(train, batch_size=8), DataLoader(held, batch_size=64))
print(f"best {saver.best_model_path} {saver.best_model_score.item()!r}")
