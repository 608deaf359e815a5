"""Celery, with what its guide to optimizing says about many short jobs: no results, many of them fetched ahead."""

import os
from datetime import datetime, timezone

from celery import Celery

import job

app = Celery("peers.celery", broker="redis+socket://" + os.environ["BROKER"])
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
    worker_hijack_root_logger=False,
    # The default would make delayed jobs late by up to a second.
    worker_timer_precision=0.001,
)
# Threads take jobs that wait for a network faster than processes do, and two such workers faster than one.
workers = [
    ["celery", "--app", "peers.celery", "--quiet", "worker", "--pool", "threads", "--concurrency", "4",
     "--hostname", f"{name}@benchmark", "--loglevel", "ERROR",
     "--without-gossip", "--without-mingle", "--without-heartbeat"]
    for name in ("one", "two")
]


@app.task
def post(body):
    job.post(body)


def enqueue(body):
    post.apply_async((body,))


def enqueue_at(body, due):
    post.apply_async((body,), eta=datetime.fromtimestamp(due, timezone.utc))
