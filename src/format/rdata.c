/* R's .rds and .RData files: the head, then one object in XDR, native or ASCII form, of version 2 or 3. */
#include "format/rdata.h"

#include "format/format_table.h"
#include "format/peek.h"

static const char *const extensions[] = {".rds", ".rda", ".rdata", NULL};
static const char *const defects[] = {"trailing-data", NULL};

/* "RDX2\n": a workspace; the letter is the form again. */
static bool is_workspace(struct redan_slice head)
{
    return head.len >= 5 && head.at[0] == 'R' && head.at[1] == 'D' &&
           (head.at[2] == 'X' || head.at[2] == 'A' || head.at[2] == 'B') &&
           (head.at[3] == '2' || head.at[3] == '3') && head.at[4] == '\n';
}

/* The form's letter, the version of the format, and the version of R that wrote it: 4.2.1 is 0x040201. */
static bool is_object(struct redan_slice head)
{
    uint32_t version = 0;
    uint32_t writer = 0;

    if (head.len < 10 || head.at[1] != '\n')
        return false;
    if (head.at[0] == 'A')
        return (head.at[2] == '2' || head.at[2] == '3') && head.at[3] == '\n' &&
               head.at[4] >= '1' && head.at[4] <= '9' && head.at[5] >= '0' && head.at[5] <= '9';
    if (head.at[0] == 'X') {
        version = redan_peek_u32be(head, 2);
        writer = redan_peek_u32be(head, 6);
    } else if (head.at[0] == 'B') {
        version = redan_peek_u32le(head, 2);
        writer = redan_peek_u32le(head, 6);
    }
    return (version == 2 || version == 3) && writer >= 0x10000 && writer < 0x200000;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    return is_workspace(probe->head) || is_object(probe->head) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_status read_head(struct redan_rdata *r)
{
    char encoding[64];
    struct redan_slice letter = redan_source_bytes(&r->in, 2);
    int32_t version = 0;

    REDAN_TRY(redan_source_ok(&r->in, "the head of an R object"));
    r->form = letter.at[0] == 'X'   ? REDAN_RDATA_XDR
              : letter.at[0] == 'B' ? REDAN_RDATA_NATIVE
                                    : REDAN_RDATA_ASCII;
    version = redan_rdata_int(r);
    (void)redan_rdata_int(r);
    (void)redan_rdata_int(r);
    if (version == 3) {
        int32_t len = redan_rdata_int(r);
        if (len < 0 || len > 63)
            r->in.failed = true;
        (void)redan_rdata_text(r, r->in.failed ? 0 : (uint64_t)len, encoding, sizeof(encoding));
    }
    REDAN_TRY(redan_source_ok(&r->in, "the head of an R object"));
    if (version != 2 && version != 3)
        return redan_fail(r->ctx, REDAN_E_SYNTAX, r->in.pos, "serialisation version %d", version);
    return REDAN_OK;
}

static enum redan_status read_object(struct redan_rdata *r)
{
    REDAN_TRY(read_head(r));
    return redan_rdata_walk(r);
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_rdata r = {.ctx = ctx, .source = source, .to = to};
    struct redan_slice head = {0};

    (void)name;
    REDAN_TRY(redan_source_view(ctx, source, 0, 16, &head));
    r.workspace = is_workspace(head);
    redan_source_reader_init(&r.in, ctx, source, r.workspace ? 5 : 0, source->size);
    enum redan_status status = read_object(&r);
    return redan_peek_ended(ctx, source, status, r.in.pos, 0, to);
}

const struct redan_format redan_format_rdata = {
    .name = "rdata",
    .title = "an R object",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .defects = defects,
};
