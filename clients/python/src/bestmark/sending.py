"""Sends the journal of a running training in a thread, which never slows or stops the training."""
import os
import threading
import time

from .board import Refused
from .sender import Sender
from .trouble import warn_once

TO, TOKEN = "BESTMARK_TO", "BESTMARK_TOKEN"
EVERY = 2.0  # seconds between two looks at the journal
LONGEST_PAUSE = 60.0  # seconds between two tries while the board is away
PATIENCE = 10.0  # seconds that the end of a run waits for the board


class Sending:
    """Sends a journal until its run ends. While the board is away, the file keeps what is left."""

    def __init__(self, path: str, to: str, token: str | None = None) -> None:
        self._sender = Sender(path, to, token or os.environ.get(TOKEN))
        self._wakes = threading.Event()
        self._is_ending = False
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._work, name="bestmark-sending", daemon=True)
        self._thread.start()

    def end(self, patience: float | None = None) -> None:
        """Sends the rest, but waits only for a board that answers, and for a limited time."""
        patience = PATIENCE if patience is None else patience
        self._deadline = time.monotonic() + patience
        self._is_ending = True
        self._wakes.set()
        self._thread.join(patience)

    def _work(self) -> None:
        pause = 0.0
        while True:
            is_last = self._is_ending
            pause = self._try(pause)
            if pause < 0:
                return
            if is_last:
                return self._warn_left()
            self._wakes.wait(max(EVERY, pause))

    def _try(self, pause: float) -> float:
        """Sends what is there; returns how long to pause after an error, or -1 to give up."""
        try:
            self._sender.send(self._deadline)
            # Many files must not hold up the lines of the next steps.
            soon = time.monotonic() + EVERY
            self._sender.send_files(self._deadline if self._is_ending else soon)
            self._warn_too_large()
            return 0.0
        except FileNotFoundError:
            return 0.0  # the journal is not there yet, or was removed
        except Refused as error:
            if error.is_final:
                warn_once(("send", type(error)), f"The board does not take this run: {error} The journal stays in {self._sender.path}.")
                return -1.0
            return min(LONGEST_PAUSE, error.wait or max(EVERY, 2 * pause))
        except Exception as error:  # nothing here may disturb a training
            warn_once(("send", type(error)), f"The board cannot be reached ({error!r}). The journal is sent later.")
            return min(LONGEST_PAUSE, max(EVERY, 2 * pause))

    def _warn_too_large(self) -> None:
        if text := self._sender.samples.too_large_text:
            warn_once(("too_large", type(None)), text)

    def _warn_left(self) -> None:
        try:
            left = self._sender.left
        except OSError:
            return
        what = f"{left} bytes of the journal" if left > 0 else "Some files of samples"
        if left > 0 or self._sender.wants_files:
            path = self._sender.path
            warn_once(("left", type(None)), f"{what} are not on the board. Send them later: python -m bestmark send {path}")
