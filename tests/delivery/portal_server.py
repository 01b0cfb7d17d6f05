"""A stand-in for the portal's notification API, over real sockets, by its public documents.

It heeds Idempotency-Key, which those documents do not mention: what comes again by the same key
shows nothing again. A mood for each coming push says how it goes wrong.
"""

import enum
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

CONSUMER_KEY, CONSUMER_SECRET, AGENT_ID, APP_ID = "stand-in", "not-a-secret", "an-agent", "an-app"
VALIDATE, PUSH = "/ws/auth/validate", "/ws/dga/czp/v1/core/notification/push"

_PATIENCE = 30.0  # seconds


@dataclass(frozen=True)
class Answer:
    """A push is not taken, and answered so."""

    status: int
    message_code: object = None
    retry_after: str | None = None


class Mood(enum.Enum):
    """How a push is treated."""

    FINE = "takes it and says so"
    SLOW = "takes it and says so a moment later"
    BROKEN = "says 500 and took nothing"
    BROKEN_AFTER = "says 500 though it took it"
    DROPPED = "closes the connection and took nothing"
    LOST = "takes it and closes the connection without a word"
    LATE = "takes it and answers when nobody waits any more"
    FORGETFUL = "has forgotten every token"
    GIBBERISH = "says 200 and no JSON"
    CODE_AS_TEXT = "takes it and says '200'"
    CODE_NULL = "takes it and says null"
    TOO_DEEP = "takes it and says so in JSON too deep to be read"
    HELD = "takes it when the test lets it, and then says so"
    HELD_IN_VAIN = "says 500 when the test lets it"
    HELD_AND_REFUSED = "says 403 when the test lets it"


