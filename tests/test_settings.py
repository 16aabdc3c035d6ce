"""Reading kehu.toml: what is wrong is named with its table, its key and the way out."""

from pathlib import Path

import pytest

from kehu import wiring
from kehu.collect.files import FilesSource
from kehu.collect.rest import RestSource
from kehu.errors import SettingsError
from kehu.model.people import Role
from kehu.settings import reading, sections

GOOD = """
[kehu]
store = "sqlite:///here.db"
[serve.oidc]
issuer = "https://login.example.com/realms/staff"
client_id = "kehu"
[serve.oidc.roles]
"kehu-agents" = "agent"
[channels.online]
type = "rest"
trust = 2
url = "http://127.0.0.1:8451/applications"
paging = { kind = "cursor", parameter = "after", at = "next" }
auth = { kind = "api_key", secret_env = "KEHU_ONLINE_KEY" }
allow_private = true
[channels.online.mapping]
record_id = "id"
kind = { value = "individual" }
[[channels.online.rules]]
rule = "required"
columns = ["name"]
[channels.hall]
type = "files"
path = "hall"
[channels.hall.mapping]
record_id = "流水号"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "kehu.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as refused:
        reading.load(write(folder, text), environment={})
    return str(refused.value)


def test_every_part_of_the_file_is_read(tmp_path: Path) -> None:
    read = reading.load(write(tmp_path, GOOD), environment={})
    assert (read.folder, read.kehu.store) == (tmp_path, "sqlite:///here.db")
    online, hall = read.channels
    assert isinstance(online.source, RestSource)
    assert isinstance(hall.source, FilesSource)
    assert (online.trust, hall.trust) == (2, 1)
    assert read.serve.oidc is not None
    assert read.serve.oidc.roles == {"kehu-agents": Role.AGENT}
    assert online.rules[0].rule == "required"
    assert online.mapping is not None
    assert online.mapping.kind is not None


def test_what_is_not_said_has_a_default(tmp_path: Path) -> None:
    read = reading.load(write(tmp_path, ""), environment={})
    assert read == sections.Settings(folder=tmp_path)


@pytest.mark.parametrize(
    ("wrong", "right", "words"),
    [
        pytest.param("[kehu]", "[kehuu]", ["[kehuu]", "did you mean kehu?"], id="table"),
        pytest.param("store =", "stor =", ["[kehu]", "'stor'", "did you mean store?"], id="key"),
        pytest.param("trust =", "trast =", ["[channels.online]", "'trast'", "trust"], id="key of every channel"),
        pytest.param("url =", "ulr =", ["[channels.online]", "'ulr'", "did you mean url?"], id="key of a source"),
        pytest.param("at = ", "att = ", ["[channels.online.paging]", "'att'", "did you mean at?"], id="nested key"),
        pytest.param('"cursor"', '"cursr"', ["[channels.online]", "paging", "kind", "cursr"], id="kind of paging"),
        pytest.param('"rest"', '"rst"', ["[channels.online]", "type is one of", "did you mean rest?"], id="type"),
        pytest.param('"required"', '"requird"', ["rules]] no. 1", "did you mean required?"], id="rule"),
        pytest.param(
            "columns =", "colums =", ["rules]] no. 1", "'colums'", "did you mean columns?"], id="key of a rule"
        ),
        pytest.param("kind = { v", "knd = { v", ["[channels.online.mapping]", "'knd'", "kind"], id="our column"),
        pytest.param("trust = 2", "trust = -1", ["[channels.online]", "trust", "greater than"], id="range"),
        pytest.param("client_id", "client", ["[serve.oidc]", "'client'", "client_id"], id="key of the provider"),
        pytest.param("https://login", "http://login", ["[serve.oidc]", "issuer", "https://"], id="issuer in clear"),
        pytest.param('"agent"', '"agnt"', ["[serve.oidc.roles]", "kehu-agents", "'steward'"], id="role of a group"),
        pytest.param('record_id = "id"', "", ["[channels.online.mapping]", "'record_id'", "own key"], id="missing"),
    ],
)
def test_what_is_wrong_is_named_with_the_way_out(tmp_path: Path, wrong: str, right: str, words: list[str]) -> None:
    assert wrong in GOOD
    told = complaint(tmp_path, GOOD.replace(wrong, right, 1))
    assert str(tmp_path / "kehu.toml") in told
    for word in words:
        assert word in told


def test_every_complaint_is_told_at_once(tmp_path: Path) -> None:
    told = complaint(tmp_path, GOOD.replace("store =", "stor =").replace('path = "hall"', 'pth = "hall"'))
    assert "'stor'" in told
    assert "'pth'" in told


def test_a_complaint_does_not_show_the_password_in_a_url(tmp_path: Path) -> None:
    told = complaint(tmp_path, GOOD.replace("http://127", "http://ann:canary@127"))
    assert "canary" not in told
    assert "url" in told


def test_a_file_that_is_no_toml_is_refused_by_name(tmp_path: Path) -> None:
    assert "kehu.toml: this is not TOML" in complaint(tmp_path, "[kehu")


def test_a_missing_file_tells_of_init(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="kehu init"):
        reading.load(tmp_path / "kehu.toml", environment={})


def test_the_environment_names_the_file_and_the_store(tmp_path: Path) -> None:
    environment = {"KEHU_CONFIG": str(write(tmp_path, GOOD)), "KEHU_STORE": "sqlite:///there.db"}
    assert reading.load(environment=environment).kehu.store == "sqlite:///there.db"


def test_a_folder_may_stand_for_the_file_in_it(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    assert reading.load(tmp_path, environment={}).folder == tmp_path


def test_a_channel_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="online, hall"):
        reading.load(write(tmp_path, GOOD), environment={}).channel("halls")


def test_a_missing_secret_is_refused_by_its_name() -> None:
    with pytest.raises(SettingsError, match="KEHU_X"):
        reading.secret("KEHU_X", environment={})


def test_a_provider_without_its_secret_is_refused(tmp_path: Path) -> None:
    def nothing(name: str) -> str:
        return reading.secret(name, environment={})

    read = reading.load(write(tmp_path, GOOD), environment={})
    with pytest.raises(SettingsError, match="KEHU_OIDC_SECRET is not set"):
        wiring.terms(read, secrets=nothing)
    told = wiring.terms(read, secrets=lambda _: "between us")
    assert told is not None
    assert "between us" not in repr(told)
