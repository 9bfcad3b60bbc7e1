#define _GNU_SOURCE
#include "MicroHTTPDShim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int web_listen(const char *address, uint16_t port, int backlog) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr *where;
    socklen_t length;
    if (inet_pton(AF_INET, address, &v4.sin_addr) == 1) {
        where = (struct sockaddr *)&v4;
        length = sizeof v4;
    } else if (inet_pton(AF_INET6, address, &v6.sin6_addr) == 1) {
        where = (struct sockaddr *)&v6;
        length = sizeof v6;
    } else {
        return -EINVAL;
    }
    int descriptor = socket(where->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return -errno;
    int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(descriptor, where, length) != 0 || listen(descriptor, backlog) != 0) {
        int status = -errno;
        close(descriptor);
        return status;
    }
    return descriptor;
}

uint16_t web_port(int descriptor) {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address;
    socklen_t length = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(descriptor, &address.any, &length) != 0) return 0;
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/* Generations are kept until the end: a connection that began with one may go on using it. */
struct web_generation {
    struct web_generation *before;
    gnutls_certificate_credentials_t credentials;
};

struct web_identity {
    pthread_mutex_t lock;
    struct web_generation *latest;
    /* What the daemon is started with; every connection is given the latest generation. */
    char *certificate;
    char *key;
};

static struct web_generation *read_generation(const char *certificate, const char *key, int *status) {
    struct web_generation *generation = calloc(1, sizeof *generation);
    if (!generation) {
        *status = GNUTLS_E_MEMORY_ERROR;
        return NULL;
    }
    *status = gnutls_certificate_allocate_credentials(&generation->credentials);
    if (*status < 0) {
        free(generation);
        return NULL;
    }
    gnutls_datum_t chain = {(unsigned char *)certificate, (unsigned int)strlen(certificate)};
    gnutls_datum_t secret = {(unsigned char *)key, (unsigned int)strlen(key)};
    *status = gnutls_certificate_set_x509_key_mem2(generation->credentials, &chain, &secret, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (*status < 0) {
        gnutls_certificate_free_credentials(generation->credentials);
        free(generation);
        return NULL;
    }
    *status = 0;
    return generation;
}

static void forget(char *text) {
    if (!text) return;
    explicit_bzero(text, strlen(text));
    free(text);
}

struct web_identity *web_identity_make(const char *certificate, const char *key, int *status) {
    struct web_identity *identity = calloc(1, sizeof *identity);
    if (!identity) {
        *status = GNUTLS_E_MEMORY_ERROR;
        return NULL;
    }
    pthread_mutex_init(&identity->lock, NULL);
    identity->latest = read_generation(certificate, key, status);
    identity->certificate = strdup(certificate);
    identity->key = strdup(key);
    if (identity->latest && (!identity->certificate || !identity->key)) *status = GNUTLS_E_MEMORY_ERROR;
    if (*status == 0) return identity;
    web_identity_free(identity);
    return NULL;
}

int web_identity_replace(struct web_identity *identity, const char *certificate, const char *key) {
    int status;
    struct web_generation *generation = read_generation(certificate, key, &status);
    if (!generation) return status;
    pthread_mutex_lock(&identity->lock);
    generation->before = identity->latest;
    identity->latest = generation;
    pthread_mutex_unlock(&identity->lock);
    return 0;
}

int64_t web_identity_end(struct web_identity *identity) {
    gnutls_datum_t bytes;
    gnutls_x509_crt_t certificate;
    int64_t end = -1;
    pthread_mutex_lock(&identity->lock);
    gnutls_certificate_credentials_t credentials = identity->latest->credentials;
    pthread_mutex_unlock(&identity->lock);
    if (gnutls_certificate_get_crt_raw(credentials, 0, 0, &bytes) < 0) return -1;
    if (gnutls_x509_crt_init(&certificate) < 0) return -1;
    if (gnutls_x509_crt_import(certificate, &bytes, GNUTLS_X509_FMT_DER) >= 0) {
        end = (int64_t)gnutls_x509_crt_get_expiration_time(certificate);
    }
    gnutls_x509_crt_deinit(certificate);
    return end;
}

void web_identity_free(struct web_identity *identity) {
    if (!identity) return;
    while (identity->latest) {
        struct web_generation *before = identity->latest->before;
        gnutls_certificate_free_credentials(identity->latest->credentials);
        free(identity->latest);
        identity->latest = before;
    }
    forget(identity->certificate);
    forget(identity->key);
    pthread_mutex_destroy(&identity->lock);
    free(identity);
}

const char *web_identity_reason(int status) { return gnutls_strerror(status); }

/* A connection gets the latest certificate before its handshake, and the server is told of it. */
static void connection_changed(void *context, struct MHD_Connection *connection, void **own,
                               enum MHD_ConnectionNotificationCode what) {
    const struct web_callbacks *callbacks = context;
    if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
        callbacks->closed(callbacks->context, *own);
        *own = NULL;
        return;
    }
    struct web_identity *identity = callbacks->identity;
    const union MHD_ConnectionInfo *info =
        identity ? MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION) : NULL;
    if (info && info->tls_session) {
        pthread_mutex_lock(&identity->lock);
        gnutls_credentials_set(info->tls_session, GNUTLS_CRD_CERTIFICATE, identity->latest->credentials);
        pthread_mutex_unlock(&identity->lock);
    }
    *own = callbacks->opened(callbacks->context, web_socket(connection));
}

