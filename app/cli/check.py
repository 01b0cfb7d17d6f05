"""Commands for operators: who is missing, which amounts fit no rule, why a state is as it is."""

import asyncio
import csv
from collections import Counter
from datetime import date
from pathlib import Path

import asyncpg
import click

from app.cli.place import database, privacy_keys, rule_book, today_option, with_connection
from app.database import Database
from app.errors import BadInput
from app.private_file import replacing
from app.rules.calendar import YearMonth, add_months, month_of, parse_year_month
from app.rules.entitlement import explain as explain_facts
from app.rules.national_id import InvalidNationalId, mask_national_id, parse_national_id
from app.rules.rule_book import RuleBook
from app.settings import Place, read_place
from loaders.checks import UnregisteredCitizen, paid_amounts, unregistered
from loaders.citizens import citizens_by_national_id_hmac
from loaders.entitlements import EntitlementRow, entitlements_of

_OFFICERS_COLUMNS = (
    "local_authority_code",
    "local_authority",
    "title",
    "given_name",
    "family_name",
    "masked_national_id",
    "birth_date",
    "phone",
)


@click.group()
def check() -> None:
    """Look over the whole register, so that no one is left out and no amount is wrong."""


@check.command("unregistered")
@click.option(
    "--file",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("unregistered.csv"),
    show_default=True,
    help="Where the officers' list goes.",
)
@today_option
def check_unregistered(file: Path, today: date) -> None:
    """Count, per authority, citizens of age with no registration; their names go to a file.

    The file is for the officers of the authorities alone: it is readable by its owner only, and
    names people by their masked national ID.
    """

    place = read_place()

    async def run(connection: asyncpg.Connection) -> Counter[tuple[str, str]]:
        book = await rule_book(connection, place)
        found: Counter[tuple[str, str]] = Counter()
        with replacing(file, encoding="utf-8-sig") as handle:
            writer = csv.writer(handle)
            writer.writerow(_OFFICERS_COLUMNS)
            async for citizen in unregistered(connection, today, book):
                writer.writerow(_officers_row(citizen))
                found[citizen.authority_code, citizen.authority_name] += 1
        return found

    with database(place) as dsn:
        found = asyncio.run(with_connection(dsn, run))
    for (code, name), count in sorted(found.items()):
        click.echo(f"{code}  {count:>8,}  {name}")
    click.echo(f"{found.total():,} people of age are not registered; the list is in {file}.")


def _officers_row(citizen: UnregisteredCitizen) -> list[str | None]:
    return [
        citizen.authority_code,
        citizen.authority_name,
        citizen.title,
        citizen.given_name,
        citizen.family_name,
        mask_national_id(citizen.national_id_tail),
        citizen.birth_date.isoformat(),
        citizen.phone,
    ]


@check.command("amounts")
@click.option("--from", "first", metavar="YYYY-MM", help="The first month; by default last month.")
@click.option("--to", "last", metavar="YYYY-MM", help="The last month; by default the first.")
@today_option
def check_amounts(first: str | None, last: str | None, today: date) -> None:
    """Count, per authority, regular payments whose amount fits no rule that was ever in force."""
    first_month = _month("--from", first) if first else add_months(month_of(today), -1)
    last_month = _month("--to", last) if last else first_month

    place = read_place()

    async def run(connection: asyncpg.Connection) -> int:
        book, unfit = await rule_book(connection, place), 0
        for each in await paid_amounts(connection, first_month, last_month, book):
            baht = f"{each.unfit_satang // 100:,}.{each.unfit_satang % 100:02}"
            click.echo(
                f"{each.code}  paid {each.paid:>8,}  fit no rule {each.unfit:>6,} "
                f"({baht} baht)  {each.name}"
            )
            unfit += each.unfit
        return unfit

    with database(place) as dsn:
        unfit = asyncio.run(with_connection(dsn, run))
    click.echo(f"{unfit:,} payments fit no rule.")


def _month(option: str, text: str) -> YearMonth:
    try:
        return parse_year_month(text)
    except ValueError as error:
        raise BadInput(f"{option}: {error}") from None


@click.command()
@click.argument("national_id", required=False)
@today_option
def explain(national_id: str | None, today: date) -> None:
    """Say step by step why a citizen has the state they have: facts, rule, version, source.

    For operators. Without NATIONAL_ID it asks, so that the number stays out of the shell's history.
    """
    typed = national_id or click.prompt("National ID", hide_input=True)
    place = read_place()
    with database(place) as dsn:
        book, rows = asyncio.run(_look_up(dsn, place, typed))
    for row in rows:
        click.echo(f"\n{row.key.scheme.value} on {today}")
        for number, step in enumerate(explain_facts(row.facts, today, book), 1):
            click.echo(f"{number:>3}. {step.name}: {step.facts} -> {step.outcome}")
            click.echo(f"     rule: {step.rule} ({step.version}); source: {step.source}")


async def _look_up(dsn: str, place: Place, typed: str) -> tuple[RuleBook, list[EntitlementRow]]:
    try:
        hmac = privacy_keys(place).national_id_hmac(parse_national_id(typed))
    except InvalidNationalId as error:
        raise BadInput(f"NATIONAL_ID: {error}") from None
    book = await with_connection(dsn, lambda connection: rule_book(connection, place))
    store = await Database.connect(dsn, size=1, statement_cache_size=0, statement_timeout=30)
    try:
        (citizen,) = await citizens_by_national_id_hmac(store, [hmac])
        if citizen is None:
            raise BadInput("NATIONAL_ID: nobody in the register has this number.")
        return book, entitlements_of(citizen, None)
    finally:
        await store.close()
