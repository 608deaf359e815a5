"""A WSGI application, for gunicorn."""

import os
import time

BODY = b"x" * int(os.environ["ORIGIN_BODY_BYTES"])


def note(environment, event):
    with open(os.environ["ORIGIN_LOG"], "a") as log:
        log.write(f"{environment['PATH_INFO']} {event}\n")


def application(environment, start_response):
    environment["wsgi.input"].read()
    note(environment, "begun")
    time.sleep(int(os.environ["ORIGIN_WORK_MS"]) / 1000)
    note(environment, "finished")
    start_response("200 OK", [("Content-Length", str(len(BODY)))])
    return answer(environment)


def answer(environment):
    """Is asked for more once the first piece is sent; closed instead when it could not be."""
    try:
        yield BODY
        note(environment, "written")
    except GeneratorExit:
        note(environment, "failed response given up")
        raise
