"""A stand-in of WeCom's applications. It decides by the last four characters of the member's id, as CONTRACT.md says of the sandbox."""

from aiohttp import web
from wechatpy.enterprise.crypto import WeChatCrypto  # type: ignore[import-untyped]

from tests.standins.platform import AES_KEY, TOKEN, Platform, Said

CORP_ID, SECRET, AGENT = "ww1234567890abcdef", "s3cret", 1000002
_REFUSED = frozenset({"0001", "0005"})


class WecomPlatform(Platform):
    """One application of one company."""

    path_of_token = "/cgi-bin/gettoken"
    paths = ("/cgi-bin/message/send",)

    def __init__(self) -> None:
        super().__init__(WeChatCrypto(TOKEN, AES_KEY, CORP_ID))
        self.unlicensed: set[str] = set()

    async def token_answer(self, request: web.Request) -> Said:
        asked = dict(request.query)
        self.token_calls.append(asked)
        if asked.get("corpid") != CORP_ID:
            return {"errcode": 40013, "errmsg": "invalid corpid"}
        if asked.get("corpsecret") != SECRET:
            return {"errcode": 40001, "errmsg": "invalid credential"}
        return {"errcode": 0, "errmsg": "ok", "access_token": self.token or self.new_token(), "expires_in": self.expires_in}

    def send_answer(self, path: str, call: Said) -> Said | None:
        if call["agentid"] != AGENT:
            return {"errcode": 40056, "errmsg": "invalid agentid"}
        members = call["touser"].split("|")
        if any(member.endswith("0006") and self.throttles(member) for member in members):
            return {"errcode": 45033, "errmsg": "api concurrent out of limit"}
        invalid = [member.lower() for member in members if member[-4:] in _REFUSED]
        unlicensed = [member.lower() for member in members if member in self.unlicensed]
        if len(invalid) == len(members):
            return {"errcode": 81013, "errmsg": "user & party & tag all invalid", "invaliduser": "|".join(invalid)}
        self.taken += [{**call, "touser": member} for member in members if member.lower() not in {*invalid, *unlicensed}]
        if any(member.endswith("0007") for member in members):
            return None
        answer = {"errcode": 0, "errmsg": "ok", "invaliduser": "|".join(invalid), "unlicenseduser": "|".join(unlicensed)}
        return answer | {"msgid": f"m{self.number()}"}
