"""`http`: what is wrong with a section, said in an operator's words."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from providers.base.types import Settings, SettingsError
from providers.base.words import Reason
from providers.http import Http
from tests.providers.acme import BATCH, CODES, answers, provider, read
from tests.providers.contract import Inbox, message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ulr": "x"}, r"providers\.acme: unknown key `ulr`; did you mean `url`\?"),
        ({"response": {"cods": {}}}, r"providers\.acme\.response: unknown key `cods`; did you mean `codes`\?"),
        ({"response": {"reference": "r", "codes": {"0": {"outcom": "x"}}}}, r"providers\.acme\.response\.codes.*did you mean `outcome`\?"),
        ({"response": {"reference": "r", "codes": {"0": {"outcome": "fine"}}}}, r"providers\.acme\.response\.codes.*'fine'"),
        (
            {"response": {"reference": "r", "code": "c", "codes": {"1": {"outcome": "refused"}}}},
            r"providers\.acme\.response\.codes\.1: needs a reason",
        ),
        ({"response": {"reference": "r", "codes": {"1": {"outcome": "nothing_left"}}}}, r"codes\.1: a vendor that answers was reached"),
        ({"response": {"reference": "r", "codes": {"1": {"outcome": "refused", "reason": "certified"}}}}, r"codes\.1: needs a reason"),
        ({"response": {"reference": "r", "code": "c"}}, r"providers\.acme\.response\.codes: say which codes"),
        ({"response": {"reference": "r", "call_code": "c", "codes": CODES}}, r"providers\.acme\.response\.call_ok"),
        ({"response": {"code": "c", "codes": CODES}}, r"providers\.acme\.response: with batch_size above 1 set reference"),
        ({"response": {"reference": "r", "status": {"200": "refused"}}}, r"providers\.acme\.response\.status\.200"),
        ({"response": {"reference": "r", "status": {"500": "accepted"}}}, r"providers\.acme\.response\.status\.500"),
        ({"receipts": {"reference": "r", "code": "c", "codes": {"D": {"status": "queued"}}}}, r"receipts\.codes\.D: a report cannot say"),
        ({"receipts": {"reference": "r", "code": "c", "codes": {"U": {"status": "failed"}}}}, r"receipts\.codes\.U: needs a reason"),
        ({"receipts": {"code": "c"}}, r"providers\.acme\.receipts: needs the key `reference`"),
        ({"url": "/send"}, r"providers\.acme\.url: must be absolute"),
        ({"url": "ftp://acme.example/"}, r"providers\.acme\.url"),
        ({"url": "https://user:secret@acme.example/"}, r"providers\.acme\.url: holds credentials"),
        ({"url": 7}, r"providers\.acme\.url: "),
        ({"method": "GET"}, r"providers\.acme\.method: use POST"),
        ({"headers": {"X-Key": "hunter2\r\nEvil: 1"}}, r"providers\.acme\.headers: header X-Key has a value"),
        ({"headers": {"Bad Name": "hunter2"}}, r"providers\.acme\.headers: a header's name"),
        ({"headers": {"content-length": "3"}}, r"providers\.acme\.headers: header content-length is set by"),
        ({"body": {"m": [{"to": "{adress}"}]}}, r"providers\.acme\.body: body\.m\[0\]\.to has the unknown placeholder"),
        ({"body": "text"}, r"providers\.acme\.body: expected"),
    ],
)
def test_a_section_that_cannot_work_names_the_key_and_says_what_to_do(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words) as failure:
        provider(**changes)
    assert "hunter2" not in str(failure.value)
    assert "secret" not in str(failure.value)


@pytest.mark.parametrize("missing", ["url", "body", "response"])
def test_a_section_that_lacks_a_key_names_it(missing: str) -> None:
    options = {key: value for key, value in BATCH.items() if key != missing}
    with pytest.raises(SettingsError, match=f"providers.acme: needs the key `{missing}`"):
        Http(Settings("acme", "http", options=options), Inbox().receive)


def test_time_outs_and_sizes_of_nothing_are_refused() -> None:
    for wrong in ({"timeout_s": 0.0}, {"connect_timeout_s": -1.0}, {"connections": 0}, {"batch_size": 0}):
        with pytest.raises(SettingsError, match=r"providers\.acme"):
            Http(Settings("acme", "http", options=BATCH, **wrong), Inbox().receive)


def test_the_section_shown_in_the_readme_works() -> None:
    page = (Path(__file__).parents[2] / "providers" / "README.md").read_text(encoding="utf-8")
    section = tomllib.loads(page.partition("```toml\n")[2].partition("```")[0])["providers"]["acme"]
    ours = {"driver", "batch_size", "callback_tokens"}
    options = {key: value for key, value in section.items() if key not in ours}
    http = Http(Settings("acme", section["driver"], batch_size=section["batch_size"], options=options), Inbox().receive)
    assert read(http, {"reports": [{"ref": "7", "status": "DELIVRD"}]}).reply_body == b"OK"
    got = answers(http, [message(reference="1")], {"data": {"results": [{"ref": "1", "code": 1001}]}})
    assert got["1"].reason is Reason.NUMBER_ABSENT
