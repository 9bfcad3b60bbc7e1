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

/* Starts one epoll thread on a listening socket. The three callbacks get `context` first. NULL when it can't. */
struct MHD_Daemon *web_start(int descriptor, const struct web_settings *settings, MHD_AccessHandlerCallback handler,
                             void *(*begin)(void *, const char *, struct MHD_Connection *),
                             MHD_RequestCompletedCallback completed, void *context);

/* Writes the other end's address, without its port, as text; an empty text when it isn't known. */
void web_peer(struct MHD_Connection *connection, char *text, size_t size);

/* The socket of a connection; -1 when it isn't known. */
int web_socket(struct MHD_Connection *connection);
