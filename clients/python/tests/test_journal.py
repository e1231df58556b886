"""The client tells all of a run, and never stands in the way of a training."""

import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

SOURCE = Path(__file__).parents[1] / "src"
sys.path.insert(0, str(SOURCE))

import bestmark  # noqa: E402
from bestmark import journal as of_journal  # noqa: E402


class InFolder(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "journal.jsonl"
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.addCleanup(bestmark.finish)

    def lines(self) -> list:
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def events(self, *kinds: str) -> list:
        return [line for line in self.lines()[1:] if not kinds or line["type"] in kinds]

    def program(self, text: str, **env: str) -> subprocess.CompletedProcess:
        """Runs a program of its own in the run's folder, with nothing of this one's environment."""
        environment = {"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"], **env}
        command = [sys.executable, "-c", f"import bestmark\n{text}"]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)


class Telling(InFolder):
    def test_a_run_is_told_from_its_start_to_its_end(self) -> None:
        bestmark.init(str(self.folder), name="one", project="all", metric="eval_f1", direction="max")
        bestmark.log({"loss": 2.5, "eval_f1": 0.5}, 10, 0.1, samples=7)
        bestmark.checkpoint(str(self.folder / "checkpoint-10"))
        bestmark.finish()
        bestmark.finish("failed")
        header, started, metrics, evaluation, checkpoint, ended = self.lines()
        self.assertEqual((header["journal"], header["name"], header["project"]), (1, "one", "all"))
        self.assertEqual((started["metric_for_best"], started["direction"]), ("eval_f1", "max"))
        self.assertEqual((metrics["step"], metrics["values"]), (10, {"loss": 2.5}))
        self.assertEqual((evaluation["samples"], evaluation["values"]), (7, {"eval_f1": 0.5}))
        self.assertEqual(evaluation["origin"], {"file": "journal.jsonl", "line": 4})
        self.assertEqual((checkpoint["path"], checkpoint["step"]), ("checkpoint-10", 10))
        self.assertEqual(ended["status"], "completed")

    def test_the_loss_has_one_name_whatever_a_program_calls_it(self) -> None:
        bestmark.init(str(self.folder), metric="val_loss")
        bestmark.log({"train_loss": 2, "val/loss": 1, "val_acc": 0.5, "test_loss": 3}, 1)
        bestmark.claim("best", 1, "val_loss", 1)
        started, metrics, evaluation, claim = self.events()
        self.assertEqual((started["metric_for_best"], claim["metric"]), ("eval_loss", "eval_loss"))
        self.assertEqual(metrics["values"], {"loss": 2})
        self.assertEqual(evaluation["values"], {"eval_loss": 1, "val_acc": 0.5, "test_loss": 3})

    def test_every_init_in_a_folder_is_a_further_attempt_of_the_same_run(self) -> None:
        for _ in range(3):
            bestmark.init(str(self.folder))
        self.assertEqual([one["attempt"] for one in self.events("started")], [0, 1, 2])
        self.assertEqual(len({line.get("job_id") for line in self.lines()} - {None}), 1)
        self.assertEqual([one["attempt"] for one in self.events("ended")], [0, 1])

    def test_origins_count_the_lines_of_earlier_attempts_and_what_a_crash_left(self) -> None:
        bestmark.init(str(self.folder))
        bestmark.finish()
        with open(self.path, "a") as file:
            file.write('{"type": "metr')
        bestmark.init(str(self.folder))
        bestmark.log({"eval_loss": 1}, 1)
        line = json.loads(self.path.read_text().splitlines()[5])
        self.assertEqual((line["origin"]["line"], line["attempt"]), (6, 1))

    def test_what_a_crash_left_of_a_header_is_begun_anew(self) -> None:
        self.path.write_text('{"journal": 1, "jo')
        bestmark.init(str(self.folder))
        self.assertIn("job_id", self.lines()[0])

    def test_values_that_are_not_finite_are_words_and_what_is_no_number_is_left_out(self) -> None:
        class Tensor:
            def __float__(self) -> float:
                return 1.5
        odd = {"nan": math.nan, "inf": math.inf, "less": -math.inf, "tensor": Tensor(), "whole": 3,
               "text": "1", "none": None, "list": [1], "huge": 10 ** 400, 7: 8, "complex": 1j}
        bestmark.init(str(self.folder), config={("a", 1): object()}, total_steps="many")
        bestmark.log(odd, "soon", epoch="first")
        told = {"nan": "NaN", "inf": "Infinity", "less": "-Infinity", "tensor": 1.5, "whole": 3, "7": 8}
        [metrics] = self.events("metrics")
        self.assertEqual((metrics["values"], metrics["step"], metrics["epoch"]), (told, 0, None))

    def test_threads_do_not_tear_each_others_lines(self) -> None:
        bestmark.init(str(self.folder))
        def many() -> None:
            for step in range(200):
                bestmark.log({"loss": step}, step)
        threads = [threading.Thread(target=many) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(self.events("metrics")), 800)


