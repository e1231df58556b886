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
    warn_once((name, type(error)), f"{name} failed ({error!r}); training continues.")


def warn_once(cause: tuple[str, type], text: str) -> None:
    """Warns once per cause."""
    if cause not in warned:
        warned.add(cause)
        logging.getLogger("bestmark").warning("%s", text)


def warn_argument(name: str, rule: str, got: object) -> None:
    """Warns about an argument that is ignored. The run begins all the same."""
    shown = repr(got) if isinstance(got, str | int | float) else f"an object of {type(got).__name__}"
    text = f"{name} must be {rule}; got {shown}. It is ignored, and the run begins without it."
    warn_once((name, type(None)), text)
