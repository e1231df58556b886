"""The events of a journal, and those that wait to be written."""
import threading
import time
from collections import deque
from collections.abc import Iterable
from typing import Any

Event = dict[str, Any]


def event(kind: str, /, **fields: Any) -> Event:
    """An event that happens now."""
    return {"type": kind, **fields, "at": int(time.time() * 1000)}


def warning(**fields: Any) -> Event:
    """A log line of the client itself."""
    return event("log", level="warning", **fields)


def missing_text(missing: dict[str, int], path: str) -> str:
    """How many events of which kind are missing."""
    words = {"metrics": "calls with metrics", "evaluation": "evaluations"}
    counts = " and ".join(f"{count} {words[kind]}" for kind, count in missing.items())
    return f"Missing from here on: {counts}. {path} could not be written, and too many events waited in memory."


class Waiting:
    """Events that wait to be written, in their order. Any thread adds, only the writer takes."""

    def __init__(self) -> None:
        self._events = deque[Event]()
        self._gap: Event | None = None  # the waiting event that counts dropped events
        self._gap_lock = threading.RLock()

    def __len__(self) -> int:
        return len(self._events)

    def add(self, waiting: Event) -> None:
        """Adds an event at the end."""
        self._events.append(waiting)

    def drop(self, kind: str) -> None:
        """Counts a dropped event at the position where it is missing."""
        with self._gap_lock:
            if self._gap is None:
                self._gap = warning(missing={})
                self._events.append(self._gap)
            missing = self._gap["missing"]
            missing[kind] = missing.get(kind, 0) + 1

    def take(self) -> Event:
        """Removes and returns the first event."""
        first = self._events.popleft()
        if first is self._gap:
            with self._gap_lock:
                self._gap = None
        return first

    def put_first(self, events: Iterable[Event]) -> None:
        """Puts events before those that wait."""
        self._events.extendleft(reversed(list(events)))
