"""`aliyun`: every code of the vendor's tables, and the class of what to do with its message."""

import json

import pytest

from providers.aliyun.codes import CODES, RECEIPT_CODES
from providers.base.link import Heard
from providers.base.ruling import retry_class
from providers.base.types import Callback
from providers.base.words import Fault, Outcome, Reason, RetryClass, Status
from tests.providers.aliyun.test_contract import aliyun
from tests.providers.contract import message


def listed(written: str) -> list[str]:
    return written.split()


# By class: R later, by the same route; F another route; P by nobody; C another route, and an operator.
P = listed("""isv.MOBILE_NUMBER_ILLEGAL isv.MOBILE_COUNT_OVER_LIMIT isv.DOMESTIC_NUMBER_NOT_SUPPORTED isv.TEMPLATE_MISSING_PARAMETERS
isv.TEMPLATE_PARAMS_ILLEGAL isv.INVALID_JSON_PARAM isv.PARAM_LENGTH_LIMIT isv.PARAM_NOT_SUPPORT_URL isv.INVALID_PARAMETERS isv.SMS_CONTENT_ILLEGAL
isv.UNSUPPORTED_CONTENT isv.SMS_CONTENT_MISMATCH_TEMPLATE_TYPE isv.BLACK_KEY_CONTROL_LIMIT isv.CUSTOMER_REFUSED isv.NEVER_HEARD_OF""")
C = listed("""isv.DAY_LIMIT_CONTROL isv.MONTH_LIMIT_CONTROL isv.SMS_TEMPLATE_ILLEGAL isv.SMS_SIGNATURE_ILLEGAL isv.SMS_SIGN_ILLEGAL isv.SIGN_NAME_ILLEGAL
isv.SIGN_STATE_ILLEGAL isv.SMS_SIGNATURE_SCENE_ILLEGAL isv.EXTEND_CODE_ERROR isv.AMOUNT_NOT_ENOUGH isv.OUT_OF_SERVICE isv.PRODUCT_UN_SUBSCRIPT
isv.PRODUCT_UNSUBSCRIBE isv.ACCOUNT_NOT_EXISTS isv.ACCOUNT_ABNORMAL isv.DENY_IP_RANGE isp.RAM_PERMISSION_DENY isv.SMS_TEST_NUMBER_LIMIT
isv.SMS_TEST_SIGN_TEMPLATE_LIMIT isv.SMS_TEST_TEMPLATE_PARAMS_ILLEGAL SignatureDoesNotMatch InvalidAccessKeyId.NotFound MissingAccessKeyId
InvalidVersion InvalidAction.NotFound InvalidTimeStamp.Expired""")
R = listed("""isv.BUSINESS_LIMIT_CONTROL isp.SYSTEM_ERROR isp.GATEWAY_ERROR isp.NEVER_HEARD_OF InternalError Throttling Throttling.User Throttling.Api
Throttling.NeverHeardOf""")
CLASSES = [
    *((code, Outcome.REFUSED, RetryClass.PERMANENT) for code in P),
    *((code, Outcome.REFUSED, RetryClass.CONFIGURATION) for code in C),
    *((code, Outcome.DEFERRED, RetryClass.RETRY) for code in R),
    ("SignatureNonceUsed", Outcome.UNKNOWN, RetryClass.UNKNOWN),
    ("NeverHeardOf", Outcome.UNKNOWN, RetryClass.UNKNOWN),
]


@pytest.mark.parametrize(("code", "outcome", "retry"), CLASSES, ids=[code for code, _, _ in CLASSES])
def test_a_refusal_has_its_class(code: str, outcome: Outcome, retry: RetryClass) -> None:
    body = json.dumps({"Code": code, "Message": "触发分钟级流控Permits:1"}).encode()
    [answer] = aliyun()._judged([message()], Heard(200, {}, body))
    assert (answer.outcome, retry_class(answer), answer.vendor_code) == (outcome, retry, code)
    assert answer.reason is not None


