"""A board that takes runs over HTTP."""
import http.client
import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

TIMEOUT = 30.0  # seconds per request
# Sending again cannot help before a person changes something.
FINAL = ("token_unknown", "token_expired", "token_revoked", "scope_missing", "other_job",
         "other_project", "not_a_journal", "other_journal", "journal_too_large",
         "recorded_from_files", "job_deleted", "request_invalid")


class Refused(Exception):
    """The board does not take what is sent. `code` says why, `wait` when to try again (seconds)."""

    def __init__(self, code: str, message: str, wait: float | None = None) -> None:
        super().__init__(message)
        self.code, self.wait = code, wait

    @property
    def is_final(self) -> bool:
        """Whether sending it again later cannot help."""
        return self.code in FINAL


class Board:
    """The address of a board, and a token that may send to it."""

    def __init__(self, to: str, token: str | None = None) -> None:
        parts = urlsplit(to)
        self._token = token or "".join(parse_qs(parts.query).get("token", [])[:1])
        # Few resolvers know that every name below localhost is this machine.
        host = parts.netloc
        if (parts.hostname or "").endswith(".localhost"):
            host = "localhost" + (f":{parts.port}" if parts.port else "")
        self.address = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))

    def ask(self, path: str, body: bytes | None = None, headers: dict[str, str] = {},
            timeout: float = TIMEOUT) -> dict[str, Any]:
        """What the board answers below a path of its jobs; with a body it is a POST. Raises
        Refused, and OSError where the board cannot be reached."""
        url = f"{self.address}/ingest/v1/jobs/{path}"
        request = urllib.request.Request(url, body, headers, method="GET" if body is None else "POST")
        request.add_header("Authorization", f"Bearer {self._token}")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                taken: dict[str, Any] = json.load(answer)
                return taken
        except urllib.error.HTTPError as error:
            raise refused(error) from error
        except (http.client.HTTPException, ValueError) as error:
            raise OSError(f"{self.address} does not answer as a board ({error!r})") from error


def refused(error: urllib.error.HTTPError) -> Refused:
    """Why the board refused a request."""
    wait = error.headers.get("retry-after")
    try:
        answer = json.load(error)
        code, message = str(answer["code"]), str(answer["message"])
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        code, message = f"http_{error.code}", f"The board answered {error.code} {error.reason}."
    return Refused(code, message, float(wait) if wait and wait.isdigit() else None)
