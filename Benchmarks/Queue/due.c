// due COUNT [numbered|failing]: an origin that notes how late each request is: its body begins with the time it is due,
// in microseconds since 1970. Says its port, answers 204, and writes one lateness (in microseconds) a line and leaves
// once COUNT requests have come or it gets SIGTERM.
// Numbered: each body begins with a number below COUNT; a line has the time when it came, in microseconds since 1970,
// and the number. Failing: the same, and the first request of each number is answered with 500.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most = 1024, room = 16384 };
static const char succeeded[] = "HTTP/1.1 204 No Content\r\n\r\n";
static const char failed[] = "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n";
static struct { char bytes[room]; size_t count; } buffers[most];
static volatile sig_atomic_t ended;
static struct arrival { long long moment, number; } *arrivals;
static long wanted, counted;
static char *seen;
static int numbered, failing;

static void end(int signal) { (void)signal; ended = 1; }

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

// The bytes of the first request, or 0 when it is not complete; *body is where its body begins.
static size_t request(char *bytes, char **body) {
    char *head = strstr(bytes, "\r\n\r\n");
    if (!head) return 0;
    *body = head + 4;
    char *length = strcasestr(bytes, "\r\ncontent-length:");
    size_t size = *body - bytes + (length && length < head ? strtoul(length + 17, NULL, 10) : 0);
    return strlen(bytes) >= size ? size : 0;
}

// What the request with this body is answered.
static const char *note(const char *body) {
    long long number = strtoll(body, NULL, 10);
    if (counted < wanted) arrivals[counted++] = (struct arrival){now(), number};
    if (!failing || number < 0 || number >= wanted || seen[number]) return succeeded;
    seen[number] = 1;
    return failed;
}

// False when the client has left.
static int serve(int client) {
    char *bytes = buffers[client].bytes, *body;
    size_t *count = &buffers[client].count;
    ssize_t got = read(client, bytes + *count, room - 1 - *count);
    if (got <= 0) return 0;
    *count += got;
    bytes[*count] = 0;
    for (size_t size; (size = request(bytes, &body)) > 0;) {
        const char *answer = note(body);
        if (write(client, answer, strlen(answer)) < 0) return 0;
        memmove(bytes, bytes + size, *count - size + 1);
        *count -= size;
    }
    return 1;
}

int main(int argc, char **argv) {
    wanted = argc > 1 ? atol(argv[1]) : 1;
    arrivals = calloc(wanted, sizeof *arrivals);
    seen = calloc(wanted, sizeof *seen);
    failing = argc > 2 && !strcmp(argv[2], "failing");
    numbered = failing || (argc > 2 && !strcmp(argv[2], "numbered"));
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);

    int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1, poll = epoll_create1(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (void *)&address, size) || listen(listener, most)) return perror("due"), 1;
    getsockname(listener, (void *)&address, &size);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);

    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[64];
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    while (!ended && counted < wanted) {
        int ready = epoll_wait(poll, events, 64, -1);
        for (int index = 0; index < ready; index++) {
            int client = events[index].data.fd;
            if (client != listener) {
                if (!serve(client)) close(client);
                continue;
            }
            if ((client = accept(listener, NULL, NULL)) < 0) continue;
            if (client >= most) { close(client); continue; }
            setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            buffers[client].count = 0;
            event = (struct epoll_event){.events = EPOLLIN, .data.fd = client};
            epoll_ctl(poll, EPOLL_CTL_ADD, client, &event);
        }
    }
    // What is being said is not to be cut off.
    signal(SIGTERM, SIG_IGN);
    for (struct arrival *each = arrivals; each < arrivals + counted; each++) {
        if (numbered) printf("%lld %lld\n", each->moment, each->number);
        else printf("%lld\n", each->moment - each->number);
    }
    return 0;
}
