#define _GNU_SOURCE
#include "MicroHTTPDShim.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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

struct MHD_Daemon *web_start(int descriptor, const struct web_settings *settings, MHD_AccessHandlerCallback handler,
                             void *(*begin)(void *, const char *, struct MHD_Connection *),
                             MHD_RequestCompletedCallback completed, void *context) {
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, handler, context,
        MHD_OPTION_LISTEN_SOCKET, descriptor,
        MHD_OPTION_URI_LOG_CALLBACK, begin, context,
        MHD_OPTION_NOTIFY_COMPLETED, completed, context,
        MHD_OPTION_CONNECTION_LIMIT, settings->connection_limit,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, settings->connections_per_address,
        MHD_OPTION_CONNECTION_TIMEOUT, settings->idle_seconds,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, settings->connection_memory,
        MHD_OPTION_STRICT_FOR_CLIENT, 1,
        MHD_OPTION_THREAD_STACK_SIZE, (size_t)1 << 20,
        MHD_OPTION_END);
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

int web_socket(struct MHD_Connection *connection) {
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    return info ? info->connect_fd : -1;
}
