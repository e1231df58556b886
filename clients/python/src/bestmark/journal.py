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
FOLDER = os.environ.get("BESTMARK_RUN_FOLDER") or "."
ROOM = 20_000  # events that wait in memory while they cannot be written
PIECE = 1 << 16  # bytes of whole lines that are appended at once
PATIENCE = 10.0  # seconds that the end of a run waits for what is not written yet
Told = ParamSpec("Told")
warned: set[tuple[str, type]] = set()

def safely(act: Callable[Told, None]) -> Callable[Told, None]:
    """Does the same, but warns, once a run, where that would throw: it never stops a training."""
    @wraps(act)
    def acted(*args: Told.args, **named: Told.kwargs) -> None:
        try:
            act(*args, **named)
        except Exception as error:
            name = act.__qualname__
            if (name, type(error)) not in warned:
                warned.add((name, type(error)))
                logging.getLogger("bestmark").warning(
                    "%s failed (%r); training goes on.", name, error)
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
    """One attempt's part of a journal, which only the process `pid` writes: in a forked child (a
    data loader's worker) it takes no lock. What cannot be written waits."""
    def __init__(self, folder: str, header: dict[str, Any], pid: int) -> None:
        self.folder, self.header, self.pid = os.path.abspath(folder), header, pid
        self.path, self.attempt, self.lines = os.path.join(self.folder, NAME), -1, 0
        self.told, self.waiting = deque[dict[str, Any]](), bytearray()

    def record(self, kind: str, **said: Any) -> None:
        """Takes an event of this moment, to be appended after those before it."""
        if os.getpid() == self.pid:
            if len(self.told) >= ROOM and kind != "ended":
                raise BufferError(f"too much waits to be written to {self.path}; some is left out")
            if said.get("path"):
                said["path"] = os.path.relpath(said["path"], self.folder).replace(os.sep, "/")
            self.told.append({"type": kind, **said, "at": int(time.time() * 1000)})
            writer(self.pid).put(self._write)

    def flush(self) -> None:
        """Waits until what can be is written, but not for long."""
        if os.getpid() == self.pid:
            written = threading.Event()
            writer(self.pid).put(written.set)
            if not written.wait(PATIENCE):
                raise TimeoutError(f"{self.path} is not written after {PATIENCE:g} seconds")

    @safely
    def _write(self) -> None:
        if self.attempt < 0:
            self._begin()
        while self.told or self.waiting:
            while self.told and len(self.waiting) < PIECE:
                said, self.lines = self.told.popleft(), self.lines + 1
                if said["type"] == "evaluation":
                    said["origin"] = {"file": NAME, "line": self.lines}
                line = json.dumps({**said, "attempt": self.attempt}, default=str)
                self.waiting += line.encode() + b"\n"
            # Opened each time, which is what shows the lines on a network file system.
            existing = os.open(self.path, os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0))
            with open(existing, "ab", 0) as file:
                del self.waiting[:file.write(self.waiting)]
            if self.waiting:
                raise OSError(f"the disk took only a part of a line of {self.path}")

    def _begin(self) -> None:
        """Finds which attempt this is, and mends what a crash left of a header or of a line."""
        os.makedirs(self.folder, exist_ok=True)
        lines, attempt, last = 0, -1, b""
        with open(self.path, "a+b") as file:
            file.seek(0)
            if not BEGINNING.startswith(file.read(len(BEGINNING))):
                raise ValueError("another program's file has that name")
            file.seek(0)
            for lines, last in enumerate(file, 1):
                with suppress(Exception):  # half a line tells nothing
                    if b'"started"' in last:
                        attempt = max(attempt, json.loads(last)["attempt"])
            if lines < 2 and not last.endswith(b"\n"):
                file.truncate(0)
                is_told = os.path.realpath(self.folder) == os.path.realpath(FOLDER)
                job_id = is_told and os.environ.get("BESTMARK_JOB_ID") or str(uuid.uuid4())
                header = {"journal": 1, "job_id": job_id, "recipe": None, **self.header}
                lines, self.waiting = 1, bytearray(json.dumps(header).encode() + b"\n")
            elif not last.endswith(b"\n"):
                self.waiting = bytearray(b"\n")
        self.lines, self.attempt = lines, attempt + 1

def measured(value: Any) -> float | str | None:
    """A number (or a tensor of one) as JSON can hold it: NaN and the infinities are words."""
    with suppress(Exception):
        if not isinstance(value, (str, bytes)):
            number = float(value.item() if hasattr(value, "item") else value)
            return number if math.isfinite(number) else json.dumps(number)
    return None

def counted(value: Any, default: Any = None, kind: Callable[[float], Any] = int) -> Any:
    """A finite number that is not negative, by default a whole one; else the default."""
    number = measured(value)
    return kind(number) if isinstance(number, float) and number >= 0 else default
