"""The sentence behind each state."""

import pytest

from gateway.quality.evidence import Evidence
from gateway.quality.explain import NAMES, Seen, because
from gateway.quality.states import Reading, State

DAY = 20_458  # 2026-01-05
NOW = Reading(0.9, 0.92, 0.03, 0.05)


def seen(*words: str) -> list[Seen]:
    return [Seen(DAY + 30 * i, Evidence(word)) for i, word in enumerate(words)]


@pytest.mark.parametrize(
    ("state", "words", "sentence"),
    [
        (State.UNVERIFIED, ("listed",), "号码（2026-01-05登记）未经核实，也尚无发送结果。"),
        (State.GOOD, ("listed", "delivered"), "最近一次送达在2026-02-04，能通知到本人的把握为90%。"),
        (
            State.GOOD,
            ("listed", "delivered", "certified_after_notice", "delivered"),
            "最近一次通知后完成认证在2026-03-06，能通知到本人的把握为90%。",
        ),
        (State.GOOD, ("listed",), "号码已经核实，能通知到本人的把握为90%。"),
        (
            State.DOUBTFUL,
            ("delivered", "unreachable", "unreachable"),
            "最近2次发送未成功（关机或不在服务区2次），能通知到本人的把握为90%。",
        ),
        (State.DOUBTFUL, ("number_absent", "delivered"), "号码空号之后又能送达，可能已二次放号，属他人的可能为5%。"),
        (State.DOUBTFUL, ("delivered", "delivered", "delivered"), "最近3次送达后均未见认证，属他人的可能为5%。"),
        (State.DEAD, ("delivered", "number_absent", "number_absent"), "自2026-02-04起连续2次发送未成功（空号2次），号码应已注销。"),
        (State.DEAD, ("delivered", "number_absent"), "2026-02-04连续1次发送未成功（空号1次），号码应已注销。"),
        (State.WRONG_PERSON, ("delivered", "wrong_person"), "2026-02-04有人回复“不是本人”，号码应属他人。"),
        (
            State.WRONG_PERSON,
            ("number_absent", "delivered", "delivered"),
            "空号之后又能送达，最近2次送达后均未见认证，号码应已归他人使用（5%）。",
        ),
        (State.BLOCKED, ("delivered", "recipient_blocked"), "2026-02-04短信被机主拦截。"),
    ],
)
def test_a_state_says_which_evidence_decided(state: State, words: tuple[str, ...], sentence: str) -> None:
    assert because(state, NOW, seen(*words)) == sentence


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_sentence_even_without_evidence(state: State) -> None:
    assert because(state, NOW, []).endswith("。")


def test_every_word_has_a_name() -> None:
    assert set(NAMES) == set(Evidence)
