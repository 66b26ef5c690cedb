"""What happens to sample persons: each scenario with its share of a day. One function a scenario."""

from gateway.sample.day import LISTED, Scenario, Story
from gateway.sample.people import Data
from gateway.words import EventType, Insurance

E, INJURY = EventType, [Insurance.WORK_INJURY]


def _calendar(story: Story, who: str, contacts: list[Data], months: int = 9, **more: object) -> None:
    """Known by a register; the calendar finds the duty."""
    story.post(E.PERSON_UPDATED, who, story.people.details(contacts, certified_on=story.started(months), **more), "registry")


def _reminder(story: Story, who: str, contacts: list[Data], **more: object) -> None:
    """A backend says that the reminder is due."""
    story.post(E.REMINDER_DUE, who, {"deadline": story.day(months=3), "person": story.people.details(contacts, **more)})


def _ending(last_four: str) -> "Scenario":
    """A number of the sandbox's, with a relative to fall back on."""
    name, share = ENDINGS[last_four]
    return name, share, lambda story, who: _reminder(story, who, [story.people.own(last_four), story.people.family()])


def by_calendar(story: Story, who: str) -> None:
    """The commonest: nine months are over, the calendar reminds."""
    _calendar(story, who, [story.people.own()])


def by_event(story: Story, who: str) -> None:
    """The benefit system asks for the reminder."""
    _reminder(story, who, [story.people.own()])


def first_cycle(story: Story, who: str) -> None:
    """Never certified: counts from the 1st of the month after benefits began [7]."""
    began = story.add_months(story.today.replace(day=1), -10)
    story.post(E.PERSON_UPDATED, who, story.people.details([story.people.own()], benefit_started_on=str(began)), "registry")


def lapsed(story: Story, who: str) -> None:
    """The deadline passed some days ago."""
    start = story.day(months=-12, days=-story.rng.randrange(2, 20))
    story.post(E.PERSON_UPDATED, who, story.people.details([story.people.own()], certified_on=start), "registry")


def suspended(story: Story, who: str) -> None:
    """Payment is suspended, not certified [24]."""
    data = {
        "suspended_on": story.day(),
        "cause": "not_certified",
        "person": story.people.details([story.people.own(), story.people.family()]),
    }
    story.post(E.SUSPENDED, who, data)


def payment_failed(story: Story, who: str) -> None:
    """Six payments failed; a certification does not withdraw that."""
    story.post(
        E.SUSPENDED, who, {"suspended_on": story.day(), "cause": "payment_failed", "person": story.people.details([story.people.own()])}
    )
    story.post(E.CERTIFICATION_RECORDED, who, {"certified_on": story.day(days=-1), "method": "remote"}, "certification")


def death(story: Story, who: str) -> None:
    """Told to the family, never to the person's own number."""
    person = story.people.details([story.people.own(), story.people.family()])
    story.post(E.TERMINATED, who, {"terminated_on": story.day(), "cause": "death", "person": person})


def missing(story: Story, who: str) -> None:
    """Told to the family, and the text invites correction."""
    person = story.people.details([story.people.family()])
    story.post(E.TERMINATED, who, {"terminated_on": story.day(), "cause": "missing", "person": person})


def ended(story: Story, who: str) -> None:
    """A dependant's work-injury benefit ends; the text names no reason."""
    person = story.people.details([story.people.own()], insurance=INJURY, beneficiary="dependant", birth_year=story.today.year - 19)
    story.post(E.TERMINATED, who, {"terminated_on": story.day(), "cause": "other", "person": person})


def resumed(story: Story, who: str) -> None:
    """Payment is restored."""
    story.post(E.RESUMED, who, {"resumed_on": story.day(), "person": story.people.details([story.people.own()])})


def requested(story: Story, who: str) -> None:
    """Any other notice, by template."""
    story.post(E.PERSON_UPDATED, who, story.people.details([story.people.own()], certified_on=story.day(months=-2)), "registry")
    params = {"matter": "社保卡换发", "until": "12月31日", "place": "街道便民中心"}
    story.post(E.NOTICE_REQUESTED, who, {"template": "general", "params": params, "priority": "normal"}, "service")


def in_time(story: Story, who: str) -> None:
    """Certified before the reminder left: it does not leave any more [8]."""
    story.post(E.PERSON_UPDATED, who, story.people.details([story.people.own()]), "registry")
    story.post(E.CERTIFICATION_RECORDED, who, {"certified_on": story.day(days=-1), "method": "in_person"}, "certification")
    story.post(E.REMINDER_DUE, who, {"deadline": story.day(months=3), "certified_on": story.day(months=-9)})


