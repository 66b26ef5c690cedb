"""`[providers.NAME]` of the driver `aliyun`: its keys, where calls go, who signs them."""

from collections.abc import Mapping
from typing import Final, Literal

from providers.aliyun.v1 import V1
from providers.aliyun.v3 import FORM, V3, Keys
from providers.base.codes import Codes
from providers.base.endpoint import Endpoint, EndpointError
from providers.base.options import wrong
from providers.base.types import Settings
from providers.base.vendor_template import VendorTemplate

VERSION: Final = "2017-05-25"
"""Of the API."""


class AliyunOptions(Codes, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The driver's own keys."""

    access_key_id: str
    access_key_secret: str
    templates: Mapping[str, VendorTemplate] = {}
    sign_name: str = ""
    endpoint: str = "https://dysmsapi.aliyuncs.com"
    security_token: str = ""
    signature: Literal["v3", "v1"] = "v3"


def endpoint_of(settings: Settings, url: str) -> Endpoint:
    """Raises `SettingsError`."""
    try:
        endpoint = Endpoint.of("POST", url, {"Content-Type": FORM})
    except EndpointError as error:
        raise wrong(settings, "endpoint", str(error)) from error
    if not endpoint.head.startswith(b"POST / "):
        raise wrong(settings, "endpoint", "holds a path: write https://host, what is signed is /")
    return endpoint


def signer_of(settings: Settings, options: AliyunOptions, endpoint: Endpoint) -> V3 | V1:
    """Raises `SettingsError`, which holds no key."""
    for key in ("access_key_id", "access_key_secret", "security_token"):
        value: str = getattr(options, key)
        if not value.isascii() or not value.isprintable() or " " in value or (not value and key != "security_token"):
            raise wrong(settings, key, "must be the text of the AccessKey, without blanks or line ends")
    keys = Keys(options.access_key_id, options.access_key_secret, options.security_token)
    return V1(keys, VERSION) if options.signature == "v1" else V3(keys, endpoint.origin.host_port_subcomponent or "", VERSION)
