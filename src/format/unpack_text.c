/* Bytes written as text: base64 (RFC 4648, both alphabets), hexadecimal digits, and UTF-8 of Latin-1. */
#include "format/unpack.h"

struct untext {
    uint32_t bits;
    unsigned have; /* bits that wait */
    bool over;     /* padding was seen */
};

static enum redan_status begin(struct redan_ctx *ctx, struct redan_source *packed,
                               const struct redan_part *part, void **state)
{
    struct untext *it = redan_unpack_take(&ctx->mem, sizeof(*it));

    (void)packed;
    (void)part;
    if (!it)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to unpack a text");
    *it = (struct untext){.have = 0};
    *state = it;
    return REDAN_OK;
}

static void done(struct redan_ctx *ctx, void *state)
{
    redan_unpack_give(&ctx->mem, state);
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int digit64(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+' || c == '-')
        return 62;
    return c == '/' || c == '_' ? 63 : -1;
}

static int digit16(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Take digits of `width` bits until the room or the text is used up. A character that is no digit ends it there. */
static enum redan_step digits(struct untext *it, struct redan_step_io *io, unsigned width,
                              int (*digit)(char c))
{
    size_t i = 0;
    enum redan_step said = REDAN_STEP_MORE;

    for (; i < io->in.len && io->room > 0 && said == REDAN_STEP_MORE; i++) {
        char c = io->in.at[i];
        int value = digit(c);
        if (blank(c))
            continue;
        if (c == '=' && width == 6) {
            it->over = true;
            continue;
        }
        if (value < 0 || it->over) {
            said = REDAN_STEP_DAMAGED;
            break;
        }
        it->bits = it->bits << width | (uint32_t)value;
        it->have += width;
        if (it->have >= 8) {
            it->have -= 8;
            *io->out++ = (char)(uint8_t)(it->bits >> it->have);
            io->room--;
        }
    }
    io->in = redan_slice_sub(io->in, i, io->in.len);
    if (said == REDAN_STEP_MORE && io->last && io->in.len == 0)
        return it->have == 4 && width == 4 ? REDAN_STEP_DAMAGED : REDAN_STEP_END;
    return said;
}

static enum redan_step step_base64(void *state, struct redan_step_io *io)
{
    return digits(state, io, 6, digit64);
}

static enum redan_step step_hex(void *state, struct redan_step_io *io)
{
    return digits(state, io, 4, digit16);
}

/* `bits` holds the first byte of a character whose second is still to come. */
static enum redan_step step_latin1(void *state, struct redan_step_io *io)
{
    struct untext *it = state;
    size_t i = 0;
    enum redan_step said = REDAN_STEP_MORE;

    for (; i < io->in.len && io->room > 0; i++) {
        uint8_t c = (uint8_t)io->in.at[i];

        if (it->have && (c & 0xc0) == 0x80) {
            c = (uint8_t)(it->bits << 6 | (c & 0x3fU));
            it->have = 0;
        } else if (!it->have && (c == 0xc2 || c == 0xc3)) {
            it->bits = c;
            it->have = 1;
            continue;
        } else if (it->have || c >= 0x80) {
            said = REDAN_STEP_DAMAGED;
            break;
        }
        *io->out++ = (char)c;
        io->room--;
    }
    io->in = redan_slice_sub(io->in, i, io->in.len);
    if (said == REDAN_STEP_MORE && io->last && io->in.len == 0)
        return it->have ? REDAN_STEP_DAMAGED : REDAN_STEP_END;
    return said;
}

const struct redan_decoder redan_decoder_base64 = {
    .begin = begin, .step = step_base64, .done = done};
const struct redan_decoder redan_decoder_hex = {.begin = begin, .step = step_hex, .done = done};
const struct redan_decoder redan_decoder_latin1 = {
    .begin = begin, .step = step_latin1, .done = done};
