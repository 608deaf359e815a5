"""RQ. Its default worker forks for each job, and so could keep no connection; SimpleWorker does not."""

import os
from datetime import datetime, timezone

from redis import Redis
from rq import Queue

from job import post

queue = Queue(connection=Redis.from_url("unix://" + os.environ["BROKER"]))
_worker = ["rq", "worker", "--url", "unix://" + os.environ["BROKER"], "--worker-class", "rq.SimpleWorker",
           "--quiet", "--disable-job-desc-logging"]
workers = [_worker + ["--with-scheduler"]] * 2
options = {"result_ttl": 0}


def enqueue(body):
    queue.enqueue(post, body, **options)


def enqueue_batch(bodies):
    queue.enqueue_many([Queue.prepare_data(post, (body,), **options) for body in bodies])


def enqueue_at(body, due):
    queue.enqueue_at(datetime.fromtimestamp(due, timezone.utc), post, body, **options)
