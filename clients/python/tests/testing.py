"""A separate folder for each test of the client."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src"
sys.path.insert(0, str(SOURCE))

# The events of the machine would be between the events that most tests check.
os.environ["BESTMARK_MACHINE"] = "off"

import bestmark  # noqa: E402


class InFolder(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "journal.jsonl"
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(bestmark.finish)

    def lines(self) -> list:
        bestmark._reporter.journal.flush()
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def events(self, *kinds: str) -> list:
        return [line for line in self.lines()[1:] if not kinds or line["type"] in kinds]

    def program(self, text: str, **env: str) -> subprocess.CompletedProcess:
        """Runs a separate program in the run's folder, without this process's variables."""
        environment = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"],
                       "BESTMARK_MACHINE": "off", **env}
        command = [sys.executable, "-c", f"import bestmark\n{text}"]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
