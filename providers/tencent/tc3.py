"""TC3-HMAC-SHA256, how Tencent Cloud wants its calls signed.

Signature v3 (cloud.tencent.com, document 382/52072), read 2026-11-24. `content-type` and `host` are signed, and must be sent as they were signed.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Final

import msgspec

ALGORITHM: Final = "TC3-HMAC-SHA256"
SIGNED_HEADERS: Final = "content-type;host"


class Tc3(msgspec.Struct, frozen=True):
    """Signs calls to one address. `path` as it is sent."""

    secret_id: str
    secret_key: str
    host: str
    path: str = "/"
    content_type: str = "application/json"
    service: str = "sms"

    def authorization(self, body: bytes, timestamp_s: int) -> str:
        """The `Authorization` header. The date is that of the timestamp in UTC: in China it is still yesterday until eight."""
        date = datetime.fromtimestamp(timestamp_s, UTC).strftime("%Y-%m-%d")
        scope = f"{date}/{self.service}/tc3_request"
        to_sign = f"{ALGORITHM}\n{timestamp_s}\n{scope}\n{_hash(self.canonical(body).encode())}"
        key = f"TC3{self.secret_key}".encode()
        for part in (date, self.service, "tc3_request"):
            key = _hmac(key, part)
        signature = _hmac(key, to_sign).hex()
        return f"{ALGORITHM} Credential={self.secret_id}/{scope}, SignedHeaders={SIGNED_HEADERS}, Signature={signature}"

    def canonical(self, body: bytes) -> str:
        """The request as it is hashed."""
        return f"POST\n{self.path}\n\ncontent-type:{self.content_type}\nhost:{self.host}\n\n{SIGNED_HEADERS}\n{_hash(body)}"


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
