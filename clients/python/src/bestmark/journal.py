"""The journal of a run: one JSON line per event. A thread appends them in the run's folder.
A caller waits for that thread only while it makes progress, so a full disk or a file system that
hangs does not stop a training."""
import json
import os
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from queue import SimpleQueue
from typing import Any

from .trouble import safely, warn

NAME, BEGINNING = "journal.jsonl", b'{"journal"'
POINTERS = "bestmark-folders.jsonl"
FOLDER = os.environ.get("BESTMARK_RUN_FOLDER") or "."
ROOM = 20_000  # with so many waiting events metrics are dropped; evaluations at twice as many
PIECE = 1 << 16  # bytes of whole lines per append
KEPT = 1_000  # first events of an attempt, written again if its folder was made anew
PATIENCE = 10.0  # seconds without progress after which callers stop waiting
BEGINNING_PATIENCE = 1.0  # the same for `init`
LOSABLE = ("metrics", "evaluation")
Event = dict[str, Any]
in_json = json.JSONEncoder(default=str).encode

@lru_cache(1)  # threads do not survive a fork
def writer(process: int) -> "SimpleQueue[Callable[[], None]]":
    """The calls for the one thread of this process that may wait for files, in their order."""
    calls: SimpleQueue[Callable[[], None]] = SimpleQueue()
    def work() -> None:
        while True:
            calls.get()()
    threading.Thread(target=work, name="bestmark", daemon=True).start()
    return calls

