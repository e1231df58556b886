"""The journal of a run: one JSON line an event, each call one append, in the run's own folder."""

import json
import logging
import math
import os
import threading
import time
import uuid
from contextlib import suppress
from typing import Any

NAME, BEGINNING = "journal.jsonl", b'{"journal"'
LOG = logging.getLogger("bestmark")
ROOM = 8 << 20  # bytes that wait in memory while they cannot be written, as on a full disk

class Journal:
    """One attempt's part of a journal. It never stops a training: what cannot be written waits, and
    one warning says why. A forked child (a data loader's worker) writes nothing."""
    def __init__(self, folder: str, header: dict[str, Any]) -> None:
        self.folder, self.header = os.path.abspath(folder), header
        self.path = os.path.join(self.folder, NAME)
        self.attempt, self.lines, self.has_warned = -1, 0, False
        self.pid, self.lock, self.waiting = os.getpid(), threading.RLock(), bytearray()

    def record(self, *events: dict[str, Any]) -> None:
        """Appends events of this attempt and moment."""
        if os.getpid() != self.pid:
            return
        try:
            with self.lock:
                if self.attempt < 0:
                    self._begin()
                for event in events:
                    self._put({**event, "attempt": self.attempt, "at": int(time.time() * 1000)})
                # Opened each time, which is what shows the lines on a network file system.
                existing = os.open(self.path, os.O_WRONLY | os.O_APPEND)
                with open(existing, "ab", 0) as file:
                    del self.waiting[:file.write(self.waiting)]
                if self.waiting:
                    raise OSError("the disk took only a part of the line")
        except Exception as error:
            if not self.has_warned:
                LOG.warning("%s cannot be written (%s); training goes on.", self.path, error)
            self.has_warned = True

    def _put(self, said: dict[str, Any]) -> None:
        if len(self.waiting) > ROOM:
            raise OSError("too much waits to be written, so some is left out")
        if said.get("path"):
            said["path"] = os.path.relpath(said["path"], self.folder).replace(os.sep, "/")
        if said.get("type") == "evaluation":
            said["origin"] = {"file": NAME, "line": self.lines + 1}
        self.waiting += (json.dumps(said, default=str) + "\n").encode()
        self.lines += 1

    def _begin(self) -> None:
        os.makedirs(self.folder, exist_ok=True)
        first, line, lines, attempt = b"", b"\n", 0, -1
        with open(self.path, "a+b") as file:
            file.seek(0)
            for line in file:
                first, lines = first or line, lines + line.endswith(b"\n")
                with suppress(Exception):  # what a crash left of a line tells nothing
                    if b'"started"' in line:
                        attempt = max(attempt, json.loads(line)["attempt"])
        if first[:len(BEGINNING)] != BEGINNING[:len(first)]:
            raise ValueError("another program's file has that name")
        if lines == 0:  # what a crash left of a header is no header
            os.truncate(self.path, 0)
            self._put({"journal": 1, "job_id": str(uuid.uuid4()), "recipe": None, **self.header})
        elif not line.endswith(b"\n"):
            self.waiting, lines = bytearray(b"\n"), lines + 1
        self.attempt, self.lines = attempt + 1, lines or 1

def measured(value: Any) -> float | str | None:
    """A number (or a tensor of one) as JSON can hold it: NaN and the infinities are words."""
    with suppress(Exception):
        number = None if isinstance(value, (str, bytes)) else float(value)
        return number if number is None or math.isfinite(number) else json.dumps(number)
    return None

def finite(value: Any) -> float | None:
    """A number, or None for what is none or not finite."""
    number = measured(value)
    return number if isinstance(number, float) else None

def whole(value: Any, default: int | None = None) -> int | None:
    """A whole number that is not negative, else the default."""
    number = finite(value)
    return default if number is None or number < 0 else int(number)
