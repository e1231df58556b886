"""A callback for HuggingFace's Trainer: `Trainer(…, callbacks=[BestmarkCallback()])`."""
from typing import Any

from transformers import TrainerCallback
import bestmark
from bestmark.trouble import safely

class BestmarkCallback(TrainerCallback):  # type: ignore[misc]
    """Writes the journal to the Trainer's output_dir; its arguments go to `bestmark.init`."""
    def __init__(self, **told: Any) -> None:
        self.told, self.has_ended = told, False

    @safely
    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.has_ended = False
        # The Trainer only guesses a direction, so a direction must come from the caller.
        bestmark.init(args.output_dir, **{
            "total_steps": state.max_steps, "total_epochs": state.num_train_epochs,
            "save_steps": state.save_steps if args.save_strategy == "steps" else None,
            "resumed_from": state.global_step or None, "config": args.to_sanitized_dict(),
            "metric": args.metric_for_best_model, "declared_by": "metric_for_best_model",
            **self.told})

    @safely
    def on_log(self, args: Any, state: Any, control: Any, logs: Any, **_: Any) -> None:
        said = {name: value for name, value in logs.items()
                if not name.startswith("train_") and name not in ("total_flos", "epoch")}
        if said.get("loss") == 0 and said.get("grad_norm") != said.get("grad_norm"):
            said["loss"] = float("nan")  # logging_nan_inf_filter turns a NaN loss into 0
        sets = [name.removesuffix("runtime") for name in said if name.endswith("_runtime")]
        samples = {of: round(said[of + "runtime"] * said.get(of + "samples_per_second", 0)) or None
                   for of in sets}
        # After training the Trainer may have loaded its best checkpoint.
        loaded = self.has_ended and args.load_best_model_at_end and state.best_model_checkpoint
        step = int(loaded.rsplit("-", 1)[1]) if loaded else state.global_step
        bestmark.log(said, step, None if loaded else state.epoch, samples or None)

    @safely
    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        folder = f"{args.output_dir}/checkpoint-{state.global_step}"
        bestmark.checkpoint(folder, state.global_step, state.epoch)
        if state.best_metric is not None:
            name, step = args.metric_for_best_model.removeprefix("eval_"), state.best_global_step
            bestmark.claim(state.best_model_checkpoint, step, f"eval_{name}", state.best_metric)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.has_ended = True
        bestmark.finish()
