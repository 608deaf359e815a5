// One TLS connection for each request, one after the other, with the calls of OpenSSL and of the system that Fletch makes
// and nothing around them: tls PORT COUNT full|resumed|early ADDRESS AUTHORITY
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clocks.h"

enum { warmup = 200 };

static const char *name = "origin.test";
static int failures, resumes, is_early;
static SSL_SESSION *kept;
static char request[128];
static int request_length;

static int keep(SSL *tls, SSL_SESSION *session) {
    (void)tls;
    if (!resumes) return 0;
    SSL_SESSION_free(kept);
    kept = session;
    return 1;
}

static SSL_CTX *make_context(const char *authority) {
    static const unsigned char protocols[] = "\x08http/1.1";
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1);
    SSL_CTX_sess_set_new_cb(context, keep);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    if (!SSL_CTX_load_verify_file(context, authority)) failures++;
    return context;
}

static int connect_socket(const struct sockaddr_in *address) {
    int window = 6144, zero = 0, one = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window, sizeof window);
    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &zero, sizeof zero);
    if (connect(fd, (const void *)address, sizeof *address)) failures++;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static SSL *make_tls(SSL_CTX *context, int fd) {
    SSL *tls = SSL_new(context);
    SSL_set_connect_state(tls);
    if (kept) {
        SSL_SESSION *own = SSL_SESSION_dup(kept);
        SSL_set_session(tls, own);
        SSL_SESSION_free(own);
    }
    SSL_set_fd(tls, fd);
    X509_VERIFY_PARAM *expected = SSL_get0_param(tls);
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set_tlsext_host_name(tls, name);
    X509_VERIFY_PARAM_set1_host(expected, name, 0);
    return tls;
}

static void read_head(SSL *tls) {
    static char space[65536];
    int length = 0, count;
    do {
        count = SSL_read(tls, space + length, sizeof space - 1 - length);
        if (count <= 0) break;
        space[length += count] = 0;
    } while (!strstr(space, "\r\n\r\n"));
    if (strncmp(space, "HTTP/1.1 200 ", 13)) failures++;
}

static void send_one(SSL_CTX *context, const struct sockaddr_in *address) {
    int fd = connect_socket(address);
    SSL *tls = make_tls(context, fd);
    size_t written = 0;
    int sends_early = is_early && kept;
    if (sends_early && SSL_write_early_data(tls, request, request_length, &written) != 1) failures++;
    if (SSL_connect(tls) != 1) failures++;
    if (sends_early) {
        if (SSL_get_early_data_status(tls) != SSL_EARLY_DATA_ACCEPTED) failures++;
    } else if (SSL_write(tls, request, request_length) != request_length) {
        failures++;
    }
    read_head(tls);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    close(fd);
    // A connection that is freed without it takes its session along.
    SSL_set_shutdown(tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(tls);
}

int main(int count, char **arguments) {
    if (count != 6) return fprintf(stderr, "tls PORT COUNT full|resumed|early ADDRESS AUTHORITY\n"), 2;
    int port = atoi(arguments[1]), total = atoi(arguments[2]);
    resumes = strcmp(arguments[3], "full");
    is_early = !strcmp(arguments[3], "early");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, arguments[4], &address.sin_addr);
    SSL_CTX *context = make_context(arguments[5]);
    request_length = snprintf(
        request, sizeof request, "GET / HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: fletch/0.1.0\r\n\r\n", name, port);
    for (int i = 0; i < warmup; i++) send_one(context, &address);
    double cost = processor(), start = now();
    for (int i = 0; i < total; i++) send_one(context, &address);
    printf("%f %f %d\n", (processor() - cost) / total, total * 1e6 / (now() - start), failures);
}
