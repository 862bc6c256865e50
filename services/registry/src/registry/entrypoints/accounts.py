"""HTTP: tokens, accounts and grants."""

from __future__ import annotations

import asyncio
import hmac
from datetime import date, datetime
from typing import Annotated

from chassis import auth
from chassis.http import Accepted, Asked, Page, Paging, Reading, Routes
from chassis.http.asking import runtime_of
from contracts.events.registry import GrantGiven, GrantWithdrawn
from contracts.refusal import Refused
from contracts.values import Identifier, Paper, PersonId
from fastapi import Body, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from standing import Role, holds, need
from standing.rights import today

from registry.adapters import accounts, people
from registry.adapters.rows import rows
from registry.domain.people import known
from registry.entrypoints.shown import shown
from registry.entrypoints.unlogged import Keeping, keeping
from registry.handlers import give_grant

routes = Routes(tags=["tài khoản và quyền"])

SERVICES = {"scoring", "awards", "notify"}
"""Services that ask registry for names when they print or send."""


class LogIn(BaseModel):
    """A person logs in with login and password, a service with its name and the secret of the services."""

    model_config = ConfigDict(extra="forbid")

    login: str | None = Field(None, max_length=64)
    password: SecretStr | None = None
    service: str | None = Field(None, max_length=32)
    secret: SecretStr | None = None


class Token(BaseModel):
    token: str
    subject: str = Field(examples=["person:nguyen-thi-dao"])
    expires: datetime = Field(description="At most an hour from now.")


@routes.post("/tokens", summary="Đăng nhập, lấy mã truy cập (tối đa một giờ)")
async def post_token(
    body: Annotated[
        LogIn,
        Body(
            openapi_examples={
                "nguoi": {"summary": "Người", "value": {"login": "quan-tri", "password": "mat-khau-cua-ban"}},
                "dich-vu": {"summary": "Dịch vụ", "value": {"service": "awards", "secret": "bi-mat-chung"}},
            }
        ),
    ],
    request: Request,
) -> Token:
    """Không cần Idempotency-Key: mỗi lần đăng nhập cấp một mã mới, không ghi gì vào sổ."""
    runtime = runtime_of(request)
    if body.service is not None and body.secret is not None:
        expected = runtime.settings.service_secret
        known_service = body.service in SERVICES and expected != ""
        if not known_service or not hmac.compare_digest(body.secret.get_secret_value(), expected):
            raise Refused("login-wrong")
        subject = f"service:{body.service}"
    else:
        login = body.login or ""
        async with runtime.engine.connect() as db:
            account = await accounts.of_login(db, login)
        kept = account["password_hash"] if account else accounts.NOBODY
        given = body.password.get_secret_value() if body.password else ""
        right = await asyncio.to_thread(accounts.matches, given, kept)
        if account is None or not right or account["closed"] is not None:
            raise Refused("login-wrong")
        subject = account["subject"]
    token, ends = auth.issue(subject, site=runtime.settings.site, private_key=runtime.settings.key("token_private_key"))
    return Token(token=token, subject=subject, expires=ends)


class OpenAccount(BaseModel):
    model_config = ConfigDict(extra="forbid")

    login: str = Field(pattern=r"^[a-z0-9][a-z0-9._@-]{2,63}$", examples=["dao.nt"])
    password: SecretStr = Field(min_length=8, max_length=200)
    person_id: PersonId = Field(examples=["nguyen-thi-dao"])


class AccountView(BaseModel):
    login: str
    person_id: str
    made: datetime
    closed: datetime | None = None


@routes.post("/accounts", status_code=201, summary="Cấp tài khoản, hoặc đặt lại mật khẩu của tài khoản ấy")
async def post_account(
    body: Annotated[
        OpenAccount,
        Body(examples=[{"login": "dao.nt", "password": "mot-mat-khau-dai", "person_id": "nguyen-thi-dao"}]),
    ],
    asked: Asked,
) -> AccountView:
    """Quản trị của mọi đơn vị mà người ấy được giao quyền mới được cấp: nếu không sẽ mượn được quyền của nơi khác."""
    subject = f"person:{body.person_id}"
    hashed = await asyncio.to_thread(accounts.hashed, body.password.get_secret_value())
    async with keeping(asked) as work:
        known(await people.entry(work.db, body.person_id), body.person_id)
        await _administers(work, body.person_id)
        holder = await accounts.of_login(work.db, body.login)
        if holder is not None and holder["subject"] != subject:
            raise Refused("login-taken", login=body.login)
        other = await accounts.of_subject(work.db, subject)
        if other is not None and other["login"] != body.login:
            raise Refused("account-exists", person=body.person_id, login=other["login"])
        await accounts.open_account(work.db, body.login, subject, hashed, work.now)
        account = await accounts.of_login(work.db, body.login)
        assert account is not None
    return AccountView(login=body.login, person_id=body.person_id, made=account["made"], closed=None)


