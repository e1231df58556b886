"""Files of samples are sent once, and nothing else of the machine is."""

import hashlib
import json
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

from testing import InFolder

from bestmark.board import Board
from bestmark.sample_sender import SampleSender


class Wanting(HTTPServer):
    """A board that lacks some files."""

    def __init__(self, wanted: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.wanted = wanted
        self.offers: list[dict] = []
        self.files: dict[str, bytes] = {}
        self.largest = 100


class Answering(BaseHTTPRequestHandler):
    server: Wanting

    def do_GET(self) -> None:
        wanted = [{"sample_id": path, "path": path} for path in self.server.wanted]
        self.answer({"largest": self.server.largest, "wanted": wanted})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        name = self.path.split("/samples", 1)[1].lstrip("/")
        if name:
            assert hashlib.sha256(body).hexdigest() == self.headers["bestmark-sha256"]
            self.server.files[name] = body
            self.server.wanted.remove(name)
            return self.answer({"content_state": "stored"})
        offers = json.loads(body)["files"]
        self.server.offers += offers
        missing = [one["sample_id"] for one in offers if "sha256" in one]
        self.server.wanted = missing
        self.answer({"missing": missing})

    def answer(self, body: dict) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_args: object) -> None:
        pass


class SendingSamples(InFolder):
    def wanting(self, *wanted: str) -> tuple[Wanting, SampleSender]:
        board = Wanting(list(wanted))
        threading.Thread(target=board.serve_forever, daemon=True).start()
        self.addCleanup(board.server_close)
        self.addCleanup(board.shutdown)
        address = Board(f"http://127.0.0.1:{board.server_port}", "secret")
        return board, SampleSender(address, str(self.folder))

    def write(self, path: str, content: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)

    def states(self, board: Wanting) -> dict:
        return {one["sample_id"]: one.get("content_state") for one in board.offers}

    def test_each_file_is_sent_once_with_its_digest(self) -> None:
        self.write("bestmark-samples/a.png", b"a")
        self.write("bestmark-samples/b.png", b"b")
        board, sender = self.wanting("bestmark-samples/a.png", "bestmark-samples/b.png")
        self.assertTrue(sender.send("job"))
        self.assertEqual(board.files, {"bestmark-samples/a.png": b"a", "bestmark-samples/b.png": b"b"})
        self.assertEqual((sender.count, sender.too_large_text), (2, ""))

    def test_a_board_gets_no_file_that_the_client_did_not_write(self) -> None:
        self.write("secret.png", b"secret")
        self.write("bestmark-samples/a.png", b"a")
        (self.folder / "bestmark-samples" / "link.png").symlink_to(self.folder / "secret.png")
        names = ["secret.png", "bestmark-samples/../secret.png", "/etc/passwd", "bestmark-samples/link.png"]
        board, sender = self.wanting(*names)
        self.assertTrue(sender.send("job"))
        self.assertEqual((board.files, self.states(board)), ({}, dict.fromkeys(names, "outside")))

    def test_a_file_that_is_too_large_or_missing_has_its_code(self) -> None:
        self.write("bestmark-samples/large.png", bytes(101))
        board, sender = self.wanting("bestmark-samples/large.png", "bestmark-samples/gone.png")
        self.assertTrue(sender.send("job"))
        self.assertEqual(board.files, {})
        self.assertEqual(self.states(board), {"bestmark-samples/large.png": "too_large",
                                              "bestmark-samples/gone.png": "missing"})
        self.assertIn("large.png", sender.too_large_text)


if __name__ == "__main__":
    unittest.main()
