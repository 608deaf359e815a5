// One connection for each request, one after the other, with the system calls that Fletch makes and nothing around them:
// loop PORT COUNT written|acknowledged|answered close|reset
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clocks.h"

enum { warmup = 2000, addresses = 16 };

static int failures;

static void send_one(int port, int number, const char *milestone, int resets) {
    char request[128], space[65536];
    int one = 1, zero = 0, left = 0;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &zero, sizeof zero);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(0x7F000001 + number % addresses)};
    if (connect(fd, (void *)&address, sizeof address)) failures++;
    int length = snprintf(
        request, sizeof request, "GET / HTTP/1.1\r\nHost: 127.0.0.%d:%d\r\nUser-Agent: fletch/0.1.0\r\n\r\n",
        1 + number % addresses, port);
    struct iovec part = {request, length};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (sendmsg(fd, &message, MSG_NOSIGNAL) != length) failures++;
    if (!strcmp(milestone, "answered")) {
        if (recv(fd, space, sizeof space, MSG_PEEK) <= 0) failures++;
    }
    do ioctl(fd, SIOCOUTQ, &left);
    while (left > 0);
    if (resets) setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(fd);
}

int main(int count, char **arguments) {
    if (count != 5) return fprintf(stderr, "loop PORT COUNT MILESTONE DISPOSAL\n"), 2;
    int port = atoi(arguments[1]), total = atoi(arguments[2]), resets = !strcmp(arguments[4], "reset");
    for (int i = 0; i < warmup; i++) send_one(port, i, arguments[3], resets);
    double cost = processor(), start = now();
    for (int i = 0; i < total; i++) send_one(port, i, arguments[3], resets);
    printf("%f %f %d\n", (processor() - cost) / total, total * 1e6 / (now() - start), failures);
}
