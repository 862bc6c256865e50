"""Notify on a real database, with a real mail server and a registry that answers over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from chassis.migrate import upgrade
from chassis.runtime import create_engine
from chassis.testing import Trial, trial
from notify.main import service
from thidua.local.databases import Database
from thidua.local.mail import MailServer

from tests.notify.around import AT, cluster, officers, units
from tests.notify.people import SECRET, Registry, registry_answers
from tests.support.databases import DatabaseMaker


async def migrated(database: Database) -> None:
    """What every test's database is cloned from: the tables, so that they are made once a session."""
    engine = create_engine(database.url)
    await upgrade(engine, "notify")
    await engine.dispose()


@pytest.fixture
async def registry() -> AsyncIterator[Registry]:
    async with registry_answers() as answering:
        yield answering


@pytest.fixture
async def notify(make_database: DatabaseMaker, registry: Registry, mail_server: MailServer) -> AsyncIterator[Trial]:
    """Notify in January 2024, when the cluster, its leadership and an officer in each unit are known."""
    database = await make_database("notify", migrated)
    async with trial(
        service,
        database.url,
        AT,
        registry_url=registry.url,
        service_secret=SECRET,
        smtp_url=mail_server.url,
        mail_from="thi-dua@thidua.example",
    ) as running:
        # Officers come last: the leadership's notice stands in the inboxes, and no letter about it is under way.
        await running.given(*units(), *cluster())
        await running.given(*officers())
        yield running
