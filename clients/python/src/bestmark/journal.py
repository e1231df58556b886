"""The journal of a run: one JSON line an event, appended in the run's own folder by a thread of its
own, so that a disk that is full, or a file system that hangs, holds up no training."""
import json
import logging
import math
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache, wraps
from queue import SimpleQueue
from typing import Any, ParamSpec

NAME, BEGINNING = "journal.jsonl", b'{"journal"'
ROOM = 200_000  # numbers that wait in memory (as lines 8 MB) while they cannot be written
PIECE = 1 << 16  # bytes of whole lines that are appended at once
PATIENCE = 10.0  # seconds that the end of a run waits for what is not written yet
LOG = logging.getLogger("bestmark")
Told = ParamSpec("Told")
warned: set[tuple[str, type]] = set()

def safely(act: Callable[Told, None]) -> Callable[Told, None]:
    """Does the same, but warns, once a run, where that would throw: it never stops a training."""
    @wraps(act)
    def acted(*args: Told.args, **named: Told.kwargs) -> None:
        try:
            act(*args, **named)
        except Exception as error:
            known = act.__qualname__, type(error)
            if known not in warned:
                warned.add(known)
                LOG.warning("%s failed (%r); training goes on.", act.__qualname__, error)
    return acted

@lru_cache(1)  # threads do not survive a fork
def writer(process: int) -> "SimpleQueue[Callable[[], None]]":
    """What a process wants done, in this order, by its one thread that may wait for files."""
    calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
    def work() -> None:
        while True:
            calls.get()()
    threading.Thread(target=work, name="bestmark", daemon=True).start()
    return calls

class Journal:
    """One attempt's part of a journal. What cannot be written waits, and one warning says why. A
    forked child (a data loader's worker) writes nothing and takes no lock."""
    def __init__(self, folder: str, header: dict[str, Any]) -> None:
        self.folder, self.header, self.pid = os.path.abspath(folder), header, os.getpid()
        self.path, self.calls = os.path.join(self.folder, NAME), writer(self.pid)
        self.told: deque[dict[str, Any]] = deque()
        self.attempt, self.lines, self.waiting, self.taken, self.moved = -1, 0, bytearray(), 0, 0

    def record(self, *events: dict[str, Any]) -> None:
        """Takes events of this moment, to be appended in this order."""
        if os.getpid() != self.pid:
            return
        for said in events:
            if self.taken - self.moved > ROOM and said["type"] != "ended":
                raise BufferError(f"too much waits to be written to {self.path}; some is left out")
            if said.get("path"):
                said["path"] = os.path.relpath(said["path"], self.folder).replace(os.sep, "/")
            self.taken += len(said.get("values", ())) or 1
            self.told.append({**said, "at": int(time.time() * 1000)})
        self.calls.put(self._write)

    def flush(self) -> None:
        """Waits until what can be is written, but not for long."""
        written = threading.Event()
        if os.getpid() == self.pid:
            self.calls.put(written.set)
            if not written.wait(PATIENCE):
                raise TimeoutError(f"{self.path} is not written after {PATIENCE:g} seconds")

    @safely
    def _write(self) -> None:
        if self.attempt < 0:
            self._begin()
        while self.told or self.waiting:
            while self.told and len(self.waiting) < PIECE:
                self._put({**self.told[0], "attempt": self.attempt})
                self.moved += len(self.told.popleft().get("values", ())) or 1
            # Opened each time, which is what shows the lines on a network file system.
            existing = os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
            with open(existing, "ab", 0) as file:
                del self.waiting[:file.write(self.waiting)]
            if self.waiting:
                raise OSError(f"the disk took only a part of a line of {self.path}")

    def _put(self, said: dict[str, Any]) -> None:
        if said.get("type") == "evaluation":
            said["origin"] = {"file": NAME, "line": self.lines + 1}
        self.waiting += (json.dumps(said) + "\n").encode()
        self.lines += 1

    def _begin(self) -> None:
        os.makedirs(self.folder, exist_ok=True)
        line, lines, attempt = b"\n", 0, -1
        with open(self.path, "a+b") as file:
            file.seek(0)
            for line in file:
                if lines == 0 and line[:len(BEGINNING)] != BEGINNING[:len(line)]:
                    raise ValueError("another program's file has that name")
                lines += line.endswith(b"\n")
                with suppress(Exception):  # what a crash left of a line tells nothing
                    if b'"started"' in line:
                        attempt = max(attempt, json.loads(line)["attempt"])
        if lines == 0:  # what a crash left of a header is no header
            os.truncate(self.path, 0)
            self._put({"journal": 1, "job_id": str(uuid.uuid4()), "recipe": None, **self.header})
        elif not line.endswith(b"\n"):
            self.waiting, lines = bytearray(b"\n"), lines + 1
        self.attempt, self.lines = attempt + 1, lines or 1

def measured(value: Any) -> float | str | None:
    """A number (or a tensor of one) as JSON can hold it: NaN and the infinities are words."""
    with suppress(Exception):
        if not isinstance(value, (str, bytes)):
            number = float(value.item() if hasattr(value, "item") else value)
            return number if math.isfinite(number) else json.dumps(number)
    return None

def finite(value: Any) -> float | None:
    """A number, or None for what is none or not finite."""
    number = measured(value)
    return number if isinstance(number, float) else None

def whole(value: Any, default: int | None = None) -> int | None:
    """A whole number that is not negative, else the default."""
    number = finite(value)
    return default if number is None or number < 0 else int(number)
