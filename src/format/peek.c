/* Looks into bytes that a format does not explain: known beginnings, and runs of text. */
#include "format/peek.h"

#include <string.h>

#include "base/buf.h"

enum {
    RUN = 8,           /* shorter runs come about by chance */
    RUN_SHOWN = 4096,  /* bytes of one run */
    RUNS_MOST = 20000, /* of one thing */
    HEAD = 64,
};
#define RUNS_BYTES ((uint64_t)256 << 20)

uint32_t redan_peek_u32le(struct redan_slice s, size_t at)
{
    uint32_t v = 0;

    for (size_t i = 0; i < 4 && at < s.len && s.len - at >= 4; i++)
        v |= (uint32_t)(uint8_t)s.at[at + i] << (8 * i);
    return v;
}

uint32_t redan_peek_u32be(struct redan_slice s, size_t at)
{
    return __builtin_bswap32(redan_peek_u32le(s, at));
}

uint16_t redan_peek_u16le(struct redan_slice s, size_t at)
{
    if (at >= s.len || s.len - at < 2)
        return 0;
    return (uint16_t)((uint8_t)s.at[at] | (uint8_t)s.at[at + 1] << 8);
}

uint64_t redan_peek_u64le(struct redan_slice s, size_t at)
{
    if (at >= s.len || s.len - at < 8)
        return 0;
    return redan_peek_u32le(s, at) | (uint64_t)redan_peek_u32le(s, at + 4) << 32;
}

static bool is_pickle(struct redan_slice head)
{
    static const char *const shapes[] = {"cos\n",       "cposix\n",      "cnt\n", "c__builtin__\n",
                                         "cbuiltins\n", "csubprocess\n", NULL};

    if (head.len >= 4 && head.at[0] == (char)0x80 && head.at[1] >= 2 && head.at[1] <= 5)
        return head.at[1] < 4 ? redan_char_among("}]()cX\x8aKM", head.at[2])
                              : (uint8_t)head.at[2] == 0x95 || head.at[2] == '}' ||
                                    head.at[2] == ']' || (uint8_t)head.at[2] == 0x8c;
    for (size_t i = 0; shapes[i]; i++) {
        if (redan_slice_starts(head, redan_slice_of(shapes[i])))
            return true;
    }
    return false;
}

static bool is_program(struct redan_slice head)
{
    if (redan_slice_starts(head, REDAN_S("\177ELF")))
        return head.len > 6 && (head.at[4] == 1 || head.at[4] == 2) &&
               (head.at[5] == 1 || head.at[5] == 2) && head.at[6] == 1;
    if (redan_slice_starts(head, REDAN_S("MZ")))
        return head.len >= 64 && redan_peek_u32le(head, 60) >= 64 &&
               redan_peek_u32le(head, 60) < 4096 && redan_peek_u32le(head, 60) % 4 == 0;
    return redan_slice_starts(head, REDAN_S("#!/")) || redan_slice_starts(head, REDAN_S("\0asm\1"));
}

bool redan_peek_known(struct redan_slice head)
{
    static const struct {
        const char *bytes;
        size_t len;
    } magics[] = {{"PK\3\4", 4},
                  {"\x1f\x8b\x08", 3},
                  {"7z\xbc\xaf\x27\x1c", 6},
                  {"\xfd"
                   "7zXZ",
                   5},
                  {"GGUF", 4},
                  {"\x89HDF\r\n\x1a\n", 8},
                  {"\x93NUMPY", 6},
                  {"dex\n0", 5},
                  {"\x1bLua", 4},
                  {"RDX2\n", 5},
                  {"RDX3\n", 5}};

    for (size_t i = 0; i < REDAN_COUNT(magics); i++) {
        if (redan_slice_starts(head, (struct redan_slice){magics[i].bytes, magics[i].len}))
            return true;
    }
    return is_pickle(head) || is_program(head);
}

static bool printable(char c)
{
    return (c >= ' ' && c <= '~') || c == '\n' || c == '\t' || c == '\r';
}

bool redan_peek_text(struct redan_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        if (!printable(bytes.at[i]))
            return false;
    }
    return bytes.len > 0;
}

enum redan_status redan_peek_blob(struct redan_ctx *ctx, struct redan_source *source,
                                  uint64_t offset, uint64_t size, struct redan_slice name,
                                  const struct redan_listener *to)
{
    struct redan_fact fact = {.offset = offset, .name = name};
    struct redan_slice head = {0};

    if (source->size != REDAN_SOURCE_UNKNOWN) /* what a damaged count promises may not be there */
        size = offset >= source->size         ? 0
               : size < source->size - offset ? size
                                              : source->size - offset;
    if (size < RUN)
        return REDAN_OK;
    REDAN_TRY(
        redan_source_view(ctx, source, offset, size < RUN_SHOWN ? (size_t)size : RUN_SHOWN, &head));
    if (redan_peek_known(head)) {
        fact.kind = REDAN_FACT_MEMBER;
        fact.part =
            (struct redan_part){.offset = offset, .size = size, .unpacked = REDAN_SOURCE_UNKNOWN};
        return redan_tell(to, &fact);
    }
    if (!redan_peek_text(redan_slice_sub(head, 0, HEAD)))
        return REDAN_OK;
    fact.kind = REDAN_FACT_TEXT;
    fact.text = head;
    return redan_tell(to, &fact);
}

