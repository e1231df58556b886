"""An error gives one warning per run and never stops a training."""
import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

Told = ParamSpec("Told")
warned: set[tuple[str, type]] = set()

def safely(act: Callable[Told, None]) -> Callable[Told, None]:
    """The same function, but it warns instead of throwing."""
    @wraps(act)
    def acted(*args: Told.args, **named: Told.kwargs) -> None:
        try:
            act(*args, **named)
        except Exception as error:
            warn(act.__qualname__, error)
    return acted

def warn(name: str, error: Exception) -> None:
    """Warns once per function name and type of error."""
    if (name, type(error)) not in warned:
        warned.add((name, type(error)))
        logging.getLogger("bestmark").warning("%s failed (%r); training goes on.", name, error)
