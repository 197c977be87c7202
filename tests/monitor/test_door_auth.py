"""Who may speak: tokens, Standard Webhooks signatures, and everybody else who may not."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from standardwebhooks import Webhook

from monitor.clock import SystemClock
from monitor.server.auth import Hosts, Misconfigured, Speakers, Visitors
from monitor.settings import Settings
from tests.builders import T0
from tests.monitor.serving import (
    BEARER,
    JSON,
    OLD_SECRET,
    OTHER_TOKEN,
    PATH,
    SECRET,
    TOKEN,
    Served,
    served,
    settings,
    sign,
    whsec,
    wire,
)

BODY = json.dumps([wire(1, source="forum")]).encode()
NOW = int(T0.timestamp())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("auth")) as one:
        yield one


def post(server: Served, headers: dict[str, str], body: bytes = BODY) -> int:
    return server.post(PATH, content=body, headers={**JSON, **headers}).status_code


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}",
     f"Bearer {TOKEN.upper()}", "Bearer \xff"],
)  # fmt: skip
def test_a_stranger_is_refused(server: Served, authorization: str | None) -> None:
    headers = {**JSON} if authorization is None else {**JSON, "authorization": authorization}
    raw = [(k.encode(), v.encode("latin-1")) for k, v in headers.items()]
    answer = server.post(PATH, content=BODY, headers=raw)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN not in answer.text


def test_a_signature_speaks_for_its_source(server: Served) -> None:
    assert post(server, sign(BODY)) == 202


def test_the_official_library_signs_what_we_accept(tmp_path: Path) -> None:
    with served(tmp_path, wall=SystemClock()) as server:
        now = SystemClock().now()
        signature = Webhook(whsec(SECRET)).sign("msg_lib", now, BODY.decode())
        headers = {
            "webhook-id": "msg_lib",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }
        assert post(server, headers) == 202


def test_while_secrets_change_both_are_known(server: Served) -> None:
    assert post(server, sign(BODY, secret=OLD_SECRET)) == 202
    both = sign(BODY, secret=b"one that we do not know yet, 32")
    both["webhook-signature"] += " " + sign(BODY)["webhook-signature"]
    assert post(server, both) == 202


@pytest.mark.parametrize(
    ("age_s", "status"), [(0, 202), (299, 202), (301, 401), (-299, 202), (-301, 401), (10**9, 401)]
)
def test_a_timestamp_outside_five_minutes_is_refused(
    server: Served, age_s: int, status: int
) -> None:
    assert post(server, sign(BODY, at=NOW - age_s)) == status


@pytest.mark.parametrize(
    "changes",
    [
        {"webhook-id": ""},
        {"webhook-id": "msg_2"},
        {"webhook-id": "x" * 300},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": f"{NOW}.0"},
        {"webhook-timestamp": f"+{NOW}"},
        {"webhook-timestamp": str(NOW + 1)},
        {"webhook-timestamp": "9" * 12},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,!!!"},
        {"webhook-signature": "v2," + sign(BODY)["webhook-signature"][3:]},
        {"webhook-signature": sign(BODY)["webhook-signature"][3:]},
        {"webhook-signature": sign(BODY, secret=b"")["webhook-signature"]},
        {"webhook-signature": sign(BODY + b" ")["webhook-signature"]},
    ],
)
def test_a_changed_header_is_refused(server: Served, changes: dict[str, str]) -> None:
    assert post(server, {**sign(BODY), **changes}) == 401


@given(place=st.integers(0, len(BODY) - 1), bit=st.integers(0, 7))
@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_changed_bit_of_the_body_is_accepted(server: Served, place: int, bit: int) -> None:
    forged = bytearray(BODY)
    forged[place] ^= 1 << bit
    assert post(server, sign(BODY), bytes(forged)) == 401


@given(place=st.integers(0, 31), bit=st.integers(0, 7))
@hypothesis_settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_changed_bit_of_the_signature_is_accepted(server: Served, place: int, bit: int) -> None:
    headers = sign(BODY)
    mac = bytearray(base64.b64decode(headers["webhook-signature"][3:]))
    mac[place] ^= 1 << bit
    headers["webhook-signature"] = "v1," + base64.b64encode(bytes(mac)).decode()
    assert post(server, headers) == 401


def test_the_body_is_not_read_for_a_stranger(server: Served) -> None:
    read = 0

    async def chunks():  # type: ignore[no-untyped-def]
        nonlocal read
        read += 1
        yield BODY

    assert server.post(PATH, content=chunks(), headers=JSON).status_code == 401
    assert read == 0


def test_a_bad_signature_does_not_spoil_a_good_token(server: Served) -> None:
    headers = {**sign(b"else"), "authorization": f"Bearer {OTHER_TOKEN}"}
    assert post(server, headers) == 202


def test_nothing_is_accepted_where_no_http_source_is_configured(tmp_path: Path) -> None:
    with served(tmp_path, given=Settings()) as server:
        answer = server.post(PATH, content=BODY, headers={**BEARER, **JSON})
        assert answer.status_code == 401


@pytest.mark.parametrize(
    "source",
    [
        {"token": "short"},
        {"signing_secret": "whsec_" + base64.b64encode(b"short").decode()},
        {"signing_secret": "whsec_***"},
    ],
)
def test_a_weak_secret_stops_the_start_and_is_not_shown(source: dict[str, str]) -> None:
    def start() -> None:  # the settings may refuse it even before the door
        Speakers.of(Settings.model_validate({"source": {"shop": {"type": "http", **source}}}))

    with pytest.raises(ValueError) as caught:
        start()
    assert next(iter(source.values())) not in str(caught.value)


def test_beyond_loopback_a_token_is_needed_to_start() -> None:
    with pytest.raises(Misconfigured, match=r"server\.token"):
        Visitors.of(settings(host="0.0.0.0"))


def test_one_token_of_two_sources_speaks_for_both() -> None:
    shared = {"type": "http", "token": TOKEN}
    config = Settings.model_validate(
        {"source": {"a": shared, "b": shared, "c": {**shared, "token": OTHER_TOKEN}}}
    )
    assert Speakers.of(config).by_token(TOKEN) == {"a", "b"}


@pytest.mark.parametrize(
    ("bound", "public", "host", "answers"),
    [
        ("127.0.0.1", "", "localhost:8787", True),
        ("127.0.0.1", "", "127.0.0.1", True),
        ("127.0.0.1", "", "[::1]:8787", True),
        ("127.0.0.1", "", "evil.example", False),
        ("127.0.0.1", "", "localhost.evil.example", False),
        ("127.0.0.1", "", "192.168.1.5", False),
        ("127.0.0.1", "", "", False),
        ("127.0.0.1", "", "[", False),
        ("127.0.0.1", "https://storm.example/x", "storm.example", True),
        ("127.0.0.1", "https://storm.example", "STORM.example:443", True),
        ("0.0.0.0", "https://storm.example", "evil.example", False),
        ("0.0.0.0", "https://storm.example", "10.0.0.7:8787", True),  # an address cannot be rebound
        ("0.0.0.0", "", "anything.example", True),  # the token keeps strangers out
    ],
)
def test_only_our_own_hosts_are_answered(bound: str, public: str, host: str, answers: bool) -> None:
    assert Hosts(bound, public).answers(host) is answers


@pytest.mark.parametrize(
    ("headers", "fine"),
    [
        ({}, True),  # no browser
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "same-site"}, False),
        ({"origin": "http://127.0.0.1:8787"}, True),
        ({"origin": "http://127.0.0.1:9999"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://["}, False),
    ],
)
def test_a_form_of_another_site_is_refused(headers: dict[str, str], fine: bool) -> None:
    assert Hosts("127.0.0.1", "").same_site({"host": "127.0.0.1:8787", **headers}) is fine