class Journal:
    """One attempt's part of a journal. Only the process `pid` writes it; in a forked child, such as
    a data loader's worker, it takes no lock. Events that cannot be written wait."""
    def __init__(self, folder: str, header: dict[str, Any], pid: int) -> None:
        self.folder, self.header, self.pid = os.path.abspath(folder), header, pid
        self.path = os.path.join(self.folder, NAME)
        self.told = deque[Event]()  # events that wait to be written
        self.gap: Event | None = None  # the waiting event that counts dropped events
        self.lock = threading.RLock()  # protects the gap
        self.calls, self.is_called, self.is_stuck, self.written = 0, False, False, 0
        # Only the writing thread uses the attributes below.
        self.attempt, self.lines, self.first_line = -1, 0, b""
        self.piece, self.waiting = list[Event](), bytearray()
        self.kept, self.count_not_kept, self.calls_when_gone = list[Event](), 0, -1

    def record(self, kind: str, **said: Any) -> None:
        """Takes an event that happens now; events are appended in order."""
        if os.getpid() == self.pid:
            if said.get("path"):
                said["path"] = path_from(self.folder, said["path"])
            room = ROOM if kind == "metrics" else 2 * ROOM
            if len(self.told) >= room and not self.is_stuck:
                self._wait(lambda: self.is_stuck or len(self.told) <= room // 2)
            if len(self.told) >= room and kind in LOSABLE:
                self._leave_out(kind)
            else:
                self.told.append({"type": kind, **said, "at": now()})
            self._call()

    def flush(self, patience: float | None = None) -> None:
        """Waits until everything possible is written, but not for a file system that hangs."""
        if os.getpid() == self.pid:
            patience = PATIENCE if patience is None else patience
            for _ in range(2):  # the first write may only find that the folder was removed
                written = threading.Event()
                self._call()
                writer(self.pid).put(written.set)
                if not self._wait(written.is_set, patience):
                    raise TimeoutError(f"{self.path} is not written after {patience:g} seconds")
                if not self.told and not self.waiting:
                    break

    def _call(self) -> None:
        """Makes the thread write the waiting events; one call is enough until it starts."""
        self.calls += 1
        if not self.is_called:
            self.is_called = True
            writer(self.pid).put(self._write)

    def _wait(self, is_over: Callable[[], bool], patience: float | None = None) -> bool:
        """Waits while the thread makes progress; returns whether `is_over` became true."""
        written, moved = self.written, time.monotonic()
        while not is_over():
            if self.written != written:
                written, moved = self.written, time.monotonic()
            elif time.monotonic() - moved >= (PATIENCE if patience is None else patience):
                self.is_stuck = True
                return False
            time.sleep(0.001)
        return True

    def _leave_out(self, kind: str) -> None:
        """Counts a dropped event at the position where it is missing."""
        warn("log", BufferError(f"too much waits to be written to {self.path}; some is left out,"
                                " and the journal will say how much"))
        with self.lock:
            if self.gap is None:
                self.gap = warning(missing={})
                self.told.append(self.gap)
            self.gap["missing"][kind] = self.gap["missing"].get(kind, 0) + 1

    @safely
    def _write(self) -> None:
        self.is_called = False
        try:
            if self.attempt < 0:
                self._begin()
            while self.told or self.waiting:
                self._make_lines()
                self._append()
                self.is_stuck = False
        except Exception:
            self.is_stuck = True
            raise

    def _make_lines(self) -> None:
        while self.told and len(self.waiting) < PIECE:
            said = self.told.popleft()
            if said is self.gap:
                with self.lock:
                    self.gap = None
            if "missing" in said:
                said["text"] = missing_words(said["missing"], self.path)
            line = {**said, "attempt": self.attempt}
            if said["type"] == "evaluation":
                line["origin"] = {"file": NAME, "line": self.lines + 1}
            self.waiting += in_json(line).encode() + b"\n"
            self.lines += 1
            self.piece.append(said)

    def _append(self) -> None:
        """Appends the finished lines. The file is opened for each append: other machines then see
        the lines on a network file system, and a removed folder is noticed here."""
        try:
            existing = os.open(self.path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            # A new file would disturb a program that is removing the folder. A program that calls
            # again is done with that.
            is_called_since = self.calls > self.calls_when_gone >= 0
            if is_called_since and os.path.isdir(self.folder):
                return self._begin_anew()
            self.calls_when_gone = self.calls
            raise
        self.calls_when_gone = -1
        with open(existing, "r+b", 0) as file:
            begun = file.read(len(self.first_line)) + self.waiting[:len(self.first_line)]
            if not begun.startswith(self.first_line):
                return self._begin_anew()
            taken = file.write(self.waiting)
            del self.waiting[:taken]
            self.written += taken
        if self.waiting:
            raise OSError(f"the disk took only a part of a line of {self.path}")
        room = max(0, KEPT - len(self.kept))
        self.kept += self.piece[:room]
        self.count_not_kept += len(self.piece[room:])
        self.piece.clear()

    def _begin(self) -> None:
        """Finds the number of this attempt and mends a header or line that a crash cut."""
        os.makedirs(self.folder, exist_ok=True)
        lines, attempt, first, last = 0, -1, b"", b""
        with open(self.path, "a+b") as file:
            file.seek(0)
            if not BEGINNING.startswith(file.read(len(BEGINNING))):
                raise ValueError("another program's file has that name")
            file.seek(0)
            for lines, last in enumerate(file, 1):
                first = first or last
                with suppress(Exception):  # half a line has no attempt
                    if b'"started"' in last:
                        attempt = max(attempt, json.loads(last)["attempt"])
            if lines < 2 and not last.endswith(b"\n"):
                file.truncate(0)
                lines, first = 1, self.first_line or self._header()
                self.waiting = bytearray(first)
            elif not last.endswith(b"\n"):
                self.waiting = bytearray(b"\n")
        leave_pointer(self.folder)
        self.lines, self.first_line = lines, first
        self.attempt = max(attempt + 1, self.attempt)

    def _header(self) -> bytes:
        is_told = os.path.realpath(self.folder) == os.path.realpath(FOLDER)
        job_id = is_told and os.environ.get("BESTMARK_JOB_ID") or str(uuid.uuid4())
        header = {"journal": 1, "job_id": job_id, "recipe": None, **self.header}
        return json.dumps(header).encode() + b"\n"

    def _begin_anew(self) -> None:
        """Begins the journal of the same run again, with the events that are still in memory."""
        warn("Journal._write", FileNotFoundError(f"{self.path} was removed; it is begun anew"))
        lost = [warning(text=f"{self.count_not_kept} earlier events are missing here: the journal"
                             " was removed while the run went on.")] if self.count_not_kept else []
        self.told.extendleft(reversed(self.kept + lost + self.piece))
        self.kept, self.piece, self.waiting, self.count_not_kept = [], [], bytearray(), 0
        self._begin()

def leave_pointer(folder: str) -> None:
    """Tells `bestmark run`, where that started the program, in which other folder the journal is."""
    started_in = os.environ.get("BESTMARK_RUN_FOLDER")
    if started_in and os.path.realpath(started_in) != os.path.realpath(folder):
        with suppress(OSError), open(os.path.join(started_in, POINTERS), "a") as file:
            file.write(json.dumps({"folder": folder}) + "\n")

def path_from(folder: str, path: str) -> str:
    """The path relative to a folder; links in either of the two are resolved if needed."""
    told = os.path.relpath(path, folder)
    if is_outside(told):
        real = os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
        told = told if is_outside(real) else real
    return told.replace(os.sep, "/")

def is_outside(path: str) -> bool:
    return path.split(os.sep, 1)[0] == os.pardir

def now() -> int:
    return int(time.time() * 1000)

def warning(**said: Any) -> Event:
    return {"type": "log", "level": "warning", **said, "at": now()}

def missing_words(missing: dict[str, int], path: str) -> str:
    words = {"metrics": "calls with metrics", "evaluation": "evaluations"}
    counts = " and ".join(f"{count} {words[kind]}" for kind, count in missing.items())
    return f"Missing from here on: {counts}. {path} could not be written, and memory took no more."
