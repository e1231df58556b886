"""Paths of a run's files, as the journal stores them."""
import json
import os
import re
from contextlib import suppress

Path = str | os.PathLike[str]
RUN_FOLDER = "BESTMARK_RUN_FOLDER"  # `bestmark run` names its run's folder in this variable
FOLDER = os.environ.get(RUN_FOLDER) or "."
POINTERS = "bestmark-folders.jsonl"


URI = re.compile(r"(?:[a-z][\w.-]*::)*[a-z][a-z\d+.-]+://", re.IGNORECASE)


def relative_path(folder: str, path: str) -> str:
    """The path relative to a folder; links in either of the two are resolved if needed. A URI, such as
    `s3://bucket/checkpoint`, stays."""
    if URI.match(path):
        return path
    relative = os.path.relpath(path, folder)
    if is_outside(relative):
        real = os.path.relpath(os.path.realpath(path), os.path.realpath(folder))
        relative = relative if is_outside(real) else real
    return relative.replace(os.sep, "/")


def is_outside(relative: str) -> bool:
    """Whether a relative path leaves the folder that it begins in."""
    return relative.split(os.sep, 1)[0] == os.pardir


def is_same_folder(one: str, other: str) -> bool:
    """Whether two paths lead to one folder, whatever links they go through."""
    return os.path.realpath(one) == os.path.realpath(other)


def leave_pointer(folder: str) -> None:
    """Writes the journal's folder into the run's folder of `bestmark run`, if it is another one."""
    started_in = os.environ.get(RUN_FOLDER)
    if started_in and not is_same_folder(started_in, folder):
        with suppress(OSError), open(os.path.join(started_in, POINTERS), "a") as file:
            file.write(json.dumps({"folder": folder}) + "\n")
