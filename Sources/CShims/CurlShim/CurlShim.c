#define _GNU_SOURCE
#include "CurlShim.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int initialised;

static void initialise(void) { initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }

int http_global_init(void) {
    pthread_once(&once, initialise);
    return initialised;
}

void http_block_broken_pipe(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

CURLM *http_multi(long connections_per_host, long cached_connections) {
    CURLM *multi = curl_multi_init();
    if (!multi) return NULL;
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections_per_host);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, cached_connections);
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    return multi;
}

#define SET(option, value)                                              \
    do {                                                                \
        CURLcode status = curl_easy_setopt(easy, option, value);        \
        if (status != CURLE_OK) return status;                          \
    } while (0)

CURLcode http_prepare(CURL *easy, const struct http_setup *setup, curl_write_callback write, curl_write_callback header,
                      curl_prereq_callback before) {
    SET(CURLOPT_URL, setup->url);
    /* A thing whose name is `..` would otherwise become the list that it is in. */
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NOPROGRESS, 1L);
    SET(CURLOPT_PRIVATE, setup->context);
    SET(CURLOPT_TIMEOUT_MS, setup->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, setup->connect_timeout_ms);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_MAXAGE_CONN, 55L);
    SET(CURLOPT_ACCEPT_ENCODING, "");
    /* Refused on a handle that ended while others used its HTTP/2 connection: it still has its buffer, of this size. */
    (void)curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 65536L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    if (setup->is_secure) SET(CURLOPT_PIPEWAIT, 1L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (setup->authorities) SET(CURLOPT_CAINFO, setup->authorities);
    if (setup->certificate) SET(CURLOPT_SSLCERT, setup->certificate);
    if (setup->key) SET(CURLOPT_SSLKEY, setup->key);
    if (setup->unix_socket) SET(CURLOPT_UNIX_SOCKET_PATH, setup->unix_socket);
    if (setup->is_direct) SET(CURLOPT_PROXY, "");
    SET(CURLOPT_HTTPHEADER, setup->headers);
    SET(CURLOPT_WRITEFUNCTION, write);
    SET(CURLOPT_WRITEDATA, setup->context);
    SET(CURLOPT_HEADERFUNCTION, header);
    SET(CURLOPT_HEADERDATA, setup->context);
    SET(CURLOPT_PREREQFUNCTION, before);
    SET(CURLOPT_PREREQDATA, setup->context);
    if (setup->has_body) {
        SET(CURLOPT_POST, 1L);
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)setup->body_size);
        /* The library copies it: a Swift array's memory doesn't stay where it is. */
        SET(CURLOPT_COPYPOSTFIELDS, setup->body_size ? setup->body : "");
    }
    if (strcmp(setup->method, "HEAD") == 0) {
        SET(CURLOPT_NOBODY, 1L);
    } else if (strcmp(setup->method, setup->has_body ? "POST" : "GET") != 0) {
        SET(CURLOPT_CUSTOMREQUEST, setup->method);
    }
    return CURLE_OK;
}

void *http_context(CURL *easy) {
    char *context = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &context);
    return context;
}

long http_status(CURL *easy) {
    long value = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &value);
    return value;
}

long http_system_error(CURL *easy) {
    long value = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &value);
    return value;
}

long http_connections_opened(CURL *easy) {
    long value = 0;
    curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &value);
    return value;
}

int http_is_done(const CURLMsg *message, CURLcode *result) {
    if (message->msg != CURLMSG_DONE) return 0;
    *result = message->data.result;
    return 1;
}
