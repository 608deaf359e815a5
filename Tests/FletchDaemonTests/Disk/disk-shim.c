// Between fletchd and the C library (LD_PRELOAD): notes, in the order in which they happen, what is written to the
// database's log, what is synced, and what is answered with 201; and lets syncs and writes fail.
//
// SHIM_LOG: where it is noted, a line for each event. SHIM_FAIL: as long as there is a file of that name with ".sync" or
// ".write" behind it, syncs of the log fail, or writes to it.
// Jobs are told apart by marks in their bodies: "mark-" and six digits.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/socket.h>
#include <unistd.h>

enum { mark_length = 11 };

// One write each to a file opened for appending: lines of several threads do not mix, and are in order.
static void note(const char *event, const char *mark) {
    static int log = -1;
    if (log < 0) {
        const char *path = getenv("SHIM_LOG");
        if (!path) return;
        log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    char line[64];
    int length = snprintf(line, sizeof line, "%s %.*s\n", event, mark_length, mark);
    syscall(SYS_write, log, line, (size_t)length);
}

static void note_marks(const char *event, const void *bytes, size_t count) {
    const char *place = bytes, *end = place + count;
    while ((place = memmem(place, (size_t)(end - place), "mark-", 5)) && end - place >= mark_length) {
        note(event, place);
        place += mark_length;
    }
}

static int is_log(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path);
    return length > 4 && !memcmp(path + length - 4, "-wal", 4);
}

static int is_failing(const char *call) {
    const char *name = getenv("SHIM_FAIL");
    char path[4096];
    if (!name) return 0;
    snprintf(path, sizeof path, "%s.%s", name, call);
    return !access(path, F_OK);
}

static int sync_noted(int descriptor, int (*sync)(int)) {
    if (!is_log(descriptor)) return sync(descriptor);
    note("begin", "");
    if (is_failing("sync")) {
        note("failed", "");
        errno = EIO;
        return -1;
    }
    int result = sync(descriptor);
    note(result ? "failed" : "synced", "");
    return result;
}

int fsync(int descriptor) { return sync_noted(descriptor, (int (*)(int))dlsym(RTLD_NEXT, "fsync")); }

int fdatasync(int descriptor) { return sync_noted(descriptor, (int (*)(int))dlsym(RTLD_NEXT, "fdatasync")); }

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
    if (is_log(descriptor)) {
        if (is_failing("write")) {
            errno = EIO;
            return -1;
        }
        note_marks("logged", bytes, count);
    }
    return syscall(SYS_pwrite64, descriptor, bytes, count, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
    return pwrite64(descriptor, bytes, count, offset);
}

static int is_socket(int descriptor) {
    int type;
    socklen_t length = sizeof type;
    return !getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type, &length);
}

// What fletchd sends to origins holds marks, too: that begins otherwise, or is sent by another call.
static void note_answer(int descriptor, const struct iovec *parts, int count) {
    static _Thread_local int answered = -1;
    if (count < 1 || !is_socket(descriptor)) return;
    for (int part = 0; part < count; part++) {
        if (parts[part].iov_len > 12 && !memcmp(parts[part].iov_base, "HTTP/1.1 201", 12)) answered = descriptor;
        if (answered == descriptor) note_marks("answered", parts[part].iov_base, parts[part].iov_len);
    }
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
    struct iovec part = {(void *)bytes, count};
    int before = errno;
    note_answer(descriptor, &part, 1);
    errno = before;
    return syscall(SYS_write, descriptor, bytes, count);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    note_answer(descriptor, parts, count);
    return syscall(SYS_writev, descriptor, parts, count);
}
