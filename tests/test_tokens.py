"""Who asks: tokens that are trusted, and all those that are not."""

import asyncio
import hmac
import json
import pickle
import time
from base64 import urlsafe_b64encode
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.demo.home import DataDirectory
from app.demo.issuer import AUDIENCE, ISSUER, DevelopmentIssuer
from app.demo.personas import PERSONAS
from app.errors import SettingsError, Unauthenticated
from app.known_tokens import Known, KnownTokens
from app.privacy import PrivacyKeys
from app.signing_keys import SigningKeys
from app.viewer import AgencyViewer, Anonymous, CitizenViewer, TokenReader, TokenRules
from tests.conftest import Asker

ME = "{ me { givenName } }"
NATIONAL_ID = PERSONAS["both"].national_id


@pytest.fixture
def issuer(home: DataDirectory) -> DevelopmentIssuer:
    return home.issuer()


@pytest.fixture
def reader(issuer: DevelopmentIssuer, keys: PrivacyKeys) -> TokenReader:
    rules = TokenRules(ISSUER, AUDIENCE, "RS256", leeway_seconds=0)
    return TokenReader(rules, SigningKeys(str(issuer.jwks_file)), keys)


def signed(issuer: DevelopmentIssuer, **changes: Any) -> str:
    """A good token of a citizen, changed; None takes a claim out."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 60}
    claims |= {"pid": NATIONAL_ID} | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, issuer.private_key, "RS256", headers={"kid": issuer.key_id})


@pytest.mark.parametrize("claim", ["pid", "citizen_id"])
async def test_a_citizens_token(
    reader: TokenReader, issuer: DevelopmentIssuer, keys: PrivacyKeys, claim: str
) -> None:
    token = signed(issuer, **{"pid": None, claim: NATIONAL_ID})
    viewer = await reader.viewer(f"Bearer {token}")
    assert viewer == CitizenViewer(keys.national_id_hmac(NATIONAL_ID))


async def test_an_agencys_token_and_its_purpose(
    reader: TokenReader, issuer: DevelopmentIssuer
) -> None:
    token = signed(issuer, pid=None, client_id="nhso", scope="citizen:read payment:read")
    scopes = frozenset({"citizen:read", "payment:read"})
    assert await reader.viewer(f"Bearer {token}") == AgencyViewer("nhso", scopes, None)
    viewer = await reader.viewer(f"bearer {token}", "audit")
    assert viewer == AgencyViewer("nhso", scopes, "audit")


@pytest.mark.parametrize("claim", ["client_id", "azp"])
async def test_a_person_without_a_national_id_is_not_their_portal(
    reader: TokenReader, issuer: DevelopmentIssuer, claim: str
) -> None:
    token = signed(issuer, **{"pid": None, claim: "portal", "scope": "openid citizen:read"})
    with pytest.raises(Unauthenticated, match="of a person"):
        await reader.viewer(f"Bearer {token}", "audit")


WITHIN_A_PURPOSE = [NATIONAL_ID, f"{NATIONAL_ID[0]}-{NATIONAL_ID[1:5]}-{NATIONAL_ID[5:]}"]


@pytest.mark.parametrize("written", WITHIN_A_PURPOSE)
async def test_a_purpose_holds_no_national_id(
    reader: TokenReader, issuer: DevelopmentIssuer, written: str
) -> None:
    purpose = f"complaint of {written}, payment"
    token = signed(issuer, pid=None, client_id="nhso")
    with pytest.raises(Unauthenticated, match="no national ID") as refused:
        await reader.viewer(f"Bearer {token}", purpose)
    assert written not in refused.value.message
    allowed = await reader.viewer(f"Bearer {token}", f"complaint 1{NATIONAL_ID}")
    assert isinstance(allowed, AgencyViewer)


@pytest.mark.parametrize("purpose", ["a\nb", "a\x85b", "a\u202eb", "a" * 201])
async def test_a_purpose_is_one_line_that_shows_as_it_reads(
    reader: TokenReader, issuer: DevelopmentIssuer, purpose: str
) -> None:
    token = signed(issuer, pid=None, client_id="nhso", purpose=purpose)
    with pytest.raises(Unauthenticated, match="a line of at most 200 letters"):
        await reader.viewer(f"Bearer {token}")


async def test_no_token_is_nobody(reader: TokenReader) -> None:
    assert await reader.viewer(None) == Anonymous()


CHANGES = {
    "expired": {"exp": 1},
    "not yet valid": {"nbf": 4102444800},
    "another issuer": {"iss": "urn:other"},
    "another audience": {"aud": "other"},
    "no expiry": {"exp": None},
    "no issuer": {"iss": None},
    "no audience": {"aud": None},
    "nobody": {"pid": None},
    "no valid national ID": {"pid": "1234567890123"},
    "a client with a NUL": {"pid": None, "client_id": "nh\x00so"},
    "a client with half a character": {"pid": None, "client_id": "\ud800"},
    "a client without end": {"pid": None, "client_id": "x" * 201},
    "a purpose with half a character": {"pid": None, "client_id": "nhso", "purpose": "\ud800"},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES.keys())
async def test_a_token_that_says_the_wrong_thing(
    reader: TokenReader, issuer: DevelopmentIssuer, changes: dict[str, Any]
) -> None:
    token = signed(issuer, **changes)
    with pytest.raises(Unauthenticated) as refused:
        await reader.viewer(f"Bearer {token}")
    assert token not in refused.value.message
    assert "1234567890123" not in refused.value.message


def _unsigned(issuer: DevelopmentIssuer) -> str:
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": time.time() + 60, "pid": NATIONAL_ID}
    return jwt.encode(claims, "", "none", headers={"kid": issuer.key_id})


def _other_key(issuer: DevelopmentIssuer) -> str:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return signed(DevelopmentIssuer(other, issuer.key_id, issuer.jwks_file))


def _public_key_as_secret(issuer: DevelopmentIssuer) -> str:
    """Signed by HMAC with the public key as its secret; made by hand, for no library will."""
    header = {"alg": "HS256", "typ": "JWT", "kid": issuer.key_id}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 60, "pid": NATIONAL_ID}
    parts = [urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    text = b".".join(parts)
    public = issuer.private_key.public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signature = urlsafe_b64encode(hmac.digest(secret, text, "sha256")).rstrip(b"=")
    return (text + b"." + signature).decode()


def _unknown_kid(issuer: DevelopmentIssuer) -> str:
    return signed(DevelopmentIssuer(issuer.private_key, "unknown", issuer.jwks_file))


FORGERIES = [_unsigned, _other_key, _public_key_as_secret, _unknown_kid]


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
async def test_a_forged_token(reader: TokenReader, issuer: DevelopmentIssuer, forge: Any) -> None:
    with pytest.raises(Unauthenticated):
        await reader.viewer(f"Bearer {forge(issuer)}")


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
async def test_the_header_of_a_forged_token_is_never_kept(
    reader: TokenReader, issuer: DevelopmentIssuer, forge: Any
) -> None:
    """Nor does it help a forgery that the same header came with a good token before."""
    with pytest.raises(Unauthenticated):
        await reader.viewer(f"Bearer {forge(issuer)}")
    assert reader._kids == {}
    await reader.viewer(f"Bearer {signed(issuer)}")
    await reader.viewer(f"Bearer {signed(issuer, pid=None, client_id='nhso')}")
    assert list(reader._kids.values()) == [issuer.key_id]
    with pytest.raises(Unauthenticated):
        await reader.viewer(f"Bearer {forge(issuer)}")


HEADERS = ["", "Bearer", "Bearer ", "Basic eDp5", "Bearer a.b.c", "Bearer é"]


@pytest.mark.parametrize("header", HEADERS)
async def test_a_header_that_is_no_bearer_token(reader: TokenReader, header: str) -> None:
    with pytest.raises(Unauthenticated):
        await reader.viewer(header)


async def test_keys_rotate_by_kid(
    tmp_path: Path, issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(issuer.jwks_file.read_text())
    keys = SigningKeys(str(file))
    await keys.load()
    rotated = json.loads(issuer.jwks_file.read_text())
    rotated["keys"][0]["kid"] = "next"
    file.write_text(json.dumps(rotated))
    with pytest.raises(Unauthenticated):
        await keys.find("next")  # looked a moment ago: a stranger's kid can't make us ask at will
    monkeypatch.setattr("app.signing_keys._RETRY_SECONDS", 0.0)
    assert (await keys.find("next")).key_id == "next"
    with pytest.raises(Unauthenticated):
        await keys.find(issuer.key_id)


@pytest.mark.parametrize("content", [None, "no json", "{}", '{"keys": []}'])
async def test_a_wrong_source_of_keys_stops_the_start(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "jwks.json"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match="TOKEN_JWKS"):
        await SigningKeys(str(file)).load()


async def test_a_bad_token_is_answered_401_and_no_data(ask: Asker) -> None:
    response = await ask.post(ME, token="a.b.c")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert response.json() == {
        "errors": [
            {
                "message": "The token can not be read.",
                "extensions": {"code": "UNAUTHENTICATED"},
            }
        ]
    }


async def test_a_token_lives_no_longer_than_it_says(
    reader: TokenReader, issuer: DevelopmentIssuer
) -> None:
    token = signed(issuer, exp=int(time.time()) - int(timedelta(seconds=5).total_seconds()))
    with pytest.raises(Unauthenticated, match="expired"):
        await reader.viewer(f"Bearer {token}")


@pytest.mark.parametrize("codes", [None, 5810109, "05810109", {"05810109": 1}, [5810109]], ids=repr)
async def test_a_limit_that_can_not_be_read_is_not_no_limit(
    reader: TokenReader, issuer: DevelopmentIssuer, codes: Any
) -> None:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": now + 60, "client_id": "office"}
    claims["local_authority_codes"] = codes
    token = jwt.encode(claims, issuer.private_key, "RS256", headers={"kid": issuer.key_id})
    with pytest.raises(Unauthenticated, match="local_authority_codes"):
        await reader.viewer(f"Bearer {token}")


async def test_an_issuer_that_is_away_is_not_asked_for_every_stranger(
    tmp_path: Path, issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(issuer.jwks_file.read_text())
    keys = SigningKeys(str(file))
    await keys.load()
    file.unlink()
    monkeypatch.setattr("app.signing_keys._FRESH_SECONDS", 0.0)
    monkeypatch.setattr(keys, "_tried_at", float("-inf"))
    read, tries = keys._read, 0

    async def counted() -> None:
        nonlocal tries
        tries += 1
        await read()

    monkeypatch.setattr(keys, "_read", counted)
    for number in range(20):
        with pytest.raises(Unauthenticated):
            await keys.find(f"stranger{number}")
    assert (await keys.find(issuer.key_id)).key_id == issuer.key_id  # the known keys go on
    assert tries == 1


async def test_who_has_a_known_key_does_not_wait_for_an_issuer_that_is_slow(
    issuer: DevelopmentIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = SigningKeys(str(issuer.jwks_file))
    await keys.load()
    monkeypatch.setattr("app.signing_keys._FRESH_SECONDS", 0.0)
    monkeypatch.setattr(keys, "_tried_at", float("-inf"))
    read, reading, answered = keys._read, asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        reading.set()
        await answered.wait()
        await read()

    monkeypatch.setattr(keys, "_read", slow)
    first = asyncio.create_task(keys.find(issuer.key_id))
    await reading.wait()
    second = asyncio.create_task(keys.find(issuer.key_id))
    for _ in range(5):
        await asyncio.sleep(0)
    assert second.done()
    answered.set()
    assert await first is keys._keys[issuer.key_id]


async def test_a_key_for_encryption_signs_nothing(
    tmp_path: Path, issuer: DevelopmentIssuer
) -> None:
    file = tmp_path / "jwks.json"
    document = json.loads(issuer.jwks_file.read_text())
    document["keys"].append({**document["keys"][0], "kid": "sealing", "use": "enc"})
    file.write_text(json.dumps(document))
    keys = SigningKeys(str(file))
    assert (await keys.find(issuer.key_id)).key_id == issuer.key_id
    with pytest.raises(Unauthenticated, match="not known"):
        await keys.find("sealing")


@pytest.mark.parametrize("address", ["http://127.0.0.1.evil.example/k", "http://issuer.example/k"])
async def test_keys_come_by_https_alone(address: str) -> None:
    with pytest.raises(SettingsError, match="TOKEN_JWKS"):
        await SigningKeys(address).load()


async def test_a_known_token_is_not_verified_again_until_something_changes(
    issuer: DevelopmentIssuer, keys: PrivacyKeys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verified: list[str] = []
    decode = jwt.decode

    def counted(token: str, *arguments: Any, **named: Any) -> Any:
        verified.append(token)
        return decode(token, *arguments, **named)

    monkeypatch.setattr("app.viewer.jwt.decode", counted)
    jwks = tmp_path / "issuer.jwks.json"
    jwks.write_bytes(issuer.jwks_file.read_bytes())
    signing = SigningKeys(str(jwks))
    reader = TokenReader(TokenRules(ISSUER, AUDIENCE, "RS256", 0), signing, keys)
    soon = int(time.time()) + 2
    agency = signed(issuer, pid=None, client_id="nhso", exp=soon)
    first = await reader.viewer(f"Bearer {agency}", "audit")
    assert await reader.viewer(f"bearer  {agency}", "audit") is first
    assert len(verified) == 1
    other = await reader.viewer(f"Bearer {agency}", "complaint")  # a purpose is part of who asks
    assert isinstance(other, AgencyViewer)
    assert other.purpose == "complaint"
    assert len(verified) == 2
    kept = pickle.dumps(list(reader._known._known))
    assert agency.encode() not in kept
    await asyncio.sleep(max(0, soon - time.time()) + 0.1)
    with pytest.raises(Unauthenticated, match="expired"):
        await reader.viewer(f"Bearer {agency}", "audit")
    citizen = signed(issuer)
    await reader.viewer(f"Bearer {citizen}")
    jwks.write_text(jwks.read_text().replace(issuer.key_id, "another"))
    signing._read_at = signing._tried_at = float("-inf")
    with pytest.raises(Unauthenticated, match="a key that is not known"):
        await reader.viewer(f"Bearer {citizen}")


def test_so_many_tokens_are_known_and_no_more() -> None:
    known: KnownTokens[str, str] = KnownTokens(lambda: 0.0, kept=3)
    for number in range(5):
        known.keep(known.name_of(str(number), None), Known(str(number), "k", "key", 1.0))
    assert len(known) == 3
    assert known.find(known.name_of("1", None)) is None
    assert known.find(known.name_of("4", "another purpose")) is None
