"""Reports a training run to Bestmark. Everything goes to `journal.jsonl` in the run's folder.
`bestmark watch`, `import` or `pick` reads it at once or later, here or on another machine."""
import atexit
import json
import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from .journal import BEGINNING_PATIENCE, FOLDER, Journal
from .trouble import safely, warned
from .values import counted, measured

HELD_OUT = re.compile(r"(eval|val|valid|validation|dev|test)[_/]", re.I)
HELD_OUT_LOSS = re.compile(r"^(eval|val|valid|validation|dev)[_/]loss(_epoch)?$", re.I)
TRAINING_LOSS = re.compile(r"^train(ing)?[_/]loss(_step)?$", re.I)
RANKS = ("RANK", "LOCAL_RANK", "NODE_RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
Count = int | None
Path = str | os.PathLike[str]
Samples = int | Mapping[str, int | None] | None
_journal = Journal(FOLDER, {}, pid=0)  # no process writes this one
_step, _is_over, _error_before = 0, True, None
_samples: Samples = None

@safely
def init(folder: Path = FOLDER, *, name: str | None = None, project: str = "",
         metric: str | None = None, direction: str | None = None, declared_by: str = "init",
         total_steps: Count = None, total_epochs: float | None = None, save_steps: Count = None,
         resumed_from: Count = None, samples: Samples = None, loss_unit: str = "unknown",
         config: Any = None, all_ranks: bool = False) -> None:
    """Begins a run in `folder`, or the next attempt of the run that is already there.
    `metric` and `direction` ("min" or "max") declare what best means. `samples` is the default of
    `log`. `loss_unit` is "nats_per_token" if exp(eval_loss) is a perplexity. `config` is a mapping
    or an object with attributes. In distributed training only rank 0 writes; with `all_ranks` each
    process writes, and each needs its own folder."""
    global _journal, _step, _samples, _is_over, _error_before
    _end()
    warned.clear()
    _step, _samples, _is_over, _error_before = 0, samples, False, getattr(sys, "last_value", None)
    header = {"name": str(name or os.path.basename(os.path.abspath(folder))),
              "project": str(project)}
    _journal = Journal(os.fspath(folder), header, os.getpid() if all_ranks or _is_first() else 0)
    clear: dict[str, Any] = {"config": {}, "direction": None}
    try:
        said = config if isinstance(config, Mapping | None) else vars(config)
        clear["config"] = json.loads(json.dumps(dict(said or {}), default=str, skipkeys=True))
        clear["direction"] = direction and {"min": "min", "max": "max"}[direction]
    finally:  # the run begins even if an argument is wrong
        _journal.record(
            "started", **header, **clear, metric_for_best=metric and _called(metric),
            declared_by=declared_by if metric else None, total_steps=counted(total_steps),
            total_epochs=counted(total_epochs, kind=float), save_steps=counted(save_steps),
            resumed_from=counted(resumed_from), loss_unit=loss_unit)
        with suppress(TimeoutError):  # the file exists before the program goes on in its folder
            _journal.flush(BEGINNING_PATIENCE)

@safely
def log(values: Mapping[str, Any], step: Count = None, epoch: float | None = None,
        samples: Samples = None) -> None:
    """Logs values at a step: completed optimiser steps, by default the previous step.
    Names that begin with eval, val, valid, validation, dev or test are evaluations of its weights;
    all others are training metrics. `samples` is the size of the evaluated set; if sets differ, it
    maps the beginning or end of their names to sizes. Values that are no numbers are skipped."""
    global _step
    _step = counted(step, _step)
    sizes = _samples if samples is None else samples
    sizes = sizes if isinstance(sizes, Mapping) else {"": sizes}
    told: dict[tuple[str, int | None], dict[str, Any]] = {}
    for name, number in ((str(name), measured(value)) for name, value in values.items()):
        of = max((mark for mark in sizes if name.startswith(mark) or name.endswith(mark)),
                 key=len, default="")
        kind = ("evaluation", counted(sizes.get(of))) if HELD_OUT.match(name) else ("metrics", None)
        if number is not None:
            told.setdefault(kind, {})[name if _called(name) in values else _called(name)] = number
    for (called, size), some in told.items():
        over = {"samples": size} if called == "evaluation" else {}
        _journal.record(called, step=_step, epoch=counted(epoch, kind=float), values=some, **over)

@safely
def checkpoint(path: Path, step: Count = None, epoch: float | None = None) -> None:
    """Reports a completely saved file or folder below the run's folder."""
    _journal.record("checkpoint", path=os.fspath(path), step=counted(step, _step),
                    epoch=counted(epoch, kind=float), files_state="complete")

@safely
def claim(path: Path | None, step: Count, metric: str | None, value: Any) -> None:
    """Reports which checkpoint the training program itself calls its best."""
    _journal.record("claim", path=path and os.fspath(path), step=counted(step),
                    metric=metric and _called(metric), value=measured(value))

@safely
def finish(status: str | None = None, error: str | BaseException | None = None) -> None:
    """Ends the run once, as completed, failed or stopped; by default the error decides. Waits until
    its lines are written, at most 10 seconds if the file system hangs. Without this call the run
    ends with the program or the next `init`, and an uncaught error decides."""
    global _is_over
    if not _is_over:
        _is_over = True
        failed = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
        _journal.record("ended", status=status or ("completed" if error is None else failed),
                        error=repr(error) if isinstance(error, BaseException) else error)
    _journal.flush()

@atexit.register
def _end() -> None:
    error = getattr(sys, "last_value", None)
    finish(error=None if error is _error_before else error)

def _called(name: str) -> str:
    return HELD_OUT_LOSS.sub("eval_loss", TRAINING_LOSS.sub("loss", name))

def _is_first() -> bool:
    """Whether this process is rank 0: torch decides if it is initialised, else the launcher."""
    torch = sys.modules.get("torch.distributed")
    if torch is not None and torch.is_available() and torch.is_initialized():
        return bool(torch.get_rank() == 0)
    # With RANK set, rank 0 may run on any node, so the other variables do not count.
    told = RANKS[:1] if RANKS[0] in os.environ else RANKS
    return all(os.environ.get(rank, "0") == "0" for rank in told)
