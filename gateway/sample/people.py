"""Sample persons: names, places, numbers. All invented; what matters of a number is its last four digits (see providers/sandbox.py)."""

import random
from datetime import date
from typing import Any

from gateway.words import ContactSource, Insurance, Relation

SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
WOMEN = ("秀英", "桂兰", "玉珍", "淑华", "素芳", "凤琴", "翠兰", "春梅", "玉兰", "碧华", "芳", "琼", "群", "桂香", "学珍")
MEN = ("建国", "志明", "德福", "国强", "光荣", "天贵", "永贵", "明", "伟", "正华", "大成", "朝富", "忠", "文彬", "兴发")
CHILDREN = ("女儿", "儿子", "老伴", "侄子", "孙女", "弟弟")
PLACES = (
    ("510104", "锦华街道", "幸福社区"),
    ("510106", "西林街道", "向阳社区"),
    ("510114", "永兴镇", "五里村"),
    ("510181", "青龙镇", "红旗村"),
    ("510304", "大山铺镇", "新民村"),
    ("510311", "太平镇", "石桥村"),
    ("510402", "银江镇", "沙坝村"),
    ("510504", "鱼塘街道", "安宁社区"),
    ("510603", "城北街道", "文庙社区"),
    ("510703", "城厢街道", "安昌社区"),
    ("510727", "龙安镇", "南坝村"),
    ("510802", "东坝街道", "嘉陵社区"),
    ("510903", "南津街道", "明月社区"),
    ("511002", "壕子口街道", "民乐社区"),
    ("511102", "通江街道", "柏杨社区"),
    ("511302", "中城街道", "果城社区"),
    ("511324", "新政镇", "德乡村"),
    ("511402", "苏祠街道", "眉州社区"),
    ("511502", "安阜街道", "岷江社区"),
    ("511602", "浓洄街道", "北辰社区"),
    ("511702", "朝阳街道", "凤凰社区"),
    ("511802", "青江街道", "雨都社区"),
    ("511902", "江北街道", "望王社区"),
    ("512002", "三贤祠街道", "滨江社区"),
    ("513201", "马尔康镇", "俄尔雅社区"),
    ("513301", "炉城街道", "子耳社区"),
    ("513401", "长安街道", "月城社区"),
)
"""Region, town, village or community."""
UNITS = ("第二机械厂", "红星纺织厂", "前进煤矿", "川江航运公司", "东方铝业公司", "县中学", "人民医院")
INSURANCE = (
    *(Insurance.RESIDENT_PENSION,) * 5,
    *(Insurance.ENTERPRISE_PENSION,) * 4,
    *(Insurance.INSTITUTION_PENSION,) * 2,
)
"""As often as they occur."""
PREFIXES = ("138", "139", "159", "177", "186", "189", "191", "199", "135", "182")
OPENID = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

Data = dict[str, Any]


class People:
    """Invents persons and their contacts; the same seed invents the same ones."""

    def __init__(self, today: date, seed: int) -> None:
        self.today, self.rng = today, random.Random(f"{today}-{seed}")  # noqa: S311 - nothing secret
        self._number = self.rng.randrange(10_000)

    def details(self, contacts: list[Data], **more: Any) -> Data:
        """The `data` of a person with these contacts; `more` replaces or adds."""
        region, town, village = self.rng.choice(PLACES)
        home = region if self.rng.random() < 0.85 else self.rng.choice(PLACES)[0]
        return {
            "name": self.name(),
            "region": region,
            "residence": {"region": home, "town_name": town, "village": village},
            "insurance": [self.rng.choice(INSURANCE)],
            "birth_year": self.today.year - self.rng.randrange(60, 91),
            "contacts": contacts,
        } | more

    def name(self) -> str:
        """Somebody's name."""
        return self.rng.choice(SURNAMES) + self.rng.choice(self.rng.choice((WOMEN, MEN)))

    def own(self, ending: str = "") -> Data:
        """The person's own number."""
        return self._sms(Relation.SELF, ending)

    def family(self, ending: str = "") -> Data:
        """A relative's number."""
        return self._sms(Relation.FAMILY, ending) | {"name": self.rng.choice(CHILDREN)}

    def guardian(self) -> Data:
        """The number of a minor's guardian."""
        return self._sms(Relation.GUARDIAN, "") | {"name": self.name()}

    def unit(self, ending: str = "") -> Data:
        """The number of who looks after pensioners at the managing unit."""
        return self._sms(Relation.UNIT, ending) | {"name": self.rng.choice(UNITS)}

    def wechat(self) -> Data:
        """The person's own WeChat."""
        openid = "o" + "".join(self.rng.choices(OPENID, k=27))
        return {"channel": "wechat", "address": openid, "relation": Relation.SELF, "source": ContactSource.SELF_SERVICE}

    def _sms(self, relation: Relation, ending: str) -> Data:
        self._number = (self._number + 1) % 10_000
        tail = ending or f"{self.rng.randrange(2000, 9999):04d}"
        found: Data = {
            "channel": "sms",
            "address": f"{self.rng.choice(PREFIXES)}{self._number:04d}{tail}",
            "relation": relation,
            "source": self.rng.choice((ContactSource.COUNTER, ContactSource.DATA_SHARING, ContactSource.LEGACY)),
        }
        if self.rng.random() < 0.5:
            found["verified_on"] = str(self.today.replace(day=1))
        return found
