"""Vendors over HTTP: probes and handshakes reach the driver, a wrong token finds nothing, an answer is as the vendor wants it."""

from collections.abc import AsyncIterator

import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.config.schema import ProviderSection
from gateway.words import Status
from providers.base.types import Callback, ProviderError, Reading, Report, UnreadableCallback
from tests.pipeline.front import PROVIDERS, SECRET, Client, Front, client_of
from tests.pipeline.plant import OTHER, VENDOR, Vendor, open_plant

SECOND = "another-secret-of-the-vendor"
DOOR = ProviderSection(driver="sandbox", callback_tokens=(SECRET, SECOND))


class Shaking(Vendor):
    """Answers a probe with what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.callbacks: list[Callback] = []
        self.raises: Exception | None = None

    def read(self, callback: Callback) -> Reading:
        self.callbacks.append(callback)
        if self.raises:
            raise self.raises
        if callback.method in {"GET", "HEAD"}:
            return Reading(reply_body=callback.query.get("echostr", "").encode())
        return Reading(msgspec.json.decode(callback.body, type=list[Report]), (), 200, b'{"code":0}', "application/json;charset=UTF-8")


@pytest.fixture
def vendor() -> Shaking:
    return Shaking()


@pytest.fixture
async def front(emptied_dsn: str, vendor: Shaking) -> AsyncIterator[Front]:
    providers = PROVIDERS | {
        VENDOR: DOOR,
        OTHER: ProviderSection(driver="sandbox", callback_tokens=(SECRET,), allow_from=("203.0.113.0/24",)),
    }
    async with open_plant(emptied_dsn, providers=providers) as plant:
        plant.receiving.providers = {VENDOR: vendor, OTHER: vendor}
        yield Front(plant)


@pytest.fixture
async def client(front: Front) -> AsyncIterator[Client]:
    async with client_of(front) as opened:
        yield opened


def counted(front: Front, provider: str, result: str) -> float:
    families = text_string_to_metric_families(front.metrics.exposition().decode())
    wanted = {"provider": provider, "result": result}
    return sum(s.value for family in families for s in family.samples if s.name == "tixing_callbacks_total" and s.labels == wanted)


async def test_a_handshake_is_answered_by_the_driver(client: Client, vendor: Shaking) -> None:
    response = await client.get(f"/callbacks/{VENDOR}/{SECRET}", params={"signature": "s", "echostr": "打招呼&=1"})
    assert (response.status, await response.text()) == (200, "打招呼&=1")
    assert vendor.callbacks[0].query["signature"] == "s"
    assert (await client.head(f"/callbacks/{VENDOR}/{SECRET}")).status == 200
    assert [c.method for c in vendor.callbacks] == ["GET", "HEAD"]


async def test_reports_are_answered_as_the_vendor_wants_it_and_again_when_they_come_again(client: Client, front: Front) -> None:
    body = msgspec.json.encode([Report("123", Status.DELIVERED)])
    for token in (SECRET, SECOND, SECRET):
        response = await client.post(f"/callbacks/{VENDOR}/{token}", data=body)
        assert (response.status, await response.read()) == (200, b'{"code":0}')
        assert response.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert await front.plant.count("receipt") + await front.plant.count("inbox") == 3
    assert counted(front, VENDOR, "taken") == 3


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "path",
    [f"{VENDOR}/wrong", f"nobody/{SECRET}", f"{VENDOR}/{SECRET}x", f"{VENDOR}/%FF%FE", f"{VENDOR}/%F0%9F%98%80", f"{OTHER}/{SECRET}"],
)
async def test_a_wrong_token_provider_or_address_finds_nothing(
    client: Client, front: Front, vendor: Shaking, method: str, path: str
) -> None:
    response = await client.request(method, f"/callbacks/{path}", data=b"[]" if method == "post" else None)
    assert response.status == 404
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert SECRET not in await response.text()
    assert vendor.callbacks == []
    assert counted(front, OTHER if path.startswith(OTHER) else VENDOR, "refused") + counted(front, "other", "refused") == 1


@pytest.mark.parametrize("error", [UnreadableCallback("a forged signature"), ProviderError("not ours")])
async def test_what_the_driver_refuses_is_a_bad_request_and_kept_nowhere(
    client: Client, front: Front, vendor: Shaking, error: Exception
) -> None:
    vendor.raises = error
    response = await client.post(f"/callbacks/{VENDOR}/{SECRET}", data=b"[]")
    assert response.status == 400
    assert "forged" not in await response.text()
    assert await front.plant.count("receipt") + await front.plant.count("inbox") == 0
    assert counted(front, VENDOR, "unreadable") == 1
