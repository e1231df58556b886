"""A logger for Lightning: `Trainer(logger=BestmarkLogger("runs/one"), …)`."""
import sys
from typing import Any

from lightning.pytorch.loggers import Logger
import bestmark
from bestmark.trouble import safely


class BestmarkLogger(Logger):  # type: ignore[misc]
    """Writes the journal to `folder`. A ModelCheckpoint without a `dirpath` saves to `checkpoints`
    in it. Other arguments go to `bestmark.init`."""
    name = version = save_dir = ""
    trainer: Any = None

    def __init__(self, folder: str = bestmark.FOLDER, **options: Any) -> None:
        super().__init__()
        self.save_dir, self.options = folder, options
        self.saved_steps: dict[str | None, int] = {}  # by the path of the checkpoint

    @safely
    def log_hyperparams(self, params: Any, *_: Any, **__: Any) -> None:
        """Keeps the hyperparameters for `bestmark.init`, unless the caller passed a config."""
        config = params if isinstance(params, dict) else vars(params)
        self.options = {"config": config, **self.options}

    @safely
    def log_graph(self, model: Any, input_array: Any = None) -> None:
        """Begins the run. Lightning calls this at the start of fit, validate and test; only fit
        begins a run."""
        self.trainer = trainer = model.trainer
        if trainer.state.fn != "fit" or not trainer.is_global_zero:
            return
        saver, restored = trainer.checkpoint_callback, trainer._checkpoint_connector
        defaults = {
            "total_steps": trainer.max_steps, "total_epochs": trainer.max_epochs,
            "resumed_from": restored._loaded_checkpoint.get("global_step"),
            "metric": saver and saver.monitor, "declared_by": "the ModelCheckpoint's monitor",
            "direction": saver.mode if saver and saver.monitor else None}
        bestmark.init(self.save_dir, **{**defaults, **self.options})

    @safely
    def log_metrics(self, metrics: Any, step: Any = None) -> None:
        """Logs values at the trainer's own step; Lightning's `step` is a batch counted from 0."""
        checkpoint = None if self.trainer.state.fn == "fit" else self.trainer.ckpt_path
        values = {name: value for name, value in metrics.items() if name != "epoch"
                  and not (bestmark.HELD_OUT.match(name) and name.endswith("_step"))}
        at = self.saved_steps.get(checkpoint, self.trainer.global_step)
        bestmark.log(values, at, self.completed_epochs(metrics.get("epoch")))

    def completed_epochs(self, epoch: Any) -> Any:
        """The completed epochs, with the completed part of the present one. During a fit, Lightning
        counts the present epoch from 0."""
        batches = self.trainer.num_training_batches
        if self.trainer.state.fn != "fit" or batches in (0, float("inf")):
            return epoch
        return (self.trainer.fit_loop.epoch_loop.total_batch_idx + 1) / batches

    @safely
    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """Reports the saved checkpoint, and which one the ModelCheckpoint calls its best."""
        saver, path = checkpoint_callback, checkpoint_callback._last_checkpoint_saved
        if path:
            self.saved_steps[path] = saver._last_global_step_saved
            bestmark.checkpoint(path, self.saved_steps[path])
        if best := saver.monitor and saver.best_model_path:
            bestmark.claim(best, self.saved_steps.get(best), saver.monitor, saver.best_model_score)

    def finalize(self, status: str) -> None:
        """Ends the run."""
        bestmark.finish(error=sys.exc_info()[1] if status == "failed" else None)
