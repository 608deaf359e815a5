"""What each job of the Python peers does: one POST over a connection that its thread keeps; and how many there are."""

import http.client
import os
import threading

# Queues, or tasks, that are limited, and jobs a second of each.
QUEUES, RATE = 20, 10
# Milliseconds from the first attempt to the second.
RETRY = 1_000
# Of jobs that run one at a time and in order: a multiple of the clients, each of which enqueues whole groups.
GROUPS = 100

_thread = threading.local()


def post(body, path="/job"):
    connection = getattr(_thread, "connection", None)
    if connection is None:
        connection = _thread.connection = http.client.HTTPConnection(os.environ["TARGET"], timeout=30)
    connection.request("POST", path, body)
    response = connection.getresponse()
    response.read()
    if response.status != 204:
        raise RuntimeError(f"answered {response.status}")
