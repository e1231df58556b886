"""A program that logs faster than the disk writes loses nothing that can be written."""

import os
import threading
import time
import unittest
from unittest import mock

from testing import InFolder

import bestmark
from bestmark import journal as of_journal
from bestmark import journal_file


def log_steps(steps: range) -> None:
    for step in steps:
        bestmark.log({"loss": step}, step)


class Plenty(InFolder):
    """At most fifty events wait, beside the line that is being written."""

    def setUp(self) -> None:
        super().setUp()
        for module, name, size in ((of_journal, "ROOM", 50), (journal_file, "PIECE", 1)):
            small = mock.patch.object(module, name, size)
            small.start()
            self.addCleanup(small.stop)
        self.addCleanup(bestmark.finish)
        bestmark.init(str(self.folder))
        bestmark._reporter.journal.flush()

    def missing(self) -> list:
        return [one["missing"] for one in self.events("log")]

    def away(self):
        """Moves the journal's folder away; the returned function puts it back."""
        away = self.folder.with_suffix(".away")
        self.folder.rename(away)
        log_steps(range(1))
        bestmark._reporter.journal.flush()
        return lambda: away.rename(self.folder)

    def test_a_tight_loop_keeps_every_line_in_order(self) -> None:
        self.program("bestmark.init()\n"
                     "for step in range(200_000): bestmark.log({'loss': step}, step)\n"
                     "bestmark.finish()")
        lines = self.lines()[3:]  # after the header and the lines of the set-up
        self.assertEqual([one.get("step") for one in lines], [*range(200_000), None])
        self.assertEqual(lines[-1]["type"], "ended")

    def test_a_slow_disk_that_makes_progress_loses_nothing(self) -> None:
        really = os.open
        def slow(*arguments) -> int:
            time.sleep(0.001)
            return really(*arguments)
        with mock.patch.object(os, "open", slow):
            for step in range(300):
                bestmark.log({"loss": step, "eval_loss": step}, step)
                bestmark.checkpoint(self.folder / f"checkpoint-{step}", step)
            bestmark.finish()
        for kind in ("metrics", "evaluation", "checkpoint"):
            self.assertEqual([one["step"] for one in self.events(kind)], list(range(300)), kind)
        self.assertEqual(self.missing(), [])

    def test_if_nothing_can_be_written_metrics_are_dropped_first_then_evaluations_and_checkpoints_never(self) -> None:
        with self.assertLogs("bestmark") as logs:
            back = self.away()
            log_steps(range(1, 80))
            for step in range(70):
                bestmark.log({"loss": step, "eval_loss": step}, step)
            for step in range(200):
                bestmark.checkpoint(self.folder / f"checkpoint-{step}", step)
            self.assertLess(len(bestmark._reporter.journal.waiting), 303)
            back()
            bestmark.finish()
        self.assertEqual(sum("the journal will say how many" in line for line in logs.output), 1)
        self.assertEqual([one["step"] for one in self.events("metrics")], list(range(51)))
        self.assertEqual([one["step"] for one in self.events("evaluation")], list(range(49)))
        self.assertEqual([one["step"] for one in self.events("checkpoint")], list(range(200)))
        self.assertEqual(self.events()[-1]["type"], "ended")

    def test_the_journal_says_how_many_events_are_missing_and_where(self) -> None:
        with self.assertLogs("bestmark"):
            back = self.away()
            log_steps(range(1, 80))
            for step in range(60):
                bestmark.log({"eval_loss": step}, step)
            back()
            bestmark._reporter.journal.flush()
        bestmark.log({"loss": 80}, 80)
        lines = self.lines()
        self.assertEqual(self.missing(), [{"metrics": 29, "evaluation": 11}])
        [gap] = self.events("log")
        self.assertEqual(gap["level"], "warning")
        self.assertIn("29 calls with metrics and 11 evaluations", gap["text"])
        self.assertEqual(lines[lines.index(gap) - 1]["step"], 50)
        self.assertEqual(lines[-1]["step"], 80)
        for one in self.events("evaluation"):
            self.assertEqual(lines[one["origin"]["line"] - 1], one)

    def test_a_file_system_that_hangs_delays_a_full_training_only_once_and_briefly(self) -> None:
        goes_on, really, waits = threading.Event(), os.open, []
        def held(*arguments) -> int:
            goes_on.wait()
            return really(*arguments)
        self.addCleanup(goes_on.set)
        was = bestmark._reporter.journal._wait
        def counted(*arguments) -> bool:
            waits.append(arguments)
            return was(*arguments)
        with (mock.patch.object(os, "open", held), mock.patch.object(of_journal, "PATIENCE", 0.05),
              mock.patch.object(bestmark._reporter.journal, "_wait", counted), self.assertLogs("bestmark")):
            training = threading.Thread(target=log_steps, args=[range(1000)], daemon=True)
            training.start()
            training.join(60)
            self.assertFalse(training.is_alive())
            self.assertEqual(len(waits), 1)
            goes_on.set()
            bestmark._reporter.journal.flush(10)
        kept = len(self.events("metrics"))
        self.assertEqual(self.missing(), [{"metrics": 1000 - kept}])
        log_steps(range(1000, 1300))
        self.assertEqual(len(self.events("metrics")), kept + 300)


if __name__ == "__main__":
    unittest.main()
