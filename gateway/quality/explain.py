"""Why a number is in its state: the evidence that decided, in one Chinese sentence."""

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from gateway.quality.days import written
from gateway.quality.evidence import Evidence
from gateway.quality.states import Reading, State

NAMES = {
    Evidence.LISTED: "登记",
    Evidence.DELIVERED: "送达",
    Evidence.NUMBER_ABSENT: "空号",
    Evidence.NUMBER_SUSPENDED: "停机",
    Evidence.UNREACHABLE: "关机或不在服务区",
    Evidence.AMBIGUOUS: "发送失败（原因不明）",
    Evidence.RECIPIENT_BLOCKED: "被机主拦截",
    Evidence.CARRIER_BLACKLIST: "被运营商列入黑名单",
    Evidence.NO_RECEIPT: "无回执",
    Evidence.IN_SERVICE: "号码核查在网",
    Evidence.REPLIED: "本号回复",
    Evidence.WRONG_PERSON: "回复“不是本人”",
    Evidence.OPTED_OUT: "回复退订",
    Evidence.CERTIFIED: "通知后完成认证",
    Evidence.MOVED: "另登记了新号码",
}
FAILURES = frozenset(
    {
        Evidence.NUMBER_ABSENT,
        Evidence.NUMBER_SUSPENDED,
        Evidence.UNREACHABLE,
        Evidence.AMBIGUOUS,
        Evidence.NO_RECEIPT,
        Evidence.RECIPIENT_BLOCKED,
        Evidence.CARRIER_BLACKLIST,
    }
)
GOOD_SIGNS = (Evidence.CERTIFIED, Evidence.REPLIED, Evidence.DELIVERED, Evidence.IN_SERVICE)
SILENT_MANY = 2
"""Delivered messages after which nobody certified, from which their number is told."""


class Seen(Struct, frozen=True, gc=False):
    """One observation of a pair, as far as a sentence needs it."""

    day: int
    evidence: Evidence


def because(state: State, now: Reading, seen: Sequence[Seen]) -> str:
    """One sentence. `seen` is the pair's own evidence in order, or as much of its end as is at hand."""
    return f"{_SAYS[state](now, seen)}。"


def _unverified(_: Reading, seen: Sequence[Seen]) -> str:
    listed = [one for one in seen if one.evidence is Evidence.LISTED]
    since = f"（{written(listed[-1].day)}登记）" if listed else ""
    return f"号码{since}未经核实，也尚无发送结果"


def _good(now: Reading, seen: Sequence[Seen]) -> str:
    for sign in GOOD_SIGNS:
        found = [one.day for one in seen if one.evidence is sign]
        if found:
            return f"最近一次{NAMES[sign]}在{written(found[-1])}，能通知到本人的把握为{now.p_reach:.0%}"
    return f"号码已经核实，能通知到本人的把握为{now.p_reach:.0%}"


def _doubtful(now: Reading, seen: Sequence[Seen]) -> str:
    failed, silent, moved = _failed(seen), _silent(seen), _moved(seen)
    if any(one.evidence is Evidence.WRONG_PERSON for one in seen):
        return f"有人{NAMES[Evidence.WRONG_PERSON]}，{_wrong_odds(now)}"
    if failed:
        return f"{moved}最近{len(failed)}次发送未成功（{_listed(failed)}），能通知到本人的把握为{now.p_reach:.0%}"
    if moved:
        return f"{moved}本号可能已停用，能通知到本人的把握为{now.p_reach:.0%}"
    if _came_back(seen):
        return f"号码空号之后又能送达，可能已二次放号，{_wrong_odds(now)}"
    if silent >= SILENT_MANY:
        return f"最近{silent}次送达后均未见认证，{_wrong_odds(now)}"
    return f"久未有新的证据，能通知到本人的把握为{now.p_reach:.0%}"


def _dead(_: Reading, seen: Sequence[Seen]) -> str:
    failed, moved = _failed(seen), _moved(seen)
    if not failed:
        return f"{moved}号码已注销的可能性极大"
    since = f"自{written(failed[0].day)}起" if len(failed) > 1 else f"{written(failed[0].day)}"
    return f"{moved}{since}连续{len(failed)}次发送未成功（{_listed(failed)}），号码应已注销"


def _wrong_person(now: Reading, seen: Sequence[Seen]) -> str:
    said = [one for one in seen if one.evidence is Evidence.WRONG_PERSON]
    if said:
        return f"{written(said[-1].day)}有人{NAMES[Evidence.WRONG_PERSON]}，号码应属他人"
    silent = _silent(seen)
    moved = _moved(seen)
    if moved and silent < SILENT_MANY:
        return f"{moved}本号应已归他人使用（{now.p_others:.0%}）"
    came_back = "空号之后又能送达，" if _came_back(seen) else ""
    return f"{moved}{came_back}最近{silent}次送达后均未见认证，号码应已归他人使用（{now.p_others:.0%}）"


def _blocked(_: Reading, seen: Sequence[Seen]) -> str:
    blocks = [one for one in seen if one.evidence in {Evidence.RECIPIENT_BLOCKED, Evidence.CARRIER_BLACKLIST}]
    return f"{written(blocks[-1].day)}短信{NAMES[blocks[-1].evidence]}" if blocks else "短信被拦截"


def _wrong_odds(now: Reading) -> str:
    return f"属他人的可能为{now.p_others:.0%}"


def _failed(seen: Sequence[Seen]) -> list[Seen]:
    """The failures at the end, nothing good after them."""
    failed: list[Seen] = []
    for one in reversed(seen):
        if one.evidence in GOOD_SIGNS:
            break
        if one.evidence in FAILURES:
            failed.append(one)
    return failed[::-1]


def _silent(seen: Sequence[Seen]) -> int:
    """Delivered messages since anybody last certified or replied."""
    count = 0
    for one in reversed(seen):
        if one.evidence in {Evidence.CERTIFIED, Evidence.REPLIED}:
            break
        count += one.evidence is Evidence.DELIVERED
    return count


def _moved(seen: Sequence[Seen]) -> str:
    """That another number was listed since anybody last certified or replied; "" where none was."""
    for one in reversed(seen):
        if one.evidence is Evidence.MOVED:
            return f"此人{written(one.day)}{NAMES[Evidence.MOVED]}，"
        if one.evidence in {Evidence.CERTIFIED, Evidence.REPLIED}:
            break
    return ""


def _came_back(seen: Sequence[Seen]) -> bool:
    absent = [i for i, one in enumerate(seen) if one.evidence in {Evidence.NUMBER_ABSENT, Evidence.AMBIGUOUS}]
    return bool(absent) and any(one.evidence is Evidence.DELIVERED for one in seen[absent[-1] :])


def _listed(failed: Sequence[Seen]) -> str:
    counted = Counter(NAMES[one.evidence] for one in failed)
    return "、".join(f"{name}{count}次" for name, count in counted.most_common())


_SAYS = {
    State.UNVERIFIED: _unverified,
    State.GOOD: _good,
    State.DOUBTFUL: _doubtful,
    State.DEAD: _dead,
    State.WRONG_PERSON: _wrong_person,
    State.BLOCKED: _blocked,
}
