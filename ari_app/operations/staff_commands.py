"""Command line of staff accounts: the first administrator, agents, lost passwords."""

import asyncio
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from ari_app.operations.locations import Locations, locations
from ari_app.queues.settings import load_queues
from ari_app.runtime.node_lease import KEY, Holder
from ari_app.runtime.staff_changes import CHANNEL
from ari_app.settings import invalid_settings
from crm.staff.model import Staff, StaffChange, StaffInput
from crm.staff.service import StaffService
from foundation.database import Database
from foundation.routes import Role

PASSWORD_BYTES = 12
REDIS_DEADLINE_S = 3.0

staff = typer.Typer(help="Accounts of the people who work here.", no_args_is_help=True)


@staff.command("add")
def add(
    staff_number: Annotated[str, typer.Argument(help="3 to 8 digits, such as 1007; customers hear an agent's")],
    name: Annotated[str, typer.Argument(help="the person's name")],
    role: Annotated[Role, typer.Option(help="the person's role")],
    queue: Annotated[list[str] | None, typer.Option(help="a queue of an agent; may be repeated")] = None,
    department: Annotated[str | None, typer.Option(help="id of the department that the person acts for")] = None,
) -> None:
    """Add an account and print its one-time password once."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    try:
        given = StaffInput(
            staff_number=staff_number,
            name=name,
            role=role,
            password=password,
            password_one_time=True,
            department_id=department,
            queues=queue or [],
        )
    except ValidationError as error:
        _refuse(*(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()))
    added = _change(lambda service: service.create(given))
    _print_password(staff_number, password)
    if added.endpoint is not None:
        typer.echo(f"phone: {added.endpoint} / {added.sip_password}")


@staff.command("password")
def reset_password(staff_number: Annotated[str, typer.Argument(help="staff number of the account")]) -> None:
    """Give an account a new one-time password; its sessions end."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)

    async def reset(service: StaffService) -> Staff:
        found = await service.of_number(staff_number)
        return await service.update(found.id, StaffChange(password=password, password_one_time=True))

    _change(reset)
    _print_password(staff_number, password)


@staff.command("phone")
def renew_phone(staff_number: Annotated[str, typer.Argument(help="staff number of the agent")]) -> None:
    """Give an agent's phone a new secret, and print it once."""

    async def renew(service: StaffService) -> Staff:
        return await service.renew_phone_secret((await service.of_number(staff_number)).id)

    renewed = _change(renew)
    typer.echo(f"phone: {renewed.endpoint} / {renewed.sip_password}")


@staff.command("list")
def list_accounts() -> None:
    """Print every account: staff number, role, name, state."""
    of = _locations()

    async def printed(service: StaffService) -> None:
        for one in await service.all():
            typer.echo(f"{one.staff_number:<8} {one.role:<14} {one.name}  {'' if one.active else 'closed'}".rstrip())

    _run(of, printed)


def _change(change: Callable[[StaffService], Awaitable[Staff]]) -> Staff:
    of = _locations()
    typer.echo(f"database: {of.database_name}")
    redis = _redis_of_the_service(of)
    changed: list[Staff] = []

    async def carry_out(service: StaffService) -> None:
        changed.append(await change(service))

    _run(of, carry_out)
    if redis is not None:
        redis.publish(CHANNEL, changed[0].id)
        typer.echo("the running service takes the account over at once")
    else:
        typer.echo("no service runs: the account is there at its next start")
    return changed[0]


def _run(of: Locations, work: Callable[[StaffService], Awaitable[None]]) -> None:
    file = make_url(of.database_url).database if of.database_url.startswith("sqlite") else None
    if file is not None and not Path(file).exists():
        _refuse(f"there is no database {file} yet: start the service once, or set HOTLINE_DATABASE_URL")

    async def with_service() -> None:
        database = Database(of.database_url)
        try:
            await work(StaffService(database, load_queues(of.callflows / "queues.yaml")))
        finally:
            await database.aclose()

    try:
        asyncio.run(with_service())
    except SQLAlchemyError as error:
        _refuse(f"the database cannot be used; has a service been started with it? ({type(error).__name__})")


def _redis_of_the_service(of: Locations) -> "Redis | None":
    """Return the Redis of a running service that uses the same database."""
    if of.redis_url is None:
        return None
    redis = Redis.from_url(of.redis_url, socket_timeout=REDIS_DEADLINE_S, socket_connect_timeout=REDIS_DEADLINE_S)
    try:
        held = [redis.get(key) for key in redis.scan_iter(f"{KEY}*")]
    except RedisError:
        return None
    holders = [msgspec.json.decode(one, type=Holder) for one in held if isinstance(one, bytes)]
    for holder in holders:
        if holder.database and holder.database != of.database_name:
            _refuse(
                f"the running service uses another database: {holder.database}",
                "set HOTLINE_DATABASE_URL as the service has it",
            )
    return redis if holders else None


def _print_password(staff_number: str, password: str) -> None:
    typer.echo(f"desk: {staff_number} / {password} (one-time: the first sign-in asks for a new one)")


def _locations() -> Locations:
    try:
        return locations()
    except ValidationError as error:
        _refuse(*invalid_settings(error))


def _refuse(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    sys.exit(2)
