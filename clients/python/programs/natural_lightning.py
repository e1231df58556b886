"""A script as people write it: Lightning with its CSVLogger, and once more without any logger."""
import lightning
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from natural_pause import pause


class Linear(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(4, 1)

    def loss(self, batch):
        x, y = batch
        return ((self.layer(x).squeeze(-1) - y) ** 2).mean()

    def training_step(self, batch, _):
        loss = self.loss(batch)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, _):
        self.log("val_loss", self.loss(batch))

    def on_train_epoch_start(self):
        if self.current_epoch == 2:
            pause()

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters(), 1e-2)


x = torch.randn(64, 4)
loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, x.sum(1)), 8)
trainer = lightning.Trainer(
    max_epochs=4, logger=CSVLogger("."), log_every_n_steps=2, accelerator="cpu",
    callbacks=[ModelCheckpoint(monitor="val_loss", save_top_k=2)], enable_progress_bar=False)
trainer.fit(Linear(), loader, loader)
# The progress bar prints values, but the weights hold the monitor's own record.
trainer = lightning.Trainer(max_epochs=4, logger=False, accelerator="cpu", callbacks=[ModelCheckpoint(
    "models/bare", monitor="val_loss", save_top_k=1, filename="{epoch}-{val_loss:.3f}")])
trainer.fit(Linear(), loader, loader)
