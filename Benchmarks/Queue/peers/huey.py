"""Huey, on Redis or on SQLite with fsync. Its scheduler looks once a second; it cannot be told to look more often."""

import os
from datetime import datetime

from huey import RedisHuey, SqliteHuey

import job

broker = os.environ["BROKER"]
if broker.endswith(".sqlite"):
    huey = SqliteHuey(filename=broker, fsync=True, results=False, timeout=30)
else:
    huey = RedisHuey(url="unix://" + broker, results=False)
workers = [["huey_consumer", "peers.huey.huey", "--workers", "8", "--worker-type", "process", "--no-periodic",
            "--quiet"]]


@huey.task()
def post(body):
    job.post(body)


def enqueue(body):
    post(body)


def enqueue_at(body, due):
    post.schedule((body,), eta=datetime.fromtimestamp(due))


@huey.task(retries=1, retry_delay=job.RETRY / 1000)
def retried(body):
    job.post(body)


def enqueue_retried(body, number):
    retried(body)
