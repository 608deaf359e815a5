// What Fletch needs of OpenSSL 3, which is loaded when the first connection needs it: linked in, it would cost every start
// of the command a sixth of its time.
#ifndef COPENSSL_H
#define COPENSSL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ssl_ctx_st fletch_tls_context;
typedef struct ssl_st fletch_tls;
typedef struct ssl_session_st fletch_tls_session;

// What ends a call early. Counts of bytes are never negative.
enum {
    fletch_tls_blocked = -1,
    // The peer has ended the connection with a close_notify.
    fletch_tls_closed = -2,
    // … without one.
    fletch_tls_truncated = -3,
    fletch_tls_failed = -4,
};

// MARK: Once

// Whether OpenSSL is there; else `words` say why it is not. What was missing is looked for anew each time.
bool fletch_tls_load(char *words, size_t words_length);

// MARK: Contexts

enum fletch_tls_problem {
    fletch_tls_no_problem,
    fletch_tls_authority_problem,
    fletch_tls_certificate_problem,
    fletch_tls_descriptors_problem,
    fletch_tls_other_problem,
};

struct fletch_tls_options {
    bool verifies;
    // NULL: the system's, read only as far as they are needed.
    const char *authority_file, *authority_directory;
    const char *certificate_file, *key_file;
    // As in the record layer: 0x0303 for TLS 1.2.
    int minimum_version, maximum_version;
};

// Called with each session that a server offers, on the thread of its connection; the session is then the callee's.
typedef void fletch_tls_session_handler(void *owner, fletch_tls_session *session);

fletch_tls_context *fletch_tls_context_new(
    const struct fletch_tls_options *options, enum fletch_tls_problem *problem, char *words, size_t words_length);
void fletch_tls_context_free(fletch_tls_context *context);

// MARK: Connections

// `name` is verified against the certificate, and sent (SNI) unless it is an address. NULL without memory.
fletch_tls *fletch_tls_new(
    fletch_tls_context *context, int fd, const char *name, bool is_address, bool verifies, fletch_tls_session *session,
    fletch_tls_session_handler *handler);
// Whom the handler is told of.
void fletch_tls_set_owner(fletch_tls *tls, void *owner);
void fletch_tls_free(fletch_tls *tls);

// 1 when it is over.
int fletch_tls_handshake(fletch_tls *tls);
// All of `bytes`, or `fletch_tls_blocked` and the same again, or `fletch_tls_failed`.
long fletch_tls_write_early(fletch_tls *tls, const void *bytes, size_t length);
long fletch_tls_write(fletch_tls *tls, const void *bytes, size_t length);
long fletch_tls_read(fletch_tls *tls, void *space, size_t length);
// Says that nothing more is sent, if the kernel takes that at once.
void fletch_tls_notify_close(fletch_tls *tls);

// Bytes of all records that the kernel has taken.
uint64_t fletch_tls_record_bytes(fletch_tls *tls);
bool fletch_tls_is_resumed(fletch_tls *tls);
bool fletch_tls_accepted_early(fletch_tls *tls);
const char *fletch_tls_version(fletch_tls *tls);

// Why the certificate was not accepted, in OpenSSL's words; NULL where it was.
const char *fletch_tls_rejection(fletch_tls *tls);
// Whether that is so because an authority was not found.
bool fletch_tls_lacks_authority(fletch_tls *tls);
// Of the last call that failed, in OpenSSL's words.
void fletch_tls_words(char *words, size_t length);
// SHA-256 of the public key of the peer's certificate, as DER.
bool fletch_tls_key_digest(fletch_tls *tls, uint8_t digest[32]);

// SHA-256.
bool fletch_tls_digest(const void *bytes, size_t length, uint8_t digest[32]);

// MARK: Sessions

void fletch_tls_session_free(fletch_tls_session *session);
// How many seconds after 1970 it ends.
long fletch_tls_session_end(const fletch_tls_session *session);
uint32_t fletch_tls_session_early_bytes(const fletch_tls_session *session);
// How long it is as DER; `space` may be NULL.
size_t fletch_tls_session_encode(const fletch_tls_session *session, uint8_t *space);
// NULL where it is no session.
fletch_tls_session *fletch_tls_session_decode(const uint8_t *bytes, size_t length);

#endif
