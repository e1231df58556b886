"""Sends a journal to a board over HTTP. The file is the buffer: the board says how far it has the
journal, so nothing is sent twice, and a board that is away for days gets the rest later."""
import gzip
import json
import os
import socket
import time
import zlib
from typing import Any
from urllib.parse import quote

from .board import TIMEOUT, Board, Refused
from .sample_sender import SampleSender

PIECE = 1 << 20  # bytes of whole lines per request, before they are packed
LONGEST = 16 << 20  # the longest line that a board reads


class Sender:
    """Sends one journal. A piece that the board has already is not taken twice, so several senders
    of one journal do no harm."""

    def __init__(self, path: str, to: str, token: str | None = None) -> None:
        self.path = path
        self._board = Board(to, token)
        self.samples = SampleSender(self._board, os.path.dirname(os.path.abspath(path)))
        self.wants_files = False  # whether the board lacks files of samples
        self.job_id = ""
        self.offset: int | None = None  # how far the board has the journal; None before it said so
        self._crc = 0  # of the bytes before the offset

    def send(self, deadline: float = float("inf")) -> bool:
        """Sends all whole lines until a time of `time.monotonic`; returns whether the board has
        them all. Raises Refused, and OSError where the board or the file cannot be reached."""
        if not self._has_header():
            return True
        if self.offset is None:
            self._take(self._ask())
        while piece := self._next_piece():
            if time.monotonic() >= deadline:
                return False
            self._send(piece, deadline)
        return True

    def send_files(self, deadline: float = float("inf")) -> bool:
        """Sends the files of samples that the board lacks; call it after `send`. Returns whether
        the board has them all, and raises as `send`."""
        if self.wants_files:
            self.wants_files = not self.samples.send(self.job_id, deadline)
        return not self.wants_files

    @property
    def progress(self) -> tuple[int | None, int]:
        """A value that changes when the board took something."""
        return self.offset, self.samples.count

    @property
    def left(self) -> int:
        """How many bytes the board may not have."""
        return os.path.getsize(self.path) - (self.offset or 0)

    def _has_header(self) -> bool:
        """Whether the first line is there, with the id of the job."""
        if not self.job_id:
            with open(self.path, "rb") as file:
                line = file.readline(LONGEST)
            if not line.endswith(b"\n"):
                return False
            self.job_id = str(json.loads(line)["job_id"])
        return True

    def _next_piece(self) -> bytes:
        """The next whole lines. A line that no board reads is sent in parts, without its end."""
        offset = self.offset or 0
        if os.path.getsize(self.path) < offset:
            self.offset = None  # the journal began again
            return self._begin_again()
        with open(self.path, "rb") as file:
            file.seek(offset)
            piece = file.read(PIECE)
            if len(piece) == PIECE and b"\n" not in piece:
                piece += file.read(LONGEST - PIECE)
        end = piece.rfind(b"\n") + 1
        return piece if end == 0 and len(piece) == LONGEST else piece[:end]

    def _begin_again(self) -> bytes:
        self._take(self._ask())
        return self._next_piece() if self.offset else b""

    def _send(self, piece: bytes, deadline: float) -> None:
        headers = {"Bestmark-Offset": str(self.offset), "Bestmark-Crc32": str(self._crc)}
        left = max(1.0, deadline - time.monotonic())
        try:
            self._take(self._ask(piece, headers, min(TIMEOUT, left)))
        except Refused as error:
            if error.code not in ("gap", "journal_differs"):
                raise
            self._take(self._ask())

    def _take(self, answer: dict[str, Any]) -> None:
        """Goes on where the board is. If it has other bytes, the journal began again here, and
        its first piece replaces them."""
        offset, crc = int(answer["offset"]), int(answer["crc32"])
        if crc == self._crc_before(offset):
            self.offset, self._crc = offset, crc
            return
        self.offset, self._crc = 0, 0
        again = {"Bestmark-Offset": "0", "Bestmark-Replaces": str(crc)}
        replaced = self._ask(self._next_piece(), again)
        if int(replaced["crc32"]) != self._crc_before(int(replaced["offset"])):
            raise Refused("journal_differs", "The board has another journal of this job.")
        self.offset, self._crc = int(replaced["offset"]), int(replaced["crc32"])

    def _crc_before(self, offset: int) -> int | None:
        """The CRC-32 of the first bytes of the file; None if it has fewer."""
        crc, left = 0, offset
        with open(self.path, "rb") as file:
            while left > 0 and (read := file.read(min(PIECE, left))):
                crc, left = zlib.crc32(read, crc), left - len(read)
        return None if left else crc

    def _ask(self, piece: bytes | None = None, headers: dict[str, str] = {},
             timeout: float = TIMEOUT) -> dict[str, Any]:
        """What the board answers about the journal; with a piece it takes that first."""
        packed = None if piece is None else gzip.compress(piece, 5)
        where = {} if piece is None else {
            "Content-Type": "application/x-ndjson", "Content-Encoding": "gzip",
            "Bestmark-Host": quote(socket.gethostname()),
            "Bestmark-Folder": quote(os.path.dirname(os.path.abspath(self.path)))}
        answer = self._board.ask(f"{quote(self.job_id)}/journal", packed, {**where, **headers}, timeout)
        self.wants_files = bool(answer.get("wants_files"))
        return answer
