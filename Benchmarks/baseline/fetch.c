/* Fetches the pages 1 to N of a list, eight at a time over kept connections, and drops what comes: the least that a
 * look at a provider costs.
 *
 * usage: fetch URL N      URL ends where the number of the page belongs */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

enum { parallel = 8 };

static size_t drop(char *bytes, size_t size, size_t count, void *total) {
    (void)bytes;
    *(size_t *)total += size * count;
    return size * count;
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: fetch URL N\n");
        return 64;
    }
    int pages = atoi(arguments[2]), next = 1, running = 0, failed = 0;
    size_t total = 0;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer any");
    do {
        while (running < parallel && next <= pages) {
            char url[1024];
            snprintf(url, sizeof url, "%s%d", arguments[1], next++);
            CURL *easy = curl_easy_init();
            curl_easy_setopt(easy, CURLOPT_URL, url);
            curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
            curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
            curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop);
            curl_easy_setopt(easy, CURLOPT_WRITEDATA, &total);
            curl_multi_add_handle(multi, easy);
            running++;
        }
        curl_multi_perform(multi, &running);
        CURLMsg *message;
        int left;
        while ((message = curl_multi_info_read(multi, &left))) {
            if (message->msg != CURLMSG_DONE) continue;
            if (message->data.result != CURLE_OK) {
                fprintf(stderr, "fetch: %s\n", curl_easy_strerror(message->data.result));
                failed = 1;
            }
            CURL *easy = message->easy_handle;
            curl_multi_remove_handle(multi, easy);
            curl_easy_cleanup(easy);
        }
        if (running > 0) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    } while (running > 0 || next <= pages);
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    printf("%zu\n", total);
    return failed;
}
