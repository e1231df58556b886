"""The setup of a run and its machine usage, as events of its journal.
`bestmark run` records the same, so under it the client records none."""
import os
import platform
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import metadata
from typing import Any

from .paths import RUN_FOLDER
from .slurm import slurm_facts
from .usage import Sampler

SWITCH = "BESTMARK_MACHINE"  # "off" records neither
FIRST, EVERY = 1.0, 10.0  # seconds until the first sample, and between samples
PATIENCE = 20.0  # seconds that git may take
PACKAGES = ("torch", "torchvision", "transformers", "accelerate", "datasets", "peft", "trl",
            "diffusers", "sentence-transformers", "lightning", "pytorch-lightning", "keras",
            "tensorflow", "jax", "flax", "optax", "numpy", "scikit-learn", "timm", "ultralytics",
            "deepspeed", "xgboost", "lightgbm", "catboost", "spacy", "tokenizers", "safetensors")


class Machine:
    """Describes the machine of one run, and samples it in a thread until the run ends. `record`
    takes the events."""

    def __init__(self, record: Callable[..., None]) -> None:
        self._record = record
        self._has_ended = threading.Event()
        self._recording = threading.Lock()
        self._environment = environment_now()

    def begin(self) -> None:
        """Records what is known at once. The rest comes from a thread, because git may be slow."""
        self._add_setup()
        threading.Thread(target=self._work, name="bestmark-machine", daemon=True).start()

    def end(self) -> None:
        """Ends the sampling. Nothing is recorded after it."""
        self._has_ended.set()
        with self._recording:
            pass

    def _work(self) -> None:
        sampler = Sampler(os.getpid())
        with suppress(Exception):  # nothing here may disturb a training
            self._environment.update(git_state(), packages=package_versions())
            self._add_setup()
        wait = FIRST
        while not self._has_ended.wait(wait):
            wait = EVERY
            with suppress(Exception):
                if used := sampler.sample():
                    self._add("usage", used=used)

    def _add_setup(self) -> None:
        self._add("setup", environment=self._environment.copy())

    def _add(self, kind: str, **fields: Any) -> None:
        """Records an event, unless the run has ended: it would seem to go on."""
        with self._recording:
            if not self._has_ended.is_set():
                self._record(kind, **fields)


def is_wanted() -> bool:
    """Whether this process describes its machine: not if `bestmark run` does."""
    return not os.environ.get(RUN_FOLDER) and os.environ.get(SWITCH) != "off"


def environment_now() -> dict[str, Any]:
    """The facts that need no other program."""
    return {"host": socket.gethostname(), "system": platform.platform(), "cpus": os.cpu_count(),
            "script": sys.argv[0], "working_directory": os.getcwd(),
            "python": platform.python_version(), **slurm_facts()}


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
