"""Lets a test look at a run that still trains."""
import os
import time


def pause() -> None:
    """Waits until the file in NATURAL_GO exists; does nothing if that is not set."""
    go = os.environ.get("NATURAL_GO")
    while go and not os.path.exists(go):
        time.sleep(0.05)