enum redan_status redan_peek_program(struct redan_ctx *ctx, struct redan_source *source,
                                     uint64_t offset, uint64_t size,
                                     const struct redan_listener *to)
{
    struct redan_slice head = {0};

    if (size < HEAD || source->size == REDAN_SOURCE_UNKNOWN || offset >= source->size)
        return REDAN_OK;
    REDAN_TRY(redan_source_view(ctx, source, offset, HEAD, &head));
    if (head.len < HEAD || redan_slice_starts(head, REDAN_S("#!")) || !is_program(head))
        return REDAN_OK;
    size = size < source->size - offset ? size : source->size - offset;
    return redan_tell(
        to, &(struct redan_fact){
                .kind = REDAN_FACT_MEMBER,
                .offset = offset,
                .name = REDAN_S("program"),
                .part = {.offset = offset, .size = size, .unpacked = REDAN_SOURCE_UNKNOWN}});
}

/* A run that may lie across views. */
struct run {
    struct redan_slice name;
    const struct redan_listener *to;
    char text[RUN_SHOWN];
    size_t len;
    uint64_t at;
    size_t told;
};

static enum redan_status end_run(struct run *run)
{
    size_t len = run->len;

    run->len = 0;
    if (len < RUN || run->told >= RUNS_MOST)
        return REDAN_OK;
    run->told++;
    return redan_tell(run->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                    .offset = run->at,
                                                    .name = run->name,
                                                    .text = {run->text, len}});
}

static enum redan_status feed(struct run *run, struct redan_slice view, uint64_t at)
{
    for (size_t i = 0; i < view.len; i++) {
        if (!printable(view.at[i])) {
            if (run->len)
                REDAN_TRY(end_run(run));
            continue;
        }
        if (run->len == sizeof(run->text))
            REDAN_TRY(end_run(run));
        if (run->len == 0)
            run->at = at + i;
        run->text[run->len++] = view.at[i];
    }
    return REDAN_OK;
}

enum redan_status redan_peek_runs(struct redan_ctx *ctx, struct redan_source *source,
                                  uint64_t offset, uint64_t end, struct redan_slice name,
                                  const struct redan_listener *to)
{
    struct run *run = redan_mem_take(&ctx->mem, sizeof(*run));
    enum redan_status status = REDAN_OK;
    uint64_t at = offset;

    if (!run)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a text");
    *run = (struct run){.name = name, .to = to};
    while (status == REDAN_OK && at < end && at - offset < RUNS_BYTES) {
        struct redan_slice view = {0};
        uint64_t left = end - at;

        status = redan_source_view(ctx, source, at, left < 65536 ? (size_t)left : 65536, &view);
        if (status != REDAN_OK || view.len == 0)
            break;
        status = feed(run, view, at);
        at += view.len;
    }
    if (status == REDAN_OK)
        status = end_run(run);
    if (status == REDAN_OK && (at - offset >= RUNS_BYTES || run->told >= RUNS_MOST))
        status = redan_tell_unread(to, REDAN_UNREAD_BUDGET, at, 0, REDAN_S("too much text in it"));
    redan_mem_give(&ctx->mem, run, sizeof(*run));
    return status;
}

enum redan_status redan_peek_trailing(struct redan_ctx *ctx, struct redan_source *source,
                                      uint64_t offset, const struct redan_listener *to)
{
    struct redan_fact fact = {.kind = REDAN_FACT_MEMBER,
                              .offset = offset,
                              .name = REDAN_S("trailing data"),
                              .part = {.offset = offset, .unpacked = REDAN_SOURCE_UNKNOWN}};
    struct redan_slice head = {0};
    bool filler = true;

    REDAN_TRY(redan_source_view(ctx, source, offset, HEAD, &head));
    for (size_t i = 0; i < head.len; i++)
        filler = filler && (head.at[i] == 0 || head.at[i] == '\n' || head.at[i] == '\r');
    if (filler && head.len < HEAD)
        return REDAN_OK;
    fact.part.size =
        source->size == REDAN_SOURCE_UNKNOWN ? REDAN_SOURCE_UNKNOWN : source->size - offset;
    if (!redan_peek_known(head)) {
        if (filler || fact.part.size <= HEAD)
            return redan_peek_runs(ctx, source, offset, source->size, REDAN_S("trailing data"), to);
        return redan_tell(to, &fact);
    }
    REDAN_TRY(
        redan_tell_defect(to, "trailing-data", offset, REDAN_S("another format begins here")));
    return redan_tell(to, &fact);
}

enum redan_status redan_peek_ended(struct redan_ctx *ctx, struct redan_source *source,
                                   enum redan_status status, uint64_t at, uint64_t from,
                                   const struct redan_listener *to)
{
    if (status == REDAN_OK)
        return redan_peek_trailing(ctx, source, at, to);
    if (status != REDAN_E_SYNTAX)
        return status;
    REDAN_TRY(
        redan_tell_unread(to, REDAN_UNREAD_DAMAGED, at, 0, redan_slice_of(ctx->failure.text)));
    redan_fail_clear(ctx);
    return redan_peek_runs(ctx, source, from, source->size, REDAN_S("unparsed text"), to);
}