def test_every_code_of_the_table_is_tried_here() -> None:
    assert {code for code in CODES if not code.endswith("*")} - {code for code, _, _ in CLASSES} == {"OK"}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("isv.BLACK_KEY_CONTROL_LIMIT", Reason.CARRIER_BLACKLIST),
        ("isv.CUSTOMER_REFUSED", Reason.OPTED_OUT),
        ("isv.MOBILE_NUMBER_ILLEGAL", Reason.MALFORMED_ADDRESS),
        ("isv.SMS_CONTENT_ILLEGAL", Reason.CONTENT_REJECTED),
        ("isv.SMS_TEMPLATE_ILLEGAL", Reason.TEMPLATE_REJECTED),
        ("isv.SMS_SIGNATURE_ILLEGAL", Reason.SIGNATURE_REJECTED),
        ("isv.OUT_OF_SERVICE", Reason.ACCOUNT_PROBLEM),
        ("isv.NEVER_HEARD_OF", Reason.UNMAPPED),
    ],
)
def test_a_refusal_has_its_reason(code: str, reason: Reason) -> None:
    [answer] = aliyun()._judged([message()], Heard(200, {}, json.dumps({"Code": code}).encode()))
    assert answer.reason is reason


REPORTED = [
    ("DELIVERED", Status.DELIVERED, None, None),
    ("REQUEST_SUCCESS", Status.SENT, None, None),
    ("MOBILE_NOT_ON_SERVICE", Status.UNDELIVERED, Reason.UNREACHABLE, None),
    ("INVALID_NUMBER", Status.UNDELIVERED, Reason.NUMBER_ABSENT, True),
    ("MOBILE_ACCOUNT_ABNORMAL", Status.UNDELIVERED, Reason.NUMBER_SUSPENDED, False),
    ("MOBILE_IN_BLACK", Status.UNDELIVERED, Reason.CARRIER_BLACKLIST, True),
    ("USER_REJECT", Status.UNDELIVERED, Reason.OPTED_OUT, True),
    ("MOBILE_SEND_LIMIT", Status.UNDELIVERED, Reason.FREQUENCY_LIMITED, False),
    ("MOBLLE_TERMINAL_ERROR", Status.UNDELIVERED, Reason.UNREACHABLE, False),
    ("CONTENT_KEYWORD", Status.UNDELIVERED, Reason.CONTENT_REJECTED, True),
    ("CONTENT_ERROR", Status.UNDELIVERED, Reason.CONTENT_REJECTED, True),
    ("SIGNATURE_BLACKLIST", Status.UNDELIVERED, Reason.SIGNATURE_REJECTED, True),
    ("PORT_NOT_REGISTERED", Status.UNDELIVERED, Reason.SIGNATURE_REJECTED, True),
    ("NO_ROUTE", Status.UNDELIVERED, Reason.PROVIDER_UNAVAILABLE, False),
    ("IS_CLOSE", Status.UNDELIVERED, Reason.PROVIDER_UNAVAILABLE, False),
    ("SP_NOT_BY_INTER_SMS", Status.UNDELIVERED, Reason.MALFORMED_ADDRESS, True),
    ("SP_UNKNOWN_ERROR", Status.UNDELIVERED, Reason.PROVIDER_UNAVAILABLE, False),
    ("PARAMS_ILLEGAL", Status.UNDELIVERED, Reason.TEMPLATE_REJECTED, True),
    ("MK:0001", Status.UNDELIVERED, Reason.NUMBER_ABSENT, True),
    ("NeverHeardOf", Status.SENT, Reason.UNMAPPED, None),
]


@pytest.mark.parametrize(("code", "status", "reason", "permanent"), REPORTED, ids=[row[0] for row in REPORTED])
def test_a_report_says_what_its_code_means(code: str, status: Status, reason: Reason | None, *, permanent: bool | None) -> None:
    body = [{"phone_number": "13811110000", "success": code == "DELIVERED", "err_code": code, "out_id": "7"}]
    [report] = aliyun().read(Callback("POST", {}, {}, json.dumps(body).encode())).reports
    assert (report.status, report.reason, report.permanent, report.vendor_code) == (status, reason, permanent, code)
    assert (report.fault is Fault.NONE) is (reason is None)


def test_every_receipt_code_of_the_vendors_own_table_is_tried_here() -> None:
    own = {code for code in RECEIPT_CODES if "_" in code or code == "DELIVERED"}
    assert own - {row[0] for row in REPORTED} == {"MOBILE_TERMINAL_ERROR"}, "the one that is spelt as it should be"


def test_an_operator_maps_receipt_codes_over_ours() -> None:
    provider = aliyun(receipt_codes={"MOBILE_NOT_ON_SERVICE": {"status": "undelivered", "reason": "number_suspended"}})
    body = b'[{"phone_number":"13811110000","success":false,"err_code":"MOBILE_NOT_ON_SERVICE","out_id":"7"}]'
    assert provider.read(Callback("POST", {}, {}, body)).reports[0].reason is Reason.NUMBER_SUSPENDED
