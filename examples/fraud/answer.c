/* Content-Length, chunks, or the end of the connection; anything else is malformed. Bodies of chunks are put together where they lie. */
#include "answer.h"

#include <string.h>
#include <strings.h>

enum { HEAD_LIMIT = 16384, CHUNK_LIMIT = 1 << 28 };

void fraud_answer_begin(struct fraud_answer *answer, struct redan_buf *in)
{
    redan_buf_clear(in);
    *answer = (struct fraud_answer){.in = in};
}

/* The value of a header line with this name; empty when it is another one. */
static struct redan_slice value_of(struct redan_slice line, const char *name)
{
    size_t len = strlen(name);

    if (line.len <= len || line.at[len] != ':' || strncasecmp(line.at, name, len) != 0)
        return (struct redan_slice){NULL, 0};
    return redan_slice_trim(redan_slice_sub(line, len + 1, line.len));
}

static bool is_word(struct redan_slice text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.at, word, text.len) == 0;
}

static bool read_line(struct fraud_answer *a, struct redan_slice line)
{
    struct redan_slice length = value_of(line, "content-length");
    struct redan_slice coding = value_of(line, "transfer-encoding");

    if (length.at) {
        a->to_end = false;
        return redan_slice_u64(length, &a->left) && a->left < CHUNK_LIMIT;
    }
    if (coding.at) {
        a->chunked = is_word(coding, "chunked");
        a->to_end = false;
        return a->chunked;
    }
    if (is_word(value_of(line, "connection"), "close"))
        a->closes = true;
    return true;
}

static bool read_head(struct fraud_answer *a, struct redan_slice head)
{
    struct redan_slice line;
    struct redan_slice rest;
    uint64_t status = 0;

    (void)redan_slice_cut(head, '\n', &line, &rest);
    if (!redan_slice_starts(line, REDAN_S("HTTP/1.")) ||
        !redan_slice_u64(redan_slice_sub(line, 9, 3), &status))
        return false;
    a->status = (unsigned)status;
    a->to_end = status != 204 && status != 304 && status >= 200;
    while (rest.len) {
        (void)redan_slice_cut(rest, '\n', &line, &rest);
        if (!read_line(a, redan_slice_trim(line)))
            return false;
    }
    return true;
}

static enum fraud_answer_state find_head(struct fraud_answer *a)
{
    const char *end = memmem(a->in->data, a->in->len, "\r\n\r\n", 4);

    if (!end)
        return a->in->len > HEAD_LIMIT ? FRAUD_ANSWER_MALFORMED : FRAUD_ANSWER_MORE;
    a->body = (size_t)(end - a->in->data) + 4;
    a->at = a->kept = a->body;
    return read_head(a, (struct redan_slice){a->in->data, a->body - 4}) ? FRAUD_ANSWER_WHOLE
                                                                        : FRAUD_ANSWER_MALFORMED;
}

static bool hex(struct redan_slice text, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (c == ';' && i > 0)
            return true;
        if (digit < 0 || *value > CHUNK_LIMIT)
            return false;
        *value = *value * 16 + (uint64_t)digit;
    }
    return text.len > 0;
}

/* One line of the framing: the size of a chunk, the end of one, or a trailer. */
static enum fraud_answer_state chunk_line(struct fraud_answer *a, struct redan_slice line)
{
    switch (a->chunk) {
    case CHUNK_SIZE:
        if (!hex(line, &a->left))
            return FRAUD_ANSWER_MALFORMED;
        a->chunk = a->left ? CHUNK_DATA : CHUNK_TRAILER;
        return FRAUD_ANSWER_MORE;
    case CHUNK_END:
        a->chunk = CHUNK_SIZE;
        return line.len == 0 ? FRAUD_ANSWER_MORE : FRAUD_ANSWER_MALFORMED;
    case CHUNK_TRAILER:
        return line.len == 0 ? FRAUD_ANSWER_WHOLE : FRAUD_ANSWER_MORE;
    case CHUNK_DATA:
        break;
    }
    return FRAUD_ANSWER_MALFORMED;
}

static enum fraud_answer_state read_chunks(struct fraud_answer *a)
{
    for (;;) {
        size_t have = a->in->len - a->at;
        char *from = a->in->data + a->at;
        if (a->chunk == CHUNK_DATA) {
            size_t n = redan_min_size(have, (size_t)a->left);
            memmove(a->in->data + a->kept, from, n);
            a->kept += n;
            a->at += n;
            a->left -= n;
            if (a->left > 0)
                return FRAUD_ANSWER_MORE;
            a->chunk = CHUNK_END;
            continue;
        }
        const char *end = memchr(from, '\n', have);
        if (!end)
            return FRAUD_ANSWER_MORE;
        struct redan_slice line = {from, (size_t)(end - from)};
        a->at += line.len + 1;
        enum fraud_answer_state state = chunk_line(a, redan_slice_trim(line));
        if (state != FRAUD_ANSWER_MORE)
            return state;
    }
}

enum fraud_answer_state fraud_answer_read(struct fraud_answer *a, bool ended)
{
    enum fraud_answer_state state = FRAUD_ANSWER_WHOLE;

    if (a->in->fail != REDAN_OK)
        return FRAUD_ANSWER_MALFORMED;
    if (!a->body && a->in->len)
        state = find_head(a);
    else if (!a->body)
        state = FRAUD_ANSWER_MORE;
    if (state == FRAUD_ANSWER_WHOLE && a->chunked)
        state = read_chunks(a);
    else if (state == FRAUD_ANSWER_WHOLE && a->to_end)
        state = ended ? FRAUD_ANSWER_WHOLE : FRAUD_ANSWER_MORE;
    else if (state == FRAUD_ANSWER_WHOLE && a->in->len - a->body < a->left)
        state = FRAUD_ANSWER_MORE;
    return state == FRAUD_ANSWER_MORE && ended ? FRAUD_ANSWER_MALFORMED : state;
}

struct redan_slice fraud_answer_body(const struct fraud_answer *a)
{
    size_t end = a->chunked ? a->kept : a->in->len;

    return (struct redan_slice){a->in->data + a->body, a->body < end ? end - a->body : 0};
}
