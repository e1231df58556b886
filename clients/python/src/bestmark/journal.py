"""The journal of a run: one JSON line per event. A thread appends them in the run's folder.
A caller waits for that thread only while it makes progress, so a full disk or a file system that
hangs does not stop a training."""
import os
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from queue import SimpleQueue
from typing import Any

from .events import Waiting, event
from .journal_file import JournalFile
from .paths import relative_path
from .trouble import safely, warn

ROOM = 20_000  # with so many waiting events metrics are dropped; evaluations at twice as many
PATIENCE = 10.0  # seconds without progress after which callers stop waiting
START_PATIENCE = 1.0  # the same for `init`
DROPPABLE = ("metrics", "evaluation")


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
        self.pid = pid
        self.waiting = Waiting()
        self.file = JournalFile(folder, header)
        self._is_called = False  # the thread will begin to write
        self._is_stuck = False  # the last attempt to write failed, or hangs

    @property
    def is_ours(self) -> bool:
        """Whether this process writes the journal."""
        return os.getpid() == self.pid

    def record(self, kind: str, /, **fields: Any) -> None:
        """Takes an event that happens now; events are appended in order."""
        if not self.is_ours:
            return
        if fields.get("path"):
            fields["path"] = relative_path(self.file.folder, fields["path"])
        room = ROOM if kind == "metrics" else 2 * ROOM
        if len(self.waiting) >= room and not self._is_stuck:
            self._wait(lambda: self._is_stuck or len(self.waiting) <= room // 2)
        if len(self.waiting) >= room and kind in DROPPABLE:
            self._drop(kind)
        else:
            self.waiting.add(event(kind, **fields))
        self._call_writer()

    def flush(self, patience: float | None = None) -> None:
        """Waits until everything possible is written, but not for a file system that hangs."""
        if not self.is_ours:
            return
        patience = PATIENCE if patience is None else patience
        for _ in range(2):  # the first write may only find that the folder was removed
            written = threading.Event()
            self._call_writer()
            writer(self.pid).put(written.set)
            if not self._wait(written.is_set, patience):
                raise TimeoutError(f"{self.file.path} was not written within {patience:g} seconds")
            if not self.waiting and not self.file.unwritten:
                break

    def _drop(self, kind: str) -> None:
        warn("log", BufferError(f"too many events wait to be written to {self.file.path}; some are"
                                " dropped, and the journal will say how many"))
        self.waiting.drop(kind)

    def _call_writer(self) -> None:
        """Makes the thread write the waiting events; one call is enough until it starts."""
        self.file.calls += 1
        if not self._is_called:
            self._is_called = True
            writer(self.pid).put(self.write)

    def _wait(self, is_over: Callable[[], bool], patience: float | None = None) -> bool:
        """Waits while the thread makes progress; returns whether `is_over` became true."""
        written, progress_at = self.file.bytes_written, time.monotonic()
        while not is_over():
            if self.file.bytes_written != written:
                written, progress_at = self.file.bytes_written, time.monotonic()
            elif time.monotonic() - progress_at >= (PATIENCE if patience is None else patience):
                self._is_stuck = True
                return False
            time.sleep(0.001)
        return True

    @safely
    def write(self) -> None:
        """Writes all that waits. Only the writing thread calls this."""
        self._is_called = False
        try:
            self.file.begin()
            while self.waiting or self.file.unwritten:
                self.file.write_piece(self.waiting)
                self._is_stuck = False
        except Exception:
            self._is_stuck = True
            raise
