"""Numbers in the form of a journal."""
import json
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any

def measured(value: Any) -> float | str | None:
    """A number (or a tensor of one) for JSON: NaN and the infinities become words."""
    with suppress(Exception):
        if not isinstance(value, (str, bytes)):
            number = float(value.item() if hasattr(value, "item") else value)
            return number if math.isfinite(number) else json.dumps(number)
    return None

def counted(value: Any, default: Any = None, kind: Callable[[float], Any] = int) -> Any:
    """A finite number ≥ 0, by default a whole one; otherwise the default."""
    number = measured(value)
    return kind(number) if isinstance(number, float) and number >= 0 else default
