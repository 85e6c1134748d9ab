/* The strict JSON reader (RFC 8259): one token at a time, no tree, no recursion, memory reused from text to text. */
#ifndef REDAN_CODEC_JSON_PULL_H
#define REDAN_CODEC_JSON_PULL_H

#include "base/ctx.h"

enum redan_json_kind {
    REDAN_JSON_END, /* the text is over and was right; comes again when asked again */
    REDAN_JSON_OBJECT,
    REDAN_JSON_OBJECT_END,
    REDAN_JSON_ARRAY,
    REDAN_JSON_ARRAY_END,
    REDAN_JSON_KEY,
    REDAN_JSON_TEXT,
    REDAN_JSON_NUMBER,
    REDAN_JSON_TRUE,
    REDAN_JSON_FALSE,
    REDAN_JSON_NULL,
};

/* A number as digits: mantissa times ten to the exponent. */
struct redan_json_decimal {
    uint64_t mantissa;
    int64_t exponent;
    bool negative;
    bool cut; /* more digits than the mantissa holds: only the spelling is exact */
};

struct redan_json_token {
    enum redan_json_kind kind;
    size_t offset; /* of its first byte */
    /* KEY and TEXT: decoded, may hold NUL; NUMBER: the spelling. It borrows from the input, or, where there were
     * escapes, from the reader; good until the reader is reset or done. */
    struct redan_slice text;
    struct redan_json_decimal number; /* NUMBER only */
};

struct redan_json_frame;
struct redan_json_key;
struct redan_json_slot;

/* Held by the caller; the fields are the reader's own. Its memory is counted in the context, and stays at what the
 * largest text needed. */
struct redan_json {
    struct redan_ctx *ctx;
    struct redan_slice text;
    const char *at;
    const char *end;
    int state;
    bool object; /* the innermost open container is an object */
    bool keep;   /* decoded texts go to the context's arena instead */
    enum redan_json_kind last;
    enum redan_status failed;
    size_t left; /* values that the limit on nodes still allows */
    size_t depth;
    uint64_t serial; /* objects opened so far */
    struct redan_json_frame *frames;
    size_t frame_cap;
    struct redan_json_key *keys; /* of all open objects, outermost first */
    uint8_t *tags;               /* a byte of each key, to compare many at once */
    size_t key_len;
    size_t key_cap;
    struct redan_json_slot *slots; /* finds the keys of large objects */
    size_t slot_len;
    size_t slot_cap;
    char *scratch; /* decoded texts of this document */
    size_t scratch_len;
    size_t scratch_cap;
};

/* `text` must outlive the tokens. Limits (json, depth, nodes) are the context's. */
void redan_json_init(struct redan_json *reader, struct redan_ctx *ctx, struct redan_slice text);
/* Begin another text with the same memory, whatever became of the one before. */
void redan_json_reset(struct redan_json *reader, struct redan_slice text);
void redan_json_done(struct redan_json *reader);

/* The next token. REDAN_E_SYNTAX or REDAN_E_LIMIT with the offset; a failure repeats until reset. */
REDAN_NODISCARD enum redan_status redan_json_next(struct redan_json *reader,
                                                  struct redan_json_token *token);
/* Read past what the last token began, checking it all the same: the rest of an object or array, or the value of a key.
 * After any other token there is nothing to skip. */
REDAN_NODISCARD enum redan_status redan_json_skip(struct redan_json *reader);
/* After ARRAY: its numbers up to and with its end, the fastest way to read a vector. REDAN_E_SCHEMA when an item is not a
 * finite number or there are more than `max`. */
REDAN_NODISCARD enum redan_status redan_json_doubles(struct redan_json *reader, double *values,
                                                     size_t max, size_t *count);

/* In an array, after its ARRAY or one of its values: the numbers that come next, up to the first other value, the end, or `max` of
 * them, whichever is first; redan_json_next goes on from there. REDAN_E_SCHEMA when one is not finite. */
REDAN_NODISCARD enum redan_status redan_json_numbers(struct redan_json *reader, double *values,
                                                     size_t max, size_t *count);

/* Elements of an array are often spelled alike, but for one text and a run of numbers: `{"name":"`, a text, `","data":[`, numbers, `]}`. The bytes of one that was read already, and what it took. */
struct redan_json_like {
    struct redan_slice before, between, after;
    size_t values; /* but for the numbers */
    size_t numbers;
    size_t most; /* bytes of the text, which is not empty */
};
/* Values that the limit still allows: the difference over an element is what it took. */
static inline size_t redan_json_left(const struct redan_json *reader)
{
    return reader->left;
}
/* In the array of that element, after a value: whether the next one is spelled like it, with a text of plain ASCII and as many finite numbers. Then it is read, and may be nothing else, since the same
 * bytes in the same place are the same tokens. Otherwise nothing is read, and nothing is said. */
bool redan_json_same(struct redan_json *reader, const struct redan_json_like *like,
                     struct redan_json_token *text, double *values);
/* Whether a KEY or TEXT stands in the input as it is, without escapes. */
static inline bool redan_json_plain(const struct redan_json *reader,
                                    const struct redan_json_token *token)
{
    return token->text.at == reader->text.at + token->offset + 1;
}

/* The nearest double of a NUMBER token; false when it is not finite. */
bool redan_json_number(const struct redan_json_token *token, double *value);
/* The same from a spelling; false also when the text is not a JSON number. The locale has no part in it. */
bool redan_json_double(struct redan_slice text, double *value);
/* A spelling without fraction and exponent, within the type; false otherwise. */
bool redan_json_i64(struct redan_slice text, int64_t *value);

#endif