struct MHD_Daemon *web_start(int descriptor, const struct web_settings *settings, struct web_callbacks *callbacks) {
    struct web_identity *identity = callbacks->identity;
    struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, identity ? identity->certificate : NULL},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, identity ? identity->key : NULL},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem plain[] = {{MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (identity ? MHD_USE_TLS : 0), 0, NULL, NULL,
        callbacks->handler, callbacks->context,
        MHD_OPTION_LISTEN_SOCKET, descriptor,
        MHD_OPTION_URI_LOG_CALLBACK, callbacks->begin, callbacks->context,
        MHD_OPTION_NOTIFY_COMPLETED, callbacks->completed, callbacks->context,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, callbacks,
        MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, settings->connections_per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_memory,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)1 << 20,
        MHD_OPTION_ARRAY, identity ? secure : plain,
        MHD_OPTION_END);
}

void *web_connection(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

void web_peer(struct MHD_Connection *connection, char *text, size_t size) {
    if (size == 0) return;
    text[0] = 0;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    if (!info || !info->client_addr) return;
    const void *address = info->client_addr->sa_family == AF_INET6
                              ? (const void *)&((const struct sockaddr_in6 *)info->client_addr)->sin6_addr
                              : (const void *)&((const struct sockaddr_in *)info->client_addr)->sin_addr;
    if (!inet_ntop(info->client_addr->sa_family, address, text, (socklen_t)size)) text[0] = 0;
}

/* How far a header is accounted for; `next` is NULL where it isn't. */
struct header_cursor {
    const char *next;
    const char *end;
};

static enum MHD_Result follow_field(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
                                    const char *value, size_t value_size) {
    struct header_cursor *cursor = context;
    (void)kind;
    const char *at = cursor->next;
    cursor->next = NULL;
    /* A continued value is one that the library put together elsewhere. */
    if (name != at || !value || value <= name + name_size || value > cursor->end) return MHD_NO;
    if ((size_t)(cursor->end - value) < value_size + 2 || value[value_size] || value[value_size + 1]) return MHD_NO;
    cursor->next = value + value_size + 2;
    return MHD_YES;
}

/* The library (0.9.75) takes a header apart where it was received: colons and ends of lines become zeros, nothing is
   moved. So its fields have to lie end to end from the request line to the empty line, and whatever it skipped, cut,
   joined or took for the end of the header leaves a gap: a continued line, a field without a name, a zero, a line that
   ends otherwise than by CR and LF. */
int web_header_is_whole(struct MHD_Connection *connection, const char *method, const char *version) {
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!info) return 0;
    struct header_cursor cursor = {NULL, method + info->header_size};
    if (version < method || version >= cursor.end) return 0;
    size_t length = strnlen(version, (size_t)(cursor.end - version));
    if ((size_t)(cursor.end - version) < length + 2 || version[length + 1]) return 0;
    cursor.next = version + length + 2;
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, follow_field, &cursor);
    return cursor.next && cursor.end - cursor.next == 2 && !cursor.next[0] && !cursor.next[1];
}

int web_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}
