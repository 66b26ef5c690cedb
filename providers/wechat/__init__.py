"""`wechat`: an official account (服务号) of WeChat: template messages and subscription notices, one message a call."""

from providers.wechat.driver import Wechat

__all__ = ["Wechat"]
