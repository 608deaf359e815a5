// One connection, many requests at a time: writes DEPTH of them, and discards what comes back, in the kernel, until that
// is as many bytes as DEPTH answers have: pipeline PORT COUNT DEPTH
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clocks.h"

enum { warmup = 2000 };

static int failures;

static void exchange(int fd, const char *requests, size_t length, size_t expected) {
    if (send(fd, requests, length, MSG_NOSIGNAL) != (ssize_t)length) failures++;
    while (expected > 0) {
        ssize_t received = recv(fd, NULL, expected, MSG_TRUNC);
        if (received <= 0) {
            failures++;
            return;
        }
        expected -= received;
    }
}

int main(int count, char **arguments) {
    if (count != 4) return fprintf(stderr, "pipeline PORT COUNT DEPTH\n"), 2;
    int port = atoi(arguments[1]), depth = atoi(arguments[3]), rounds = atoi(arguments[2]) / depth, one = 1;
    char request[128], answer[65536];
    size_t length = snprintf(
        request, sizeof request, "GET / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: fletch/0.1.0\r\n\r\n", port);
    char *requests = malloc(length * depth);
    for (int i = 0; i < depth; i++) memcpy(requests + i * length, request, length);

    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (connect(fd, (void *)&address, sizeof address)) return perror("pipeline"), 1;
    // What an answer has in bytes is learnt from one.
    if (send(fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) return perror("pipeline"), 1;
    ssize_t expected = recv(fd, answer, sizeof answer, 0);
    if (expected <= 0) return perror("pipeline"), 1;

    for (int i = 0; i < warmup; i++) exchange(fd, requests, length * depth, expected * depth);
    double cost = processor(), start = now();
    for (int i = 0; i < rounds; i++) exchange(fd, requests, length * depth, expected * depth);
    double total = (double)rounds * depth;
    printf("%f %f %d\n", (processor() - cost) / total, total * 1e6 / (now() - start), failures);
}
