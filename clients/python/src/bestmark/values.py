"""Numbers in the form of a journal."""
import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any


def as_number(value: Any) -> float | str | None:
    """A number (or a tensor of one) for JSON: NaN and the infinities become words."""
    if type(value) is float and math.isfinite(value):  # as most values are
        return value
    with suppress(Exception):
        if not isinstance(value, (str, bytes)):
            number = float(value.item() if hasattr(value, "item") else value)
            return number if math.isfinite(number) else json.dumps(number)
    return None


def as_count(value: Any, default: Any = None, kind: Callable[[float], Any] = int) -> Any:
    """A finite number ≥ 0, by default a whole one; otherwise the default."""
    if value is None:  # the cases of each step need no error to catch
        return default
    if type(value) is int and kind is int:
        return value if value >= 0 else default
    number = as_number(value)
    return kind(number) if isinstance(number, float) and number >= 0 else default


def as_json_object(values: Any) -> dict[str, Any]:
    """A mapping, or an object's attributes, with all that JSON cannot hold as text."""
    mapping = values if isinstance(values, Mapping | None) else vars(values)
    text = json.dumps(dict(mapping or {}), default=str, skipkeys=True)
    converted: dict[str, Any] = json.loads(text)
    return converted
