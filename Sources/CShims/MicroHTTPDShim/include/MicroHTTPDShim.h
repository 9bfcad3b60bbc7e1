#pragma once

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

struct web_settings {
    unsigned int connection_limit;
    unsigned int connections_per_address;
    unsigned int idle_seconds;
    size_t connection_memory;
};

/* Opens a listening socket. Gives its descriptor, or minus the error number. A port of 0 takes any free one. */
int web_listen(const char *address, uint16_t port, int backlog);

/* The port that a listening socket is bound to. */
uint16_t web_port(int descriptor);

/* A certificate with its key, and those that it has replaced. */
struct web_identity;

/* Reads a chain of certificates and their key, both PEM. NULL when they can't be used; then `status` says why. */
struct web_identity *web_identity_make(const char *certificate, const char *key, int *status);

/* Replaces both for connections that come from now on. Gives 0, or the status of why they can't be used. */
int web_identity_replace(struct web_identity *identity, const char *certificate, const char *key);

/* When the certificate ends, in seconds since 1970; -1 when it isn't known. */
int64_t web_identity_end(struct web_identity *identity);

/* No connection may be left that uses it. */
void web_identity_free(struct web_identity *identity);

/* A status in words. */
const char *web_identity_reason(int status);

/* What a daemon calls, each with `context` first. */
struct web_callbacks {
    void *context;
    MHD_AccessHandlerCallback handler;
    void *(*begin)(void *, const char *, struct MHD_Connection *);
    MHD_RequestCompletedCallback completed;
    /* A connection has come on this socket; what it gives back is the connection's own. */
    void *(*opened)(void *, int);
    /* A connection has ended; its socket is still open. Gets what `opened` gave. */
    void (*closed)(void *, void *);
    /* NULL: no TLS. */
    struct web_identity *identity;
};

/* Starts one epoll thread on a listening socket; the callbacks must outlive it. NULL when it can't. */
struct MHD_Daemon *web_start(int descriptor, const struct web_settings *settings, struct web_callbacks *callbacks);

/* What `opened` gave for a connection. */
void *web_connection(struct MHD_Connection *connection);

/* Writes the other end's address, without its port, as text; an empty text when it isn't known. */
void web_peer(struct MHD_Connection *connection, char *text, size_t size);

/* Whether every byte of a request's header stands in the fields that the library gives: 1, else 0. To be asked when the
   handler is called for the first time, with the method and the version that it was given. */
int web_header_is_whole(struct MHD_Connection *connection, const char *method, const char *version);

/* The socket of a connection; -1 when it isn't known. */
int web_socket(struct MHD_Connection *connection);
