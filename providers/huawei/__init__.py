"""`huawei`: Huawei Cloud Message & SMS (华为云消息&短信, SMSApi). Sold to nobody new since 2025-01-10; who has it goes on."""

from providers.huawei.driver import Huawei

__all__ = ["Huawei"]
