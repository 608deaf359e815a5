#include "COpenSSL.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// MARK: Once

#define FUNCTIONS(use)                                                                                              \
    use(BIO_number_written) use(CRYPTO_free) use(ERR_clear_error) use(ERR_peek_error) use(ERR_peek_last_error)                 \
    use(ERR_reason_error_string) use(EVP_Q_digest) use(OPENSSL_init_ssl) use(SSL_CTX_ctrl) use(SSL_CTX_free) use(SSL_CTX_load_verify_dir)      \
    use(SSL_CTX_load_verify_file) use(SSL_CTX_new) use(SSL_CTX_sess_set_new_cb) use(SSL_CTX_set_alpn_protos)             \
    use(SSL_CTX_set_default_passwd_cb) use(SSL_CTX_set_options) use(SSL_CTX_set_verify)                                  \
    use(SSL_CTX_use_PrivateKey_file) use(SSL_CTX_use_certificate_chain_file) use(SSL_SESSION_dup)                        \
    use(SSL_SESSION_free) use(SSL_SESSION_get_max_early_data) use(SSL_SESSION_get_time) use(SSL_SESSION_get_timeout)     \
    use(SSL_SESSION_is_resumable) use(SSL_connect) use(SSL_ctrl) use(SSL_free) use(SSL_get0_param)                       \
    use(SSL_get1_peer_certificate) use(SSL_get_early_data_status) use(SSL_get_error) use(SSL_get_ex_data)                \
    use(SSL_get_verify_result) use(SSL_get_version) use(SSL_get_wbio) use(SSL_new) use(SSL_read)                         \
    use(SSL_session_reused) use(SSL_set_connect_state) use(SSL_set_ex_data) use(SSL_set_fd) use(SSL_set_session)         \
    use(SSL_set_shutdown) use(SSL_shutdown) use(SSL_write) use(SSL_write_early_data) use(TLS_client_method)              \
    use(X509_VERIFY_PARAM_set1_host) use(X509_VERIFY_PARAM_set1_ip_asc) use(X509_VERIFY_PARAM_set_hostflags) use(X509_free) \
    use(X509_get_X509_PUBKEY) use(X509_get_default_cert_dir) use(X509_get_default_cert_file)                             \
    use(X509_verify_cert_error_string) use(d2i_SSL_SESSION) use(i2d_SSL_SESSION) use(i2d_X509_PUBKEY)

#define DECLARE(name) __typeof__(&name) name;
static struct {
    FUNCTIONS(DECLARE)
} openssl;

static pthread_mutex_t loading = PTHREAD_MUTEX_INITIALIZER;
static bool is_loaded;

static bool load(char *words, size_t words_length) {
    void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        const char *why = dlerror();
        snprintf(words, words_length, "%s", why ? why : "libssl.so.3 cannot be loaded");
        return false;
    }
    bool is_whole = true;
