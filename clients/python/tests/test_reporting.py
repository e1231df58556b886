"""The client reports a whole run, from exactly one process."""

import json
import math
import threading
import types
import tracemalloc

from testing import InFolder

import bestmark


class Telling(InFolder):
    def test_a_run_is_reported_from_start_to_end(self) -> None:
        bestmark.init(str(self.folder), name="one", project="all", metric="eval_f1", direction="max")
        bestmark.log({"loss": 2.5, "eval_f1": 0.5}, 10, 0.1, samples=7)
        bestmark.checkpoint(str(self.folder / "checkpoint-10"))
        bestmark.finish()
        bestmark.finish("failed")
        header, started, metrics, evaluation, checkpoint, ended = self.lines()
        self.assertEqual((header["journal"], header["name"], header["project"]), (1, "one", "all"))
        self.assertEqual((started["metric_for_best"], started["direction"]), ("eval_f1", "max"))
        self.assertEqual((metrics["step"], metrics["values"]), (10, {"loss": 2.5}))
        self.assertNotIn("samples", metrics)
        self.assertEqual((evaluation["samples"], evaluation["values"]), (7, {"eval_f1": 0.5}))
        self.assertEqual(evaluation["origin"], {"file": "journal.jsonl", "line": 4})
        self.assertEqual((checkpoint["path"], checkpoint["step"]), ("checkpoint-10", 10))
        self.assertEqual(ended["status"], "completed")

    def test_a_checkpoint_below_the_run_has_a_relative_path_through_any_link(self) -> None:
        real, link = self.folder / "real", self.folder / "deep" / "link"
        (real / "checkpoint-10").mkdir(parents=True)
        link.parent.mkdir()
        link.symlink_to(real)
        (real / "checkpoint-30").symlink_to(self.folder / "elsewhere")
        for folder, other in ((real, link), (link, real)):
            bestmark.init(str(folder))
            for path in (folder / "checkpoint-10", other / "checkpoint-10", other / "checkpoint-20"):
                bestmark.checkpoint(str(path))
            bestmark.checkpoint(str(folder / "checkpoint-30"))
            bestmark.checkpoint(str(folder.parent / "checkpoint-40"))
            bestmark.finish()
        self.path = real / "journal.jsonl"
        once = ["checkpoint-10", "checkpoint-10", "checkpoint-20", "checkpoint-30", "../checkpoint-40"]
        self.assertEqual([line["path"] for line in self.events("checkpoint")], once * 2)

    def test_a_checkpoint_in_an_object_store_keeps_its_uri(self) -> None:
        uris = ["s3://bucket/a/../b/", "gs://bucket/x y", "simplecache::s3://bucket/x", "hf://user/model@main"]
        bestmark.init(str(self.folder))
        for uri in uris:
            bestmark.checkpoint(uri, 1)
        bestmark.claim(uris[0], 1, "eval_loss", 1)
        self.assertEqual([line["path"] for line in self.events("checkpoint")], uris)
        self.assertEqual(self.events("claim")[0]["path"], uris[0])
        bestmark.checkpoint((self.folder / "checkpoint-1").as_uri(), 1)
        self.assertEqual(self.events("checkpoint")[-1]["path"], (self.folder / "checkpoint-1").as_uri())

    def test_the_loss_has_one_name_in_every_program(self) -> None:
        bestmark.init(str(self.folder), metric="val_loss")
        bestmark.log({"train_loss": 2, "val/loss": 1, "val_acc": 0.5, "test_loss": 3}, 1)
        bestmark.claim("best", 1, "val_loss", 1)
        started, metrics, evaluation, claim = self.events()
        self.assertEqual((started["metric_for_best"], claim["metric"]), ("eval_loss", "eval_loss"))
        self.assertEqual(metrics["values"], {"loss": 2})
        self.assertEqual(evaluation["values"], {"eval_loss": 1, "val_acc": 0.5, "test_loss": 3})
        for name in ("Valid/Loss", "dev_loss", "validation_loss_epoch"):
            bestmark.log({name: 4}, 2)
            self.assertEqual(self.events()[-1]["values"], {"eval_loss": 4}, name)
        bestmark.log({"eval_loss": 5, "val_loss": 6, "loss": 7, "train/loss_step": 8}, 3)
        self.assertEqual(self.events()[-2]["values"], {"eval_loss": 5, "val_loss": 6})
        self.assertEqual(self.events()[-1]["values"], {"loss": 7, "train/loss_step": 8})

    def test_each_evaluation_set_has_its_own_number_of_samples(self) -> None:
        bestmark.init(str(self.folder), samples={"val_": 5, "val_far_": 6, "/dataloader_idx_1": 7})
        values = {"val_acc": 1, "val_far_acc": 2, "acc/dataloader_idx_1": 3, "eval_acc": 4}
        bestmark.log({**values, "val_acc/dataloader_idx_1": 5, "loss": 6}, 1)
        bestmark.log({"val_acc": 7, "val_far_acc": 8}, 2, samples=9)
        evaluated = [(one["samples"], one["values"]) for one in self.events("evaluation")]
        self.assertEqual(evaluated, [
            (5, {"val_acc": 1}), (6, {"val_far_acc": 2}), (None, {"eval_acc": 4}),
            (7, {"val_acc/dataloader_idx_1": 5}), (9, {"val_acc": 7, "val_far_acc": 8})])

    def test_every_init_in_a_folder_is_the_next_attempt_of_the_same_run(self) -> None:
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
        bestmark.finish()
        line = json.loads(self.path.read_text().splitlines()[5])
        self.assertEqual((line["origin"]["line"], line["attempt"]), (6, 1))

    def test_a_long_journal_is_not_kept_in_memory_at_the_next_attempt(self) -> None:
        bestmark.init(str(self.folder))
        bestmark.finish()
        with open(self.path, "a") as file:
            file.writelines('{"type": "heartbeat", "attempt": 0}\n' for _ in range(300_000))
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        bestmark.init(str(self.folder))
        bestmark._reporter.journal.flush(60)
        self.assertLess(tracemalloc.get_traced_memory()[1], self.path.stat().st_size / 10)
        self.assertEqual(self.events("started")[-1]["attempt"], 1)

    def test_an_incomplete_header_after_a_crash_is_written_again(self) -> None:
        self.path.write_text('{"journal": 1, "jo')
        bestmark.init(str(self.folder))
        self.assertIn("job_id", self.lines()[0])

    def test_values_that_are_not_finite_are_words_and_other_values_are_skipped(self) -> None:
        class Tensor:
            def item(self) -> float:
                return 1.5
        odd = {"nan": math.nan, "inf": math.inf, "less": -math.inf, "tensor": Tensor(), "whole": 3,
               "text": "1", "none": None, "list": [1], "huge": 10 ** 400, 7: 8, "complex": 1j}
        bestmark.init(str(self.folder), config={("a", 1): object()}, total_steps="many")
        bestmark.log(odd, "soon", epoch="first")
        expected = {"nan": "NaN", "inf": "Infinity", "less": "-Infinity", "tensor": 1.5, "whole": 3, "7": 8}
        [metrics] = self.events("metrics")
        self.assertEqual((metrics["values"], metrics["step"], metrics["epoch"]), (expected, 0, None))

    def test_a_run_begins_even_if_its_arguments_are_invalid(self) -> None:
        endless: dict = {}
        endless["self"] = endless
        for wrong in ({"config": endless}, {"config": 7}, {"direction": "minimize"}):
            with self.assertLogs("bestmark") as logs:
                bestmark.init(str(self.folder), metric="f1", **wrong)
            self.assertEqual(len(logs.output), 1)
        config = types.SimpleNamespace(lr=0.1)
        bestmark.init(str(self.folder), metric="f1", direction="max", config=config)
        started = self.events("started")
        begun = [(one["attempt"], one["metric_for_best"], one["direction"]) for one in started]
        self.assertEqual(begun, [(0, "f1", None), (1, "f1", None), (2, "f1", None), (3, "f1", "max")])
        self.assertEqual(started[-1]["config"], {"lr": 0.1})

    def test_threads_do_not_mix_their_lines(self) -> None:
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


