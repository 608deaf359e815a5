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
_worker = ["celery", "--app", "peers.celery", "--quiet", "worker", "--concurrency", "4", "--loglevel", "ERROR",
           "--without-gossip", "--without-mingle", "--without-heartbeat"]
# Threads take jobs that wait for a network faster than processes do, and two such workers faster than one.
workers = [_worker + ["--pool", "threads", "--hostname", f"{name}@benchmark"] for name in ("one", "two")]
# Each worker keeps the rates by itself. It sleeps for up to a second while many jobs that it has fetched wait for their
# rates, and so falls far behind them with 64 for each process; with the default, 4, it keeps near 20 of them.
limited_workers = [_worker + ["--pool", "prefork", "--prefetch-multiplier", "4"]]


@app.task
def post(body):
    job.post(body)


def enqueue(body):
    post.apply_async((body,))


def enqueue_at(body, due):
    post.apply_async((body,), eta=datetime.fromtimestamp(due, timezone.utc))


# A rate is a task's.
limited = [app.task(job.post, name=f"limited-{queue}", rate_limit=f"{job.RATE}/s") for queue in range(job.QUEUES)]


def enqueue_limited(body, number):
    queue = number % job.QUEUES
    limited[queue].apply_async((body, f"/logged/{queue}"))
