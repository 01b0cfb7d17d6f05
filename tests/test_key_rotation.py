"""Rotating keys: stopped and resumed at any point, read by everyone all the while."""

import asyncio
import os
import secrets
import signal
import subprocess
from base64 import b64encode
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from app.errors import SettingsError, Unavailable
from app.ingest.key_rotation import KeyRotation, encryption_key_use
from app.privacy import PrivacyKeys
from app.settings import KeySettings, read_privacy_keys
from tests.conftest import ALLOWANCES
from tests.ingest.office import Office, authority, citizen, disbursement, national_id

CITIZENS = 25


@pytest.fixture
def office(connection: asyncpg.Connection, keys: PrivacyKeys, tmp_path: Path) -> Office:
    return Office(connection, keys, tmp_path)


@pytest.fixture
def newer(keys: PrivacyKeys) -> PrivacyKeys:
    """The keys after a new encryption key came."""
    return replace(
        keys,
        encryption_key=secrets.token_bytes(32),
        encryption_key_id=2,
        previous_encryption_keys={1: keys.encryption_key},
    )


@pytest.fixture
def found_anew(keys: PrivacyKeys) -> PrivacyKeys:
    """The keys after a new look-up key came."""
    return replace(keys, lookup_key=secrets.token_bytes(32), previous_lookup_key=keys.lookup_key)


def environment(keys: PrivacyKeys, database_url: str) -> dict[str, str]:
    """The settings of a process that has these keys."""

    def text(key: bytes) -> str:
        return b64encode(key).decode()

    previous = ",".join(f"{n}:{text(key)}" for n, key in keys.previous_encryption_keys.items())
    named = {
        "DATABASE_URL": database_url,
        "NATIONAL_ID_LOOKUP_KEY": text(keys.lookup_key),
        "NATIONAL_ID_ENCRYPTION_KEY": text(keys.encryption_key),
        "NATIONAL_ID_ENCRYPTION_KEY_ID": str(keys.encryption_key_id),
        "NATIONAL_ID_PREVIOUS_ENCRYPTION_KEYS": previous,
        "ACCOUNT_NUMBER_KEY": text(keys.account_key),
    }
    if keys.previous_lookup_key is not None:
        named["NATIONAL_ID_PREVIOUS_LOOKUP_KEY"] = text(keys.previous_lookup_key)
    return os.environ | named


