"""Reports a training run to Bestmark. Everything goes to `journal.jsonl` in the run's folder.
`bestmark watch`, `import` or `pick` reads it at once or later, here or on another machine."""
import atexit

from .names import HELD_OUT, HELD_OUT_LOSS, TRAINING_LOSS
from .paths import FOLDER, Path
from .ranks import RANKS
from .run import Count, Reporter, Samples

__all__ = ["FOLDER", "HELD_OUT", "HELD_OUT_LOSS", "RANKS", "TRAINING_LOSS", "Count", "Path",
           "Samples", "checkpoint", "claim", "finish", "init", "log"]

_reporter = Reporter()
init, log = _reporter.init, _reporter.log
checkpoint, claim, finish = _reporter.checkpoint, _reporter.claim, _reporter.finish
atexit.register(_reporter.end)
