"""Alibaba Cloud's signature V1, HMAC-SHA1 over all parameters, for private clouds whose gateways know no V3 (`signature = "v1"`).

V2 版本 RPC 风格请求体 & 签名机制 (help.aliyun.com/document_detail/157269.html), read 2026-11-24.
"""

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from providers.aliyun.v3 import Keys, Signed, encoded, pairs, stamp

_NONE: Final[Mapping[str, str]] = {}


class V1:
    """Signs calls of one API version. `region` may stay empty."""

    def __init__(self, keys: Keys, version: str, region: str = "") -> None:
        self._keys = keys
        self._fixed = {
            "AccessKeyId": keys.key_id,
            "Format": "JSON",
            "SignatureMethod": "HMAC-SHA1",
            "SignatureVersion": "1.0",
            "Version": version,
        }
        if region:
            self._fixed["RegionId"] = region
        if keys.security_token:
            self._fixed["SecurityToken"] = keys.security_token

    def sign(self, action: str, query: Mapping[str, str], form: Mapping[str, str], moment: datetime, nonce: str) -> Signed:
        """One call. `moment` with a zone; `nonce` never twice."""
        asked = self._fixed | dict(query) | {"Action": action, "SignatureNonce": nonce, "Timestamp": stamp(moment)}
        asked["Signature"] = signature(self._keys, "POST", asked | dict(form))
        return Signed(pairs(asked), pairs(form), _NONE)


def signature(keys: Keys, method: str, parameters: Mapping[str, str]) -> str:
    """The parameter `Signature` over all others of query and form, before it is percent-encoded."""
    to_sign = f"{method}&%2F&{encoded(pairs(parameters).decode('ascii'))}"
    return b64encode(hmac.digest(keys.secret + b"&", to_sign.encode(), "sha1")).decode("ascii")
