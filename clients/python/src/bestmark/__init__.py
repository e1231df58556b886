"""Tells Bestmark of a training run. Everything goes to `journal.jsonl` in the run's folder, which
`bestmark watch`, `import` or `pick` reads, then or later, there or elsewhere, without a network."""
import atexit
import json
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

from .journal import Journal, finite, measured, safely, warned, whole

HELD_OUT = re.compile(r"(eval|val|valid|validation|dev|test)[_/]", re.I)
HELD_OUT_LOSS = re.compile(r"(eval|val|valid|validation|dev)[_/]loss(_epoch)?", re.I)
TRAINING_LOSS = re.compile(r"train(ing)?[_/]loss(_step)?", re.I)
RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
Samples = int | Mapping[str, int | None] | None
_journal: Journal | None = None
_step, _is_over, _error_before, _samples = 0, True, None, None

@safely
def init(folder: str | os.PathLike[str] = ".", *, name: str | None = None, project: str = "",
         metric: str | None = None, direction: str | None = None, declared_by: str = "init",
         total_steps: int | None = None, total_epochs: float | None = None,
         save_steps: int | None = None, resumed_from: int | None = None, samples: Samples = None,
         loss_unit: str = "unknown", config: Mapping[Any, Any] | None = None,
         all_ranks: bool = False) -> None:
    """Begins a run in `folder`, or its next attempt where one stands there already.
    `metric` and `direction` ("min" or "max") declare what best means; `samples` is what `log` takes
    where it is told none; `loss_unit` is "nats_per_token" where exp(eval_loss) is a perplexity. In
    distributed training only rank 0 writes, unless `all_ranks` (each into a folder of its own)."""
    global _journal, _step, _is_over, _error_before, _samples
    _at_exit()
    warned.clear()
    _step, _is_over, _error_before, _samples = 0, False, getattr(sys, "last_value", None), samples
    header = {"name": name or os.path.basename(os.path.abspath(folder)), "project": project}
    _journal = Journal(os.fspath(folder), header) if all_ranks or _is_first() else None
    _record({
        "type": "started", **header, "metric_for_best": metric and _called(metric),
        "direction": direction, "declared_by": declared_by if metric else None,
        "total_steps": whole(total_steps), "total_epochs": finite(total_epochs),
        "save_steps": whole(save_steps), "resumed_from": whole(resumed_from),
        "loss_unit": loss_unit,
        "config": json.loads(json.dumps(dict(config or {}), default=str, skipkeys=True))})

@safely
def log(values: Mapping[str, Any], step: int | None = None, epoch: float | None = None,
        samples: Samples = None) -> None:
    """Logs values at a step, counted as optimiser steps completed (without one, the last step).
    Names that begin with eval, val, valid, validation, dev or test are evaluations of the weights of
    that step, over so many `samples` (where sets differ, by the beginning or end of their names);
    all others are what training itself logs. What is no number is left out."""
    global _step
    _step = whole(step, _step) or 0
    sizes = _samples if samples is None else samples
    sizes = sizes if isinstance(sizes, Mapping) else {"": sizes}
    told: dict[tuple[str, int | None], dict[str, Any]] = {}
    for name, value in ((str(name), value) for name, value in values.items()):
        called, number = _called(name), measured(value)
        of = max((mark for mark in sizes if name.startswith(mark) or name.endswith(mark)),
                 key=len, default="")
        kind = ("evaluation", whole(sizes.get(of))) if HELD_OUT.match(name) else ("metrics", None)
        if number is not None:
            told.setdefault(kind, {})[name if called in values else called] = number
    _record(*({"type": kind, "step": _step, "epoch": finite(epoch), "samples": size, "values": some}
              for (kind, size), some in told.items()))

@safely
def checkpoint(path: str | os.PathLike[str], step: int | None = None,
               epoch: float | None = None) -> None:
    """Tells of a file or folder below the run's folder that is saved whole."""
    _record({"type": "checkpoint", "path": os.fspath(path), "step": whole(step, _step),
             "epoch": finite(epoch), "files_state": "complete"})

@safely
def claim(path: str | None, step: int | None, metric: str | None, value: Any) -> None:
    """Tells which checkpoint the training program itself calls its best."""
    _record({"type": "claim", "path": path, "step": whole(step), "value": measured(value),
             "metric": metric and _called(metric)})

@safely
def finish(status: str = "completed", error: str | None = None) -> None:
    """Ends the run as completed, failed or stopped, once, and waits for its lines to be written (10
    seconds at most). Without it a run ends with the program or the next `init`: as failed where an
    error was left uncaught, else as completed."""
    global _is_over
    if not _is_over:
        _is_over = True
        _record({"type": "ended", "status": status, "error": error})
    if _journal is not None:
        _journal.flush()

@safely
def finish_by(error: BaseException | None) -> None:
    """Ends the run as it ends by an error that nobody caught, or by none."""
    how = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
    finish(how if error else "completed", repr(error) if error else None)

@atexit.register
def _at_exit() -> None:
    error = getattr(sys, "last_value", None)
    finish_by(None if error is _error_before else error)

def _record(*events: dict[str, Any]) -> None:
    if _journal is not None:
        _journal.record(*events)

def _called(name: str) -> str:
    loss = "eval_loss" if HELD_OUT_LOSS.fullmatch(name) else "loss"
    return loss if loss == "eval_loss" or TRAINING_LOSS.fullmatch(name) else name

def _is_first() -> bool:
    """Whether this process is rank 0, by torch where it knows, else by the first launcher's word."""
    torch = sys.modules.get("torch.distributed")
    if torch is not None and torch.is_available() and torch.is_initialized():
        return bool(torch.get_rank() == 0)
    # A launcher that gives ranks may put its first one on any node of those below it.
    told = RANKS[:1] if RANKS[0] in os.environ else RANKS
    return all(os.environ.get(rank, "0") == "0" for rank in told)
