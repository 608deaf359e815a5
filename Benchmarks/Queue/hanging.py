"""hanging.py COUNT: so many origins that accept connections and never answer. Says their ports."""

import resource
import select
import socket
import sys


def main(count):
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    poll, listeners, clients = select.epoll(), {}, {}
    for _ in range(int(count)):
        listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
        listeners[listener.fileno()] = listener
        poll.register(listener, select.EPOLLIN)
    print(*(listener.getsockname()[1] for listener in listeners.values()), flush=True)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor in listeners:
                client = listeners[descriptor].accept()[0]
                clients[client.fileno()] = client
                # What it asks is not even read.
                poll.register(client, select.EPOLLRDHUP)
            else:
                clients.pop(descriptor).close()


if __name__ == "__main__":
    main(*sys.argv[1:])
