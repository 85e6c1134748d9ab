/* The cursor over a source: numbers and texts from hostile bytes, with a failure that sticks. */
#include "base/source.h"

#include <string.h>

enum { NEAR = 4096 }; /* asked for at once, so that small reads seldom ask again */

void redan_source_reader_init(struct redan_source_reader *reader, struct redan_ctx *ctx,
                              struct redan_source *source, uint64_t offset, uint64_t end)
{
    *reader = (struct redan_source_reader){.ctx = ctx, .source = source, .pos = offset, .end = end};
    if (reader->end > source->size)
        reader->end = source->size;
}

static void fail(struct redan_source_reader *reader, enum redan_status status)
{
    if (!reader->failed)
        reader->status = status;
    reader->failed = true;
}

/* Bring up to `len` bytes (at least a few, so that small reads seldom ask again) from `pos` to hand; how many are there. */
static size_t bring(struct redan_source_reader *reader, size_t len)
{
    bool inside = reader->near.len > 0 && reader->near_turn == reader->source->turn &&
                  reader->pos >= reader->near_at &&
                  reader->pos - reader->near_at <= reader->near.len;

    if (inside && reader->near.len - (size_t)(reader->pos - reader->near_at) >= len)
        return reader->near.len - (size_t)(reader->pos - reader->near_at);
    enum redan_status status = redan_source_view(reader->ctx, reader->source, reader->pos,
                                                 len > NEAR ? len : NEAR, &reader->near);
    if (status != REDAN_OK) {
        reader->near = (struct redan_slice){"", 0};
        fail(reader, status);
    }
    reader->near_at = reader->pos;
    reader->near_turn = reader->source->turn;
    return reader->near.len;
}

/* Have at least `len` bytes from `pos` at hand; false and failure when there are fewer. */
static bool have(struct redan_source_reader *reader, size_t len)
{
    if (reader->failed)
        return false;
    if (reader->pos > reader->end || len > reader->end - reader->pos || bring(reader, len) < len)
        fail(reader, REDAN_OK);
    return !reader->failed;
}

/* What is at hand from `pos`, at least what `have` asked for, and nothing of `end` or after it. */
static struct redan_slice at_hand(const struct redan_source_reader *reader)
{
    size_t from = (size_t)(reader->pos - reader->near_at);
    struct redan_slice s = {reader->near.at + from, reader->near.len - from};

    if (s.len > reader->end - reader->pos)
        s.len = (size_t)(reader->end - reader->pos);
    return s;
}

struct redan_slice redan_source_bytes(struct redan_source_reader *reader, uint64_t len)
{
    struct redan_slice none = {"", 0};

    if (len > REDAN_SOURCE_VIEW)
        fail(reader, REDAN_OK);
    if (len == 0 || reader->failed || !have(reader, (size_t)len))
        return none;
    struct redan_slice s = at_hand(reader);
    s.len = (size_t)len;
    reader->pos += len;
    return s;
}

/* `size` bytes as a number, the least significant first. */
static uint64_t little(struct redan_source_reader *reader, size_t size)
{
    struct redan_slice s = redan_source_bytes(reader, size);
    uint64_t v = 0;

    for (size_t i = s.len; i > 0; i--)
        v = (v << 8) | (uint8_t)s.at[i - 1];
    return v;
}

static uint64_t big(struct redan_source_reader *reader, size_t size)
{
    struct redan_slice s = redan_source_bytes(reader, size);
    uint64_t v = 0;

    for (size_t i = 0; i < s.len; i++)
        v = (v << 8) | (uint8_t)s.at[i];
    return v;
}

uint8_t redan_source_u8(struct redan_source_reader *reader)
{
    if (!have(reader, 1))
        return 0;
    uint8_t v = (uint8_t)reader->near.at[reader->pos - reader->near_at];
    reader->pos++;
    return v;
}

uint16_t redan_source_u16le(struct redan_source_reader *reader)
{
    return (uint16_t)little(reader, 2);
}

uint32_t redan_source_u32le(struct redan_source_reader *reader)
{
    return (uint32_t)little(reader, 4);
}

uint64_t redan_source_u64le(struct redan_source_reader *reader)
{
    return little(reader, 8);
}

uint16_t redan_source_u16be(struct redan_source_reader *reader)
{
    return (uint16_t)big(reader, 2);
}

uint32_t redan_source_u32be(struct redan_source_reader *reader)
{
    return (uint32_t)big(reader, 4);
}

uint64_t redan_source_u64be(struct redan_source_reader *reader)
{
    return big(reader, 8);
}

struct redan_slice redan_source_until(struct redan_source_reader *reader, char stop, size_t most)
{
    struct redan_slice none = {"", 0};

    most = redan_min_size(most, REDAN_SOURCE_VIEW);
    for (size_t ask = 1; !reader->failed && reader->pos < reader->end;) {
        bool short_of = bring(reader, ask) < ask;
        struct redan_slice s = at_hand(reader);
        s.len = redan_min_size(s.len, most);
        const char *found = s.len ? memchr(s.at, stop, s.len) : NULL;
        if (found) {
            s.len = (size_t)(found - s.at);
            reader->pos += s.len + 1;
            return s;
        }
        if (short_of || s.len == most || s.len == reader->end - reader->pos)
            break;
        ask = redan_min_size(s.len * 2, most);
    }
    fail(reader, REDAN_OK);
    return none;
}

void redan_source_skip(struct redan_source_reader *reader, uint64_t len)
{
    if (reader->failed)
        return;
    if (reader->pos > reader->end || len > reader->end - reader->pos) {
        fail(reader, REDAN_OK);
        return;
    }
    reader->pos += len;
}

enum redan_status redan_source_ok(const struct redan_source_reader *reader, const char *what)
{
    if (!reader->failed)
        return REDAN_OK;
    if (reader->status != REDAN_OK)
        return redan_fail(reader->ctx, reader->status, reader->pos, "%s cannot be read", what);
    return redan_fail(reader->ctx, REDAN_E_SYNTAX, reader->pos, "%s is cut short at byte %llu",
                      what, (unsigned long long)reader->pos);
}