#define FIND(name)                                                                                                  \
    if (!(openssl.name = (__typeof__(&name))dlsym(library, #name))) {                                               \
        snprintf(words, words_length, "libssl.so.3 has no " #name);                                                 \
        is_whole = false;                                                                                           \
    }
    FUNCTIONS(FIND)
    // A program may end by exit() while threads use OpenSSL, which then must not tidy up.
    if (is_whole) openssl.OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL);
    return is_whole;
}

bool fletch_tls_load(char *words, size_t words_length) {
    pthread_mutex_lock(&loading);
    if (!is_loaded) is_loaded = load(words, words_length);
    bool result = is_loaded;
    pthread_mutex_unlock(&loading);
    return result;
}

// MARK: Contexts

static int take_session(SSL *tls, SSL_SESSION *session) {
    void *owner = openssl.SSL_get_ex_data(tls, 0);
    fletch_tls_session_handler *handler = (fletch_tls_session_handler *)openssl.SSL_get_ex_data(tls, 1);
    if (!owner || !handler || !openssl.SSL_SESSION_is_resumable(session)) return 0;
    handler(owner, session);
    return 1;
}

// A key with a passphrase: nobody is asked for it.
static int refuse_passphrase(char *space, int length, int is_writing, void *data) {
    (void)space, (void)length, (void)is_writing, (void)data;
    return 0;
}

static bool has_hashed_certificates(const char *path) {
    DIR *directory = opendir(path);
    if (!directory) return false;
    struct dirent *entry;
    bool found = false;
    while (!found && (entry = readdir(directory))) {
        const char *end = strrchr(entry->d_name, '.');
        found = end == entry->d_name + 8 && end[1] >= '0' && end[1] <= '9';
    }
    closedir(directory);
    return found;
}

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

// What the environment names stands for all of the system's. Of that, the directory by preference: only the authority that
// is needed is read of it.
static void trust_system(SSL_CTX *context) {
    const char *file = variable("SSL_CERT_FILE"), *directories = variable("SSL_CERT_DIR");
    if (!file && !directories) {
        const char *directory = openssl.X509_get_default_cert_dir();
        if (has_hashed_certificates(directory))
            directories = directory;
        else
            file = openssl.X509_get_default_cert_file();
    }
    if (file) openssl.SSL_CTX_load_verify_file(context, file);
    if (directories) openssl.SSL_CTX_load_verify_dir(context, directories);
}

// Whether anything has failed for want of descriptors, which passes.
static bool lacks_descriptors(void) {
    unsigned long number = openssl.ERR_peek_error();
    return ERR_SYSTEM_ERROR(number) && (ERR_GET_REASON(number) == EMFILE || ERR_GET_REASON(number) == ENFILE);
}

static bool trust(SSL_CTX *context, const struct fletch_tls_options *options) {
    if (options->authority_file && !openssl.SSL_CTX_load_verify_file(context, options->authority_file)) return false;
    if (options->authority_directory) {
        DIR *directory = opendir(options->authority_directory);
        if (!directory) return false;
        closedir(directory);
        if (!openssl.SSL_CTX_load_verify_dir(context, options->authority_directory)) return false;
    }
    // Without authorities every certificate is refused later, with words that name the check.
    if (!options->authority_file && !options->authority_directory) trust_system(context);
    return !lacks_descriptors();
}

static bool identify(SSL_CTX *context, const struct fletch_tls_options *options) {
    if (!options->certificate_file) return true;
    const char *key = options->key_file ? options->key_file : options->certificate_file;
    return openssl.SSL_CTX_use_certificate_chain_file(context, options->certificate_file) == 1
        && openssl.SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1;
}

fletch_tls_context *fletch_tls_context_new(
    const struct fletch_tls_options *options, enum fletch_tls_problem *problem, char *words, size_t words_length) {
    openssl.ERR_clear_error();
    errno = 0;
    *problem = fletch_tls_other_problem;
    SSL_CTX *context = openssl.SSL_CTX_new(openssl.TLS_client_method());
    if (context) {
        static const unsigned char protocols[] = "\x08http/1.1";
        openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, options->minimum_version, NULL);
        openssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, options->maximum_version, NULL);
        openssl.SSL_CTX_ctrl(
            context, SSL_CTRL_MODE,
            SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS, NULL);
        openssl.SSL_CTX_ctrl(
            context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL, NULL);
        openssl.SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
        openssl.SSL_CTX_set_alpn_protos(context, protocols, sizeof protocols - 1);
        openssl.SSL_CTX_set_default_passwd_cb(context, refuse_passphrase);
        openssl.SSL_CTX_sess_set_new_cb(context, take_session);
        openssl.SSL_CTX_set_verify(context, options->verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
        if (options->verifies && !trust(context, options))
            *problem = fletch_tls_authority_problem;
        else if (!identify(context, options))
            *problem = fletch_tls_certificate_problem;
        else
            *problem = fletch_tls_no_problem;
    }
    if (*problem == fletch_tls_no_problem) return context;
    if (lacks_descriptors() || errno == EMFILE || errno == ENFILE) *problem = fletch_tls_descriptors_problem;
    fletch_tls_words(words, words_length);
    openssl.SSL_CTX_free(context);
    return NULL;
}

void fletch_tls_context_free(fletch_tls_context *context) { openssl.SSL_CTX_free(context); }

// MARK: Connections