@dataclass
class StandIn:
    """What the portal has seen and shown; moods are used up one a push, then the `usual` one."""

    url: str = ""
    usual: Mood = Mood.FINE
    moods: deque[Mood | Answer] = field(default_factory=deque)
    refused_users: set[str] = field(default_factory=set)
    compares: bool = False  # refuses a key that comes again with another body
    late_seconds: float = 1.5
    tokens: set[str] = field(default_factory=set)
    tokens_given: int = 0
    validate_status: int = 200
    odd_validations: int = 0  # so many answers that can not be read come first
    accepted: dict[str, bytes] = field(default_factory=dict)  # by key: the body that was taken
    shown: Counter[tuple[str, str]] = field(default_factory=Counter)  # by user and message
    sizes: list[int] = field(default_factory=list)  # of every push that came, in order
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0  # pushes that it had to do with at one time
    problems: list[str] = field(default_factory=list)  # what its contract does not allow
    reached: threading.Event = field(default_factory=threading.Event)
    asked_token: threading.Event = field(default_factory=threading.Event)
    holds_tokens: bool = False
    go_on: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def environment(self) -> dict[str, str]:
        """The settings by which a sender finds it."""
        return {
            "PORTAL_VALIDATE_URL": f"{self.url}{VALIDATE}",
            "PORTAL_PUSH_URL": f"{self.url}{PUSH}",
            "PORTAL_APP_ID": APP_ID,
            "PORTAL_AGENT_ID": AGENT_ID,
            "PORTAL_CONSUMER_KEY": CONSUMER_KEY,
            "PORTAL_CONSUMER_SECRET": CONSUMER_SECRET,
        }

    def users_shown(self) -> Counter[str]:
        """How many messages each user was shown."""
        shown: Counter[str] = Counter()
        with self.lock:
            for (user, _), count in self.shown.items():
                shown[user] += count
        return shown

    def mood(self) -> Mood | Answer:
        return self.moods.popleft() if self.moods else self.usual

    def take(self, key: str, body: dict[str, Any], raw: bytes) -> None:
        """Show what is new; a key that was taken before shows nothing again."""
        if key in self.accepted:
            if self.accepted[key] != raw:
                self.problems.append("a key came again with another body")
            return
        self.accepted[key] = raw
        for each in body["data"]:
            self.shown[each["userId"], each["message"]] += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    portal: StandIn

    def log_message(self, *_: Any) -> None:
        """It prints nothing."""

    def do_GET(self) -> None:
        address, portal = urlsplit(self.path), self.portal
        expected = {"ConsumerSecret": [CONSUMER_SECRET], "AgentID": [AGENT_ID]}
        good = (
            address.path == VALIDATE
            and parse_qs(address.query) == expected
            and self.headers["Consumer-Key"] == CONSUMER_KEY
        )
        portal.asked_token.set()
        if portal.holds_tokens:
            portal.go_on.wait(_PATIENCE)
        with portal.lock:
            portal.tokens_given += 1
            token = f"token-{portal.tokens_given}"
            portal.tokens.add(token)
            odd = portal.odd_validations > 0
            portal.odd_validations -= odd
        body = _TOO_DEEP if odd else {"Result": token}
        self.answer(portal.validate_status if good else 401, body)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body, key, portal = json.loads(raw), self.headers["Idempotency-Key"], self.portal
        with portal.lock:
            portal.at_once += 1
            portal.most_at_once = max(portal.most_at_once, portal.at_once)
            mood = portal.mood()
            if mood is Mood.FORGETFUL:
                portal.tokens.clear()
            refusal = self.refusal(body)
            if portal.compares and portal.accepted.get(key, raw) != raw:
                refusal = 422
            portal.times.append(time.monotonic())
            if not refusal:
                portal.sizes.append(len(body["data"]))
                portal.bodies.append(body)
                portal.keys.append(key)
            if not refusal and mood in _TAKING:
                portal.take(key, body, raw)
        portal.reached.set()
        if not refusal and mood in _HELD:
            portal.go_on.wait(_PATIENCE)
        if not refusal and mood is Mood.HELD:
            with portal.lock:
                portal.take(key, body, raw)
        self.react(refusal or mood)
        with portal.lock:
            portal.at_once -= 1

    def refusal(self, body: dict[str, Any]) -> int:
        portal = self.portal
        if self.path != PUSH:
            return 404
        if self.headers["Token"] not in portal.tokens:
            return 401
        if self.headers["Consumer-Key"] != CONSUMER_KEY or body.keys() != {
            *("appId", "data", "sendDateTime")
        }:
            portal.problems.append("a push that is not of its documents' form")
            return 400
        if body["appId"] != APP_ID or body["sendDateTime"] is not None or not body["data"]:
            portal.problems.append("a push with other values than its documents allow")
            return 400
        return 400 if portal.refused_users & {each["userId"] for each in body["data"]} else 0

    def react(self, mood: Mood | Answer | int) -> None:
        if isinstance(mood, int):
            self.answer(mood, {})
        elif isinstance(mood, Answer):
            self.answer(mood.status, {"messageCode": mood.message_code}, mood.retry_after)
        elif mood in (Mood.DROPPED, Mood.LOST):
            self.close_connection = True
        elif mood is Mood.GIBBERISH:
            self.answer(200, b"<html>")
        elif mood is Mood.TOO_DEEP:
            self.answer(200, _TOO_DEEP)
        else:
            time.sleep({Mood.SLOW: 0.1, Mood.LATE: self.portal.late_seconds}.get(mood, 0))
            status = _STATUS.get(mood, 200)
            self.answer(status, {"messageCode": _CODE.get(mood, status)})

    def answer(self, status: int, body: object, retry_after: str | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        if retry_after is not None:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


_TOO_DEEP = b"[" * 100_000
_CODE = {Mood.CODE_AS_TEXT: "200", Mood.CODE_NULL: None}
_TAKING = {
    *(Mood.FINE, Mood.SLOW, Mood.BROKEN_AFTER, Mood.LOST, Mood.LATE, Mood.GIBBERISH, Mood.TOO_DEEP),
    *_CODE,
}
_HELD = {Mood.HELD, Mood.HELD_IN_VAIN, Mood.HELD_AND_REFUSED}
_STATUS = {
    Mood.BROKEN: 500,
    Mood.BROKEN_AFTER: 500,
    Mood.HELD_IN_VAIN: 500,
    Mood.HELD_AND_REFUSED: 403,
}


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """Whoever hung up does not wait for an answer."""


@contextmanager
def stand_in_portal() -> Iterator[StandIn]:
    """A portal of one's own, on a free port, until the end."""
    portal = StandIn()
    handler = type("Handler", (_Handler,), {"portal": portal})
    with _Server(("127.0.0.1", 0), handler) as server:
        portal.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield portal
        finally:
            server.shutdown()
            thread.join()
