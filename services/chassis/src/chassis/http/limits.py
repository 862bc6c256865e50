"""Refuses a body that is too large before anything of it is kept."""

from __future__ import annotations

from contracts.refusal import Refused
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.http.problems import Messages, answer


class _TooLarge(Exception):
    pass


class BodyLimit:
    """ASGI middleware: goes by the declared length, and counts what comes without one. Answers 413 as a problem."""

    def __init__(self, app: ASGIApp, messages: Messages) -> None:
        self._app = app
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit: int = scope["app"].state.runtime.settings.max_body_bytes
        headers = dict(scope["headers"])
        declared = headers.get(b"content-length", b"")
        if declared.isdigit() and int(declared) <= limit and b"transfer-encoding" not in headers:
            # The server hands out as many bytes as are declared, whatever follows them: there is nothing to count.
            await self._app(scope, receive, send)
            return
        started = False
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > limit:
                    raise _TooLarge
            return message

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if declared.isdigit() and int(declared) > limit:
                raise _TooLarge
            await self._app(scope, counted, noted)
        except _TooLarge:
            if started:
                raise
            response = answer(self._messages, Refused("body-too-large", limit=limit), scope["path"])
            await response(scope, receive, send)
