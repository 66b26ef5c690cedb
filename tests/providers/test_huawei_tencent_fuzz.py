"""Whatever comes to the address of `huawei` or `tencent` is read or is unreadable; whatever they answer, each message has one answer."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as some

from providers.base.link import Heard
from providers.base.types import Callback, Reading, UnreadableCallback
from providers.base.words import Outcome
from tests.providers.contract import message
from tests.providers.huawei.test_contract import huawei
from tests.providers.tencent.test_contract import tencent

PROVIDERS = {"huawei": huawei(), "tencent": tencent()}
ADDRESSES = ("+8613800131111", "+8613800132222")
scalars = some.none() | some.booleans() | some.integers() | some.floats(allow_nan=False) | some.text(max_size=8)
words = some.sampled_from(["DELIVRD", "MK:0001", "SUCCESS", "FAIL", "Ok", "000000", "E000000", "42", "c900", *ADDRESSES]) | scalars
FIELDS = """
smsMsgId status total sequence extend to from body createTime updateTime statusDesc statusReportList report_status errmsg sid ext mobile text nationcode
time Response PullSmsSendStatusSet PullSmsReplyStatusSet SendStatusSet Error Code PhoneNumber SerialNo code result originTo
"""
fields = some.sampled_from(FIELDS.split())
entries = some.dictionaries(fields, words, max_size=8)
documents = some.recursive(
    entries | some.lists(entries, max_size=3), lambda inner: some.dictionaries(fields, inner | words, max_size=4), max_leaves=8
)
bodies = some.binary(max_size=60) | documents.map(msgspec.json.encode)


@given(bodies, some.sampled_from(["POST", "PULL", "QUERY"]), some.sampled_from(sorted(PROVIDERS)))
@settings(max_examples=1_000, deadline=None)
def test_any_body_is_read_or_unreadable(body: bytes, method: str, name: str) -> None:
    try:
        reading = PROVIDERS[name].read(Callback(method, {}, {}, body))
    except UnreadableCallback:
        return
    assert isinstance(reading, Reading)
    assert all(report.reference is None or report.reference.isdigit() for report in reading.reports)
    assert {type(said) for reply in reading.inbound for said in (reply.address, reply.text)} <= {str}


@given(bodies, some.sampled_from([200, 400, 502, 503]), some.sampled_from(sorted(PROVIDERS)))
@settings(max_examples=1_000, deadline=None)
def test_any_answer_says_one_thing_of_each_message(body: bytes, status: int, name: str) -> None:
    batch = [message("1111"), message("2222")]
    answers = PROVIDERS[name]._judged(batch, Heard(status, {}, body))
    assert [answer.reference for answer in answers] == [one.reference for one in batch]
    assert all(answer.outcome is not Outcome.ACCEPTED or status == 200 for answer in answers)
