"""What the reader makes of a board's answers."""

import json
import math
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

import testing  # noqa: F401  (finds the package)
import bestmark
from bestmark.reader import BoardError

JOB = {"job_id": "a1", "name": "NaN", "status": "running", "loss": "NaN", "project": "p"}
CHECKPOINT = {"step": 2, "path": "c-2", "absolute_path": "/r/c-2", "value": 1.5, "is_best": True,
              "values": {"eval_loss": 1.5, "eval_acc": "-Infinity"}}
POINTS = {"name": "loss", "count": 3, "steps": [1, 2], "values": [2.5, "NaN"], "times": [None, 7]}
NONE = {"name": "none", "count": 0, "steps": [], "values": [], "times": []}

ANSWERS = {
    "/jobs?cursor=next&limit=200": {"jobs": [JOB], "next_cursor": None},
    "/jobs?limit=200": {"jobs": [JOB], "next_cursor": "next"},
    "/jobs/a%2Fb?": JOB,
    "/jobs/a1/best?": {"best": CHECKPOINT, "sentence": "Step 2 is best."},
    "/jobs/a1/checkpoints?": {"checkpoints": [CHECKPOINT], "next_cursor": "next"},
    "/jobs/a1/checkpoints?cursor=next": {"checkpoints": [CHECKPOINT], "next_cursor": None},
    "/jobs/a1/output?after=-1&order=oldest&limit=5000": {"lines": [{"text": "one"}], "newer": 0},
    "/jobs/a1/output?after=0&order=oldest&limit=5000": {"lines": [{"text": "two"}], "newer": None},
    "/jobs/a1/series?": {"series": [{"name": "loss"}]},
    "/jobs/a1/series/points?name=loss&points=100000": {"series": [POINTS]},
    "/jobs/a1/series/points?name=none&points=100000": {"series": [NONE]},
}


class Answering(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        is_known = self.headers["authorization"] == "Bearer secret"
        answer = ANSWERS.get(self.path.removeprefix("/api/v1")) if is_known else None
        body = json.dumps(answer or {"message": "There is no such job."}).encode()
        self.send_response(200 if answer else 404)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


class Reading(unittest.TestCase):
    def setUp(self) -> None:
        server = HTTPServer(("127.0.0.1", 0), Answering)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://board.localhost:{server.server_port}"
        self.board = bestmark.read(f"{self.url}/?token=secret")

    def test_all_pages_of_jobs_are_read(self) -> None:
        self.assertEqual([job.id for job in self.board.jobs()], ["a1", "a1"])

    def test_a_name_may_hold_a_slash(self) -> None:
        job = self.board.job("a/b")
        self.assertEqual(job.name, "NaN")
        self.assertTrue(math.isnan(job.status["loss"]))

    def test_the_best_checkpoint_has_numbers(self) -> None:
        job = self.board.job("a/b")
        assert job.best is not None
        self.assertEqual((job.best.step, job.best.path), (2, "c-2"))
        self.assertEqual(job.best.fields["values"], {"eval_loss": 1.5, "eval_acc": -math.inf})
        self.assertEqual(job.why, "Step 2 is best.")
        self.assertEqual(len(job.checkpoints), 2)

    def test_a_history_is_plain_lists(self) -> None:
        history = self.board.job("a/b").history("loss")
        self.assertEqual((history.steps, history.times, history.count), ([1, 2], [None, 7], 3))
        self.assertTrue(math.isnan(history.values[1]))

    def test_an_unknown_job_is_a_key_error_with_a_sentence(self) -> None:
        with self.assertRaises(KeyError) as caught:
            self.board.job("nobody")
        self.assertEqual(str(caught.exception), "There is no such job.")

    def test_the_output_is_read_page_by_page(self) -> None:
        self.assertEqual(list(self.board.job("a/b").output()), ["one", "two"])

    def test_an_unknown_series_is_a_key_error_that_names_the_others(self) -> None:
        with self.assertRaisesRegex(KeyError, "It logged: loss"):
            self.board.job("a/b").history("none")

    def test_the_board_s_own_message_is_the_error(self) -> None:
        with self.assertRaisesRegex(BoardError, "There is no such job"):
            bestmark.read(self.url, token="wrong").job("a/b")

    def test_a_board_that_is_away_is_named(self) -> None:
        with self.assertRaisesRegex(BoardError, "Cannot reach the board at http://localhost:1/"):
            bestmark.read("http://localhost:1").jobs()


if __name__ == "__main__":
    unittest.main()
