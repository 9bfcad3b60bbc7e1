#pragma once

#include <curl/curl.h>
#include <stddef.h>

/* One request, as libcurl is to be told of it. Nothing is kept but what `context` and `headers` point to. */
struct http_setup {
    const char *method;
    const char *url;
    struct curl_slist *headers;
    const void *body;
    size_t body_size;
    int has_body;
    int is_secure;
    /* Ignore proxies that the environment names. */
    int is_direct;
    long timeout_ms;
    long connect_timeout_ms;
    const char *unix_socket;
    const char *authorities;
    /* Of the client, as PEM files. */
    const char *certificate;
    const char *key;
    void *context;
};

/* Initialises libcurl once for the process. */
int http_global_init(void);

/* Keeps SIGPIPE from the calling thread: with NOSIGNAL libcurl leaves that to its user. */
void http_block_broken_pipe(void);

CURLM *http_multi(long connections_per_host, long cached_connections);

/* Prepares a fresh or reset handle. Gives the first refusal, or CURLE_OK. */
CURLcode http_prepare(CURL *easy, const struct http_setup *setup, curl_write_callback write, curl_write_callback header,
                      curl_prereq_callback before);

void *http_context(CURL *easy);
long http_status(CURL *easy);
long http_system_error(CURL *easy);
long http_connections_opened(CURL *easy);
int http_is_done(const CURLMsg *message, CURLcode *result);
