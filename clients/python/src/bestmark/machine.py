"""The setup of a run and its machine usage, in files beside the journal.
`bestmark run` writes the same files, so under it the client writes none."""
import json
import os
import platform
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib import metadata
from typing import Any

from .paths import RUN_FOLDER
from .usage import Sampler

SETUP = "bestmark-setup.json"
USAGE = "bestmark-usage.jsonl"
SWITCH = "BESTMARK_MACHINE"  # "off" writes neither
FIRST, EVERY = 1.0, 10.0  # seconds until the first sample, and between samples
PATIENCE = 20.0  # seconds that git may take
PACKAGES = ("torch", "torchvision", "transformers", "accelerate", "datasets", "peft", "trl",
            "diffusers", "sentence-transformers", "lightning", "pytorch-lightning", "keras",
            "tensorflow", "jax", "flax", "optax", "numpy", "scikit-learn", "timm", "ultralytics",
            "deepspeed", "xgboost", "lightgbm", "catboost", "spacy", "tokenizers", "safetensors")


class Machine:
    """Describes the machine of one run, and samples it in a thread until the run ends."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._has_ended = threading.Event()
        self._environment = environment_now()

    def begin(self) -> None:
        """Creates the files. Only here: a new file would disturb a program that removes the
        folder later."""
        with suppress(OSError):
            with open(os.path.join(self.folder, USAGE), "a"):
                pass
            self._write_setup("w")
            threading.Thread(target=self._work, name="bestmark-machine", daemon=True).start()

    def end(self) -> None:
        """Ends the sampling."""
        self._has_ended.set()

    def _work(self) -> None:
        sampler = Sampler(os.getpid())
        self._environment.update(git_state(), packages=package_versions())
        with suppress(OSError):
            self._write_setup("r+")
        wait = FIRST
        while not self._has_ended.wait(wait):
            wait = EVERY
            with suppress(Exception):  # nothing here may disturb a training
                self._append(sampler.sample())

    def _write_setup(self, mode: str) -> None:
        text = json.dumps({"config": {}, "environment": self._environment}, default=str)
        with open(os.path.join(self.folder, SETUP), mode) as file:
            file.write(text + "\n")
            file.truncate()

    def _append(self, used: dict[str, float]) -> None:
        if not used:
            return
        line = json.dumps({"at": int(time.time() * 1000), "used": used}) + "\n"
        with open(os.path.join(self.folder, USAGE), "r+") as file:
            file.seek(0, os.SEEK_END)
            file.write(line)


def is_wanted() -> bool:
    """Whether this process describes its machine: not if `bestmark run` does."""
    return not os.environ.get(RUN_FOLDER) and os.environ.get(SWITCH) != "off"


def environment_now() -> dict[str, Any]:
    """The facts that need no other program."""
    return {"host": socket.gethostname(), "system": platform.platform(), "cpus": os.cpu_count(),
            "script": sys.argv[0], "working_directory": os.getcwd(),
            "python": platform.python_version()}


def package_versions() -> dict[str, str]:
    """The installed packages that may decide a result."""
    versions: dict[str, str] = {}
    for name in PACKAGES:
        with suppress(Exception):
            versions[name] = metadata.version(name)
    return versions


def git_state() -> dict[str, Any]:
    """The commit of the working directory, and whether files differ from it."""
    commit = git("rev-parse", "HEAD")
    if not commit:
        return {}
    branch = git("rev-parse", "--abbrev-ref", "HEAD")
    changes = git("status", "--porcelain", "--untracked-files=no")
    return {"git_commit": commit, **({"git_branch": branch} if branch not in (None, "HEAD") else {}),
            **({} if changes is None else {"git_dirty": changes != ""})}


def git(*words: str) -> str | None:
    """The output of git; None if there is no git, or it fails."""
    with suppress(Exception):
        ran = subprocess.run(["git", *words], capture_output=True, text=True, timeout=PATIENCE,
                             env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"}, check=True)
        return ran.stdout.strip()
    return None
