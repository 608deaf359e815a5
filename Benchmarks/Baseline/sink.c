// A server that costs as little as it can: answers every request, on every address of loopback, and reads until the
// client leaves. Port 0 lets the system choose; the port is its only output. Requests that arrive together are answered
// together: sink [BODY_BYTES|silent [awake]]. The answer's body has 4 bytes, unless said otherwise; with `silent` there is
// no answer. With `awake` it never sleeps, so that no client pays for waking it.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// By descriptor.
static struct client {
    // How much of an empty line the last bytes were.
    unsigned matched;
    // Bytes of answers that the kernel had no room for.
    size_t owed;
    int is_watched_for_room;
} *clients;

static char *answers;
static size_t answer_bytes, answers_bytes;

static void prepare_answers(size_t body_bytes) {
    char head[64];
    size_t head_bytes = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", body_bytes);
    answer_bytes = head_bytes + body_bytes;
    size_t count = 65536 / answer_bytes + 1;
    answers_bytes = count * answer_bytes;
    answers = malloc(answers_bytes);
    memset(answers, 'x', answers_bytes);
    for (size_t i = 0; i < count; i++) memcpy(answers + i * answer_bytes, head, head_bytes);
}

// How many requests end in these bytes: how many empty lines there are. Most are like the one before, which is found
// faster than where they end.
static size_t count_requests(struct client *client, const char *bytes, size_t length) {
    static const char end[] = "\r\n\r\n";
    size_t count = 0, at = 0;
    while (client->matched && at < length) {
        if (bytes[at] != end[client->matched]) {
            client->matched = 0;
            break;
        }
        at++;
        if (++client->matched == 4) {
            client->matched = 0;
            count++;
        }
    }
    const char *found;
    while (at < length && (found = memmem(bytes + at, length - at, end, 4))) {
        size_t size = found + 4 - (bytes + at);
        do {
            count++;
            at += size;
        } while (length - at >= size && !memcmp(bytes + at, bytes + at - size, size));
    }
    for (unsigned part = 3; part > 0 && at < length; part--) {
        if (length - at >= part && !memcmp(bytes + length - part, end, part)) {
            client->matched = part;
            break;
        }
    }
    return count;
}

static void watch(int epoll, int operation, int fd, unsigned what) {
    struct epoll_event event = {.events = what, .data.fd = fd};
    epoll_ctl(epoll, operation, fd, &event);
}

static void answer(int epoll, int fd) {
    struct client *client = &clients[fd];
    while (client->owed) {
        size_t begin = (answer_bytes - client->owed % answer_bytes) % answer_bytes;
        size_t length = answers_bytes - begin < client->owed ? answers_bytes - begin : client->owed;
        ssize_t sent = send(fd, answers + begin, length, MSG_NOSIGNAL);
        if (sent < 0) break;
        client->owed -= sent;
    }
    int needs_room = client->owed && errno == EAGAIN;
    if (needs_room == client->is_watched_for_room) return;
    client->is_watched_for_room = needs_room;
    watch(epoll, EPOLL_CTL_MOD, fd, needs_room ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void serve(int epoll, int fd, int silent) {
    static char space[262144];
    ssize_t received = recv(fd, space, sizeof space, 0);
    if (received < 0 && errno == EAGAIN) return;
    if (received <= 0) {
        close(fd);
    } else if (!silent) {
        clients[fd].owed += count_requests(&clients[fd], space, received) * answer_bytes;
        answer(epoll, fd);
    }
}

int main(int count, char **arguments) {
    int silent = count > 1 && !strcmp(arguments[1], "silent"), awake = count > 2;
    prepare_answers(count > 1 && !silent ? strtoul(arguments[1], 0, 10) : 4);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    clients = calloc(limit.rlim_cur, sizeof *clients);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    if (bind(listener, (void *)&address, length) || listen(listener, 4096)) return perror("sink"), 1;
    getsockname(listener, (void *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    int epoll = epoll_create1(0);
    watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN);
    static struct epoll_event events[256];
    for (;;) {
        int ready = epoll_wait(epoll, events, 256, awake ? 0 : -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd, client;
            if (fd == listener) {
                while ((client = accept4(listener, 0, 0, SOCK_NONBLOCK)) >= 0) {
                    clients[client] = (struct client){0};
                    watch(epoll, EPOLL_CTL_ADD, client, EPOLLIN);
                }
                continue;
            }
            if (events[i].events & EPOLLOUT) answer(epoll, fd);
            if (events[i].events & ~EPOLLOUT) serve(epoll, fd, silent);
        }
    }
}
