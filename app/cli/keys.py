"""The command that brings the register from previous keys to the current ones."""

import asyncio
from collections import Counter

import asyncpg
import click

from app.cli.place import database, privacy_keys, up_to_date, with_connection
from app.demo.home import DataDirectory
from app.errors import SettingsError
from app.ingest.key_rotation import (
    KeyRotation,
    Rotation,
    citizens_and_lookups,
    encryption_key_use,
    files_with_waiting_rows,
    forget_waiting,
)
from app.privacy import PrivacyKeys
from app.settings import Place, read_place


@click.command("rotate-keys")
@click.option("--lookup", is_flag=True, help="The look-up key instead of the encryption key.")
@click.option("--drop-previous", is_flag=True, help="With --lookup: nobody by the previous key.")
@click.option(
    "--forget-waiting", is_flag=True, help="With --drop-previous: delete the rows that wait."
)
@click.option("--make-key", is_flag=True, help="First make a new key in the data directory.")
@click.option("--rows", "at_once", default=1000, show_default=True, type=click.IntRange(1, 100_000))
def rotate_keys(
    lookup: bool, drop_previous: bool, forget_waiting: bool, make_key: bool, at_once: int
) -> None:
    """Encrypt national IDs anew with the current key, --rows a transaction, while all else runs.

    Stop it whenever you like: a second run goes on where the first one ended. First let every
    process read with both keys: the new one as NATIONAL_ID_ENCRYPTION_KEY with an id of its own,
    the old one in NATIONAL_ID_PREVIOUS_ENCRYPTION_KEYS. docs/security.md has the steps, also for
    the look-up key.
    """
    _refuse_odd_options(lookup, drop_previous, forget_waiting, make_key)
    place = read_place()
    keys = _keys(place, make_key=make_key)

    async def rotate(connection: asyncpg.Connection) -> None:
        await up_to_date(connection, place)
        if drop_previous:
            await _drop_previous_lookup(connection, keys, at_once, forget=forget_waiting)
        elif lookup:
            await _rotate_lookup(connection, keys, at_once)
        else:
            await _rotate_encryption(connection, keys, at_once)

    with database(place) as dsn:
        asyncio.run(with_connection(dsn, rotate))


def _refuse_odd_options(lookup: bool, drop: bool, forget: bool, make_key: bool) -> None:
    if drop and not lookup:
        raise click.UsageError("--drop-previous goes with --lookup.")
    if forget and not drop:
        raise click.UsageError("--forget-waiting goes with --drop-previous.")
    if make_key and lookup:
        raise click.UsageError("--make-key makes an encryption key; it does not go with --lookup.")


def _keys(place: Place, *, make_key: bool) -> PrivacyKeys:
    if not make_key:
        return privacy_keys(place)
    if place.database_url:
        raise SettingsError("--make-key is for the data directory; here keys come from settings.")
    return DataDirectory.open(place.allowances_data_dir).make_encryption_key()


async def _rotate_encryption(
    connection: asyncpg.Connection, keys: PrivacyKeys, at_once: int
) -> None:
    current, before = keys.encryption_key_id, await encryption_key_use(connection)
    with click.progressbar(length=before.total() - before[current], label="encrypting") as bar:
        rotation = await KeyRotation(connection, keys, at_once, bar.update).encryption()
    click.echo(f"{rotation.done:,} national IDs were encrypted anew with key {current}.")
    use = await encryption_key_use(connection)
    for key_id in sorted({current, *keys.previous_encryption_keys, *use}):
        click.echo(_sentence(key_id, use, keys))
    if use.total() != use[current]:
        raise SettingsError(_left(use, keys))


def _sentence(key_id: int, use: Counter[int], keys: PrivacyKeys) -> str:
    holds = f"key {key_id}: {use[key_id]:,} rows left"
    if key_id == keys.encryption_key_id:
        return f"key {key_id}: {use[key_id]:,} rows; it is the current one"
    if key_id not in keys.previous_encryption_keys:
        return f"{holds}; it is not configured"
    return f"{holds}; it must stay" if use[key_id] else f"{holds}; it may be dropped"


def _left(use: Counter[int], keys: PrivacyKeys) -> str:
    unknown = sorted(use.keys() - keys.previous_encryption_keys - {keys.encryption_key_id})
    if unknown:
        named = ", ".join(map(str, unknown))
        return f"Add key {named} to NATIONAL_ID_PREVIOUS_ENCRYPTION_KEYS and run this again."
    return (
        "Some rows are not of the current key. Either another process still writes with an old "
        "one (give it the new key), or the configured key of that id is not the one that wrote "
        "them. Then run this again."
    )


async def _rotate_lookup(connection: asyncpg.Connection, keys: PrivacyKeys, at_once: int) -> None:
    rotation = await _walk_lookup(connection, keys, at_once, drop=False)
    click.echo(
        f"{rotation.done:,} citizens are found by the current look-up key. Give it to every "
        "process, then run `allowances rotate-keys --lookup --drop-previous`."
    )
    _refuse_unreadable(rotation)


async def _drop_previous_lookup(
    connection: asyncpg.Connection, keys: PrivacyKeys, at_once: int, *, forget: bool
) -> None:
    if keys.previous_lookup_key is None:
        raise SettingsError("NATIONAL_ID_PREVIOUS_LOOKUP_KEY: is required, to know what to drop.")
    if waiting := await files_with_waiting_rows(connection):
        await _settle_waiting(connection, waiting, forget=forget)
    rotation = await _walk_lookup(connection, keys, at_once, drop=True)
    _refuse_unreadable(rotation)
    citizens, lookups = await citizens_and_lookups(connection)
    if citizens != lookups:
        raise SettingsError(
            f"{citizens:,} citizens, but {lookups:,} ways to find them: a process still writes "
            "with another look-up key. Give it the current one, then run this again."
        )
    click.echo(
        f"{rotation.done:,} citizens are found by the current look-up key alone: "
        "NATIONAL_ID_PREVIOUS_LOOKUP_KEY may be dropped."
    )


async def _settle_waiting(
    connection: asyncpg.Connection, waiting: list[tuple[str, int]], *, forget: bool
) -> None:
    for name, rows in waiting:
        click.echo(f"{rows:,} rows of {name} wait for their citizen.")
    if not forget:
        raise SettingsError(
            "Rows that wait may be known by the previous key alone. Load their citizens first; or "
            "add --forget-waiting, which deletes them, and import the files above again."
        )
    await forget_waiting(connection)
    click.echo("They were deleted; import these files again.")


async def _walk_lookup(
    connection: asyncpg.Connection, keys: PrivacyKeys, at_once: int, *, drop: bool
) -> Rotation:
    citizens, _ = await citizens_and_lookups(connection)
    with click.progressbar(length=citizens, label="looking up") as bar:
        rotation = KeyRotation(connection, keys, at_once, bar.update)
        return await (rotation.drop_previous_lookup() if drop else rotation.lookup())


def _refuse_unreadable(rotation: Rotation) -> None:
    if rotation.unreadable:
        raise SettingsError(
            f"{rotation.unreadable:,} national IDs can not be read with the configured encryption "
            "keys and were left as they were. Add the missing key, then run this again."
        )
