"""config.toml as people and environments write it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.config import Config, ConfigError, Route, load
from gateway.words import Lane, Relation
from providers.base.options import read_options
from providers.base.types import Receive, Settings
from providers.smpp.options import SmppOptions

KEY = "PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw8PDw="
PROVIDERS = (
    '[providers.a]\ndriver = "sandbox"\n'
    '[providers.b]\ndriver = "http"\nurl = "http://127.0.0.1:1/"\nbody = { to = "{address}", text = "{text}" }\nresponse = { id = "id" }\n'
)

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        file = tmp_path / "config.toml"
        file.write_text(text, encoding="utf-8")
        return file

    return write


def any_driver(settings: Settings, receive: Receive) -> object:
    """Takes whatever a section says."""
    return settings, receive


def problems(file: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(file, environ=environ or {})
    return caught.value.problems


def test_an_empty_file_is_all_defaults_with_its_data_beside_it(write: Write) -> None:
    file = write("")
    config = load(file, environ={})
    assert config.store.data_path == file.parent / "var"
    assert (config.server.port, config.cycle.reminder_month, config.cycle.lapse_month) == (8080, 10, 13)
    assert config.sending.window_minutes == (480, 1200)


def test_the_file_is_found_by_the_environment(write: Write) -> None:
    file = write("[server]\nport = 9001")
    assert load(environ={"TIXING_CONFIG": str(file)}).server.port == 9001


def test_a_missing_file_says_how_to_name_another(tmp_path: Path) -> None:
    [problem] = problems(tmp_path / "none.toml")
    assert "--config" in problem
    assert "TIXING_CONFIG" in problem


@pytest.mark.parametrize(("text", "said"), [(b"[server\n", "is not TOML"), (b"\xff\xfe", "is not UTF-8")])
def test_a_file_that_is_no_toml_is_one_clear_problem(tmp_path: Path, text: bytes, said: str) -> None:
    file = tmp_path / "config.toml"
    file.write_bytes(text)
    [problem] = problems(file)
    assert said in problem


def test_every_problem_is_told_at_once_and_names_its_key(write: Write) -> None:
    file = write(
        '[server]\nprot = 1\nport = 70000\n[sendin]\nx = 1\n[sending]\nwindow = ["20:00", "8:00"]\n'
        '[[route]]\nchannel = "sms"\nproviders = ["aa"]\n[providers.a]\ndriver = "sandbox"\nlease_s = 3\n'
    )
    found = problems(file)
    assert sorted(problem.partition(":")[0] for problem in found) == [
        "providers.a.lease_s",
        "route[0].providers",
        "sendin",
        "sending.window[1]",
        "server.port",
        "server.prot",
    ]
    assert 'server.prot: no such key (did you mean "port"?)' in found
    assert 'sendin: no such section (did you mean "sending"?)' in found


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[server]\nport = 0", "server.port"),
        ("[server]\nport = true", "server.port"),
        ('[server]\npublic_url = "tixing.example.cn"', "server.public_url"),
        ("[server]\nmax_body_mib = nan", "server.max_body_mib"),
        ("[server]\nmax_body_mib = inf", "server.max_body_mib"),
        ("server = 1", "server"),
        ('[store]\nurl = "mysql://x"', "store.url"),
        ('[redis]\nurl = "http://x"', "redis.url"),
        ('[security]\ncipher = "des"', "security.cipher"),
        ('[security]\nkeys = [{ id = 1, key = "c2hvcnQ=" }]', "security.keys"),
        ("[security]\nkeys = [{ id = 1 }]", "security.keys[0].key"),
        (f'[security]\nkeys = [{{ id = 1, key = "{KEY}" }}]\nactive_key = 2', "security.active_key"),
        ("[cycle]\nreminder_month = 13", "cycle.lapse_month"),
        ('[sending]\ntimezone = "Asia/Chengdu"', "sending.timezone"),
        ('[sending]\nwindow = ["08:00"]', "sending.window"),
        ('[sending]\nwindow = ["08:00", "12:00", "20:00"]', "sending.window"),
        ('[sending]\nwindow = ["20:00", "08:00"]', "sending.window"),
        ("[ladder]\norder = []", "ladder.order"),
        ('[ladder]\norder = ["neighbour:sms"]', "ladder.order[0]"),
        ('[ladder]\norder = ["self:voice"]', "ladder.order"),
        ("[ladder]\ncost = { voice = 0.1 }", "ladder.cost.voice"),
        ("[ladder]\ncost = { sms = -1 }", "ladder.cost.sms"),
        ('[ladder]\nbeside_doubtful = ["urgent"]', "ladder.beside_doubtful[0]"),
        ("[quality]\nprobe_after_days = -1", "quality.probe_after_days"),
        ('[[route]]\nproviders = ["a"]', "route[0].channel"),
        ('[[route]]\nchannel = "sms"\nproviders = []', "route[0].providers"),
        ('[[route]]\nchannel = "sms"\nproviders = ["a"]\nlane = "fast"', "route[0].lane"),
        ('[[route]]\nchannel = "sms"\nproviders = ["a", "a"]', "route[0].providers"),
        ('[[route]]\nchannel = "sms"\nproviders = ["a"]\n[[route]]\nchannel = "sms"\nproviders = ["a"]', "route"),
        ("[providers.c]\nweight = 1", "providers.c.driver"),
        ('[providers.c]\ndriver = "sandbox"\nunknown_policy = "again"', "providers.c.unknown_policy"),
        ('[providers.c]\ndriver = "sandbox"\nallow_from = ["10.0.0.300"]', "providers.c.allow_from"),
        ('[providers.c]\ndriver = "sandbox"\ncallback_tokens = ["a/b"]', "providers.c.callback_tokens[0]"),
        ('[providers.c]\ndriver = "sandbox"\nurl = "x"', "providers.c"),
        ('[providers.c]\ndriver = "http"\nurl = "http://x"\nbody = 1', "providers.c.body"),
        ('[providers."a b"]\ndriver = "http"', "providers.a b"),
        ('[webhooks.w]\nurl = "ftp://x"\nsecret = "s"', "webhooks.w.url"),
        ("[retention]\ndays = 1", "retention.days"),
        ('[signatures]\n510000 = "四川社保"', "signatures.510000"),
        ('[signatures]\n5101 = "蓉"', "signatures.5101"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_key(write: Write, text: str, where: str) -> None:
    assert [problem.partition(":")[0] for problem in problems(write(f"{text}\n{PROVIDERS}"))] == [where]


def test_the_cost_of_a_channel_that_no_route_carries_is_refused_with_the_one_that_may_be_meant(write: Write) -> None:
    routed = f'[[route]]\nchannel = "wechat"\nproviders = ["a"]\n{PROVIDERS}'
    [problem] = problems(write(f"[ladder]\ncost = {{ wechta = 0 }}\n{routed}"))
    assert problem == 'ladder.cost.wechta: no [[route]] carries that channel (did you mean "wechat"?)'
    config = load(write(f'[ladder]\ncost = {{ wechat = 0 }}\nbeside_doubtful = ["suspension"]\n{routed}'), environ={})
    assert (config.ladder.cost, config.ladder.beside_doubtful) == ({"wechat": 0.0}, ("suspension",))


def test_a_driver_that_nobody_wrote_is_refused_with_those_there_are(write: Write) -> None:
    [problem] = problems(write('[providers.a]\ndriver = "sanbox"'))
    assert problem.startswith("providers.a.driver: no driver `sanbox`")
    assert "sandbox" in problem


def test_a_common_key_that_was_misspelt_is_told_although_a_driver_could_own_it(write: Write) -> None:
    [problem] = problems(write('[providers.a]\ndriver = "sandbox"\nrate_per_sec = 5'))
    assert "`rate_per_sec`" in problem
    assert problem.endswith('did you mean "rate_per_s"?')


def test_a_lease_outlives_the_vendors_timeout(write: Write) -> None:
    assert "15 s" in problems(write('[providers.a]\ndriver = "sandbox"\ntimeout_s = 10\nlease_s = 15'))[0]
    given = load(write('[providers.a]\ndriver = "sandbox"\ntimeout_s = 10\nlease_s = 15.5'), environ={})
    assert given.providers["a"].lease_s == 15.5
    unnamed = load(write('[providers.a]\ndriver = "sandbox"\ntimeout_s = 60'), environ={})
    assert unnamed.providers["a"].lease_s == 80


def test_a_route_never_mixes_the_sandbox_with_real_providers(write: Write) -> None:
    mixed = '[[route]]\nchannel = "sms"\nproviders = ["a", "b"]\n'
    [problem] = problems(write(mixed + PROVIDERS + "[store]\nallow_sandbox = true"))
    assert "mixes sandbox" in problem


def test_a_store_of_ones_own_takes_the_sandbox_only_where_that_is_said(write: Write) -> None:
    text = f'[security]\nkeys = "1 {KEY}"\n[[route]]\nchannel = "sms"\nproviders = ["a"]\n{PROVIDERS}[store]\nurl = "postgresql://h/d"\n'
    [problem] = problems(write(text))
    assert "store.allow_sandbox" in problem
    assert load(write(text + "allow_sandbox = true"), environ={}).store.allow_sandbox


def test_a_store_of_ones_own_needs_keys(write: Write) -> None:
    [problem] = problems(write('[store]\nurl = "postgresql://h/d"'))
    assert problem.startswith("security.keys:")


def test_a_key_file_is_named_relative_to_the_config_and_followed_as_a_file(write: Write) -> None:
    file = write('[security]\nkeys = "file:own"')
    (file.parent / "own").write_text(f"1 {KEY}\n")
    assert load(file, environ={}).security.keys == f"file:{file.parent / 'own'}"
    (file.parent / "own").write_text("1 short\n")
    assert problems(file)[0].startswith("security.keys: key 1 is not 32 bytes")


def test_a_drivers_own_keys_reach_it_untouched(write: Write) -> None:
    text = '[providers.v]\ndriver = "vendor"\nbatch_size = 100\nwindow = 16\nnested = { deep = ["env:DEEP", 2] }'
    settings = load(write(text), environ={"DEEP": "x y"}, make=any_driver).providers["v"].settings("v")
    assert settings.options == {"window": 16, "nested": {"deep": ["x y", 2]}}
    assert (settings.name, settings.driver, settings.batch_size) == ("v", "vendor", 100)


def test_the_environment_overrides_what_it_names(write: Write) -> None:
    environ = {
        "TIXING__SERVER__PORT": "9000",
        "TIXING__STORE__DATA_DIR": "elsewhere",
        "TIXING__LADDER__ORDER": '["self:sms"]',
        "TIXING__CYCLE__LAPSE_MEANS_SUSPENDED": "true",
        "TIXING__PROVIDERS__My_Sms__DRIVER": "http",
        "TIXING__PROVIDERS__MY_SMS__HEADERS__AUTHORIZATION": "Basic x",
        "TIXING__ROUTE": '[{ channel = "sms", providers = ["my_sms"] }]',
    }
    config = load(
        write('[server]\nport = 1\n[providers.my_sms]\ndriver = "x"\nheaders = { Authorization = "y" }'), environ=environ, make=any_driver
    )
    assert config.server.port == 9000
    assert config.store.data_path.name == "elsewhere"
    assert config.ladder.rungs == ((Relation.SELF, "sms"),)
    assert config.cycle.lapse_means_suspended
    assert config.providers["my_sms"].options == {"headers": {"Authorization": "Basic x"}}
    assert config.route[0].providers == ("my_sms",)


def test_a_number_in_the_environment_stays_text_where_text_is_wanted(write: Write) -> None:
    config = load(write("[webhooks.w]\nurl = 'http://x'\nsecret = 's'"), environ={"TIXING__WEBHOOKS__W__SECRET": "12345"})
    assert config.webhooks["w"].secret == "12345"


def test_a_bad_override_names_its_variable(write: Write) -> None:
    found = problems(write(""), {"TIXING__SERVER__PROT": "1", "TIXING__SERVER__PORT": "x", "TIXING__SEVER__PORT": "1"})
    assert any(problem.startswith("server.port (from TIXING__SERVER__PORT): ") for problem in found)
    assert any(problem.startswith("server.prot (from TIXING__SERVER__PROT): no such key") for problem in found)
    assert any('(did you mean "server"?)' in problem for problem in found)


def test_any_string_may_come_from_the_environment_or_a_file_beside_the_config(write: Write) -> None:
    file = write('[server]\nhost = "env:HOST"\nport = "env:PORT"\n[signatures]\ndefault = "file:sign.txt"\n[ladder]\norder = ["env:RUNG"]')
    (file.parent / "sign.txt").write_text("成都社保\n", encoding="utf-8")
    config = load(
        file,
        environ={
            "HOST": "::1",
            "PORT": "99",
            "RUNG": "family:sms",
            "TIXING__ROUTE": '[{channel="sms",providers=["a"]}]',
            "TIXING__PROVIDERS__A__DRIVER": "sandbox",
        },
    )
    assert (config.server.host, config.server.port, config.signatures.default) == ("::1", 99, "成都社保")
    assert config.ladder.order == ("family:sms",)


def test_a_variable_or_file_that_is_not_there_is_a_problem_of_its_key(write: Write) -> None:
    found = problems(write('[server]\nhost = "env:NOPE"\n[signatures]\ndefault = "file:nope.txt"'))
    assert [problem.partition(":")[0] for problem in found] == ["server.host", "signatures.default"]
    assert "NOPE" in found[0]
    assert "nope.txt" in found[1]


def test_no_secret_stands_in_a_dump_or_a_repr_or_a_problem(write: Write) -> None:
    secret = "S3cretS3cretS3cret"
    text = (
        f'[store]\nurl = "postgresql://tixing:{secret}@db/tixing?sslmode=require"\n[redis]\nurl = "redis://:{secret}@r:6379/0"\n'
        f'[security]\nkeys = [{{ id = 1, key = "{KEY}" }}]\n[webhooks.w]\nurl = "https://x/y?k={secret}"\nsecret = "{secret}"\n'
        f'[providers.v]\ndriver = "vendor"\ncallback_tokens = ["{secret}"]\nurl = "https://h/{secret}"\nwindow = 16\nnested = {{ password = "{secret}" }}\n'
    )
    config = load(write(text), environ={}, make=any_driver)
    for shown in (config.describe(), repr(config), repr(config.store), str(config.providers), repr(config.security.keys)):
        assert secret not in shown
        assert KEY not in shown
    assert 'store.url = "postgresql://db/tixing"' in config.describe()
    assert "providers.v.window = 16" in config.describe()
    bad = text.replace(f'secret = "{secret}"', f"secret = [{secret!r}]").replace(KEY, secret).replace(f'"{secret}"]', f'"{secret}/"]')
    assert secret not in "\n".join(problems(write(bad)))


def test_a_region_signs_with_the_nearest_name_above_it(write: Write) -> None:
    signatures = load(
        write('[signatures]\ndefault = "社保"\n51 = "四川社保"\n5101 = "成都社保"\n510104 = "锦江社保"'), environ={}
    ).signatures
    chosen = {region: signatures.for_region(region) for region in ("510104", "510106", "510703", "330100", "")}
    assert chosen == {"510104": "锦江社保", "510106": "成都社保", "510703": "四川社保", "330100": "社保", "": "社保"}


def test_a_lane_goes_its_own_route_and_the_others_the_channels() -> None:
    config = Config(route=(_route("sms", "a"), _route("sms", "b", Lane.URGENT)))
    assert config.providers_of("sms", Lane.URGENT) == ("b",)
    assert config.providers_of("sms", Lane.BULK) == ("a",)
    assert config.providers_of("wechat", Lane.BULK) == ()


def _route(channel: str, provider: str, lane: Lane | None = None) -> Route:
    return Route(channel=channel, providers=(provider,), lane=lane)


@pytest.mark.parametrize("given", ["env", "override"])
def test_a_password_of_digits_is_a_password_and_a_port_of_digits_a_port(write: Write, given: str) -> None:
    keys = {"HOST": "smsc.example.cn", "PORT": "2775", "SYSTEM_ID": "000123", "PASSWORD": "1e5", "TLS": "true"}
    named = "" if given == "override" else "\n".join(f'{key.lower()} = "env:{key}"' for key in keys)
    file = write(f'[providers.smsc]\ndriver = "smpp"\nconnections = 1\n{named}')
    environ = keys if given == "env" else {f"TIXING__PROVIDERS__SMSC__{key}": value for key, value in keys.items()}
    config = load(file, environ=environ)
    options = read_options(config.providers["smsc"].settings("smsc"), SmppOptions)
    assert (options.system_id, options.password, options.port, options.tls) == ("000123", "1e5", 2775, True)
