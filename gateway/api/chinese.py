"""Words for people in the files that lists are exported to. JSON keeps the machine's names."""

from collections.abc import Iterable

from gateway.words import Channel, ContactSource, Insurance, Kind, NoticeStatus, Reason, Relation, Status

WORDS: dict[str, str] = {
    Insurance.ENTERPRISE_PENSION: "企业职工基本养老保险",
    Insurance.INSTITUTION_PENSION: "机关事业单位养老保险",
    Insurance.RESIDENT_PENSION: "城乡居民基本养老保险",
    Insurance.WORK_INJURY: "工伤保险定期待遇",
    Kind.REMINDER: "认证提醒",
    Kind.SUSPENSION: "暂停告知",
    Kind.TERMINATION: "停发告知",
    Kind.RESUMPTION: "恢复告知",
    Kind.REQUESTED: "其他告知",
    "follow_up": "停发一年跟进",
    Channel.SMS: "短信",
    Channel.WECHAT: "微信",
    Channel.WECOM: "企业微信",
    Channel.VOICE: "电话",
    Relation.SELF: "本人",
    Relation.FAMILY: "家属",
    Relation.GUARDIAN: "监护人",
    Relation.UNIT: "管理单位",
    ContactSource.SELF_SERVICE: "本人自助",
    ContactSource.COUNTER: "窗口",
    ContactSource.DATA_SHARING: "数据共享",
    ContactSource.LEGACY: "历史数据",
    NoticeStatus.SCHEDULED: "待发",
    NoticeStatus.IN_PROGRESS: "进行中",
    NoticeStatus.INFORMED: "已告知",
    NoticeStatus.UNINFORMED: "未告知",
    NoticeStatus.CANCELED: "已撤回",
    NoticeStatus.SUPPRESSED: "不发送",
    Status.QUEUED: "排队",
    Status.SENDING: "发送中",
    Status.UNKNOWN: "结果不明",
    Status.SENT: "已提交",
    Status.DELIVERED: "已送达",
    Status.UNDELIVERED: "未送达",
    Status.FAILED: "发送失败",
    Reason.NUMBER_ABSENT: "空号",
    Reason.NUMBER_SUSPENDED: "停机",
    Reason.UNREACHABLE: "关机或无信号",
    Reason.RECIPIENT_BLOCKED: "对方拒收",
    Reason.OPTED_OUT: "已退订",
    Reason.CARRIER_BLACKLIST: "运营商黑名单",
    Reason.FREQUENCY_LIMITED: "超过频次限制",
    Reason.CONTENT_REJECTED: "内容被拒",
    Reason.TEMPLATE_REJECTED: "模板被拒",
    Reason.SIGNATURE_REJECTED: "签名被拒",
    Reason.ACCOUNT_PROBLEM: "服务商账户问题",
    Reason.PROVIDER_UNAVAILABLE: "服务商不可用",
    Reason.MALFORMED_ADDRESS: "号码格式错误",
    Reason.NO_RECEIPT: "无回执",
    Reason.WRONG_PERSON: "非本人",
    Reason.CERTIFIED: "已认证",
    Reason.DECEASED: "已死亡",
    Reason.RESUMED: "已恢复发放",
    Reason.TERMINATED: "已停发",
    Reason.SUPERSEDED: "被新信息取代",
    Reason.OPERATOR: "经办撤回",
    Reason.EXPIRED: "过期",
    Reason.QUIET_EXPIRED: "等待发送时段时过期",
    Reason.NO_CONTACT: "无联系方式",
    Reason.DUTY_MET: "已履行告知",
    Reason.CONFLICT: "信息矛盾",
    Reason.UNMAPPED: "未知回执码",
    "ladder_failed": "各联系方式均未送达",
    "not_informed": "到期前60日仍未告知",
    "long_terminated": "停发满一年无人申请",
    "grassroots": "居住地基层",
    "unverified": "未验证",
    "good": "有效",
    "doubtful": "存疑",
    "dead": "失效",
    "blocked": "被拒收",
    "10-12m": "大于等于10个月小于12个月",
    "1-2y": "大于等于1年小于2年",
    "2-3y": "大于等于2年小于3年",
    "3-4y": "大于等于3年小于4年",
    "4-5y": "大于等于4年小于5年",
    "5y+": "大于等于5年",
}
"""Code → word; bands as annex 7 names them."""


def said(code: str | None) -> str:
    """The word for a code; a code without one stays as it is, and None is nothing."""
    return WORDS.get(code, code) if code else ""


def listed(codes: Iterable[str]) -> str:
    """Words for codes, in their order. A code of several parts (`sms:number_absent`) is said part by part."""
    return "、".join(" ".join(said(part) for part in code.split(":")) for code in codes)
