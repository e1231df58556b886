"""A callback for Keras: `model.fit(…, callbacks=[saver, BestmarkCallback("runs/one", saver)])`."""
import os
import time
from typing import Any

import keras
import bestmark
from bestmark.journal import safely

class BestmarkCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Writes the journal to `folder`, and tells of the files of `saver`, a ModelCheckpoint of whole
    epochs that stands before it in the list; what else it is given goes to `bestmark.init`."""
    def __init__(self, folder: str = ".", saver: Any = None, **told: Any) -> None:
        super().__init__()
        self.folder, self.saver, self.told, self.written = folder, saver, told, {}  # type: ignore

    @safely
    def on_train_begin(self, logs: Any = None) -> None:
        epochs, steps, self.began = self.params.get("epochs"), self.params.get("steps"), time.time()
        bestmark.init(self.folder, **{
            "total_epochs": epochs, "total_steps": epochs * steps if epochs and steps else None,
            "metric": getattr(self.saver, "monitor", None),
            "declared_by": "the ModelCheckpoint's monitor", **self.told})

    @safely
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        said, step = logs or {}, int(self.model.optimizer.iterations)
        bestmark.log(said, step, epoch + 1)
        path = str(self.saver.filepath).format(epoch=epoch + 1, **said) if self.saver else ""
        if os.path.exists(path):
            # What was not written in this epoch is an earlier one's. File systems round times.
            known = self.written.get(path, self.began - 1)
            self.written[path] = os.path.getmtime(path)
            if self.written[path] > known:
                bestmark.checkpoint(path, step, epoch + 1)
                if self.saver.save_best_only:
                    bestmark.claim(path, step, self.saver.monitor, self.saver.best)

    def on_train_end(self, logs: Any = None) -> None:
        bestmark.finish()
