"""The access file: read whole or not at all; what is wrong is named with file, line, field and what to do."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import pytest
from gated_board import ACCESS, PROXY, SESSION_KEY, WHY, access_file

from throughline.errors import AccessError
from throughline.sinks.board.access.settings import read_access

AGENCIES = frozenset({"police", "cps", "advocate"})


def faults(folder: Path, text: str) -> str:
    with pytest.raises(AccessError) as caught:
        read_access(access_file(folder, text), AGENCIES)
    return str(caught.value).replace(str(folder), "")


def test_a_provider_is_read(tmp_path: Path) -> None:
    read = read_access(access_file(tmp_path, ACCESS + WHY), AGENCIES)

    assert read.address == "https://board.example.org"
    assert read.proxy is None
    assert read.provider is not None
    assert (read.provider.issuer, read.provider.client_id) == ("https://login.example.org", "throughline-board")
    assert (read.provider.scopes, read.provider.person_claim, read.provider.minutes) == (("openid",), "sub", 60)
    assert read.provider.session_key.reveal() == SESSION_KEY
    assert [(rule.is_, rule.role.name, rule.agency) for rule in read.rules] == [
        ("pcc", "board", None),
        ("cps-staff", "agency", "cps"),
        ("advocates", "agency", "advocate"),
        ("stewards", "steward", None),
        ("officers", "officer", None),
    ]
    assert read.reasons.asked_of == {"agency"}
    assert read.reasons.listed["own_work"] == "I am working on this case"


def test_a_proxy_is_read(tmp_path: Path) -> None:
    read = read_access(access_file(tmp_path, PROXY), AGENCIES)

    assert read.proxy is not None
    assert read.proxy.networks == (ipaddress.ip_network("10.0.0.0/30"),)
    assert (read.proxy.user_header, read.proxy.roles_header, read.proxy.secret_header) == (
        "x-person",
        "x-roles",
        "x-proxy-secret",
    )


def test_a_secret_may_stand_in_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOARD_SECRET", " from outside\n")
    text = ACCESS.replace("client_secret_file: client_secret", "client_secret_env: BOARD_SECRET")

    read = read_access(access_file(tmp_path, text), AGENCIES)

    assert read.provider is not None
    assert read.provider.client_secret.reveal() == "from outside"


def test_nothing_that_is_printed_shows_a_secret(tmp_path: Path) -> None:
    printed = repr(read_access(access_file(tmp_path), AGENCIES)) + repr(read_access(access_file(tmp_path, PROXY)))

    assert SESSION_KEY not in printed
    assert "client secret of the test" not in printed
    assert "Secret(…)" in printed


def test_cases_may_be_given_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "cases.yaml").write_text("0042: ['urn:20PP0012326']\np2: crime_ref:20/000456/26\n")
    text = ACCESS.replace("cases_claim: cases", "cases_file: cases.yaml")

    read = read_access(access_file(tmp_path, text), AGENCIES)

    assert read.rules[-1].cases == {"0042": ("urn:20PP0012326",), "p2": ("crime_ref:20/000456/26",)}


def test_a_file_may_add_a_role(tmp_path: Path) -> None:
    text = ACCESS + "  - {claim: groups, is: auditors, role: auditor}\nrights:\n  auditor: {may: [quality]}\n"

    role = read_access(access_file(tmp_path, text), AGENCIES).rules[-1].role

    assert (role.may, role.extent) == ({"quality"}, "none")


FAULTS = {
    "no such key": ("address:", "adress:", "/access.yaml:2: `adress`: is not a key here. Did you mean `address`?"),
    "not encrypted": (
        "https://board.example.org",
        "http://board.example.org",
        "/access.yaml:2: `address`: `http://board.example.org` is not encrypted.",
    ),
    "a path": (
        "https://board.example.org",
        "https://board.example.org/x",
        "`https://board.example.org/x` is not an address.",
    ),
    "odd port": ("https://board.example.org", "https://board.example.org:99999", "is not an address"),
    "issuer": (
        "https://login",
        "http://login",
        "`provider.issuer`: `http://login.example.org` is not an https address",
    ),
    "no provider": ("provider:", "provider_:", "write either `provider` or `proxy`"),
    "secret here": (
        "client_secret_file: client_secret",
        "client_secret: hunter2",
        "/access.yaml:6: `provider.client_secret`: stands in the file itself.",
    ),
    "no file": (
        "client_secret_file: client_secret",
        "client_secret_file: nowhere",
        "/access.yaml:6: `provider.client_secret_file`: `nowhere` cannot be read: No such file or directory.",
    ),
    "no variable": (
        "client_secret_file: client_secret",
        "client_secret_env: NOT_SET_ANYWHERE",
        "the variable `NOT_SET_ANYWHERE` is not set.",
    ),
    "both": (
        "client_secret_file: client_secret",
        "{client_secret_file: client_secret\n  client_secret_env: X}",
        "is not YAML",
    ),
    "short key": ("session_key_file: session_key", "session_key_file: short", "is shorter than 32 characters"),
    "no role": ("role: steward", "role: stewart", "`roles.role`: `stewart` is not known.\n\nDid you mean `steward`?"),
    "no agency": ("role: agency, agency: cps", "role: agency", "`roles.agency`: is missing or empty."),
    "other agency": ("agency: cps}", "agency: cpss}", "`roles.agency`: `cpss` is not known.\n\nDid you mean `cps`?"),
    "agency for nothing": ("role: steward", "role: steward, agency: cps", "means nothing for the role `steward`"),
    "cases for nothing": ("role: steward", "role: steward, cases_claim: c", "means nothing for the role `steward`"),
    "no cases": (", cases_claim: cases", "", "needs `cases_claim` or `cases_file`"),
    "scopes": ("client_id: throughline-board", "client_id: b\n  scopes: [profile]", "lacks `openid`"),
    "minutes": ("client_id: throughline-board", "client_id: b\n  minutes: 1000", "not a whole number from 1 to 720"),
    "every address": ("10.0.0.0/30", "0.0.0.0/0", "`0.0.0.0/0` is every address"),
    "odd address": ("10.0.0.0/30", "10.0.0.1/30", "`10.0.0.1/30` is neither an address nor a range"),
    "odd header": ("X-Person", "'X Person'", "`X Person` is no name of a header"),
    "no secret header": ("  secret_header: X-Proxy-Secret\n", "", "`proxy.secret_header`: is missing"),
    "claim of a proxy": ("claim: roles", "claim: groups", "a proxy gives no claim but `roles`"),
    "asked of nobody": ("asked_of: [agency]", "asked_of: [agencies]", "`agencies` is not known"),
    "which cases": (
        "reasons:",
        "rights: {b: {may: [cases]}}\nreasons:",
        "`rights.b.may`: lets see cases, and not which",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_its_line_its_field_and_what_to_do(tmp_path: Path, name: str) -> None:
    wrong, put, expected = FAULTS[name]
    (tmp_path / "short").write_text("0123456789")
    (tmp_path / "short").chmod(0o600)
    whole = ACCESS + WHY if wrong in ACCESS + WHY else PROXY
    assert wrong in whole

    found = faults(tmp_path, whole.replace(wrong, put, 1))

    assert expected in found
    assert "hunter2" not in found


def test_a_file_that_lets_nobody_in_is_a_fault(tmp_path: Path) -> None:
    assert "nobody could see anything" in faults(tmp_path, ACCESS[: ACCESS.index("roles:")])


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AccessError, match=r"nowhere\.yaml: .*cannot be read"):
        read_access(tmp_path / "nowhere.yaml")
