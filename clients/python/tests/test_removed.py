"""A program that removes its run's folder and makes it again keeps its run."""

import json
import shutil
from unittest import mock

from testing import InFolder

import bestmark
from bestmark import journal_file


class Removed(InFolder):
    def begin(self) -> dict:
        bestmark.init(str(self.folder), name="one", config={"lr": 0.1})
        return self.lines()[0]

    def go_on(self, remove) -> list:
        """Logs steps 1 and 2, removes the journal, logs steps 3 and 4; returns the warnings."""
        with self.assertLogs("bestmark") as logs:
            for step in (1, 2):
                bestmark.log({"loss": step, "eval_loss": step}, step)
            bestmark._reporter.journal.flush()
            remove()
            for step in (3, 4):
                bestmark.log({"loss": step, "eval_loss": step}, step)
            bestmark.finish()
        return logs.output

    def make_anew(self) -> None:
        shutil.rmtree(self.folder)
        self.folder.mkdir()

    def test_the_journal_is_written_again_completely_with_one_warning(self) -> None:
        header = self.begin()
        self.assertEqual(len(self.go_on(self.make_anew)), 1)
        lines = self.lines()
        self.assertEqual(lines[0], header)
        self.assertEqual([one["type"] for one in (lines[1], lines[-1])], ["started", "ended"])
        self.assertEqual(lines[1]["config"], {"lr": 0.1})
        self.assertEqual([one["step"] for one in self.events("metrics")], [1, 2, 3, 4])
        for one in self.events("evaluation"):
            self.assertEqual(lines[one["origin"]["line"] - 1], one)

    def test_an_emptied_folder_gets_the_journal_again(self) -> None:
        self.begin()
        self.assertEqual(len(self.go_on(self.path.unlink)), 1)
        self.assertEqual([one["step"] for one in self.events("metrics")], [1, 2, 3, 4])

    def test_a_folder_removed_right_after_init_gets_the_journal_again(self) -> None:
        self.program("import os, shutil\nbestmark.init('run')\nshutil.rmtree('run')\nos.mkdir('run')\n"
                     "bestmark.log({'loss': 1}, 1)")
        self.path = self.folder / "run" / "journal.jsonl"
        self.assertEqual([one["type"] for one in self.events()], ["started", "metrics", "ended"])

    def test_nothing_is_written_into_a_folder_that_is_being_removed(self) -> None:
        self.begin()
        bestmark.log({"loss": 1}, 1)
        bestmark._reporter.journal.flush()
        self.path.unlink()
        with self.assertLogs("bestmark"):
            bestmark._reporter.journal.waiting.add({"type": "heartbeat"})  # logged before, not written yet
            bestmark._reporter.journal.write()
        self.folder.rmdir()
        self.folder.mkdir()
        bestmark.log({"loss": 2}, 2)
        self.assertEqual([one["step"] for one in self.events("metrics")], [1, 2])

    def test_lost_events_are_counted(self) -> None:
        self.begin()
        with mock.patch.object(journal_file, "KEPT", 3):
            self.go_on(self.make_anew)
        self.assertEqual([one["step"] for one in self.events("metrics")], [1, 3, 4])
        [lost] = self.events("log")
        self.assertEqual(lost["level"], "warning")
        self.assertIn("2 earlier events are missing", lost["text"])

    def test_a_later_attempt_keeps_its_number(self) -> None:
        header = self.begin()
        bestmark.finish()
        self.begin()
        self.go_on(self.make_anew)
        self.assertEqual(self.lines()[0], header)
        self.assertEqual({one["attempt"] for one in self.events()}, {1})

    def test_if_another_run_began_meanwhile_it_is_the_next_attempt_of_that_run(self) -> None:
        self.begin()
        other = {"journal": 1, "job_id": "6f1c7d1e-0000-4000-8000-000000000001", "name": "other"}
        def replace() -> None:
            self.make_anew()
            started = {"type": "started", "attempt": 0}
            self.path.write_text(f"{json.dumps(other)}\n{json.dumps(started)}\n")
        self.assertEqual(len(self.go_on(replace)), 1)
        self.assertEqual(self.lines()[0], other)
        self.assertEqual([one["attempt"] for one in self.events("started")], [0, 1])
        self.assertEqual({one["attempt"] for one in self.events("metrics")}, {1})