@routes.post("/accounts/{login}/closure", summary="Khóa tài khoản")
async def close_account(login: str, asked: Asked) -> AccountView:
    async with keeping(asked) as work:
        account = await accounts.of_login(work.db, login)
        if account is None:
            raise Refused("not-found", kind="tài khoản", id=login)
        person_id = account["subject"].partition(":")[2]
        await _administers(work, person_id)
        await accounts.close_account(work.db, login, work.now)
    return AccountView(login=login, person_id=person_id, made=account["made"], closed=work.now)


async def _administers(work: Keeping, person_id: str) -> None:
    """An administrator of every unit on which the person holds grants; without grants, of a unit of a post."""
    granted = await people.units_of_grants(work.db, person_id, today(work))
    for unit_id in granted:
        await need(work, Role.ADMINISTRATOR, unit_id)
    if granted:
        return
    posted = await people.units_of_person(work.db, person_id)
    for unit_id in posted:
        if await holds(work, Role.ADMINISTRATOR, unit_id):
            return
    raise Refused("not-entitled", role=[Role.ADMINISTRATOR.value], unit=", ".join(posted) or "?")


class GrantView(BaseModel):
    id: str
    person_id: str
    role: Role
    unit_id: str
    starts: date
    ends: date | None
    delegated_by: str | None
    paper: Paper | None
    reason: str | None = Field(None, description="Why it was withdrawn.")


@routes.post("/grants", status_code=201, summary="Giao quyền cho một người tại một đơn vị")
async def post_grant(
    body: Annotated[give_grant.GiveGrant, shown(give_grant.GiveGrant, GrantGiven)], asked: Asked
) -> Accepted:
    return await asked.perform(give_grant.give_grant, body)


@routes.post("/grants/{grant_id}/withdrawal", summary="Thu quyền từ một ngày")
async def withdraw(
    grant_id: Identifier,
    body: Annotated[give_grant.WithdrawGrant, shown(give_grant.WithdrawGrant, GrantWithdrawn)],
    asked: Asked,
) -> Accepted:
    return await asked.perform(give_grant.withdraw_grant, grant_id, body)


@routes.get("/grants/{grant_id}", summary="Một quyền đã giao")
async def get_grant(grant_id: Identifier, reading: Reading) -> GrantView:
    found = await _grants(reading, None, None, grant_id, "", 1)
    if not found:
        raise Refused("not-found", kind="quyền", id=grant_id)
    reading.etag(await reading.version(f"grant:{grant_id}"))
    return found[0]


@routes.get("/grants", summary="Ai giữ quyền gì, ở đâu")
async def get_grants(
    reading: Reading, page: Paging, person_id: str | None = None, unit_id: str | None = None
) -> Page[GrantView]:
    found = await _grants(reading, person_id, unit_id, None, page.after or "", page.limit + 1)
    return Page[GrantView].of(found, page, lambda one: one.id)


async def _grants(
    reading: Reading, person_id: str | None, unit_id: str | None, grant_id: str | None, after: str, limit: int
) -> list[GrantView]:
    found = await rows(
        reading.db,
        "SELECT grant_id AS id, person_id, role, unit_id, starts, ends, delegated_by, paper, reason FROM grant_given"
        " WHERE (CAST(:person_id AS text) IS NULL OR person_id = :person_id)"
        " AND (CAST(:unit_id AS text) IS NULL OR unit_id = :unit_id)"
        " AND (CAST(:grant_id AS text) IS NULL OR grant_id = :grant_id)"
        " AND grant_id > :after ORDER BY grant_id LIMIT :limit",
        person_id=person_id,
        unit_id=unit_id,
        grant_id=grant_id,
        after=after,
        limit=limit,
    )
    return [GrantView(**one) for one in found]
