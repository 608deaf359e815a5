// A server that costs as little as it can: answers every request, on every address of loopback, and reads until the
// client leaves. Port 0 lets the system choose; the port is its only output. With `silent` it never answers.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nxxxx";

static void watch(int epoll, int fd) {
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int main(int count, char **arguments) {
    int silent = count > 1 && !strcmp(arguments[1], "silent");
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    if (bind(listener, (void *)&address, length) || listen(listener, 4096)) return perror("sink"), 1;
    getsockname(listener, (void *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    int epoll = epoll_create1(0);
    watch(epoll, listener);
    static struct epoll_event events[256];
    static char space[65536];
    for (;;) {
        int ready = epoll_wait(epoll, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                int client;
                while ((client = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) watch(epoll, client);
                continue;
            }
            ssize_t received = recv(fd, space, sizeof space, 0);
            if (received < 0 && errno == EAGAIN) continue;
            if (received <= 0)
                close(fd);
            else if (!silent)
                send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
        }
    }
}
