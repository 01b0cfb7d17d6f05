"""Commands that hand notifications to the portal, and look after what it did not take."""

import asyncio
import logging
import signal

import asyncpg
import click

from app.cli.place import database, up_to_date, with_connection
from app.delivery.dead_letters import DeadLetter, Standing, dead_letters, retry, standing
from app.delivery.sender import Sender
from app.errors import BadInput
from app.settings import DeliverySettings, read_delivery, read_place


@click.command()
@click.option("--once", is_flag=True, help="Send what is due now, then end.")
def deliver(once: bool) -> None:
    """Send notifications to the portal as they become due, until stopped.

    Any number may run at once, on any number of machines.
    """
    settings, place = read_delivery(), read_place()
    if settings.delivery_database_url:
        place = place.model_copy(update={"database_url": settings.delivery_database_url})
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with database(place) as dsn:
        asyncio.run(with_connection(dsn, lambda connection: up_to_date(connection, place)))
        sent = asyncio.run(_deliver(settings, dsn, once=once))
    if once:
        click.echo(f"{sent:,} notifications sent.")


async def _deliver(settings: DeliverySettings, dsn: str, *, once: bool) -> int:
    async with Sender.open(settings, dsn) as sender:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, sender.stop)
        await (sender.drain() if once else sender.run())
        return sender.counts.sent


@click.group()
def outbox() -> None:
    """Notifications on their way to the portal; nothing printed names anybody."""


@outbox.command("list")
@click.option("--most", default=20, show_default=True, type=click.IntRange(1))
def list_outbox(most: int) -> None:
    """Tell how many wait, and which were given up, and why."""
    place = read_place()

    async def read(connection: asyncpg.Connection) -> list[str]:
        await up_to_date(connection, place)
        letters = await dead_letters(connection, most)
        return [_standing(await standing(connection)), *map(_letter, letters)]

    with database(place) as dsn:
        click.echo("\n".join(asyncio.run(with_connection(dsn, read))))


@outbox.command("retry")
@click.argument("ids", metavar="ID...", nargs=-1, type=click.IntRange(1))
@click.option("--all", "everything", is_flag=True, help="All that were given up.")
def retry_outbox(ids: tuple[int, ...], everything: bool) -> None:
    """Have notifications that were given up sent again.

    What was sent in one request is sent in one again: the portal may have it already, and knows it
    by that request.
    """
    if bool(ids) == everything:
        raise click.UsageError("Give one: notification IDs, or --all.")
    place = read_place()

    async def again(connection: asyncpg.Connection) -> str:
        await up_to_date(connection, place)
        async with connection.transaction():
            retried = await retry(connection, ids or None)
            if alive := set(ids) - retried:
                named = ", ".join(map(str, sorted(alive)))
                raise BadInput(f"ID: {named}: no dead letter. `allowances outbox list` shows them.")
        return f"{len(retried):,} notifications are due again."

    with database(place) as dsn:
        click.echo(asyncio.run(with_connection(dsn, again)))


def _standing(now: Standing) -> str:
    return (
        f"{now.due:,} due, {now.under_way:,} under way, {now.later:,} later, "
        f"{now.awaiting_user_id:,} await a user ID, {now.dead:,} dead"
    )


def _letter(letter: DeadLetter) -> str:
    return (
        f"{letter.notification_id}: {letter.kind} of {letter.created_at:%Y-%m-%d %H:%M}, "
        f"{letter.attempts} attempts, {letter.last_error}"
    )