class Ending(InFolder):
    def ended(self) -> tuple:
        [ended] = self.events("ended")
        return ended["status"], ended["error"]

    def test_a_program_that_just_ends_has_completed_its_run(self) -> None:
        self.program("bestmark.init()")
        self.assertEqual(self.ended(), ("completed", None))

    def test_an_uncaught_error_fails_the_run_and_is_told(self) -> None:
        self.program("bestmark.init()\nraise ValueError('no such shape')")
        self.assertEqual(self.ended(), ("failed", "ValueError('no such shape')"))

    def test_ctrl_c_stops_the_run(self) -> None:
        self.program("bestmark.init()\nraise KeyboardInterrupt")
        self.assertEqual(self.ended()[0], "stopped")

    def test_a_forked_child_writes_nothing(self) -> None:
        self.program("import os\nbestmark.init()\nif os.fork() == 0: bestmark.log({'loss': 1}, 1)\n"
                     "else: os.wait()")
        self.assertEqual([one["type"] for one in self.events()], ["started", "ended"])


class Ranks(InFolder):
    def test_only_rank_0_writes(self) -> None:
        for name in bestmark.RANKS:
            self.program("bestmark.init()\nbestmark.log({'loss': 1}, 1)", **{name: "1"})
            self.assertFalse(self.path.exists(), name)
        self.program("bestmark.init()", RANK="0", LOCAL_RANK="0")
        self.assertTrue(self.path.exists())

    def test_any_rank_writes_where_it_was_told_to(self) -> None:
        self.program("bestmark.init(all_ranks=True)", RANK="3")
        self.assertTrue(self.path.exists())


class Trouble(InFolder):
    def heard(self, work) -> list:
        """Does something that must not throw, and returns the warnings."""
        with self.assertLogs("bestmark") as logs:
            work()
        return logs.output

    def log_three(self, folder: Path) -> None:
        bestmark.init(str(folder))
        for step in (1, 2, 3):
            bestmark.log({"loss": step}, step)
        bestmark.finish()

    def test_a_folder_that_cannot_be_made_is_warned_of_once(self) -> None:
        (self.folder / "file").write_text("")
        self.assertEqual(len(self.heard(lambda: self.log_three(self.folder / "file" / "run"))), 1)

    def test_another_programs_journal_is_left_alone(self) -> None:
        for text in ('{"other": 1}\n', "diary", "\n"):
            self.path.write_text(text)
            self.assertEqual(len(self.heard(lambda: self.log_three(self.folder))), 1)
            self.assertEqual(self.path.read_text(), text)

    def test_a_folder_that_went_away_does_not_stop_training_and_gets_all_when_it_is_back(self) -> None:
        bestmark.init(str(self.folder))
        away = self.folder.with_suffix(".away")
        def work() -> None:
            self.folder.rename(away)
            bestmark.log({"loss": 1}, 1)
            bestmark.log({"loss": 2}, 2)
            away.rename(self.folder)
        self.assertEqual(len(self.heard(work)), 1)
        bestmark.log({"loss": 3}, 3)
        self.assertEqual([one["step"] for one in self.events("metrics")], [1, 2, 3])

    @unittest.skipUnless(hasattr(os, "fork") and sys.platform == "linux", "needs file size limits")
    def test_a_disk_that_takes_only_a_part_of_a_line_loses_nothing_once_there_is_room(self) -> None:
        ran = self.program(
            "import resource, signal\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "bestmark.init()\n"
            "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (700, hard))\n"
            "for step in range(30): bestmark.log({'eval_loss': step}, step)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
            "bestmark.log({'eval_loss': 30}, 30)\n")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(ran.stderr.count("training goes on"), 1)
        evaluations = self.events("evaluation")
        self.assertEqual([one["step"] for one in evaluations], list(range(31)))
        lines = self.lines()
        self.assertTrue(all(lines[one["origin"]["line"] - 1] == one for one in evaluations))

    def test_what_waits_is_bounded(self) -> None:
        bestmark.init(str(self.folder))
        shutil.rmtree(self.folder)
        with mock.patch.object(of_journal, "ROOM", 1000):
            self.heard(lambda: [bestmark.log({"loss": 1}, step) for step in range(100)])
        self.assertLess(len(bestmark._journal.waiting), 1300)

    def test_nothing_happens_before_init_and_after_a_finish_the_end_is_not_told_again(self) -> None:
        self.program("bestmark.log({'loss': 1}, 1)\nbestmark.checkpoint('x')\nbestmark.finish()")
        self.assertFalse(self.path.exists())


if __name__ == "__main__":
    unittest.main()
