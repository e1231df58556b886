"""The file of a journal: lines are appended whole, and it survives crashes and removed folders."""
import json
import os
import uuid
from contextlib import suppress
from typing import Any

from .events import Event, Waiting, missing_text, warning
from .paths import FOLDER, is_same_folder, leave_pointer
from .trouble import warn

NAME = "journal.jsonl"
HEADER_START = b'{"journal"'
PIECE = 1 << 16  # bytes of whole lines per append
KEPT = 1_000  # first events of an attempt, written again if its folder was created again
to_json = json.JSONEncoder(default=str).encode


class JournalFile:
    """The lines of one attempt in a run's journal. Only the writing thread calls its methods."""

    def __init__(self, folder: str, header: dict[str, Any]) -> None:
        self.folder = os.path.abspath(folder)
        self.path = os.path.join(self.folder, NAME)
        self.unwritten = bytearray()  # finished lines
        self.bytes_written = 0
        self.calls = 0  # of the program, which the journal counts
        self._header = header
        self._first_line = b""  # of the file: it shows whether another run's file came there
        self._attempt = -1  # unknown until the file was read
        self._line_count = 0
        self._piece = list[Event]()  # the events of the unwritten lines
        self._kept = list[Event]()  # the first events of the attempt
        self._count_not_kept = 0
        self._calls_when_gone = -1  # the calls until the file was found missing

    def begin(self) -> None:
        """Opens the file before the first piece; until that works, each call tries again."""
        if self._attempt < 0:
            self._begin()

    def write_piece(self, waiting: Waiting) -> None:
        """Appends the first of the waiting events, and what an earlier append left."""
        self._make_lines(waiting)
        self._append(waiting)

    def _make_lines(self, waiting: Waiting) -> None:
        """Turns waiting events into lines, until a piece is full."""
        while waiting and len(self.unwritten) < PIECE:
            taken = waiting.take()
            if "missing" in taken:
                taken["text"] = missing_text(taken["missing"], self.path)
            line = {**taken, "attempt": self._attempt}
            if taken["type"] == "evaluation":
                line["origin"] = {"file": NAME, "line": self._line_count + 1}
            self.unwritten += to_json(line).encode() + b"\n"
            self._line_count += 1
            self._piece.append(taken)

    def _append(self, waiting: Waiting) -> None:
        """Appends the finished lines. The file is opened for each append: other machines then see
        the lines on a network file system, and a removed folder is noticed here."""
        try:
            opened = os.open(self.path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
        except FileNotFoundError:
            if not self._may_begin_anew():
                raise
            return self._begin_anew(waiting)
        self._calls_when_gone = -1
        with open(opened, "r+b", 0) as file:
            start = file.read(len(self._first_line)) + self.unwritten[:len(self._first_line)]
            if not start.startswith(self._first_line):
                return self._begin_anew(waiting)
            count = file.write(self.unwritten)
            del self.unwritten[:count]
            self.bytes_written += count
        if self.unwritten:
            raise OSError(f"only a part of a line was written to {self.path}")
        self._keep_piece()

    def _may_begin_anew(self) -> bool:
        """Whether the program called again since the file was found missing. A new file would
        disturb a program that is removing the folder; if it calls again, it is done with that."""
        has_called_again = self.calls > self._calls_when_gone >= 0
        if has_called_again and os.path.isdir(self.folder):
            return True
        self._calls_when_gone = self.calls
        return False

    def _keep_piece(self) -> None:
        """Keeps the first events of the attempt in memory, and counts the others."""
        room = max(0, KEPT - len(self._kept))
        self._kept += self._piece[:room]
        self._count_not_kept += len(self._piece[room:])
        self._piece.clear()

    def _begin(self) -> None:
        """Finds the number of this attempt and mends a header or line that a crash cut."""
        os.makedirs(self.folder, exist_ok=True)
        line_count, attempt, first, last = 0, -1, b"", b""
        with open(self.path, "a+b") as file:
            file.seek(0)
            if not HEADER_START.startswith(file.read(len(HEADER_START))):
                raise ValueError(f"{self.path} exists and is not a journal")
            file.seek(0)
            for line_count, last in enumerate(file, 1):
                first = first or last
                with suppress(Exception):  # half a line has no attempt
                    if b'"started"' in last:
                        attempt = max(attempt, json.loads(last)["attempt"])
            if line_count < 2 and not last.endswith(b"\n"):
                file.truncate(0)
                line_count, first = 1, self._first_line or self._new_header()
                self.unwritten = bytearray(first)
            elif not last.endswith(b"\n"):
                self.unwritten = bytearray(b"\n")
        leave_pointer(self.folder)
        self._line_count, self._first_line = line_count, first
        self._attempt = max(attempt + 1, self._attempt)

    def _new_header(self) -> bytes:
        """The first line of a new journal; in the folder of `bestmark run` it has that run's job."""
        job_id = os.environ.get("BESTMARK_JOB_ID") if is_same_folder(self.folder, FOLDER) else None
        header = {"journal": 1, "job_id": job_id or str(uuid.uuid4()), "recipe": None}
        return json.dumps({**header, **self._header}).encode() + b"\n"

    def _begin_anew(self, waiting: Waiting) -> None:
        """Begins the journal of the same run again, with the events that are still in memory."""
        warn("write", FileNotFoundError(f"{self.path} was removed; it is created again"))
        lost = [warning(text=f"{self._count_not_kept} earlier events are missing here: the journal"
                             " was removed while the run trained.")] if self._count_not_kept else []
        waiting.put_first(self._kept + lost + self._piece)
        self._kept, self._piece, self._count_not_kept = [], [], 0
        self.unwritten = bytearray()
        self._begin()