class OfBestmarkRun(InFolder):
    """`bestmark run` gives the folder and the job of the run that it started."""

    JOB = "6f1c7d1e-0000-4000-8000-000000000001"

    def header_after(self, text: str, folder: str) -> dict:
        self.program(text, BESTMARK_JOB_ID=self.JOB, BESTMARK_RUN_FOLDER=str(self.folder / folder))
        return self.lines()[0]

    def test_init_without_a_folder_uses_the_folder_of_the_run(self) -> None:
        self.path = self.folder / "run" / "journal.jsonl"
        self.assertEqual(self.header_after("bestmark.init()", "run")["job_id"], self.JOB)

    def test_a_new_journal_in_that_folder_has_its_job_through_any_path(self) -> None:
        (self.folder / "link").symlink_to(self.folder)
        self.assertEqual(self.header_after("bestmark.init('link')", ".")["job_id"], self.JOB)

    def test_a_journal_in_another_folder_has_another_job(self) -> None:
        self.path = self.folder / "other" / "journal.jsonl"
        self.assertNotEqual(self.header_after("bestmark.init('other')", "run")["job_id"], self.JOB)

    def test_a_journal_keeps_the_job_that_it_has(self) -> None:
        self.program("bestmark.init()")
        job = self.lines()[0]["job_id"]
        self.assertEqual(self.header_after("bestmark.init()", ".")["job_id"], job)
        self.assertEqual([one["attempt"] for one in self.events("started")], [0, 1])


class Ending(InFolder):
    def ended(self) -> tuple:
        [ended] = self.events("ended")
        return ended["status"], ended["error"]

    def test_a_program_that_just_ends_has_completed_its_run(self) -> None:
        self.program("bestmark.init()")
        self.assertEqual(self.ended(), ("completed", None))

    def test_an_uncaught_error_fails_the_run_and_is_reported(self) -> None:
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

    def test_rank_0_of_the_launcher_writes_on_any_node(self) -> None:
        self.program("bestmark.init()", RANK="0", NODE_RANK="3", SLURM_PROCID="3")
        self.assertTrue(self.path.exists())

    def test_an_initialised_process_group_decides_the_rank(self) -> None:
        group = ("import sys, types\ntorch = types.SimpleNamespace(is_available=lambda: True,"
                 " is_initialized=lambda: True, get_rank=lambda: {})\n"
                 "sys.modules['torch.distributed'] = torch\nbestmark.init()")
        self.program(group.format(1))
        self.assertFalse(self.path.exists())
        self.program(group.format(0), LOCAL_RANK="1")
        self.assertTrue(self.path.exists())

    def test_with_all_ranks_every_rank_writes(self) -> None:
        self.program("bestmark.init(all_ranks=True)", RANK="3")
        self.assertTrue(self.path.exists())
