"""The client stays small enough to be read before it is let into a training."""

import ast
import unittest

from testing import SOURCE

LIMIT = 300


def lines_of_code(text: str) -> int:
    """Lines that hold code: neither blank, nor a comment, nor a docstring."""
    told = [line for line, words in enumerate(text.splitlines(), 1)
            if words.strip() and not words.strip().startswith("#")]
    docstrings = set()
    for node in ast.walk(ast.parse(text)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
            docstrings.update(range(first.lineno, first.end_lineno + 1))
    return sum(line not in docstrings for line in told)


class Size(unittest.TestCase):
    def test_it_is_at_most_300_lines_of_code(self) -> None:
        files = sorted((SOURCE / "bestmark").glob("*.py"))
        self.assertIn("journal.py", [file.name for file in files])
        self.assertLessEqual(sum(lines_of_code(file.read_text()) for file in files), LIMIT)
