"""How Huawei Cloud Message & SMS knows us, and how we know it: X-WSSE, and SDK-HMAC-SHA256 both ways.

API usage, "X-WSSE" and "special AK/SK" (support.huaweicloud.com/api-msgsms, sms_05_0000 and sms_05_0046), AK/SK-based pushing authentication
(sms_05_0064), read 2026-11-24. Trap: the documents' formula takes the digest's 32 bytes, some of their samples its 64 hex digits.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, Literal, TypeVar
from urllib.parse import quote, unquote, urlsplit

import msgspec

from providers.base.types import UnreadableCallback

ALGORITHM: Final = "SDK-HMAC-SHA256"
UNSIGNED: Final = "UNSIGNED-PAYLOAD"
CONTENT_HASH: Final = "X-Sdk-Content-Sha256"
DATE: Final = "X-Sdk-Date"
TOLERANCE: Final = timedelta(minutes=15)
BURST: Final = timedelta(seconds=10)
"""How long after it first came a signature may come with other forms: those of its second, that waited for each other on their way."""
_DATE_FORM: Final = "%Y%m%dT%H%M%SZ"
_WSSE: Final = 'WSSE realm="SDP",profile="UsernameToken",type="Appkey"'
_AUTHORIZATION: Final = re.compile(r"SDK-HMAC-SHA256\s+Access=([^,]+),\s?SignedHeaders=([^,]+),\s?Signature=([0-9a-f]{64})")
_MOST_REMEMBERED: Final = 50_000
_Key = TypeVar("_Key")


def wsse(key: str, secret: str, nonce: str, now: datetime, digest: Literal["raw", "hex"] = "raw") -> dict[str, str]:
    """The two headers. `nonce`: 1 to 128 letters and digits, new for every call."""
    created = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    hashed = hashlib.sha256(f"{nonce}{created}{secret}".encode())
    password = base64.b64encode(hashed.digest() if digest == "raw" else hashed.hexdigest().encode()).decode()
    token = f'UsernameToken Username="{key}",PasswordDigest="{password}",Nonce="{nonce}",Created="{created}"'
    return {"Authorization": _WSSE, "X-WSSE": token}


def signature(secret: str, path: str, headers: Mapping[str, str], payload_hash: str, query: Mapping[str, str] | None = None) -> str:
    """SDK-HMAC-SHA256 of a POST; `headers` in lower case are those that are signed, `x-sdk-date` among them."""
    names = sorted(headers)
    listed = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    asked = "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in sorted((query or {}).items()))
    canonical = f"POST\n{_canonical_path(path)}\n{asked}\n{listed}\n{';'.join(names)}\n{payload_hash}"
    to_sign = f"{ALGORITHM}\n{headers['x-sdk-date']}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.digest(secret.encode(), to_sign.encode(), "sha256").hex()


def _canonical_path(path: str) -> str:
    encoded = "/".join(quote(part, safe="~") for part in unquote(path).split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


class AkSk(msgspec.Struct, frozen=True):
    """Signs calls to one host. A form is not covered by the signature: so the vendor's own SDK does it."""

    key: str
    secret: str
    host: str

    def headers(self, path: str, content_type: str, body: bytes, now: datetime) -> dict[str, str]:
        """The headers of one call, without Host and Content-Type."""
        date = now.strftime(_DATE_FORM)
        signed = {"content-type": content_type, "host": self.host, "x-sdk-date": date}
        own = {DATE: date}
        payload_hash = hashlib.sha256(body).hexdigest()
        if not content_type.startswith("application/json"):
            payload_hash = own[CONTENT_HASH] = signed["x-sdk-content-sha256"] = UNSIGNED
        said = signature(self.secret, path, signed, payload_hash)
        return own | {"Authorization": f"{ALGORITHM} Access={self.key}, SignedHeaders={';'.join(sorted(signed))}, Signature={said}"}


class Pushes:
    """Checks what comes to one address of ours. `secrets` by access key: two may hold while they are changed.

    A form is not covered by its signature, so that whoever saw one push could send another form with it. All forms of one second have the same one,
    so it cannot be good for one body alone: it is for a moment after it first came (`BURST`), later only for the bodies that came then, which is
    the vendor trying again. All this is remembered by each process for itself.
    """

    def __init__(self, url: str, secrets: Mapping[str, str]) -> None:
        target = urlsplit(url)
        self._host, self._path, self._secrets = target.netloc, target.path or "/", secrets
        self._first: dict[str, datetime] = {}
        self._bodies: dict[tuple[str, bytes], datetime] = {}

    def check(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes, now: datetime) -> None:
        """Raises `UnreadableCallback` for a push that is not signed, wrongly signed, too old, or signed for another body."""
        found = _AUTHORIZATION.fullmatch(headers.get("authorization", "").strip())
        secret = self._secrets.get(found[1]) if found else None
        if found is None or secret is None:
            raise UnreadableCallback("not signed with a key that callback_keys names")
        names = found[2].split(";")
        if "x-sdk-date" not in names or len(set(names)) != len(names):
            raise UnreadableCallback("the signature does not cover X-Sdk-Date")
        if abs(_date(headers.get("x-sdk-date", "")) - now) > TOLERANCE:
            raise UnreadableCallback("signed more than 15 minutes ago, or ahead")
        signed = {name: self._host if name == "host" else headers.get(name, "") for name in names}
        if not hmac.compare_digest(signature(secret, self._path, signed, self._payload_hash(headers, names, body), query), found[3]):
            raise UnreadableCallback("the signature is wrong")
        self._once(found[3], hashlib.sha256(body).digest(), now)

    def _payload_hash(self, headers: Mapping[str, str], names: list[str], body: bytes) -> str:
        """What the vendor hashed in the body's place, where it says so in a header that is signed too; JSON is always hashed."""
        said = headers.get("x-sdk-content-sha256")
        form = not headers.get("content-type", "").startswith("application/json")
        return UNSIGNED if said == UNSIGNED and form and "x-sdk-content-sha256" in names else hashlib.sha256(body).hexdigest()

    def _once(self, said: str, body: bytes, now: datetime) -> None:
        first = self._first.setdefault(said, now)
        if (said, body) not in self._bodies and now - first > BURST:
            raise UnreadableCallback("this signature came with another body before")
        self._bodies.setdefault((said, body), now)
        _forget(self._first, now)
        _forget(self._bodies, now)


def _forget(seen: "dict[_Key, datetime]", now: datetime) -> None:
    while seen:
        oldest = next(iter(seen))
        if len(seen) <= _MOST_REMEMBERED and now - seen[oldest] <= 2 * TOLERANCE:
            break
        del seen[oldest]


def _date(said: str) -> datetime:
    try:
        return datetime.strptime(said, _DATE_FORM).replace(tzinfo=UTC)
    except ValueError as error:
        raise UnreadableCallback("X-Sdk-Date is no date") from error
