"""Tells Bestmark of a training run. Everything goes to `journal.jsonl` in the run's folder, which
`bestmark watch`, `import` or `pick` reads, then or later, there or elsewhere, without a network."""

import atexit
import os
import sys
from collections.abc import Mapping
from typing import Any

from .journal import Journal, finite, measured, whole

EVALUATION = tuple(split + mark for split in ("eval", "val", "valid", "test") for mark in "_/")
LOSSES = {**{f"{name}loss": "eval_loss" for name in EVALUATION[:6]}, "train_loss": "loss"}
RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
_journal: Journal | None = None
_step, _is_over, _error_before = 0, True, None

def init(folder: str = ".", *, name: str | None = None, project: str = "",
         metric: str | None = None, direction: str | None = None, declared_by: str = "init",
         total_steps: int | None = None, total_epochs: float | None = None,
         save_steps: int | None = None, resumed_from: int | None = None, loss_unit: str = "unknown",
         config: Mapping[Any, Any] | None = None, all_ranks: bool = False) -> None:
    """Begins a run in `folder`, or its next attempt where one stands there already.
    `metric` and `direction` ("min" or "max") declare what best means; `loss_unit` is
    "nats_per_token" where exp(eval_loss) is a perplexity. In distributed training only rank 0
    writes, unless `all_ranks` (then each needs a folder of its own)."""
    global _journal, _step, _is_over, _error_before
    _end()
    is_mine = all_ranks or all(os.environ.get(rank, "0") == "0" for rank in RANKS)
    header = {"name": name or os.path.basename(os.path.abspath(folder)), "project": project}
    _journal = Journal(folder, header) if is_mine else None
    _step, _is_over, _error_before = 0, False, getattr(sys, "last_value", None)
    _record({
        "type": "started", **header, "metric_for_best": LOSSES.get(metric or "", metric),
        "direction": direction, "declared_by": declared_by if metric else None,
        "total_steps": whole(total_steps), "total_epochs": finite(total_epochs),
        "save_steps": whole(save_steps), "resumed_from": whole(resumed_from),
        "loss_unit": loss_unit,
        "config": {str(key): value for key, value in (config or {}).items()}})

def log(values: Mapping[str, Any], step: int | None = None, epoch: float | None = None,
        samples: int | None = None) -> None:
    """Logs values at a step, counted as optimiser steps completed (without one, the last step).
    Names that begin with eval, val, valid or test are evaluations of the weights of that step, over
    `samples` examples (their loss is `eval_loss`, `val_loss` too); all others are what training
    itself logs. What is no number is left out."""
    global _step
    _step = whole(step, _step) or 0
    numbers = {LOSSES.get(name, str(name)): measured(value) for name, value in values.items()}
    trained = {name: value for name, value in numbers.items() if value is not None}
    evaluated = {name: trained.pop(name) for name in list(trained) if name.startswith(EVALUATION)}
    where = {"step": _step, "epoch": finite(epoch), "samples": whole(samples)}
    kinds = {"metrics": trained, "evaluation": evaluated}
    _record(*({"type": kind, **where, "values": some} for kind, some in kinds.items() if some))

def checkpoint(path: str, step: int | None = None, epoch: float | None = None) -> None:
    """Tells of a file or folder below the run's folder that is saved whole."""
    _record({"type": "checkpoint", "path": path, "step": whole(step, _step),
             "epoch": finite(epoch), "files_state": "complete"})

def claim(path: str | None, step: int | None, metric: str | None, value: Any) -> None:
    """Tells which checkpoint the training program itself calls its best."""
    _record({"type": "claim", "path": path, "step": whole(step), "value": measured(value),
             "metric": LOSSES.get(metric or "", metric)})

def finish(status: str = "completed", error: str | None = None) -> None:
    """Ends the run as completed, failed or stopped, once. Without it a run ends with the program or
    the next `init`: as failed where an error was left uncaught, else as completed."""
    global _is_over
    if not _is_over:
        _record({"type": "ended", "status": status, "error": error})
    _is_over = True

def _record(*events: dict[str, Any]) -> None:
    if _journal is not None:
        _journal.record(*events)

@atexit.register
def _end() -> None:
    error = getattr(sys, "last_value", None)
    if error is None or error is _error_before:
        return finish()
    finish("stopped" if isinstance(error, KeyboardInterrupt) else "failed", repr(error))
