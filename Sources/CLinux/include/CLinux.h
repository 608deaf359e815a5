// What Swift cannot import from the C library and the kernel's headers: macros, variadic calls, casts, fork.
#ifndef CLINUX_H
#define CLINUX_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// MARK: Time

static inline int64_t fletch_monotonic_nanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// MARK: Process

static inline pid_t fletch_fork(void) { return fork(); }

static inline int fletch_close_range(unsigned int first, unsigned int last) {
    return (int)syscall(SYS_close_range, first, last, 0);
}

// A file that is in memory only, closed on exec.
static inline int fletch_memory_file(void) { return (int)syscall(SYS_memfd_create, "fletch", 1); }

// The process that is spawned gets no descriptor from `first` on. The C library (2.34) shows it to GNU sources only.
extern int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *actions, int first);

// Becomes readable when the process ends.
static inline int fletch_process_descriptor(pid_t process) { return (int)syscall(SYS_pidfd_open, process, 0); }

// MARK: Event loop

static const uint32_t fletch_epoll_edges =
    (uint32_t)EPOLLIN | (uint32_t)EPOLLOUT | (uint32_t)EPOLLRDHUP | (uint32_t)EPOLLET;

static inline int fletch_epoll_add(int epoll, int fd, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data = {.u64 = token}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static inline uint64_t fletch_epoll_token(const struct epoll_event *event) { return event->data.u64; }

// MARK: Sockets

// Both address families and Unix paths in one value.
union fletch_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un local;
};

static inline int fletch_connect(int fd, const void *address, socklen_t length) {
    return connect(fd, (const struct sockaddr *)address, length);
}

// One system call for the head and the body; with an address: Fast Open (RFC 7413).
static inline ssize_t fletch_send(
    int fd, const void *head, size_t head_length, const void *body, size_t body_length, int flags,
    const void *address, socklen_t address_length) {
    if (!address && !body_length) return send(fd, head, head_length, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
    struct iovec parts[2] = {{(void *)head, head_length}, {(void *)body, body_length}};
    struct msghdr message = {
        .msg_name = (void *)address,
        .msg_namelen = address_length,
        .msg_iov = head_length ? parts : parts + 1,
        .msg_iovlen = head_length && body_length ? 2 : 1};
    if (address) flags |= MSG_FASTOPEN;
    return sendmsg(fd, &message, flags | MSG_NOSIGNAL | MSG_DONTWAIT);
}

// Bytes that the peer has not acknowledged (TCP) or not read (Unix sockets); negative: errno.
static inline int fletch_unacknowledged(int fd) {
    int bytes = 0;
    return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : -errno;
}

static inline int fletch_set_option(int fd, int level, int name, int value) {
    return setsockopt(fd, level, name, &value, sizeof value);
}

static inline int fletch_socket_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

// Whether the peer took data that came with the first packet; false on what is not TCP.
static inline bool fletch_has_peer(int fd) {
    struct sockaddr_storage address;
    socklen_t length = sizeof address;
    return getpeername(fd, (struct sockaddr *)&address, &length) == 0;
}

static inline bool fletch_was_opened_fast(int fd) {
    struct tcp_info info = {0};
    socklen_t length = sizeof info;
    return getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && (info.tcpi_options & TCPI_OPT_SYN_DATA);
}

// Have an event on the error queue when the peer's TCP acknowledges what is written from now on.
static inline int fletch_announce_acknowledgements(int fd) {
    return fletch_set_option(
        fd, SOL_SOCKET, SO_TIMESTAMPING,
        SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
}

// Throws the error queue away: an entry is only a hint, and it occupies the receive buffer.
static inline void fletch_drain_error_queue(int fd) {
    char control[256], data[16];
    for (;;) {
        struct iovec part = {data, sizeof data};
        struct msghdr message = {
            .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
        if (recvmsg(fd, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return;
    }
}

static inline void fletch_reset(int fd) {
    struct linger abort = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close(fd);
}

static inline uint16_t fletch_network_order(uint16_t value) { return htons(value); }

#endif
