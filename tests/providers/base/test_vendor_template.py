"""Which of a vendor's templates stands for which of ours."""

import pytest
from msgspec import structs

from providers.base.vendor_template import Unfit, VendorTemplate, names_of, template_for
from tests.providers.contract import message


def test_a_template_is_spoken_of_with_its_folder_or_without_it_by_fewer_words_or_as_any() -> None:
    assert names_of("wechat/reminder.self") == ["wechat/reminder.self", "wechat/reminder", "reminder.self", "reminder", "*"]
    assert names_of("reminder") == ["reminder", "*"]


@pytest.mark.parametrize(
    ("named", "code"),
    [
        (["*"], "*"),
        (["*", "reminder"], "reminder"),
        (["*", "reminder", "reminder.self"], "reminder.self"),
        (["reminder.self", "sms/reminder"], "sms/reminder"),
        (["reminder.unit", "remind", "*"], "*"),
    ],
)
def test_the_closest_entry_is_taken_for_a_name_as_the_gateway_gives_it(named: list[str], code: str) -> None:
    one = structs.replace(message(), template="sms/reminder.self.abroad")
    assert template_for({name: VendorTemplate(name) for name in named}, one).code == code


def test_where_no_entry_fits_the_message_is_unfit() -> None:
    with pytest.raises(Unfit, match="no \\[templates\\] entry"):
        template_for({"lapsed": VendorTemplate("T")}, message())
