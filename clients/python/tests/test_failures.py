"""The client never stops a training, and loses nothing."""

import os
import sys
import threading
import unittest
from pathlib import Path
from unittest import mock

from testing import InFolder

import bestmark
from bestmark import journal as of_journal


class Trouble(InFolder):
    def warnings_of(self, work) -> list:
        """Calls something that must not throw; returns the warnings."""
        with self.assertLogs("bestmark") as logs:
            work()
        return logs.output

    def log_three(self, folder: Path) -> None:
        bestmark.init(str(folder))
        for step in (1, 2, 3):
            bestmark.log({"loss": step}, step)
        bestmark.finish()

    def test_a_folder_that_cannot_be_created_gives_one_warning(self) -> None:
        (self.folder / "file").write_text("")
        self.assertEqual(len(self.warnings_of(lambda: self.log_three(self.folder / "file" / "run"))), 1)

    def test_a_file_of_another_program_is_not_changed(self) -> None:
        for text in ('{"other": 1}\n', "diary", "\n"):
            self.path.write_text(text)
            self.assertEqual(len(self.warnings_of(lambda: self.log_three(self.folder))), 1)
            self.assertEqual(self.path.read_text(), text)

    def test_a_missing_folder_does_not_stop_training_and_gets_all_events_when_it_is_back(self) -> None:
        bestmark.init(str(self.folder))
        bestmark._reporter.journal.flush()
        away = self.folder.with_suffix(".away")
        def work() -> None:
            self.folder.rename(away)
            bestmark.log({"loss": 1}, 1)
            bestmark.log({"loss": 2}, 2)
            bestmark._reporter.journal.flush()
            away.rename(self.folder)
        self.assertEqual(len(self.warnings_of(work)), 1)
        bestmark.log({"loss": 3}, 3)
        self.assertEqual([one["step"] for one in self.events("metrics")], [1, 2, 3])

    @unittest.skipUnless(hasattr(os, "fork") and sys.platform == "linux", "needs file size limits")
    def test_a_disk_that_writes_only_a_part_of_a_line_loses_nothing_when_it_has_space_again(self) -> None:
        ran = self.program(
            "import resource, signal\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "bestmark.init()\n"
            "bestmark._reporter.journal.flush()\n"
            "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (700, hard))\n"
            "for step in range(30): bestmark.log({'eval_loss': step}, step)\n"
            "bestmark._reporter.journal.flush()\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
            "bestmark.log({'eval_loss': 30}, 30)\n")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stderr.count("training continues"), 1)
        evaluations = self.events("evaluation")
        self.assertEqual([one["step"] for one in evaluations], list(range(31)))
        lines = self.lines()
        self.assertTrue(all(lines[one["origin"]["line"] - 1] == one for one in evaluations))

    def test_invalid_arguments_give_one_warning_each_and_stop_nothing(self) -> None:
        class Odd(Exception):
            def __repr__(self) -> str:
                raise ValueError
        def work() -> None:
            for _ in range(2):
                bestmark.log(None, 1)
                bestmark.checkpoint(7, 1)
            bestmark.finish(error=Odd())
            bestmark.init(7)
        bestmark.init(str(self.folder))
        self.assertEqual(len(self.warnings_of(work)), 4)
        bestmark.log({"loss": 1}, 1)

    def test_a_wrong_argument_of_init_is_named_and_the_run_begins_without_it(self) -> None:
        def work() -> None:
            bestmark.init(str(self.folder), direction="maximum", config=3)
        direction, config = sorted(self.warnings_of(work), reverse=True)
        self.assertIn('direction must be "min" or "max"; got \'maximum\'. It is ignored', direction)
        self.assertIn("config must be a mapping or an object with attributes; got 3.", config)
        self.assertEqual([(one["direction"], one["config"]) for one in self.events("started")],
                         [(None, {})])

    def test_nothing_happens_before_init_and_the_end_is_written_only_once(self) -> None:
        ran = self.program(
            "bestmark.log({'loss': 1}, 1)\nbestmark.checkpoint('x')\nbestmark.finish()")
        self.assertEqual(ran.stderr.count("was called before bestmark.init"), 1)
        self.assertIn("bestmark.log was called before bestmark.init", ran.stderr)
        self.assertFalse(self.path.exists())


