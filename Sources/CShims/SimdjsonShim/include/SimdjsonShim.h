#ifndef SIMDJSON_SHIM_H
#define SIMDJSON_SHIM_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What an element is; the upper four bits of its word.
enum json_kind {
    JSON_KIND_NULL = 0,
    JSON_KIND_FALSE = 1,
    JSON_KIND_TRUE = 2,
    // A whole number that fits in 64 bits with a sign.
    JSON_KIND_INTEGER = 3,
    // Any other number.
    JSON_KIND_NUMBER = 4,
    // A string without a backslash: its bytes in the source are its value.
    JSON_KIND_STRING = 5,
    // A string with escapes, all of them valid.
    JSON_KIND_ESCAPED_STRING = 6,
    JSON_KIND_ARRAY = 7,
    JSON_KIND_OBJECT = 8
};

// One value or one name. The elements of a document stand in the order of the source; in an object names and values
// take turns.
typedef struct {
    // Where it starts in the source; of a string the first byte after the quote.
    uint32_t offset;
    // The kind in the upper four bits. Below: of a scalar its length in bytes; of an array or object the index of the
    // element that follows all that it holds.
    uint32_t word;
} json_element;

enum json_problem {
    JSON_PROBLEM_NONE = 0,
    JSON_PROBLEM_EMPTY,
    JSON_PROBLEM_TOO_LARGE,
    JSON_PROBLEM_TOO_DEEP,
    JSON_PROBLEM_MEMORY,
    JSON_PROBLEM_UTF8,
    JSON_PROBLEM_CONTROL_CHARACTER,
    JSON_PROBLEM_UNCLOSED_STRING,
    JSON_PROBLEM_ESCAPE,
    JSON_PROBLEM_SURROGATE,
    JSON_PROBLEM_NUMBER,
    JSON_PROBLEM_LITERAL,
    JSON_PROBLEM_EXPECTED_VALUE,
    JSON_PROBLEM_EXPECTED_NAME,
    JSON_PROBLEM_EXPECTED_COLON,
    JSON_PROBLEM_EXPECTED_COMMA_OR_BRACKET,
    JSON_PROBLEM_EXPECTED_COMMA_OR_BRACE,
    JSON_PROBLEM_UNCLOSED_CONTAINER,
    JSON_PROBLEM_TRAILING_TEXT,
    JSON_PROBLEM_DUPLICATE_NAME
};

typedef struct {
    // To be given to json_free.
    json_element *elements;
    size_t count;
    // An enum json_problem; with any but JSON_PROBLEM_NONE there are no elements.
    int32_t problem;
    // The byte at which the problem is.
    size_t problem_offset;
    // Of a duplicate name where it stood first.
    size_t first_offset;
    // Whether a name has a byte above 127.
    int32_t has_foreign_names;
} json_tape;

// Reads one document. Nothing behind bytes + length is touched.
void json_read(const uint8_t *bytes, size_t length, size_t maximum_depth, json_tape *tape);

void json_free(json_element *elements);

// Writes the value of a string with escapes, which json_read has checked, and returns its length, which is never
// more than the given length.
size_t json_unescape(const uint8_t *source, size_t length, uint8_t *target);

// How many bytes a JSON string can hold as they are before the first that needs a backslash; `count` where none does.
size_t json_plain_length(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
