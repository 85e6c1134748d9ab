/* The sticky cursor. */
#include "base/reader.h"

void redan_reader_init(struct redan_reader *reader, struct redan_slice in)
{
    *reader = (struct redan_reader){.in = in};
}

struct redan_slice redan_reader_bytes(struct redan_reader *reader, uint64_t len)
{
    if (reader->failed || len > reader->in.len - reader->pos) {
        reader->failed = true;
        return (struct redan_slice){"", 0};
    }
    struct redan_slice s = redan_slice_sub(reader->in, reader->pos, (size_t)len);
    reader->pos += (size_t)len;
    return s;
}

uint8_t redan_reader_u8(struct redan_reader *reader)
{
    struct redan_slice s = redan_reader_bytes(reader, 1);

    return s.len ? (uint8_t)s.at[0] : 0;
}

uint32_t redan_reader_u32be(struct redan_reader *reader)
{
    struct redan_slice s = redan_reader_bytes(reader, 4);
    uint32_t v = 0;

    for (size_t i = 0; i < s.len; i++)
        v = (v << 8) | (uint8_t)s.at[i];
    return v;
}

struct redan_slice redan_reader_string(struct redan_reader *reader)
{
    return redan_reader_bytes(reader, redan_reader_u32be(reader));
}

size_t redan_reader_left(const struct redan_reader *reader)
{
    return reader->failed ? 0 : reader->in.len - reader->pos;
}

enum redan_status redan_reader_ok(struct redan_ctx *ctx, const struct redan_reader *reader,
                                  const char *what)
{
    if (!reader->failed)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SYNTAX, reader->pos, "%s is cut short at byte %zu", what,
                      reader->pos);
}