class Hanging(InFolder):
    """A file system on which no file can be opened until it works again."""

    def hang(self) -> threading.Event:
        goes_on, really = threading.Event(), os.open
        def held(*arguments) -> int:
            goes_on.wait()
            return really(*arguments)
        patch = mock.patch.object(os, "open", held)
        patch.start()
        self.addCleanup(patch.stop)
        self.addCleanup(goes_on.set)
        return goes_on

    def test_training_is_not_delayed_and_nothing_is_lost_or_reordered(self) -> None:
        bestmark.init(str(self.folder))
        begun = self.path.read_text()
        goes_on = self.hang()
        def train() -> None:
            for step in range(2000):
                bestmark.log({"loss": step, "eval_loss": step}, step)
        training = threading.Thread(target=train, daemon=True)
        training.start()
        training.join(60)
        self.assertFalse(training.is_alive())
        self.assertEqual(self.path.read_text(), begun)
        goes_on.set()
        self.assertEqual([one["step"] for one in self.events("metrics")], list(range(2000)))
        lines = self.lines()
        for one in self.events("evaluation"):
            self.assertEqual(lines[one["origin"]["line"] - 1], one)

    def test_the_end_is_delayed_only_briefly_with_a_warning(self) -> None:
        bestmark.init(str(self.folder))
        self.hang()
        with mock.patch.object(of_journal, "PATIENCE", 0.01), self.assertLogs("bestmark") as logs:
            bestmark.finish()
        self.assertIn("was not written within 0.01 seconds", logs.output[0])

    def test_attempts_do_not_overtake_each_other(self) -> None:
        goes_on = self.hang()
        with mock.patch.object(of_journal, "PATIENCE", 0.01), self.assertLogs("bestmark"):
            for step in range(3):
                bestmark.init(str(self.folder))
                bestmark.log({"loss": step}, step)
            bestmark.finish()
        goes_on.set()
        steps = [(one["attempt"], one["step"]) for one in self.events("metrics")]
        self.assertEqual(steps, [(0, 0), (1, 1), (2, 2)])

    HANG = """
import os, signal, sys, threading
from unittest import mock
goes_on, is_held, really = threading.Event(), threading.Event(), os.open
def held(*arguments):
    is_held.set()
    goes_on.wait()
    return really(*arguments)
bestmark.init("a")
for step in range(50): bestmark.log({"loss": step}, step)
bestmark._reporter.journal.flush()
mock.patch.object(os, "open", held).start()
bestmark.log({"loss": 50}, 50)
is_held.wait()
"""

    def steps(self, run: str) -> list:
        self.path = self.folder / run / "journal.jsonl"
        return [one["step"] for one in self.events("metrics")]

    @unittest.skipUnless(hasattr(os, "fork"), "needs fork")
    def test_a_child_forked_meanwhile_continues_and_may_begin_its_own_run(self) -> None:
        ran = self.program(self.HANG + """
child = os.fork()
if child == 0:
    bestmark.log({"loss": 1}, 99)
    goes_on.set()
    bestmark.init("b")
    bestmark.log({"loss": 1}, 1)
    sys.exit()
ended = os.waitpid(child, 0)[1]
goes_on.set()
bestmark.log({"loss": 51}, 51)
sys.exit(ended)
""", PYTHONWARNINGS="ignore:This process")
        self.assertEqual((ran.returncode, ran.stderr), (0, ""))
        self.assertEqual(self.steps("a"), list(range(52)))
        self.assertEqual(self.steps("b"), [1])
        self.assertEqual(self.events()[-1]["type"], "ended")

    def test_a_killed_process_loses_only_waiting_events(self) -> None:
        self.program(self.HANG + "os.kill(os.getpid(), signal.SIGKILL)")
        self.assertEqual(self.steps("a"), list(range(50)))
