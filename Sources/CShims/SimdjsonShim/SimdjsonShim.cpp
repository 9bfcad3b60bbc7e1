#include "SimdjsonShim.h"

#include <simdjson.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

// simdjson's first stage finds, 64 bytes at a time, where every value, bracket, comma and colon stands, and checks
// UTF-8, quotes and control characters. Its second stage turns numbers into doubles and forgets where they stood. We
// need the text of a number and the byte of a fault, so the second stage is our own: a walk over simdjson's index.

namespace {

constexpr size_t maximum_length = (size_t(1) << 28) - 1;
constexpr uint32_t payload_mask = (uint32_t(1) << 28) - 1;

struct Stop {
    json_problem problem;
    size_t offset;
    size_t first = 0;
};

bool is_space(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool ends_scalar(uint8_t c) { return is_space(c) || c == ',' || c == ']' || c == '}' || c == ':' || c == '[' || c == '{'; }

bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

int hex_value(uint8_t c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Four hexadecimal digits, or -1.
int32_t hex4(const uint8_t *p, const uint8_t *end) {
    if (end - p < 4) return -1;
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_value(p[i]);
        if (digit < 0) return -1;
        value = value << 4 | digit;
    }
    return value;
}

// The length of a well-formed UTF-8 sequence at p (RFC 3629), or 0.
size_t utf8_length(const uint8_t *p, const uint8_t *end) {
    auto follows = [&](ptrdiff_t i) { return p + i < end && (p[i] & 0xC0) == 0x80; };
    uint8_t c = p[0];
    if (c < 0x80) return 1;
    if (c >= 0xC2 && c <= 0xDF) return follows(1) ? 2 : 0;
    if (c >= 0xE0 && c <= 0xEF) {
        if (!follows(1) || !follows(2)) return 0;
        if ((c == 0xE0 && p[1] < 0xA0) || (c == 0xED && p[1] > 0x9F)) return 0;
        return 3;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        if (!follows(1) || !follows(2) || !follows(3)) return 0;
        if ((c == 0xF0 && p[1] < 0x90) || (c == 0xF4 && p[1] > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

// The first stage says that something is wrong but not where: find the first place.
Stop locate(const uint8_t *bytes, size_t length) {
    const uint8_t *end = bytes + length;
    bool in_string = false;
    size_t opened = 0;
    for (size_t i = 0; i < length;) {
        uint8_t c = bytes[i];
        size_t step = utf8_length(bytes + i, end);
        if (step == 0) return {JSON_PROBLEM_UTF8, i};
        if (in_string) {
            if (c < 0x20) return {JSON_PROBLEM_CONTROL_CHARACTER, i};
            if (c == '\\' && i + 1 < length && bytes[i + 1] >= 0x20 && bytes[i + 1] < 0x80) {
                i += 2;
                continue;
            }
            if (c == '"') in_string = false;
        } else if (c == '"') {
            in_string = true;
            opened = i;
        }
        i += step;
    }
    if (in_string) return {JSON_PROBLEM_UNCLOSED_STRING, opened};
    return {JSON_PROBLEM_EXPECTED_VALUE, 0};
}

class Reader {
    const uint8_t *const bytes;
    const size_t length;
    const uint32_t *const index;
    const size_t index_count;
    const size_t maximum_depth;
    size_t next = 0;
    json_element *const elements;
    size_t count = 0;

    struct Container {
        uint32_t element;
        uint32_t first_name;
        bool is_object;
    };

    struct Name {
        uint64_t hash;
        uint32_t element;
    };

    std::vector<Container> open;
    std::vector<Name> names;

public:
    bool has_foreign_names = false;

    Reader(const uint8_t *bytes, size_t length, const uint32_t *index, size_t index_count, size_t maximum_depth,
           json_element *elements)
        : bytes(bytes), length(length), index(index), index_count(index_count), maximum_depth(maximum_depth),
          elements(elements) {}

    size_t element_count() const { return count; }

    void document() {
        value();
        while (!open.empty()) {
            Container container = open.back();
            bool empty = count == container.element + 1;
            size_t at = peek();
            if (at == length) throw Stop{JSON_PROBLEM_UNCLOSED_CONTAINER, elements[container.element].offset};
            uint8_t c = bytes[at];
            if (c == (container.is_object ? '}' : ']')) {
                next++;
                close(container);
                continue;
            }
            if (!empty) {
                if (c != ',')
                    throw Stop{container.is_object ? JSON_PROBLEM_EXPECTED_COMMA_OR_BRACE
                                                   : JSON_PROBLEM_EXPECTED_COMMA_OR_BRACKET, at};
                next++;
            }
            if (container.is_object) name();
            value();
        }
        if (next < index_count) throw Stop{JSON_PROBLEM_TRAILING_TEXT, index[next]};
    }

private:
    size_t peek() const { return next < index_count ? index[next] : length; }

    void put(json_kind kind, size_t offset, size_t payload) {
        elements[count++] = {uint32_t(offset), uint32_t(kind) << 28 | uint32_t(payload)};
    }

    void value() {
        size_t at = peek();
        if (at == length) throw Stop{JSON_PROBLEM_EXPECTED_VALUE, at};
        next++;
        switch (bytes[at]) {
        case '{': begin(at, true); break;
        case '[': begin(at, false); break;
        case '"': string(at); break;
        case 't': literal(at, "true", 4, JSON_KIND_TRUE); break;
        case 'f': literal(at, "false", 5, JSON_KIND_FALSE); break;
        case 'n': literal(at, "null", 4, JSON_KIND_NULL); break;
        case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
            number(at);
            break;
        default: throw Stop{JSON_PROBLEM_EXPECTED_VALUE, at};
        }
    }

    void begin(size_t at, bool is_object) {
        if (open.size() >= maximum_depth) throw Stop{JSON_PROBLEM_TOO_DEEP, at};
        open.push_back({uint32_t(count), uint32_t(names.size()), is_object});
        put(is_object ? JSON_KIND_OBJECT : JSON_KIND_ARRAY, at, 0);
    }

    void close(const Container &container) {
        elements[container.element].word |= uint32_t(count);
        if (container.is_object) {
            check_names(container.first_name);
            names.resize(container.first_name);
        }
        open.pop_back();
    }

    void name() {
        size_t at = peek();
        if (at == length || bytes[at] != '"') throw Stop{JSON_PROBLEM_EXPECTED_NAME, at};
        next++;
        string(at);
        json_element element = elements[count - 1];
        names.push_back({hash(element), uint32_t(count - 1)});
        size_t colon = peek();
        if (colon == length || bytes[colon] != ':') throw Stop{JSON_PROBLEM_EXPECTED_COLON, colon};
        next++;
    }

    void string(size_t at) {
        // Between the closing quote and the next indexed byte there is only white space.
        size_t close = peek() - 1;
        while (is_space(bytes[close])) close--;
        size_t size = close - at - 1;
        if (memchr(bytes + at + 1, '\\', size) == nullptr) {
            put(JSON_KIND_STRING, at + 1, size);
        } else {
            check_escapes(at + 1, close);
            put(JSON_KIND_ESCAPED_STRING, at + 1, size);
        }
    }

    void check_escapes(size_t from, size_t to) const {
        const uint8_t *end = bytes + to;
        for (const uint8_t *p = bytes + from; p < end; p++) {
            if (*p != '\\') continue;
            size_t at = p - bytes;
            p++;
            switch (p < end ? *p : 0) {
            case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't': break;
            case 'u': {
                int32_t unit = hex4(p + 1, end);
                if (unit < 0) throw Stop{JSON_PROBLEM_ESCAPE, at};
                p += 4;
                if (unit >= 0xDC00 && unit <= 0xDFFF) throw Stop{JSON_PROBLEM_SURROGATE, at};
                if (unit >= 0xD800 && unit <= 0xDBFF) {
                    if (end - p < 7 || p[1] != '\\' || p[2] != 'u') throw Stop{JSON_PROBLEM_SURROGATE, at};
                    int32_t low = hex4(p + 3, end);
                    if (low < 0xDC00 || low > 0xDFFF) throw Stop{JSON_PROBLEM_SURROGATE, at};
                    p += 6;
                }
                break;
            }
            default: throw Stop{JSON_PROBLEM_ESCAPE, at};
            }
        }
    }

    void literal(size_t at, const char *text, size_t size, json_kind kind) {
        if (length - at < size || memcmp(bytes + at, text, size) != 0 ||
            (at + size < length && !ends_scalar(bytes[at + size])))
            throw Stop{JSON_PROBLEM_LITERAL, at};
        put(kind, at, size);
    }

    void number(size_t at) {
        const uint8_t *start = bytes + at, *end = bytes + length, *p = start;
        bool negative = *p == '-';
        if (negative) p++;
        const uint8_t *digits = p;
        while (p < end && is_digit(*p)) p++;
        size_t digit_count = p - digits;
        if (digit_count == 0 || (digit_count > 1 && *digits == '0')) throw Stop{JSON_PROBLEM_NUMBER, at};
        bool whole = true;
        if (p < end && *p == '.') {
            whole = false;
            const uint8_t *fraction = ++p;
            while (p < end && is_digit(*p)) p++;
            if (p == fraction) throw Stop{JSON_PROBLEM_NUMBER, at};
        }
        if (p < end && (*p == 'e' || *p == 'E')) {
            whole = false;
            p++;
            if (p < end && (*p == '+' || *p == '-')) p++;
            const uint8_t *exponent = p;
            while (p < end && is_digit(*p)) p++;
            if (p == exponent) throw Stop{JSON_PROBLEM_NUMBER, at};
        }
        if (p < end && !ends_scalar(*p)) throw Stop{JSON_PROBLEM_NUMBER, at};
        if (whole && digit_count >= 19)
            whole = digit_count == 19 &&
                    memcmp(digits, negative ? "9223372036854775808" : "9223372036854775807", 19) <= 0;
        put(whole ? JSON_KIND_INTEGER : JSON_KIND_NUMBER, at, p - start);
    }

    uint64_t hash(json_element element) {
        const uint8_t *p = bytes + element.offset;
        size_t size = element.word & payload_mask;
        std::string decoded;
        if (element.word >> 28 == JSON_KIND_ESCAPED_STRING) {
            decoded = text(element);
            p = reinterpret_cast<const uint8_t *>(decoded.data());
            size = decoded.size();
        }
        uint64_t value = size * 0x9E3779B97F4A7C15ull;
        uint64_t seen = 0;
        size_t left = size;
        for (; left >= 8; left -= 8, p += 8) {
            uint64_t word;
            memcpy(&word, p, 8);
            seen |= word;
            value = (value ^ word) * 0xFF51AFD7ED558CCDull;
            value ^= value >> 32;
        }
        uint64_t word = 0;
        memcpy(&word, p, left);
        seen |= word;
        if (seen & 0x8080808080808080ull) has_foreign_names = true;
        value = (value ^ word) * 0xFF51AFD7ED558CCDull;
        return value ^ value >> 32;
    }

    std::string text(json_element element) const {
        const uint8_t *p = bytes + element.offset;
        size_t size = element.word & payload_mask;
        std::string result(reinterpret_cast<const char *>(p), size);
        if (element.word >> 28 == JSON_KIND_ESCAPED_STRING)
            result.resize(json_unescape(p, size, reinterpret_cast<uint8_t *>(&result[0])));
        return result;
    }

    void check_names(size_t first) {
        size_t size = names.size() - first;
        Name *list = names.data() + first;
        auto refuse = [&](const Name &a, const Name &b) {
            uint32_t early = std::min(a.element, b.element), late = std::max(a.element, b.element);
            throw Stop{JSON_PROBLEM_DUPLICATE_NAME, elements[late].offset - 1, elements[early].offset - 1};
        };
        if (size <= 32) {
            for (size_t i = 1; i < size; i++)
                for (size_t j = 0; j < i; j++)
                    if (list[i].hash == list[j].hash && text(elements[list[i].element]) == text(elements[list[j].element]))
                        refuse(list[j], list[i]);
            return;
        }
        // The text decides among equal hashes, so that names made to collide cost no more than sorting.
        std::sort(list, list + size, [&](const Name &a, const Name &b) {
            if (a.hash != b.hash) return a.hash < b.hash;
            return text(elements[a.element]) < text(elements[b.element]);
        });
        for (size_t i = 1; i < size; i++)
            if (list[i].hash == list[i - 1].hash &&
                text(elements[list[i].element]) == text(elements[list[i - 1].element]))
                refuse(list[i - 1], list[i]);
    }
};

void read(const uint8_t *bytes, size_t length, size_t maximum_depth, json_tape *tape) {
    if (length > maximum_length) throw Stop{JSON_PROBLEM_TOO_LARGE, 0};
    if (std::all_of(bytes, bytes + std::min<size_t>(length, 64), is_space) &&
        std::all_of(bytes, bytes + length, is_space))
        throw Stop{JSON_PROBLEM_EMPTY, 0};
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
    if (simdjson::get_active_implementation()->create_dom_parser_implementation(length, 1, stage) != simdjson::SUCCESS)
        throw Stop{JSON_PROBLEM_MEMORY, 0};
    if (stage->stage1(bytes, length, simdjson::stage1_mode::regular) != simdjson::SUCCESS)
        throw locate(bytes, length);
    size_t index_count = stage->n_structural_indexes;
    auto *elements = static_cast<json_element *>(malloc((index_count + 1) * sizeof(json_element)));
    if (elements == nullptr) throw Stop{JSON_PROBLEM_MEMORY, 0};
    std::unique_ptr<json_element, void (*)(void *)> guard(elements, free);
    Reader reader(bytes, length, stage->structural_indexes.get(), index_count, maximum_depth, elements);
    reader.document();
    guard.release();
    tape->count = reader.element_count();
    auto *smaller = static_cast<json_element *>(realloc(elements, tape->count * sizeof(json_element)));
    tape->elements = smaller ? smaller : elements;
    tape->has_foreign_names = reader.has_foreign_names;
}

}  // namespace

extern "C" void json_read(const uint8_t *bytes, size_t length, size_t maximum_depth, json_tape *tape) {
    *tape = {};
    try {
        read(bytes, length, maximum_depth, tape);
    } catch (const Stop &stop) {
        tape->problem = stop.problem;
        tape->problem_offset = stop.offset;
        tape->first_offset = stop.first;
    } catch (const std::exception &) {
        tape->problem = JSON_PROBLEM_MEMORY;
    }
}

extern "C" void json_free(json_element *elements) { free(elements); }

extern "C" size_t json_unescape(const uint8_t *source, size_t length, uint8_t *target) {
    const uint8_t *end = source + length;
    uint8_t *out = target;
    for (const uint8_t *p = source; p < end; p++) {
        if (*p != '\\' || p + 1 >= end) {
            *out++ = *p;
            continue;
        }
        p++;
        switch (*p) {
        case 'b': *out++ = '\b'; break;
        case 'f': *out++ = '\f'; break;
        case 'n': *out++ = '\n'; break;
        case 'r': *out++ = '\r'; break;
        case 't': *out++ = '\t'; break;
        case 'u': {
            int32_t unit = hex4(p + 1, end);
            if (unit < 0) break;
            p += 4;
            if (unit >= 0xD800 && unit <= 0xDBFF && end - p >= 7) {
                unit = 0x10000 + ((unit - 0xD800) << 10) + (hex4(p + 3, end) - 0xDC00);
                p += 6;
            }
            if (unit < 0x80) {
                *out++ = uint8_t(unit);
            } else if (unit < 0x800) {
                *out++ = uint8_t(0xC0 | unit >> 6);
                *out++ = uint8_t(0x80 | (unit & 0x3F));
            } else if (unit < 0x10000) {
                *out++ = uint8_t(0xE0 | unit >> 12);
                *out++ = uint8_t(0x80 | (unit >> 6 & 0x3F));
                *out++ = uint8_t(0x80 | (unit & 0x3F));
            } else {
                *out++ = uint8_t(0xF0 | unit >> 18);
                *out++ = uint8_t(0x80 | (unit >> 12 & 0x3F));
                *out++ = uint8_t(0x80 | (unit >> 6 & 0x3F));
                *out++ = uint8_t(0x80 | (unit & 0x3F));
            }
            break;
        }
        default: *out++ = *p;
        }
    }
    return size_t(out - target);
}

extern "C" size_t json_plain_length(const uint8_t *bytes, size_t count) {
    constexpr uint64_t ones = 0x0101010101010101ull, tops = 0x8080808080808080ull;
    size_t length = 0;
    // Eight at a time, as long as none of them can be one that ends it.
    for (; count - length >= 8; length += 8) {
        uint64_t word;
        memcpy(&word, bytes + length, 8);
        uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\', del = word ^ ones * 0x7F;
        if (((word - ones * 0x20) | (quote - ones) | (backslash - ones) | (del - ones)) & ~word & tops) break;
    }
    for (; length < count; length++) {
        uint8_t byte = bytes[length];
        if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7F) break;
    }
    return length;
}
