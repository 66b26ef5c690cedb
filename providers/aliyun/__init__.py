"""`aliyun`: Alibaba Cloud SMS (阿里云短信), SendSms for one message, SendBatchSms for up to 100."""

from providers.aliyun.driver import Aliyun

__all__ = ["Aliyun"]
