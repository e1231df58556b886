"""The journal is sent whole, whatever the board answers meanwhile."""

import gzip
import json
import threading
import unittest
import zlib
from http.server import BaseHTTPRequestHandler, HTTPServer

from testing import InFolder

from bestmark.board import Refused
from bestmark.sender import Sender


class Board(HTTPServer):
    """A board that keeps what it gets; `refusals` are answered first."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.journal = b""
        self.refusals: list[tuple[int, dict]] = []


class Answering(BaseHTTPRequestHandler):
    server: Board

    def do_GET(self) -> None:
        self.answer(200, {})

    def do_POST(self) -> None:
        body = gzip.decompress(self.rfile.read(int(self.headers["content-length"])))
        if self.server.refusals:
            return self.answer(*self.server.refusals.pop(0))
        if self.headers["bestmark-replaces"] == str(zlib.crc32(self.server.journal)):
            self.server.journal = b""
        if int(self.headers["bestmark-offset"]) == len(self.server.journal):
            self.server.journal += body
        self.answer(200, {})

    def answer(self, status: int, more: dict) -> None:
        journal = self.server.journal
        body = json.dumps({"offset": len(journal), "crc32": zlib.crc32(journal), **more}).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("retry-after", "7")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        pass


HEADER = b'{"journal": 1, "job_id": "a", "name": "n", "project": ""}\n'


class SendingOf(InFolder):
    def setUp(self) -> None:
        super().setUp()
        self.board = Board()
        threading.Thread(target=self.board.serve_forever, daemon=True).start()
        self.addCleanup(self.board.server_close)
        self.addCleanup(self.board.shutdown)
        self.sender = Sender(str(self.path), f"http://127.0.0.1:{self.board.server_port}", "secret")

    def test_whole_lines_are_sent_and_half_a_line_waits(self) -> None:
        lines = HEADER + b"".join(b'{"line": %d}\n' % line for line in range(200_000))
        self.path.write_bytes(lines + b'{"half')
        self.assertTrue(self.sender.send())
        self.assertEqual(self.board.journal, lines)

    def test_another_sender_goes_on_where_the_board_is(self) -> None:
        self.path.write_bytes(HEADER + b"{}\n")
        self.board.journal = HEADER
        self.assertTrue(self.sender.send())
        self.assertEqual(self.board.journal, HEADER + b"{}\n")

    def test_a_journal_that_began_again_replaces_the_one_before(self) -> None:
        self.board.journal = HEADER + b'{"old": 1}\n'
        for text in (b'{"new": 1}\n', b'{"longer than before": 1}\n{}\n', b""):
            self.path.write_bytes(HEADER + text)
            self.assertTrue(self.sender.send())
            self.assertEqual(self.board.journal, HEADER + text)

    def test_a_board_that_lost_lines_gets_them_again(self) -> None:
        self.path.write_bytes(HEADER + b"{}\n")
        self.sender.send()
        self.board.journal = HEADER
        self.board.refusals = [(409, {"code": "gap", "message": "Send it from there."})]
        self.path.write_bytes(HEADER + b"{}\n{}\n")
        self.assertTrue(self.sender.send())
        self.assertEqual(self.board.journal, HEADER + b"{}\n{}\n")

    def test_a_refusal_says_whether_trying_again_helps(self) -> None:
        self.path.write_bytes(HEADER)
        self.board.refusals = [(429, {"code": "too_fast", "message": "Wait."}),
                               (403, {"code": "other_project", "message": "No."}),
                               (502, {})]
        found = []
        for _ in range(3):
            with self.assertRaises(Refused) as caught:
                self.sender.send()
            found.append((caught.exception.code, caught.exception.is_final, caught.exception.wait))
        self.assertEqual(found, [("too_fast", False, 7.0), ("other_project", True, None),
                                 ("http_502", False, None)])
        self.assertTrue(self.sender.send())

    def test_a_line_that_no_board_reads_does_not_stop_the_rest(self) -> None:
        text = HEADER + b"x" * (17 << 20) + b"\n{}\n"
        self.path.write_bytes(text)
        self.assertTrue(self.sender.send())
        self.assertEqual(self.board.journal, text)


if __name__ == "__main__":
    unittest.main()
