"""An error gives one warning per run and never stops a training."""
import logging
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

Arguments = ParamSpec("Arguments")
warned: set[tuple[str, type]] = set()


def safely(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """The same function, but it warns instead of raising an error."""
    @wraps(function)
    def safe(*args: Arguments.args, **named: Arguments.kwargs) -> None:
        try:
            function(*args, **named)
        except Exception as error:
            warn(function.__name__, error)
    return safe


def warn(name: str, error: Exception) -> None:
    """Warns once per function name and type of error."""
    if (name, type(error)) not in warned:
        warned.add((name, type(error)))
        logging.getLogger("bestmark").warning("%s failed (%r); training continues.", name, error)
