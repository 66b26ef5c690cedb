"""`tencent`: Tencent Cloud SMS (腾讯云短信, API 3.0)."""

from providers.tencent.driver import Tencent

__all__ = ["Tencent"]
