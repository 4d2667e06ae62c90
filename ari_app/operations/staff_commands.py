"""Command line of staff accounts: the first administrator, agents, lost passwords."""

import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, NoReturn

import msgspec
import typer
from pydantic import ValidationError
from redis import Redis
from redis.exceptions import RedisError

from ari_app.operations.locations import Locations, locations
from ari_app.operations.queues_in_force import queues_in_force
from ari_app.operations.running_service import Contact, service_of, with_database
from ari_app.runtime.staff_changes import CHANNEL, StaffMessage
from crm.departments.service import DepartmentService
from crm.staff.model import Staff, StaffChange, StaffInput
from crm.staff.service import StaffService
from foundation.database import Database
from foundation.problems import Problem
from foundation.routes import Role

PASSWORD_BYTES = 12
TAKEN_OVER = {
    Contact.LISTENING: "the running service takes the account over at once",
    Contact.NOT_LISTENING: "the service does not listen at the moment: it takes the account over when it listens again",
    Contact.OUT_OF_REACH: "the service could not be reached: it takes the account over when Redis is back",
    Contact.NOT_RUNNING: "no service runs: the account is there at its next start",
}

staff = typer.Typer(help="Accounts of the people who work here.", no_args_is_help=True)


@staff.command("add")
def add(
    staff_number: Annotated[str, typer.Argument(help="3 to 8 digits, such as 1007; customers hear an agent's")],
    name: Annotated[str, typer.Argument(help="the person's name")],
    role: Annotated[Role, typer.Option(help="the person's role")],
    queue: Annotated[list[str] | None, typer.Option(help="a queue of an agent; may be repeated")] = None,
    department: Annotated[
        str | None, typer.Option(help="name or id of the department that the person acts for")
    ] = None,
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
            department_id=_department_id(department) if department is not None else None,
            queues=queue or [],
        )
    except ValidationError as error:
        _refuse(*(f"{problem['loc'][0]}: {problem['msg']}" for problem in error.errors()))

    def show(added: Staff) -> None:
        _print_password(staff_number, password)
        if added.endpoint is not None:
            _print_phone(added)

    _change(lambda service: service.create(given), show)


@staff.command("password")
def reset_password(staff_number: Annotated[str, typer.Argument(help="staff number of the account")]) -> None:
    """Give an account a new one-time password; its sessions end."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)

    async def reset(service: StaffService) -> Staff:
        found = await service.of_number(staff_number)
        return await service.update(found.id, StaffChange(password=password, password_one_time=True))

    _change(reset, lambda _: _print_password(staff_number, password), ends_sessions=True)


@staff.command("phone")
def renew_phone(staff_number: Annotated[str, typer.Argument(help="staff number of the agent")]) -> None:
    """Give an agent's phone a new secret, and print it once."""

    async def renew(service: StaffService) -> Staff:
        return await service.renew_phone_secret((await service.of_number(staff_number)).id)

    _change(renew, _print_phone)


@staff.command("list")
def list_accounts() -> None:
    """Print every account: staff number, role, name, state."""
    of = locations()

    async def printed(service: StaffService) -> None:
        for one in await service.all():
            typer.echo(f"{one.staff_number:<8} {one.role:<14} {one.name}  {'' if one.active else 'closed'}".rstrip())

    _run(of, printed)


def _change(
    change: Callable[[StaffService], Awaitable[Staff]], show: Callable[[Staff], None], *, ends_sessions: bool = False
) -> None:
    """Change an account, show its secrets, then tell the running service."""
    of = locations()
    typer.echo(f"database: {of.database_name}")
    contact, redis = service_of(of)
    changed: list[Staff] = []

    async def carry_out(service: StaffService) -> None:
        changed.append(await change(service))

    _run(of, carry_out)
    # First: the database has only a hash of the password.
    show(changed[0])
    if redis is not None:
        contact = _published(redis, StaffMessage(changed[0].id, ends_sessions))
    typer.echo(TAKEN_OVER[contact])


def _department_id(given: str) -> str:
    """Return a department's id by its name, else the given one."""

    async def found(database: Database) -> str:
        known = {one.name: one.id for one in await DepartmentService(database).all()}
        return known.get(given, given)

    return with_database(locations(), found)


def _run(of: Locations, work: Callable[[StaffService], Awaitable[None]]) -> None:
    async def with_service(database: Database) -> None:
        queues, which = await queues_in_force(of, database)
        try:
            await work(StaffService(database, queues))
        except Problem:
            typer.echo(f"queues: {', '.join(queues)} ({which})", err=True)
            raise

    with_database(of, with_service)


def _published(redis: "Redis", message: StaffMessage) -> Contact:
    try:
        receivers = redis.publish(CHANNEL, msgspec.json.encode(message))
    except (RedisError, OSError):
        return Contact.OUT_OF_REACH
    return Contact.LISTENING if receivers else Contact.NOT_LISTENING


def _print_password(staff_number: str, password: str) -> None:
    typer.echo(f"desk: {staff_number} / {password} (one-time: the first sign-in asks for a new one)")


def _print_phone(account: Staff) -> None:
    typer.echo(f"phone: {account.endpoint} / {account.sip_password}")


def _refuse(*lines: str) -> NoReturn:
    for line in lines:
        typer.echo(line, err=True)
    sys.exit(2)
