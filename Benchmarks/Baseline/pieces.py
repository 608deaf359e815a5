"""An origin that writes the head of its response in pieces, each by a call of its own: GET /SIZE/PIECE, in bytes.

python3 pieces.py prints its port. Node would put the pieces together again.
"""

import contextlib
import re
import socket
import threading


def head(size):
    lines = ["HTTP/1.1 200 OK", "Content-Length: 2"]
    left = size - len("\r\n".join(lines)) - 4
    while left > 80:
        lines.append("X-Padding: " + "p" * 60)
        left -= len(lines[-1]) + 2
    lines.append("X-Padding: " + "p" * max(0, left - 13))
    return "\r\n".join(lines) + "\r\n\r\n"


def serve(connection):
    request = connection.recv(65536)
    size, piece = map(int, re.search(rb"/(\d+)/(\d+)", request).groups())
    response = (head(size) + "ok").encode()
    for at in range(0, len(response), piece):
        connection.sendall(response[at : at + piece])
    with contextlib.suppress(ConnectionError):
        connection.recv(1)


listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
