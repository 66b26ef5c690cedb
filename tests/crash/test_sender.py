"""The sender of the crash run does as a backend must, and says no more than it knows."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bench.processes import wait_until
from tests.crash.sender import Sender, group

TODAY = date(2026, 11, 24)


class Moody(BaseHTTPRequestHandler):
    """Takes every third post; refuses or breaks off the others, some of them after they were stored."""

    protocol_version = "HTTP/1.1"
    posts = 0
    taken: list[str]
    log_message = lambda *_: None  # noqa: E731 - no words on the terminal

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        events = [json.loads(line) for line in body.splitlines()]
        mood = type(self).posts % 3
        type(self).posts += 1
        if mood == 0:
            return self.answer(503, {"title": "store away"})
        self.taken += [event["id"] for event in events]
        if mood == 1:
            self.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self.answer(202, {"accepted": len(events), "duplicate": 0, "rejected": []})

    def answer(self, status: int, said: dict[str, object]) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def moody() -> Iterator[ThreadingHTTPServer]:
    Moody.taken, Moody.posts = [], 0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Moody)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def test_it_posts_again_until_everything_was_taken(moody: ThreadingHTTPServer) -> None:
    sender = Sender(f"http://127.0.0.1:{moody.server_port}", "t", 300, TODAY)
    sender.start()
    wait_until("some of it went wrong", lambda: sum(sender.troubles.values()) > 10, within_s=30)
    assert sender.stop(within_s=30)
    accepted = {event.identity for event in sender.accepted}
    certified = sum(number % 10 in {7, 8, 9} for number in range(sender.persons))
    assert len(accepted) == len(sender.accepted) == sender.persons + certified
    assert accepted <= set(Moody.taken)


def test_it_gives_up_when_its_time_is_over_and_says_so() -> None:
    sender = Sender("http://127.0.0.1:9", "t", 300, TODAY)
    sender.start()
    wait_until("it was refused", lambda: sender.troubles["ClientConnectorError"] > 0, within_s=30)
    assert not sender.stop(within_s=0.3)
    assert sender.accepted == []


def test_certifications_come_before_during_and_after_the_reminder() -> None:
    made = group(0, 20, TODAY)
    assert [len(made.plain), len(made.certified_first), len(made.certified_meanwhile), len(made.certified_then)] == [16, 2, 2, 2]
    assert [p.person for p in made.certified_first] == [p.person for p in made.reminded_then] == ["B000000007", "B000000017"]
    assert [p.person for p in made.reminded_first] == [p.person for p in made.certified_then] == ["B000000009", "B000000019"]
    assert all(p.certifies for p in made.certified_first + made.certified_meanwhile + made.certified_then)
