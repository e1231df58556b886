"""Files of what the model makes at a step, beside the journal."""
import os
import shutil
from collections.abc import Callable
from typing import Any, NamedTuple

SAMPLES = "bestmark-samples"
IMAGES = {b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg", b"GIF8": ".gif"}
SOUNDS = {b"OggS": ".ogg", b"fLaC": ".flac", b"ID3": ".mp3", b"\xff\xfb": ".mp3"}
CONTAINERS = {b"WEBP": ".webp", b"WAVE": ".wav"}


class File(NamedTuple):
    """One file: its path relative to the run's folder, and what writes it to a path."""
    relative: str
    write: Callable[[str], Any]


def sample_file(folder: str, kind: str, content: Any, step: int | None, index: int) -> File:
    """A new file for an image or a sound: a path, bytes, or an object with `save`, such as PIL's."""
    if hasattr(content, "save"):
        ending, write = ".png", content.save
    elif isinstance(content, (bytes, bytearray, memoryview)):
        data = bytes(content)
        ending, write = ending_of(data, kind), lambda path: write_bytes(path, data)
    else:
        source = os.path.abspath(os.fspath(content))
        ending, write = os.path.splitext(source)[1].lower(), lambda path: shutil.copyfile(source, path)
    stem = f"step-{'unknown' if step is None else step}-{index}"
    return File(free_path(folder, stem, ending), write)


def ending_of(data: bytes, kind: str) -> str:
    """The usual ending of a file with this content."""
    beginnings = {**IMAGES, **SOUNDS}
    found = next((end for begin, end in beginnings.items() if data.startswith(begin)), None)
    contained = CONTAINERS.get(data[8:12]) if data[:4] == b"RIFF" else None
    return found or contained or (".png" if kind == "image" else ".wav")


def free_path(folder: str, stem: str, ending: str) -> str:
    """A relative path that no file has: an earlier attempt may have made the same step."""
    name, count = stem + ending, 1
    while os.path.exists(os.path.join(folder, SAMPLES, name)):
        count += 1
        name = f"{stem}-{count}{ending}"
    return f"{SAMPLES}/{name}"


def write_bytes(path: str, data: bytes) -> None:
    """Writes a file."""
    with open(path, "wb") as file:
        file.write(data)


def write_whole(folder: str, file: File) -> None:
    """Writes a file under another name first, so that the board never reads a part of it."""
    path = os.path.join(folder, file.relative)
    directory, name = os.path.split(path)
    os.makedirs(directory, exist_ok=True)
    # PIL chooses the format by the ending, so the ending stays.
    unfinished = os.path.join(directory, f".unfinished-{name}")
    file.write(unfinished)
    os.replace(unfinished, path)
