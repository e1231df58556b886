"""A callback for Keras: `model.fit(…, callbacks=[saver, BestmarkCallback("runs/one", saver)])`."""
from typing import Any

import keras
import bestmark
from bestmark.trouble import safely

class BestmarkCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes the journal to `folder` and reports the files of `saver`, a ModelCheckpoint that saves
    per epoch and comes before it in the list. Other arguments go to `bestmark.init`."""
    def __init__(self, folder: str = bestmark.FOLDER, saver: Any = None, **told: Any) -> None:
        super().__init__()
        self.folder, self.saver, self.told = folder, saver, told

    @safely
    def on_train_begin(self, logs: Any = None) -> None:
        epochs, steps = self.params.get("epochs"), self.params.get("steps")
        self.best = getattr(self.saver, "best", None)
        bestmark.init(self.folder, **{
            "total_epochs": epochs, "total_steps": epochs * steps if epochs and steps else None,
            "metric": getattr(self.saver, "monitor", None),
            "declared_by": "the ModelCheckpoint's monitor", **self.told})

    @safely
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        saver, step = self.saver, int(self.model.optimizer.iterations)
        bestmark.log(logs or {}, step, epoch + 1)
        if saver and saver.save_freq == "epoch":
            path = str(saver.filepath).format(epoch=epoch + 1, **logs or {})
            has_improved, self.best = saver.best is not self.best, saver.best
            if has_improved or not saver.save_best_only:
                bestmark.checkpoint(path, step, epoch + 1)
            if has_improved:
                bestmark.claim(path, step, saver.monitor, saver.best)

    def on_train_end(self, logs: Any = None) -> None:
        bestmark.finish()
