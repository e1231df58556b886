"""The run that this process reports."""
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from .journal import START_PATIENCE, Journal
from .machine import Machine, is_wanted
from .names import board_name, is_held_out
from .paths import FOLDER, RUN_FOLDER, Path
from .ranks import is_first_rank
from .samples import sample_file, write_whole
from .sending import TO, Sending
from .slurm import array_task_name
from .trouble import safely, warn_argument, warn_once, warned
from .values import as_count, as_json_object, as_number

Count = int | None
Samples = int | Mapping[str, int | None] | None
DIRECTIONS = ("min", "max")


def _direction(direction: object) -> str | None:
    """The direction of the metric; None, with a warning, if it is neither "min" nor "max"."""
    if direction is None or isinstance(direction, str) and direction in DIRECTIONS:
        return direction
    warn_argument("direction", '"min" or "max"', direction)
    return None


def _config(config: object) -> dict[str, Any]:
    """The configuration as JSON; empty, with a warning, if it cannot be one."""
    try:
        return as_json_object(config)
    except Exception:  # it may be an object of any program
        warn_argument("config", "a mapping or an object with attributes", config)
        return {}


class Reporter:
    """The run that this process reports: none before `init`, and one at a time."""

    def __init__(self) -> None:
        self.journal = Journal(FOLDER, {}, pid=0)  # no process writes this one
        self._machine: Machine | None = None
        self._sending: Sending | None = None
        self._step = 0  # of the last call of `log`
        self._samples: Samples = None
        self._has_begun = False
        self._has_ended = True
        self._error_before: BaseException | None = None  # uncaught before the run began

    @safely
    def init(self, folder: Path = FOLDER, *, name: str | None = None, project: str = "",
             metric: str | None = None, direction: str | None = None, declared_by: str = "init",
             total_steps: Count = None, total_epochs: float | None = None, save_steps: Count = None,
             resumed_from: Count = None, samples: Samples = None, loss_unit: str = "unknown",
             config: Any = None, all_ranks: bool = False, to: str | None = None,
             token: str | None = None) -> None:
        """Begins a run in `folder`, or the next attempt of the run that is already there.

        `metric` and `direction` ("min" or "max") declare what best means. `samples` is the default
        of `log`. `loss_unit` is "nats_per_token" if exp(eval_loss) is a perplexity. `config` is a
        mapping or an object with attributes. In distributed training only rank 0 writes; with
        `all_ranks` each process writes, and each needs its own folder. `to` is the address of a
        board that the journal is sent to, and `token` a token that allows it; by default those of
        the variables BESTMARK_TO and BESTMARK_TOKEN."""
        self.end()
        warned.clear()
        self._step, self._samples, self._has_ended = 0, samples, False
        self._has_begun = True
        self._error_before = uncaught_error()
        default = array_task_name() or os.path.basename(os.path.abspath(folder))
        header = {"name": str(name or default),
                  "project": str(project)}
        pid = os.getpid() if all_ranks or is_first_rank() else 0
        self.journal = Journal(os.fspath(folder), header, pid)
        self.journal.record(
            "started", **header, config=_config(config), direction=_direction(direction),
            metric_for_best=metric and board_name(metric),
            declared_by=declared_by if metric else None, total_steps=as_count(total_steps),
            total_epochs=as_count(total_epochs, kind=float), save_steps=as_count(save_steps),
            resumed_from=as_count(resumed_from), loss_unit=loss_unit)
        self._begin_machine()
        with suppress(TimeoutError):  # the file exists before the program works in its folder
            self.journal.flush(START_PATIENCE)
        self._begin_sending(to or os.environ.get(TO), token)

    @safely
    def log(self, values: Mapping[str, Any], step: Count = None, epoch: float | None = None,
            samples: Samples = None) -> None:
        """Logs values at a step: completed optimiser steps, by default the previous step.

        Names that begin with eval, val, valid, validation, dev or test are evaluations of its
        weights; all others are training metrics. `samples` is the size of the evaluated set; if
        sets differ, it maps the beginning or end of their names to sizes. Values that are not
        numbers are skipped."""
        self._warn_before_init("log")
        self._step = as_count(step, self._step)
        at = {"step": self._step, "epoch": as_count(epoch, kind=float)}
        sizes = self._samples if samples is None else samples
        groups: dict[tuple[str, Count], dict[str, float | str]] = {}
        for key, value in values.items():
            name, number = str(key), as_number(value)
            if number is not None:
                is_evaluation, renamed = is_held_out(name), board_name(name)
                group = ("evaluation", size_of(name, sizes)) if is_evaluation else ("metrics", None)
                groups.setdefault(group, {})[name if renamed in values else renamed] = number
        for (kind, size), numbers in groups.items():
            extra = {"samples": size} if kind == "evaluation" else {}
            self.journal.record(kind, **at, values=numbers, **extra)

    @safely
    def checkpoint(self, path: Path, step: Count = None, epoch: float | None = None) -> None:
        """Reports a completely saved file or folder below the run's folder."""
        self._warn_before_init("checkpoint")
        self.journal.record("checkpoint", path=os.fspath(path), step=as_count(step, self._step),
                            epoch=as_count(epoch, kind=float), files_state="complete")

    @safely
    def sample(self, step: Count = None, *, text: str | None = None, image: Any = None,
               audio: Any = None, prompt: str | None = None, index: int = 0) -> None:
        """Reports what the model makes at a step: a text, an image, a sound, or several of them.

        `image` and `audio` are a path or the bytes of a file; `image` may also be an object with
        `save`, such as PIL's. The file is copied beside the journal, before this returns. `index`
        counts the prompts from 0, so that the board compares equal prompts."""
        self._warn_before_init("sample")
        if not self.journal.is_ours:
            return
        at = {"step": as_count(step, self._step), "prompt_index": as_count(index, 0),
              "prompt": None if prompt is None else str(prompt)}
        if text is not None:
            self.journal.record("sample", **at, kind="text", text=str(text))
        folder = self.journal.file.folder
        for kind, content in (("image", image), ("audio", audio)):
            if content is not None:
                file = sample_file(folder, kind, content, at["step"], at["prompt_index"])
                write_whole(folder, file)
                path = os.path.join(folder, file.relative)
                self.journal.record("sample", **at, kind=kind, path=path)

    @safely
    def claim(self, path: Path | None, step: Count, metric: str | None, value: Any) -> None:
        """Reports which checkpoint the training program itself calls its best."""
        self._warn_before_init("claim")
        self.journal.record("claim", path=path and os.fspath(path), step=as_count(step),
                            metric=metric and board_name(metric), value=as_number(value))

    @safely
    def finish(self, status: str | None = None, error: str | BaseException | None = None) -> None:
        """Ends the run once, as completed, failed or stopped; by default the error decides.

        Waits until its lines are written, at most 10 seconds if the file system hangs. Without
        this call the run ends with the program or the next `init`, and an uncaught error decides."""
        if not self._has_ended:
            self._has_ended = True
            if self._machine:
                self._machine.end()
            text = repr(error) if isinstance(error, BaseException) else error
            self.journal.record("ended", status=status or status_of(error), error=text)
        try:
            self.journal.flush()
        finally:
            sending, self._sending = self._sending, None
            if sending and self.journal.is_ours:
                sending.end()

    def _warn_before_init(self, name: str) -> None:
        """Warns once that nothing is recorded before a run begins."""
        if not self._has_begun:
            text = f"bestmark.{name} was called before bestmark.init, so nothing is recorded."
            warn_once(("before init", type(None)), text)

    def _begin_machine(self) -> None:
        """Records the machine in the journal."""
        self._machine = None
        if self.journal.is_ours and is_wanted():
            self._machine = Machine(self.journal.record)
            self._machine.begin()

    def _begin_sending(self, to: str | None, token: str | None) -> None:
        """Sends the journal to a board. Under `bestmark run` that command puts it there."""
        self._sending = None
        if to and self.journal.is_ours and not os.environ.get(RUN_FOLDER):
            self._sending = Sending(self.journal.file.path, to, token)

    def end(self) -> None:
        """Ends the run as the program does, by an error that nothing caught or without one."""
        error = uncaught_error()
        self.finish(error=None if error is self._error_before else error)


def uncaught_error() -> BaseException | None:
    """The error that ended the program or, in an interactive session, the last statement."""
    return getattr(sys, "last_value", None)


def status_of(error: str | BaseException | None) -> str:
    """How a run ended by its error."""
    if error is None:
        return "completed"
    return "stopped" if isinstance(error, KeyboardInterrupt) else "failed"


def size_of(name: str, sizes: Samples) -> Count:
    """The number of samples behind a value; of several sets the longest matching name counts."""
    if not isinstance(sizes, Mapping):
        count: Count = as_count(sizes)
        return count
    matching = [part for part in sizes if name.startswith(part) or name.endswith(part)]
    longest: Count = as_count(sizes[max(matching, key=len)]) if matching else None
    return longest