def deceased(story: Story, who: str) -> None:
    """Nothing more to somebody who died [36]."""
    story.post(E.PERSON_UPDATED, who, story.people.details([story.people.own()]), "registry")
    story.post(E.DECEASED, who, {"died_on": story.day(days=-9)}, "matching")
    story.post(E.LAPSED, who, {"deadline": story.day()})


def contradiction(story: Story, who: str) -> None:
    """Certified after death: people must look [14, 27]."""
    _calendar(story, who, [story.people.own()])
    story.post(E.DECEASED, who, {"died_on": story.day(days=-9)}, "matching")
    story.post(E.CERTIFICATION_RECORDED, who, {"certified_on": story.day(days=-1), "method": "in_person"}, "certification")


def to_wechat(story: Story, who: str) -> None:
    """An absent number, then WeChat."""
    _reminder(story, who, [story.people.own("0001"), story.people.wechat()])


def to_second(story: Story, who: str) -> None:
    """A suspended number, then the second one."""
    _reminder(story, who, [story.people.own("0002"), story.people.own()])


def to_unit(story: Story, who: str) -> None:
    """Own and family's numbers fail; the managing unit hears."""
    _reminder(story, who, [story.people.own("0001"), story.people.family("0003"), story.people.unit()])


def nobody(story: Story, who: str) -> None:
    """Every number fails: the outreach list."""
    _reminder(story, who, [story.people.own("0001"), story.people.family("0001"), story.people.unit("0008")])


def no_contact(story: Story, who: str) -> None:
    """Nothing to write to."""
    _calendar(story, who, [])


def opted_out(story: Story, who: str) -> None:
    """Wants no messages: the next one is for people."""
    _calendar(story, who, [story.people.own("0010")])


def stranger(story: Story, who: str) -> None:
    """The number is somebody else's."""
    _calendar(story, who, [story.people.own("0011"), story.people.family()])


def abroad(story: Story, who: str) -> None:
    """Lives abroad: other ways to certify."""
    _calendar(story, who, [story.people.own()], abroad=True)


def at_home(story: Story, who: str) -> None:
    """Very old or ill: somebody comes."""
    _calendar(story, who, [story.people.own(), story.people.family()], home_service=True, birth_year=story.today.year - 92)


def minor(story: Story, who: str) -> None:
    """A dependant child: the guardian is told [19]."""
    _calendar(story, who, [story.people.guardian()], insurance=INJURY, beneficiary="dependant", birth_year=story.today.year - 11)


def listed(story: Story, who: str) -> None:
    """Uncertified for long: on the list of its band, nothing is sent any more."""
    start = story.day(months=-story.rng.choice((14, 20, 27, 34, 40, 52, 66, 80)))
    story.post(E.PERSON_UPDATED, who, story.people.details([story.people.own()], certified_on=start), "registry")


def silent(story: Story, who: str) -> None:
    """Certified lately: nothing is due."""
    start = story.day(days=-story.rng.randrange(5, 200))
    story.post(E.PERSON_UPDATED, who, story.people.details([story.people.own()], certified_on=start), "registry")


ENDINGS = {
    "0003": ("关机，改发家属", 2),
    "0004": ("无回执，超时后改发家属", 1),
    "0005": ("提交被拒，改发家属", 1),
    "0006": ("被限速两次后送达", 1),
    "0007": ("服务商无应答，回执超时后改发家属", 1),
    "0008": ("运营商黑名单，改发家属", 1),
    "0009": ("回执重复乱序", 1),
}
SCENARIOS: tuple[Scenario, ...] = (
    ("日历到期提醒", 20, by_calendar),
    ("系统推送提醒", 12, by_event),
    ("首个周期提醒", 4, first_cycle),
    ("超期告知", 6, lapsed),
    ("暂停发放告知", 3, suspended),
    ("发放失败告知", 2, payment_failed),
    ("死亡停发，只告知家属", 3, death),
    ("失踪停发，告知家属", 1, missing),
    ("工伤遗属待遇停发", 1, ended),
    ("恢复发放告知", 3, resumed),
    ("其他告知", 3, requested),
    ("已及时认证：不再提醒", 5, in_time),
    ("已死亡：不再发送", 2, deceased),
    ("死亡后又认证：转人工核实", 1, contradiction),
    ("空号，改发微信", 4, to_wechat),
    ("停机，改发第二号码", 2, to_second),
    ("本人家属均未达，改发单位", 2, to_unit),
    ("各号码均失败：转名单", 3, nobody),
    ("无联系方式：转名单", 3, no_contact),
    ("回复退订", 1, opted_out),
    ("回复非本人，改发家属", 1, stranger),
    *map(_ending, ENDINGS),
    ("境外居住", 1, abroad),
    ("高龄上门认证", 1, at_home),
    ("未成年遗属：告知监护人", 1, minor),
    (LISTED, 7, listed),
    ("有效期内：不打扰", 8, silent),
)
"""Name, share of the day, what is told."""