def run(keys: PrivacyKeys, database_url: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [ALLOWANCES, "rotate-keys", *options],
        env=environment(keys, database_url),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


async def decrypted(office: Office, keys: PrivacyKeys) -> set[str]:
    """Every national ID of the register, in clear."""
    rows = await office.connection.fetch("select id, national_id_encrypted as text from citizen")
    return {keys.decrypt_national_id(row["text"], UUID(str(row["id"]))) for row in rows}


async def found(office: Office, keys: PrivacyKeys) -> int:
    """How many of the citizens are found by the current look-up key."""
    hmacs = [keys.national_id_hmac(national_id(number)) for number in range(1, CITIZENS + 1)]
    statement = "select count(*) from citizen_lookup where national_id_hmac = any($1)"
    return int(await office.connection.fetchval(statement, hmacs))


EVERYONE = {national_id(number) for number in range(1, CITIZENS + 1)}


async def test_every_row_comes_to_the_current_key(
    office: Office, newer: PrivacyKeys, database_url: str
) -> None:
    await office.open(CITIZENS)
    done = run(newer, database_url, "--rows", "10")
    assert done.returncode == 0, done.stderr
    assert f"{CITIZENS} national IDs were encrypted anew with key 2" in done.stdout
    assert "key 1: 0 rows left; it may be dropped" in done.stdout
    assert await decrypted(office, replace(newer, previous_encryption_keys={})) == EVERYONE
    again = run(newer, database_url)
    assert "0 national IDs were encrypted anew" in again.stdout
    assert not any(each in done.stdout + done.stderr for each in EVERYONE)


async def killed_after(rows: int, office: Office, keys: PrivacyKeys, database_url: str) -> int:
    """Start the command, one row a transaction, and kill it once `rows` are of the current key."""
    process = await asyncio.create_subprocess_exec(
        ALLOWANCES,
        "rotate-keys",
        "--rows",
        "1",
        env=environment(keys, database_url),
        stdout=subprocess.DEVNULL,
    )
    while process.returncode is None:
        if (await encryption_key_use(office.connection))[keys.encryption_key_id] > rows:
            process.kill()
            break
        await asyncio.sleep(0.01)
    return await process.wait()


async def test_killed_at_any_point_it_goes_on_where_it_was(
    office: Office, newer: PrivacyKeys, database_url: str
) -> None:
    await office.authorities(authority())
    await office.citizens(*(citizen(number) for number in range(1, 3001)))
    everyone = {national_id(number) for number in range(1, 3001)}
    rotated = 0
    for _ in range(3):
        status = await killed_after(rotated + 100, office, newer, database_url)
        use = await encryption_key_use(office.connection)
        assert status == -signal.SIGKILL
        assert rotated < use[2] < 3000
        rotated = use[2]
        assert await decrypted(office, newer) == everyone
    done = run(newer, database_url)
    assert f"{3000 - rotated:,} national IDs were encrypted anew" in done.stdout
    assert await encryption_key_use(office.connection) == {2: 3000}
    assert await decrypted(office, newer) == everyone


async def test_a_key_that_is_not_configured_is_named_and_its_rows_are_left(
    office: Office, newer: PrivacyKeys, keys: PrivacyKeys, database_url: str
) -> None:
    await office.open(CITIZENS)
    done = run(replace(newer, previous_encryption_keys={}), database_url)
    assert done.returncode == 1
    assert "Add key 1 to NATIONAL_ID_PREVIOUS_ENCRYPTION_KEYS" in done.stderr
    assert await decrypted(office, keys) == EVERYONE


async def test_a_wrong_key_under_a_right_id_harms_nothing(
    office: Office, newer: PrivacyKeys, keys: PrivacyKeys, database_url: str
) -> None:
    await office.open(CITIZENS)
    wrong = replace(newer, previous_encryption_keys={1: secrets.token_bytes(32)})
    done = run(wrong, database_url)
    assert done.returncode == 1
    assert "is not the one that wrote them" in done.stderr
    assert "it must stay" in done.stdout
    assert await decrypted(office, keys) == EVERYONE


async def test_an_import_meanwhile_waits_for_its_turn_and_loses_nothing(
    office: Office, newer: PrivacyKeys, database_url: str
) -> None:
    await office.open(CITIZENS)
    other = await asyncpg.connect(database_url)
    rotating = KeyRotation(other, newer, 1, lambda _rows: None)
    office.keys = newer
    changed = [citizen(number, phone="0812345678") for number in range(1, CITIZENS + 5)]
    await asyncio.gather(rotating.encryption(), office.citizens(*changed))
    await rotating.encryption()
    await other.close()
    assert await encryption_key_use(office.connection) == {2: CITIZENS + 4}
    assert len(await decrypted(office, newer)) == CITIZENS + 4
    assert await office.value("select count(*) from citizen where phone is null") == 0


async def test_the_lookup_key_changes_while_old_and_new_find_everyone(
    office: Office, keys: PrivacyKeys, found_anew: PrivacyKeys, database_url: str
) -> None:
    await office.open(CITIZENS)
    await office.disbursements(*(disbursement(number) for number in range(1, CITIZENS + 1)))
    assert await found(office, found_anew) == 0
    assert run(found_anew, database_url, "--lookup", "--rows", "10").returncode == 0
    assert await found(office, keys) == await found(office, found_anew) == CITIZENS
    done = run(found_anew, database_url, "--lookup", "--drop-previous", "--rows", "10")
    assert done.returncode == 0, done.stderr
    assert (await found(office, keys), await found(office, found_anew)) == (0, CITIZENS)
    office.keys = replace(found_anew, previous_lookup_key=None)
    before = await office.tables()
    await office.disbursements(*(disbursement(number) for number in range(1, CITIZENS + 1)))
    after = await office.tables()
    assert after["bank_account"] == before["bank_account"]
    assert after["payment"] == before["payment"]


async def test_imports_know_people_by_either_key_and_release_what_waits(
    office: Office, keys: PrivacyKeys, found_anew: PrivacyKeys
) -> None:
    await office.open(1)
    await office.disbursements(disbursement(2))
    office.keys = found_anew
    report = await office.citizens(citizen(1), citizen(2))
    assert (report.unchanged, report.accepted, report.released) == (1, 1, 1)
    assert await office.value("select count(*) from citizen") == 2
    assert await office.value("select count(*) from citizen_lookup") == 4
    assert await found(office, keys) == await found(office, found_anew) == 2


async def test_rows_that_wait_are_not_lost_with_the_previous_key(
    office: Office, found_anew: PrivacyKeys, database_url: str
) -> None:
    await office.open(CITIZENS)
    await office.disbursements(disbursement(CITIZENS + 1))
    drop = ("--lookup", "--drop-previous")
    refused = run(found_anew, database_url, *drop)
    assert refused.returncode == 1
    assert "1 rows of disbursements.csv wait for their citizen" in refused.stdout
    assert "--forget-waiting" in refused.stderr
    assert await office.value("select count(*) from waiting_disbursement") == 1
    done = run(found_anew, database_url, *drop, "--forget-waiting")
    assert done.returncode == 0, done.stderr
    assert await office.value("select count(*) from waiting_disbursement") == 0
    office.keys = replace(found_anew, previous_lookup_key=None)
    report = await office.disbursements(disbursement(CITIZENS + 1))
    assert report.waiting == 1


async def test_the_previous_lookup_key_is_asked_for(
    office: Office, keys: PrivacyKeys, database_url: str
) -> None:
    await office.open(1)
    done = run(keys, database_url, "--lookup", "--drop-previous")
    assert done.returncode == 1
    assert "NATIONAL_ID_PREVIOUS_LOOKUP_KEY" in done.stderr
    assert await found(office, keys) == 1


@pytest.mark.parametrize(
    "options", [("--drop-previous",), ("--forget-waiting",), ("--lookup", "--make-key")]
)
def test_options_that_do_not_go_together(
    keys: PrivacyKeys, server_dsn: str, options: tuple[str, ...]
) -> None:
    done = run(keys, server_dsn, *options)
    assert done.returncode == 2
    assert "go" in done.stderr


def test_the_keys_of_a_data_directory_are_rotated_by_one_command(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    environment = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    environment["ALLOWANCES_DATA_DIR"] = str(tmp_path / "data")
    command = [ALLOWANCES, "rotate-keys", "--make-key"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "key 1: 0 rows left; it may be dropped" in done.stdout
    assert "key 2: 0 rows; it is the current one" in done.stdout
    assert (tmp_path / "data" / "keys.json").stat().st_mode & 0o077 == 0


KEY = b64encode(b"k" * 32).decode()
WRONG = {
    "no id": (KEY, "id:key"),
    "no number": (f"x:{KEY}", "id:key"),
    "id too large": (f"256:{KEY}", "less than or equal to 255"),
    "id of nothing": (f"0:{KEY}", "greater than or equal to 1"),
    "twice": (f"2:{KEY},2:{KEY}", "key 2 stands twice"),
    "the current id": (f"1:{KEY}", "the id of the current key"),
    "too short": (f"2:{KEY[:8]}", "expected 32 bytes in base64"),
}


@pytest.fixture
def key_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    zeros = b64encode(bytes(32)).decode()
    for name in KeySettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("NATIONAL_ID_LOOKUP_KEY", "NATIONAL_ID_ENCRYPTION_KEY", "ACCOUNT_NUMBER_KEY"):
        monkeypatch.setenv(name, zeros)


@pytest.mark.usefixtures("key_settings")
@pytest.mark.parametrize(("value", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_setting_is_named_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, value: str, sentence: str
) -> None:
    monkeypatch.setenv("NATIONAL_ID_PREVIOUS_ENCRYPTION_KEYS", value)
    with pytest.raises(SettingsError) as raised:
        read_privacy_keys()
    assert "NATIONAL_ID_PREVIOUS_ENCRYPTION_KEYS" in raised.value.message
    assert sentence in raised.value.message
    assert KEY[:8] not in raised.value.message


@pytest.mark.usefixtures("key_settings")
def test_the_previous_lookup_key_can_not_be_the_current_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NATIONAL_ID_PREVIOUS_LOOKUP_KEY", b64encode(bytes(32)).decode())
    with pytest.raises(SettingsError, match="is the current key"):
        read_privacy_keys()


@pytest.mark.usefixtures("key_settings")
def test_keys_are_read_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATIONAL_ID_ENCRYPTION_KEY_ID", "3")
    monkeypatch.setenv("NATIONAL_ID_PREVIOUS_ENCRYPTION_KEYS", f"1:{KEY}, 2:{KEY}")
    keys = read_privacy_keys()
    assert keys.encryption_key_id == 3
    assert keys.previous_encryption_keys == {1: b"k" * 32, 2: b"k" * 32}
    assert "kkk" not in repr(keys)
    assert "\\x00" not in repr(keys)


def test_text_of_another_citizen_or_an_unknown_key_is_refused(
    keys: PrivacyKeys, newer: PrivacyKeys
) -> None:
    mine, other = UUID(int=1), UUID(int=2)
    text = newer.encrypt_national_id(national_id(1), mine)
    assert newer.decrypt_national_id(text, mine) == national_id(1)
    assert newer.decrypt_national_id(keys.encrypt_national_id(national_id(1), mine), mine)
    for reader, citizen_id in ((newer, other), (keys, mine)):
        with pytest.raises(Unavailable):
            reader.decrypt_national_id(text, citizen_id)
