"""Names of values: which are evaluations, and the board's name of each loss."""
import re
from functools import lru_cache

HELD_OUT = re.compile(r"(eval|val|valid|validation|dev|test)[_/]", re.I)
HELD_OUT_LOSS = re.compile(r"^(eval|val|valid|validation|dev)[_/]loss(_epoch)?$", re.I)
TRAINING_LOSS = re.compile(r"^train(ing)?[_/]loss(_step)?$", re.I)

MOST = 4_096  # names whose answers are kept, because a run logs the same names at each step


@lru_cache(MOST)
def is_held_out(name: str) -> bool:
    """Whether a value of this name was measured on data that the model does not train on."""
    return HELD_OUT.match(name) is not None


@lru_cache(MOST)
def board_name(name: str) -> str:
    """The name on the board: `eval_loss` and `loss`, whatever a program calls its losses."""
    return HELD_OUT_LOSS.sub("eval_loss", TRAINING_LOSS.sub("loss", name))
