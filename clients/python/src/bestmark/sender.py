"""Sends a journal to a board over HTTP. The file is the buffer: the board says how far it has the
journal, so nothing is sent twice, and a board that is away for days gets the rest later."""
import gzip
import http.client
import json
import os
import socket
import time
import urllib.error
import urllib.request
import zlib
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

PIECE = 1 << 20  # bytes of whole lines per request, before they are packed
LONGEST = 16 << 20  # the longest line that a board reads
TIMEOUT = 30.0  # seconds per request
# Sending again cannot help before a person changes something.
FINAL = ("token_unknown", "token_expired", "token_revoked", "scope_missing", "other_job",
         "other_project", "not_a_journal", "other_journal", "journal_too_large",
         "recorded_from_files", "job_deleted", "request_invalid")


class Refused(Exception):
    """The board does not take the journal. `code` says why, `wait` when to try again (seconds)."""

    def __init__(self, code: str, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.code, self.wait = code, wait

    @property
    def is_final(self) -> bool:
        """Whether sending it again later cannot help."""
        return self.code in FINAL


class Sender:
    """Sends one journal. A piece that the board has already is not taken twice, so several senders
    of one journal do no harm."""

    def __init__(self, path: str, to: str, token: str | None = None) -> None:
        parts = urlsplit(to)
        self.path = path
        self._token = token or "".join(parse_qs(parts.query).get("token", [])[:1])
        # Few resolvers know that every name below localhost is this machine.
        host = parts.netloc
        if (parts.hostname or "").endswith(".localhost"):
            host = "localhost" + (f":{parts.port}" if parts.port else "")
        self._board = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))
        self.job_id = ""
        self.offset: int | None = None  # how far the board has the journal; None before it said so
        self._crc = 0  # of the bytes before the offset

    def send(self, deadline: float = float("inf")) -> bool:
        """Sends all whole lines until a time of `time.monotonic`; returns whether the board has
        them all. Raises Refused, and OSError where the board or the file cannot be reached."""
        if not self._has_header():
            return True
        if self.offset is None:
            self._take(self._ask("GET"))
        while piece := self._next_piece():
            if time.monotonic() >= deadline:
                return False
            self._send(piece, deadline)
        return True

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
        self._take(self._ask("GET"))
        return self._next_piece() if self.offset else b""

    def _send(self, piece: bytes, deadline: float) -> None:
        headers = {"Bestmark-Offset": str(self.offset), "Bestmark-Crc32": str(self._crc)}
        left = max(1.0, deadline - time.monotonic())
        try:
            self._take(self._ask("POST", piece, headers, min(TIMEOUT, left)))
        except Refused as error:
            if error.code not in ("gap", "journal_differs"):
                raise
            self._take(self._ask("GET"))

    def _take(self, answer: dict[str, Any]) -> None:
        """Goes on where the board is. If it has other bytes, the journal began again here, and
        its first piece replaces them."""
        offset, crc = int(answer["offset"]), int(answer["crc32"])
        if crc == self._crc_before(offset):
            self.offset, self._crc = offset, crc
            return
        self.offset, self._crc = 0, 0
        again = {"Bestmark-Offset": "0", "Bestmark-Replaces": str(crc)}
        replaced = self._ask("POST", self._next_piece(), again)
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

    def _ask(self, method: str, piece: bytes | None = None, headers: dict[str, str] = {},
             timeout: float = TIMEOUT) -> dict[str, Any]:
        url = f"{self._board}/ingest/v1/jobs/{quote(self.job_id)}/journal"
        request = urllib.request.Request(url, method=method)
        if piece is not None:
            request.data = gzip.compress(piece, 5)
            request.add_header("Content-Type", "application/x-ndjson")
            request.add_header("Content-Encoding", "gzip")
            request.add_header("Bestmark-Host", quote(socket.gethostname()))
            request.add_header("Bestmark-Folder", quote(os.path.dirname(os.path.abspath(self.path))))
        for name, value in headers.items():
            request.add_header(name, value)
        request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                taken: dict[str, Any] = json.load(answer)
                return taken
        except urllib.error.HTTPError as error:
            raise refused(error) from error
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"{self._board} does not answer as a board ({error!r})") from error


def refused(error: urllib.error.HTTPError) -> Refused:
    """Why the board refused a request."""
    wait = error.headers.get("retry-after")
    try:
        answer = json.load(error)
        code, message = str(answer["code"]), str(answer["message"])
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        code, message = f"http_{error.code}", f"The board answered {error.code} {error.reason}."
    return Refused(code, message, float(wait) if wait and wait.isdigit() else None)
