"""A callback for Keras: `model.fit(…, callbacks=[saver, BestmarkCallback("runs/one", saver)])`."""
from typing import Any

import keras
import bestmark
from bestmark.trouble import safely


class BestmarkCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes the journal to `folder` and reports the files of `saver`, a ModelCheckpoint that saves
    per epoch and comes before it in the list. Other arguments go to `bestmark.init`."""

    def __init__(self, folder: str = bestmark.FOLDER, saver: Any = None, **options: Any) -> None:
        super().__init__()
        self.folder, self.saver, self.options = folder, saver, options

    @safely
    def on_train_begin(self, logs: Any = None) -> None:
        """Begins the run, or its next attempt."""
        epochs, steps = self.params.get("epochs"), self.params.get("steps")
        self.best = getattr(self.saver, "best", None)
        defaults = {
            "total_epochs": epochs, "total_steps": epochs * steps if epochs and steps else None,
            "metric": getattr(self.saver, "monitor", None),
            "declared_by": "the ModelCheckpoint's monitor"}
        bestmark.init(self.folder, **{**defaults, **self.options})

    @safely
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Logs the epoch's values, and reports what the saver saved before."""
        step = int(self.model.optimizer.iterations)
        bestmark.log(logs or {}, step, epoch + 1)
        if self.saver and self.saver.save_freq == "epoch":
            path = str(self.saver.filepath).format(epoch=epoch + 1, **logs or {})
            self.report_saved(path, step, epoch + 1)

    def report_saved(self, path: str, step: int, epoch: int) -> None:
        """Reports the saver's file of this epoch, if it wrote one."""
        has_improved, self.best = self.saver.best is not self.best, self.saver.best
        if has_improved or not self.saver.save_best_only:
            bestmark.checkpoint(path, step, epoch)
        if has_improved:
            bestmark.claim(path, step, self.saver.monitor, self.saver.best)

    def on_train_end(self, logs: Any = None) -> None:
        """Ends the run."""
        bestmark.finish()
