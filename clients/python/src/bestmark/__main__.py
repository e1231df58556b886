"""`python -m bestmark send FOLDER` sends the journal of a run to a board."""
import argparse
import os
import sys
import time

from .board import Refused
from .journal_file import NAME
from .sender import Sender
from .sending import TO, TOKEN

TRIES = 5  # in a row without an answer


def main(words: list[str] | None = None) -> int:
    """Sends the journals of some runs; returns 0 if the board has them whole."""
    parser = argparse.ArgumentParser(prog="python -m bestmark", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    send = commands.add_parser("send", help="send the journal of a run to a board")
    send.add_argument("path", nargs="+", help="the folder of a run, or its journal")
    send.add_argument("--to", default=os.environ.get(TO), help=f"the board; default: ${TO}")
    given = parser.parse_args(words)
    if not given.to:
        parser.error(f"--to must be the address of a board, or set {TO}.")
    return max(send_whole(path, given.to) for path in given.path)


def send_whole(path: str, to: str) -> int:
    """Sends one journal, and waits where the board asks for it."""
    journal = os.path.join(path, NAME) if os.path.isdir(path) else path
    # The token is no option, because other users see the options of a process.
    sender = Sender(journal, to, os.environ.get(TOKEN))
    tries, before = 0, sender.progress
    while tries < TRIES:
        try:
            sender.send()
            sender.send_files()
            if text := sender.samples.too_large_text:
                print(text, file=sys.stderr)
            print(f"The board has {sender.offset or 0} bytes of {journal} (job {sender.job_id}).")
            return 0
        except Refused as error:
            problem: Exception = error
            if error.is_final:
                break
            time.sleep(error.wait or 2.0 ** tries)
        except FileNotFoundError as error:
            problem = error
            break
        except (OSError, ValueError, KeyError) as error:
            problem = error
            time.sleep(2.0 ** tries)
        tries, before = (tries + 1 if sender.progress == before else 0), sender.progress
    print(f"{journal} was not sent: {problem}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
