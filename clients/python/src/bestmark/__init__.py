"""Reports a training run to Bestmark. Everything goes to `journal.jsonl` in the run's folder.
`bestmark watch`, `import` or `pick` reads it at once or later, here or on another machine."""
import atexit
from typing import TYPE_CHECKING

from .names import HELD_OUT, HELD_OUT_LOSS, TRAINING_LOSS
from .paths import FOLDER, Path
from .ranks import RANKS
from .run import Count, Reporter, Samples

__all__ = ["FOLDER", "HELD_OUT", "HELD_OUT_LOSS", "RANKS", "TRAINING_LOSS", "Count",
           "Path", "Samples", "checkpoint", "claim", "finish", "init", "log", "read",
           "sample"]

if TYPE_CHECKING:
    from .reader import Board

_reporter = Reporter()
init, log = _reporter.init, _reporter.log
checkpoint, claim, finish = _reporter.checkpoint, _reporter.claim, _reporter.finish
sample = _reporter.sample
atexit.register(_reporter.end)


def read(url: str, token: str | None = None) -> "Board":
    """A board to read from, such as `bestmark.read(url).job("my-run").best`.

    `url` is the link that `bestmark up` printed. Pass `token` if the link has none; the file
    `token` in the board's data folder holds it.
    """
    # A training program does not load what only a reader needs.
    from .reader import Board
    return Board(url, token)
