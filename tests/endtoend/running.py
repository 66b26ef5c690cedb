"""A whole gateway as its users run it, with every driver pointed at its stand-in, and what a backend asks it."""

import json
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from bench.processes import wait_until
from bench.product import Product, VendorTerms, fetch
from tests.endtoend.configured import CALLBACK_TOKEN, WAYS, config_text
from tests.endtoend.vendors import Vendors
from tests.pipeline.events import known, requested

NAME = "欧阳震华"
ENDINGS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011", "4321")


class Gateway(Product):
    """One gateway over embedded engines: an API, a worker, a scheduler."""

    def __init__(self, home: Any) -> None:
        super().__init__(home=home, terms=VendorTerms(url="http://127.0.0.1:1"))
        self.vendors = Vendors(self.callback)
        self.vendors.open()
        self.config.write_text(config_text(self.port, self.vendors, self.callback), encoding="utf-8")
        self.token = ""

    def callback(self, provider: str, token: str = CALLBACK_TOKEN) -> str:
        return f"{self.url}/callbacks/{provider}/{token}"

    def begin(self) -> None:
        """The API first, which starts the engines and the store's tables; then the others."""
        self.start_role("api")
        self.wait_ready("api")
        for role in ("worker1", "scheduler"):
            self.start_role(role)
        self.token = self.run("token", "create", "test", "--scope", "events", "--scope", "read", "--scope", "operate").strip()
        for role in ("worker1", "scheduler"):
            self.wait_ready(role)

    def end(self) -> dict[str, int]:
        """How each process ended that still ran."""
        ends = {name: child.stop() for name, child in self.children.items()}
        self.stop()
        self.vendors.close()
        return ends

    # What a backend does.
    def post(self, *events: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/x-ndjson"}
        status, body = ask(f"{self.url}/v1/events", "POST", b"\n".join(json.dumps(one).encode() for one in events), headers)
        assert status == 202, body
        said: dict[str, Any] = json.loads(body)
        assert said["rejected"] == [], said["rejected"]
        return said

    def get(self, path: str) -> Any:
        answer = fetch(f"{self.url}{path}", token=self.token)
        assert answer is not None
        assert answer[0] == 200, answer
        return json.loads(answer[1])

    def notices(self, person: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/v1/notices?person_id={person}")["items"]
        return found

    def persons(self, status: str) -> set[str]:
        """Who has a notice that stands so."""
        return {str(one["person_id"]) for one in self.get(f"/v1/notices?status={status}&limit=1000")["items"]}

    def messages(self, person: str) -> list[dict[str, Any]]:
        """All messages to somebody, the oldest first."""
        found = [message for notice in self.notices(person) for message in notice["messages"]]
        return sorted(found, key=lambda one: str(one["created_at"]))

    def steps(self, person: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get(f"/v1/persons/{person}/timeline?limit=200")["items"]
        return found

    def replies(self, person: str) -> list[dict[str, Any]]:
        """What was heard of them, once something was."""
        self.until(f"{person} replied", lambda: any(step["what"] == "reply" for step in self.steps(person)))
        return [step for step in self.steps(person) if step["what"] == "reply"]

    def until_known(self, person: str, key: str) -> None:
        """Waits until their contact is known to have opted out, or to be somebody else's."""
        self.until(f"{person} {key}", lambda: self.get(f"/v1/persons/{person}")["contacts"][0]["quality"][key] is not None)

    def metrics(self) -> dict[str, str]:
        """Of every process that runs."""
        ports = {"api": self.port} | self.ports
        found = {name: fetch(f"http://127.0.0.1:{ports[name]}/metrics") for name, child in self.children.items() if child.alive}
        return {name: answer[1].decode() for name, answer in found.items() if answer is not None}

    def sent_twice(self) -> list[object]:
        """What any vendor took twice for the same person."""
        vendors = self.vendors
        taken: list[object] = [("aliyun", one["to"], one["out_id"]) for one in vendors.aliyun.taken]
        for name in ("tencent", "pulled", "dying"):
            taken += [(name, one["to"], one["context"]) for one in getattr(vendors, name).taken]
        taken += [("huawei", one["to"], one["extend"]) for one in vendors.huawei.taken]
        taken += [("cmpp", *one.to, one.content) for one in vendors.ismg.submits if not one.to[0].endswith(b"0006")]
        taken += [("wechat", str(one)) for one in vendors.wechat.taken] + [("wecom", str(one)) for one in vendors.wecom.taken]
        taken += [("notes", one) for one in vendors.service.told]
        return [one for one, times in Counter(taken).items() if times > 1] + list(vendors.smsc.book.twice)

    def log(self) -> str:
        return "".join(file.read_text(encoding="utf-8", errors="replace") for file in sorted(self.home.glob("*.log")))

    def until(self, what: str, holds: Callable[[], bool], within_s: float = 60) -> float:
        return wait_until(what, holds, within_s=within_s, every_s=0.2)

    def statuses(self, persons: Iterable[str]) -> dict[str, tuple[str, str | None]]:
        """The last message of each."""
        found = {person: self.messages(person) for person in persons}
        return {person: (messages[-1]["status"], messages[-1]["reason"]) for person, messages in found.items() if messages}

    def ends(self, wanted: dict[str, tuple[str, str | None]], within_s: float = 60) -> None:
        """Waits until the last message of each person stands as wanted; says which do not."""
        until = time.monotonic() + within_s
        while (found := self.statuses(wanted)) != wanted and time.monotonic() < until:
            time.sleep(0.3)
        assert {who: found.get(who) for who in wanted if found.get(who) != wanted[who]} == {}


def ask(url: str, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    """(status, body)."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers or {}, method=method), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def person(driver: str, ending: str) -> str:
    return f"{driver}-{ending}"


def notice(driver: str, ending: str, region: str = "510104") -> list[dict[str, Any]]:
    """Somebody, and a notice that goes to them over this driver."""
    way, who = WAYS[driver], person(driver, ending)
    contact = {"channel": way.channel, "address": way.address(ending), "relation": "self", "source": "counter"}
    params = {"name": NAME, "matter": "补缴企业职工养老保险费", "until": "2030年1月1日", "place": "市社保局一楼窗口"}
    return [known(who, contact, name=NAME, region=region), requested(who, channels=[way.channel], priority=way.lane, params=params)]
