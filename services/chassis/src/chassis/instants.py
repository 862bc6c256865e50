"""Hears the instant that the demo's player publishes. A database that is not marked ``demo`` never listens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from faststream.nats import NatsBroker

from chassis import subjects
from chassis.broker import hear
from chassis.clock import DemoClock
from chassis.runtime import Runtime

log = structlog.get_logger(__name__)


def obey_instants(broker: NatsBroker, runtime: Runtime) -> None:
    """Let the service's clock follow what the player publishes; call it before the broker starts.

    Without a demo clock nothing is heard at all: whoever publishes an instant speaks to nobody.
    """
    clock = runtime.clock
    if not isinstance(clock, DemoClock):
        return

    async def heard(body: dict[str, Any]) -> None:
        try:
            clock.set(datetime.fromisoformat(body["at"]))
        except (KeyError, TypeError, ValueError) as error:
            log.warning("instant refused", said=body, why=str(error))
            return
        runtime.changes.tell()

    hear(broker, subjects.clock(runtime.settings.site), heard)
