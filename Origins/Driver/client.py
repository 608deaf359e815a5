"""Sends one request: client.py wait|stay|half-close|leave HOST PORT PATH

Says what it got: the status, how much of a body and how that was framed, or why there was none. `wait` asks until it
gets a 200; `leave` reads nothing, and closes a moment later.
"""

import socket
import sys
import time

BODY = b"job=1"
PATIENCE_SECONDS = 5
START_SECONDS = 30
LEAVE_SECONDS = 0.1


def main(manner, host, port, path):
    if manner != "wait":
        return ask(host, int(port), path, manner)
    give_up = time.monotonic() + START_SECONDS
    while not (answer := ask(host, int(port), path, "stay")).startswith("200") and time.monotonic() < give_up:
        time.sleep(0.1)
    return answer


def ask(host, port, path, manner):
    try:
        with socket.create_connection((host, port), PATIENCE_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(request(host, port, path))
            if manner == "leave":
                time.sleep(LEAVE_SECONDS)
                return ""
            if manner == "half-close":
                connection.shutdown(socket.SHUT_WR)
            return read(connection)
    except OSError as error:
        return f"none: {error.strerror or error}"


def request(host, port, path):
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: origins\r\nAccept: */*\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(BODY)}\r\n\r\n"
    )
    return head.encode() + BODY


def read(connection):
    received = b""
    while True:
        head, end, body = received.partition(b"\r\n\r\n")
        fields = head.lower()
        framing = "chunked" if b"\r\ntransfer-encoding: chunked" in fields else "until close"
        if b"\r\ncontent-length: " in fields:
            framing = "by length"
            length = int(fields.split(b"\r\ncontent-length: ")[1].split(b"\r\n")[0])
            if end and len(body) >= length:
                return answer(head, body, framing)
        if framing == "chunked" and body.endswith(b"\r\n0\r\n\r\n"):
            return answer(head, body, framing)
        piece = connection.recv(1 << 16)
        if not piece and not received:
            return "none: closed"
        if not piece:
            return answer(head, body, framing if framing == "until close" and body else "cut short")
        received += piece


def answer(head, body, framing):
    """The body is all x, which no frame contains."""
    return f"{head.split(b' ')[1].decode()}, {body.count(b'x')} B {framing}"


if __name__ == "__main__":
    print(main(*sys.argv[1:]))
