"""Dramatiq, as it starts on its own: a process for each processor, eight threads in each."""

import os
import time

import dramatiq
from dramatiq.brokers.redis import RedisBroker

import job

dramatiq.set_broker(RedisBroker(url="unix://" + os.environ["BROKER"]))
workers = [["dramatiq", "peers.dramatiq", "--processes", "2", "--threads", "8"]]


@dramatiq.actor
def post(body):
    job.post(body)


def enqueue(body):
    post.send(body)


def enqueue_at(body, due):
    post.send_with_options(args=(body,), delay=max(0, int((due - time.time()) * 1000)))


@dramatiq.actor(max_retries=1)
def retried(body):
    try:
        job.post(body)
    except RuntimeError as error:
        # The middleware would choose a time between half its backoff and twice, and log what went wrong.
        raise dramatiq.Retry(str(error), delay=job.RETRY)


def enqueue_retried(body, number):
    retried.send(body)