static bool expect_name(SSL *tls, const char *name, bool is_address, bool verifies) {
    X509_VERIFY_PARAM *expected = openssl.SSL_get0_param(tls);
    // A common name is no name of a host (RFC 9525 §6.3).
    openssl.X509_VERIFY_PARAM_set_hostflags(
        expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (is_address) return !verifies || openssl.X509_VERIFY_PARAM_set1_ip_asc(expected, name);
    return openssl.SSL_ctrl(tls, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, (void *)name)
        && (!verifies || openssl.X509_VERIFY_PARAM_set1_host(expected, name, 0));
}

// A copy, as OpenSSL marks a connection's session as used up once the handshake is over, and this one is shared.
static void offer(SSL *tls, const SSL_SESSION *session) {
    SSL_SESSION *copy = openssl.SSL_SESSION_dup(session);
    if (copy) openssl.SSL_set_session(tls, copy);
    openssl.SSL_SESSION_free(copy);
}

fletch_tls *fletch_tls_new(
    fletch_tls_context *context, int fd, const char *name, bool is_address, bool verifies, fletch_tls_session *session,
    fletch_tls_session_handler *handler) {
    SSL *tls = openssl.SSL_new(context);
    if (!tls) return NULL;
    openssl.SSL_set_connect_state(tls);
    openssl.SSL_set_ex_data(tls, 1, (void *)handler);
    if (session) offer(tls, session);
    if (openssl.SSL_set_fd(tls, fd) && expect_name(tls, name, is_address, verifies)) return tls;
    openssl.SSL_free(tls);
    return NULL;
}

void fletch_tls_set_owner(fletch_tls *tls, void *owner) { openssl.SSL_set_ex_data(tls, 0, owner); }

void fletch_tls_free(fletch_tls *tls) {
    // The session that came last is the connection's as well, which marks it as useless where it is freed before its end.
    openssl.SSL_set_shutdown(tls, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    openssl.SSL_free(tls);
}

// What a call that did not succeed means.
static int ending(SSL *tls, int result) {
    int number = errno;
    switch (openssl.SSL_get_error(tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE: return fletch_tls_blocked;
    case SSL_ERROR_ZERO_RETURN: return fletch_tls_closed;
    case SSL_ERROR_SSL:
        if (ERR_GET_REASON(openssl.ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
            return fletch_tls_truncated;
        errno = 0;
        return fletch_tls_failed;
    default: errno = number; return fletch_tls_failed;
    }
}

int fletch_tls_handshake(fletch_tls *tls) {
    openssl.ERR_clear_error();
    int result = openssl.SSL_connect(tls);
    return result == 1 ? 1 : ending(tls, result);
}

long fletch_tls_write_early(fletch_tls *tls, const void *bytes, size_t length) {
    size_t written = 0;
    openssl.ERR_clear_error();
    int result = openssl.SSL_write_early_data(tls, bytes, length, &written);
    return result == 1 ? (long)written : ending(tls, result);
}

long fletch_tls_write(fletch_tls *tls, const void *bytes, size_t length) {
    openssl.ERR_clear_error();
    int result = openssl.SSL_write(tls, bytes, length > 1 << 30 ? 1 << 30 : (int)length);
    return result > 0 ? result : ending(tls, result);
}

long fletch_tls_read(fletch_tls *tls, void *space, size_t length) {
    openssl.ERR_clear_error();
    int result = openssl.SSL_read(tls, space, length > 1 << 30 ? 1 << 30 : (int)length);
    return result > 0 ? result : ending(tls, result);
}

void fletch_tls_notify_close(fletch_tls *tls) {
    openssl.ERR_clear_error();
    openssl.SSL_shutdown(tls);
}

uint64_t fletch_tls_record_bytes(fletch_tls *tls) {
    BIO *bio = openssl.SSL_get_wbio(tls);
    return bio ? openssl.BIO_number_written(bio) : 0;
}

bool fletch_tls_is_resumed(fletch_tls *tls) { return openssl.SSL_session_reused(tls); }

bool fletch_tls_accepted_early(fletch_tls *tls) {
    return openssl.SSL_get_early_data_status(tls) == SSL_EARLY_DATA_ACCEPTED;
}

const char *fletch_tls_version(fletch_tls *tls) { return openssl.SSL_get_version(tls); }

const char *fletch_tls_rejection(fletch_tls *tls) {
    long result = openssl.SSL_get_verify_result(tls);
    return result == X509_V_OK ? NULL : openssl.X509_verify_cert_error_string(result);
}

bool fletch_tls_lacks_authority(fletch_tls *tls) {
    switch (openssl.SSL_get_verify_result(tls)) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN: return true;
    default: return false;
    }
}

void fletch_tls_words(char *words, size_t length) {
    // What OpenSSL says last of a file that it cannot open is that the system has failed; how stands before it.
    unsigned long first = openssl.ERR_peek_error();
    if (ERR_SYSTEM_ERROR(first)) {
        snprintf(words, length, "%s", strerror(ERR_GET_REASON(first)));
        return;
    }
    const char *reason = openssl.ERR_reason_error_string(openssl.ERR_peek_last_error());
    snprintf(words, length, "%s", reason ? reason : "no reason given");
}

bool fletch_tls_key_digest(fletch_tls *tls, uint8_t digest[32]) {
    X509 *certificate = openssl.SSL_get1_peer_certificate(tls);
    if (!certificate) return false;
    unsigned char *key = NULL;
    int length = openssl.i2d_X509_PUBKEY(openssl.X509_get_X509_PUBKEY(certificate), &key);
    bool is_made = length > 0 && fletch_tls_digest(key, (size_t)length, digest);
    openssl.CRYPTO_free(key, __FILE__, __LINE__);
    openssl.X509_free(certificate);
    return is_made;
}

bool fletch_tls_digest(const void *bytes, size_t length, uint8_t digest[32]) {
    return openssl.EVP_Q_digest(NULL, "SHA256", NULL, bytes, length, digest, NULL);
}

// MARK: Sessions

void fletch_tls_session_free(fletch_tls_session *session) { openssl.SSL_SESSION_free(session); }

long fletch_tls_session_end(const fletch_tls_session *session) {
    return openssl.SSL_SESSION_get_time(session) + openssl.SSL_SESSION_get_timeout(session);
}

uint32_t fletch_tls_session_early_bytes(const fletch_tls_session *session) {
    return openssl.SSL_SESSION_is_resumable(session) ? openssl.SSL_SESSION_get_max_early_data(session) : 0;
}

size_t fletch_tls_session_encode(const fletch_tls_session *session, uint8_t *space) {
    int length = openssl.i2d_SSL_SESSION((SSL_SESSION *)session, space ? &space : NULL);
    return length > 0 ? (size_t)length : 0;
}

fletch_tls_session *fletch_tls_session_decode(const uint8_t *bytes, size_t length) {
    return openssl.d2i_SSL_SESSION(NULL, &bytes, (long)length);
}
