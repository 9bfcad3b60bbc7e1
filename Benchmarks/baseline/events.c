/* Lets libyaml turn files into events and drops them: the least that reading YAML costs. Prints the microseconds of
 * the fastest of the rounds, the files' own reading left out.
 *
 * usage: events ROUNDS <LIST     LIST has one path a line */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

struct text {
    unsigned char *bytes;
    size_t count;
};

static struct text load(const char *path) {
    struct text text = {NULL, 0};
    FILE *file = fopen(path, "rb");
    if (!file) return text;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    text.bytes = malloc(size > 0 ? (size_t)size : 1);
    if (text.bytes) text.count = fread(text.bytes, 1, (size_t)size, file);
    fclose(file);
    return text;
}

static long scan(struct text text) {
    yaml_parser_t parser;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, text.bytes, text.count);
    long events = 0;
    for (int done = 0; !done;) {
        yaml_event_t event;
        /* A file that is no YAML ends at its fault. */
        if (!yaml_parser_parse(&parser, &event)) break;
        events++;
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return events;
}

int main(int count, char **arguments) {
    if (count != 2) {
        fprintf(stderr, "usage: events ROUNDS <LIST\n");
        return 64;
    }
    static struct text texts[100000];
    int known = 0;
    char path[4096];
    while (known < 100000 && fgets(path, sizeof path, stdin)) {
        path[strcspn(path, "\n")] = 0;
        texts[known++] = load(path);
    }
    long long fastest = -1;
    long events = 0;
    for (int round = 0; round < atoi(arguments[1]); round++) {
        struct timespec start, end;
        clock_gettime(CLOCK_MONOTONIC, &start);
        events = 0;
        for (int index = 0; index < known; index++) events += scan(texts[index]);
        clock_gettime(CLOCK_MONOTONIC, &end);
        long long time = (end.tv_sec - start.tv_sec) * 1000000LL + (end.tv_nsec - start.tv_nsec) / 1000;
        if (fastest < 0 || time < fastest) fastest = time;
    }
    printf("%lld %ld\n", fastest, events);
    return 0;
}
