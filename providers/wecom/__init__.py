"""`wecom`: messages of a company's own application (企业微信) to its members. Many members a call, where the text is the same for all."""

from providers.wecom.driver import Wecom

__all__ = ["Wecom"]
