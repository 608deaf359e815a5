"""procrastinate on PostgreSQL. Its workers run plain functions on threads; finished jobs are deleted."""

import os
from datetime import datetime, timezone

from procrastinate import App, PsycopgConnector

import job

database = {"host": os.environ["BROKER"], "user": "postgres", "dbname": "postgres"}
app = App(connector=PsycopgConnector(kwargs=database, min_size=1, max_size=16))
# Looks for delayed jobs every 10 ms, not every 5 s as it does by default.
workers = [["procrastinate", "--log-level", "error", "--app", "peers.procrastinate.app", "worker", "--concurrency", "8",
            "--fetch-job-polling-interval", "0.01", "--delete-jobs", "always"]] * 2


@app.task(name="post")
def post(body):
    job.post(body)


def prepare():
    with app.open():
        app.schema_manager.apply_schema()


def start():
    app.open()


def enqueue(body):
    post.defer(body=body)


def enqueue_batch(bodies):
    post.batch_defer(*({"body": body} for body in bodies))


def enqueue_at(body, due):
    post.configure(schedule_at=datetime.fromtimestamp(due, timezone.utc)).defer(body=body)


def enqueue_locked(body, number):
    post.configure(lock=str(number % job.GROUPS)).defer(body=body)
