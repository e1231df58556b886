"""What goes wrong warns, once a run, and never stops a training."""
import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

Told = ParamSpec("Told")
warned: set[tuple[str, type]] = set()

def safely(act: Callable[Told, None]) -> Callable[Told, None]:
    """Does the same, but warns where that would throw."""
    @wraps(act)
    def acted(*args: Told.args, **named: Told.kwargs) -> None:
        try:
            act(*args, **named)
        except Exception as error:
            warn(act.__qualname__, error)
    return acted

def warn(name: str, error: Exception) -> None:
    """Warns of a kind of error in an act of that name, unless that was warned of."""
    if (name, type(error)) not in warned:
        warned.add((name, type(error)))
        logging.getLogger("bestmark").warning("%s failed (%r); training goes on.", name, error)
