"""A callback for HuggingFace's Trainer: `Trainer(…, callbacks=[BestmarkCallback()])`."""
from typing import Any

from transformers import TrainerCallback
import bestmark
from bestmark.trouble import safely


class BestmarkCallback(TrainerCallback):  # type: ignore[misc]
    """Writes the journal to the Trainer's output_dir; its arguments go to `bestmark.init`."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.has_trained = False

    @safely
    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Begins the run, or its next attempt."""
        self.has_trained = False
        # The Trainer only guesses a direction, so a direction must come from the caller.
        defaults = {
            "total_steps": state.max_steps, "total_epochs": state.num_train_epochs,
            "save_steps": state.save_steps if args.save_strategy == "steps" else None,
            "resumed_from": state.global_step or None, "config": args.to_sanitized_dict(),
            "metric": args.metric_for_best_model, "declared_by": "metric_for_best_model"}
        bestmark.init(args.output_dir, **{**defaults, **self.options})

    @safely
    def on_log(self, args: Any, state: Any, control: Any, logs: Any, **_: Any) -> None:
        """Logs what the Trainer logs, at the step whose weights it has loaded."""
        values = {name: value for name, value in logs.items()
                  if not name.startswith("train_") and name not in ("total_flos", "epoch")}
        if values.get("loss") == 0 and values.get("grad_norm") != values.get("grad_norm"):
            values["loss"] = float("nan")  # logging_nan_inf_filter turns a NaN loss into 0
        # After training the Trainer may have loaded its best checkpoint.
        best = state.best_model_checkpoint if args.load_best_model_at_end else None
        is_best_loaded = self.has_trained and best
        step = int(best.rsplit("-", 1)[1]) if is_best_loaded else state.global_step
        epoch = None if is_best_loaded else state.epoch
        bestmark.log(values, step, epoch, samples_by_prefix(values) or None)

    @safely
    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Reports the saved checkpoint, and which one the Trainer calls its best."""
        folder = f"{args.output_dir}/checkpoint-{state.global_step}"
        bestmark.checkpoint(folder, state.global_step, state.epoch)
        if state.best_metric is not None:
            metric = "eval_" + args.metric_for_best_model.removeprefix("eval_")
            bestmark.claim(state.best_model_checkpoint, state.best_global_step, metric,
                           state.best_metric)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ends the run; evaluations may still come."""
        self.has_trained = True
        bestmark.finish()


def samples_by_prefix(values: dict[str, Any]) -> dict[str, int | None]:
    """The size of each evaluated set, from the Trainer's own times and rates."""
    prefixes = [name.removesuffix("runtime") for name in values if name.endswith("_runtime")]
    return {prefix: round(values[prefix + "runtime"]
                          * values.get(prefix + "samples_per_second", 0)) or None
            for prefix in prefixes}
