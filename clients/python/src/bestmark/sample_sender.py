"""Sends the files of samples to a board. The board says which it lacks, so none is sent twice."""
import hashlib
import json
import os
import time
from typing import Any

from .board import TIMEOUT, Board
from .samples import SAMPLES


class SampleSender:
    """Sends the files of one run's samples. They stay on the disk, so they can be sent later."""

    def __init__(self, board: Board, folder: str) -> None:
        self._board = board
        self._folder = folder
        self.count = 0  # of files that were sent
        self.too_large = list[str]()  # paths of files that are larger than the board takes

    def send(self, job_id: str, deadline: float = float("inf")) -> bool:
        """Sends the files that the board lacks until a time of `time.monotonic`; returns whether it
        has them all. Raises Refused, and OSError where the board cannot be reached."""
        path = f"{job_id}/samples"
        while True:
            asked = self._board.ask(path, timeout=left_until(deadline))
            if not asked["wanted"]:
                return True
            files = {one["sample_id"]: self._path(one["path"]) for one in asked["wanted"]}
            offers = [self._offer(sample_id, file, asked["largest"]) for sample_id, file in files.items()]
            body = json.dumps({"files": offers}).encode()
            missing = self._board.ask(path, body, JSON, left_until(deadline))["missing"]
            for sample_id in missing:
                if time.monotonic() >= deadline:
                    return False
                self._send(f"{path}/{sample_id}", files[sample_id], deadline)

    @property
    def too_large_text(self) -> str:
        """Which files the board does not take because of their size; empty if there are none."""
        if not self.too_large:
            return ""
        return f"The board shows only the names of {len(self.too_large)} files, because they are too large (too_large): {', '.join(self.too_large[:3])}"

    def _path(self, relative: str) -> str | None:
        """The path of a file; None if it is not one of the files that `sample` writes."""
        below = os.path.realpath(os.path.join(self._folder, SAMPLES))
        path = os.path.realpath(os.path.join(self._folder, relative))
        return path if path.startswith(below + os.sep) else None

    def _offer(self, sample_id: str, path: str | None, largest: int) -> dict[str, Any]:
        """What the board hears of a file: its digest, or why it is not sent."""
        if path is None:
            return {"sample_id": sample_id, "content_state": "outside", "bytes": None}
        try:
            size = os.path.getsize(path)
            if size > largest:
                self.too_large.append(path)
                return {"sample_id": sample_id, "content_state": "too_large", "bytes": size}
            return {"sample_id": sample_id, "sha256": digest_of(read(path)), "bytes": size}
        except OSError:
            return {"sample_id": sample_id, "content_state": "missing", "bytes": None}

    def _send(self, to: str, path: str | None, deadline: float) -> None:
        try:
            content = read(path or "")
        except OSError:
            return  # it was removed meanwhile, which the next offer says
        headers = {**FILE, "Bestmark-Sha256": digest_of(content)}
        self._board.ask(to, content, headers, left_until(deadline))
        self.count += 1


JSON = {"Content-Type": "application/json"}
FILE = {"Content-Type": "application/octet-stream"}


def left_until(deadline: float) -> float:
    """How long a request may take (seconds)."""
    return min(TIMEOUT, max(1.0, deadline - time.monotonic()))


def read(path: str) -> bytes:
    """The content of a file."""
    with open(path, "rb") as file:
        return file.read()


def digest_of(content: bytes) -> str:
    """The SHA-256 of some bytes in hex."""
    return hashlib.sha256(content).hexdigest()
