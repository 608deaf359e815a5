"""Starlette. Where ORIGIN_GIVES_UP is 1, the work asks now and then whether the client has gone."""

import asyncio
import os

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import Response
from starlette.routing import Route

WORK = int(os.environ["ORIGIN_WORK_MS"]) / 1000
BODY = b"x" * int(os.environ["ORIGIN_BODY_BYTES"])
GIVES_UP = os.environ["ORIGIN_GIVES_UP"] == "1"
STEPS = 20


async def respond(request):
    def note(event):
        with open(os.environ["ORIGIN_LOG"], "a") as log:
            log.write(f"{request.url.path} {event}\n")

    await request.body()
    note("begun")
    for _ in range(STEPS):
        await asyncio.sleep(WORK / STEPS)
        if GIVES_UP and await request.is_disconnected():
            note("aborted http.disconnect")
            return Response(status_code=499)
    if await request.is_disconnected():
        note("told http.disconnect")
    note("finished")
    # uvicorn says nothing of a response that it could not send.
    return Response(BODY, background=BackgroundTask(note, "written"))


application = Starlette(routes=[Route("/{id}", respond, methods=["POST"])])
