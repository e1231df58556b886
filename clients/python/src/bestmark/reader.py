"""Reads a board from a notebook or a script: `bestmark.read(url).job("my-run").best`."""
import json
import math
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit, urlunsplit

_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_MEASURED = ("loss", "eval_loss", "train_loss_at_eval", "perplexity", "loss_gap", "best_eval_loss",
             "best_metric", "value")


class BoardError(Exception):
    """The board cannot be reached, or refuses the request."""


class NotOnBoard(BoardError, KeyError):
    """The board has no job or series of this name."""

    # A KeyError would show its message in quotes.
    __str__ = Exception.__str__


@dataclass(frozen=True)
class History:
    """The points of one series, in order of step.

    `times` are milliseconds since the epoch, None where the program logged none. Where `count` is
    more than `len(steps)`, the board left points out; extremes and points at checkpoints stay.
    """
    name: str
    steps: list[float]
    values: list[float]
    times: list[float | None]
    count: int

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[tuple[float, float]]:
        return zip(self.steps, self.values)

    def to_pandas(self) -> Any:
        """The values as a pandas Series with the steps as its index."""
        import pandas  # type: ignore[import-untyped,unused-ignore]
        return pandas.Series(self.values, pandas.Index(self.steps, name="step"), name=self.name)


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint of a job. `fields` has all that the board stores about it."""
    step: int | None
    path: str
    absolute_path: str
    value: float | None
    is_best: bool
    fields: dict[str, Any]


class Job:
    """One run on the board. `status` holds its fields as they were when it was read."""

    def __init__(self, board: "Board", status: dict[str, Any]) -> None:
        self._board = board
        self.status = _measured(status)

    def __repr__(self) -> str:
        return f"<Job {self.name} {self.status['status']}>"

    @property
    def id(self) -> str:
        return str(self.status["job_id"])

    @property
    def name(self) -> str:
        return str(self.status["name"])

    @property
    def best(self) -> Checkpoint | None:
        """The checkpoint to ship, read now; None if none can be shipped. See `why`."""
        best = self._get("/best")["best"]
        return None if best is None else _checkpoint(best)

    @property
    def why(self) -> str:
        """Why that checkpoint is the best, or why there is none, in one sentence."""
        return str(self._get("/best")["sentence"])

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """Every checkpoint, by step."""
        found: list[Checkpoint] = []
        cursor: str | None = None
        while True:
            page = self._get("/checkpoints", cursor=cursor)
            found += [_checkpoint(one) for one in page["checkpoints"]]
            # An older board has no pages.
            cursor = page.get("next_cursor")
            if cursor is None:
                return found

    def output(self, *, search: str | None = None, level: str | None = None) -> Iterator[str]:
        """What the run printed, line by line, as the board has it."""
        after: int | None = -1
        while after is not None:
            page = self._get("/output", search=search, level=level, after=after, order="oldest",
                             limit=5000)
            for line in page["lines"]:
                yield str(line["text"])
            after = page["newer"]

    @property
    def names(self) -> list[str]:
        """The names that `history` takes."""
        return [str(one["name"]) for one in self._get("/series")["series"]]

    def history(self, name: str, points: int = 100_000) -> History:
        """A series as plain lists, thinned to about `points`. Raises KeyError for an unknown name."""
        read = self._get("/series/points", name=name, points=points)["series"][0]
        # An older board answers with an empty series.
        if read["count"] == 0 and name not in self.names:
            raise NotOnBoard(f"{self.name} logged no {name}. It logged: {', '.join(self.names)}.")
        values = [_number(value) for value in read["values"]]
        return History(name, read["steps"], values, read["times"], read["count"])

    def to_pandas(self, *names: str) -> Any:
        """Some series, or all, as a pandas DataFrame with a column per series, indexed by step."""
        import pandas  # type: ignore[import-untyped,unused-ignore]
        columns = [self.history(name).to_pandas() for name in names or self.names]
        return pandas.concat([one[~one.index.duplicated()] for one in columns], axis=1).sort_index()

    def _get(self, path: str, **query: object) -> Any:
        return self._board._get(f"/jobs/{quote(self.id)}{path}", **query)


class Board:
    """A board, reached over HTTP. Made by `bestmark.read`."""

    def __init__(self, url: str, token: str | None = None) -> None:
        parts = urlsplit(url)
        self._token = token or "".join(parse_qs(parts.query).get("token", [])[:1])
        # Few resolvers know that every name below localhost is this machine.
        host = parts.netloc
        if (parts.hostname or "").endswith(".localhost"):
            host = "localhost" + (f":{parts.port}" if parts.port else "")
        self._url = urlunsplit((parts.scheme, host, "/api/v1", "", ""))

    def job(self, text: str) -> Job:
        """The job of this id, unique beginning of an id, or unique name. Raises KeyError if there is none."""
        return Job(self, self._get(f"/jobs/{quote(text, safe='')}"))

    def jobs(self, *, project: str | None = None, search: str | None = None,
             status: str | None = None) -> list[Job]:
        """All jobs that match, the running ones first."""
        found: list[Job] = []
        cursor: str | None = None
        while True:
            page = self._get("/jobs", project=project, search=search, status=status,
                             cursor=cursor, limit=200)
            found += [Job(self, one) for one in page["jobs"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def _get(self, path: str, **query: object) -> Any:
        words = urlencode({name: value for name, value in query.items() if value is not None})
        request = urllib.request.Request(f"{self._url}{path}?{words}")
        if self._token:
            request.add_header("authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            kind = NotOnBoard if error.code == 404 else BoardError
            raise kind(_message(error)) from error
        except OSError as error:
            raise BoardError(f"Cannot reach the board at {self._url} ({error}). "
                             "Start it with `bestmark up`.") from error


def _checkpoint(fields: dict[str, Any]) -> Checkpoint:
    fields = _measured(fields)
    fields["values"] = {name: _measurement(value) for name, value in fields["values"].items()}
    return Checkpoint(fields["step"], fields["path"], fields["absolute_path"], fields["value"],
                      fields["is_best"], fields)


def _measured(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: _measurement(value) if name in _MEASURED else value for name, value in fields.items()}


def _measurement(value: Any) -> float | None:
    return None if value is None else _number(value)


def _number(value: Any) -> float:
    return _NON_FINITE[value] if isinstance(value, str) else float(value)


def _message(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["message"])
    except (ValueError, KeyError, TypeError):
        return f"The board answered {error.code} {error.reason}."
