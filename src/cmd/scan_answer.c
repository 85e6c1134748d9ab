/* Numbers big-endian, texts as RFC 4251 5: a 32-bit length and that many bytes. */
#include "cmd/scan_answer.h"

#include "base/reader.h"

enum { ARTEFACT = 1, FAILURE = 2 };
enum { SHORT_TEXT = 4096, EVIDENCE = 200, RULE_ID = 16 };

static void add_u32(struct redan_buf *out, uint32_t value)
{
    const unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                    (unsigned char)(value >> 8), (unsigned char)value};

    redan_buf_add(out, bytes, sizeof(bytes));
}

static void add_u64(struct redan_buf *out, uint64_t value)
{
    add_u32(out, (uint32_t)(value >> 32));
    add_u32(out, (uint32_t)value);
}

static void add_text(struct redan_buf *out, struct redan_slice text, size_t most)
{
    text = redan_slice_sub(text, 0, most);
    add_u32(out, (uint32_t)text.len);
    redan_buf_slice(out, text);
}

void redan_scan_answer_add(struct redan_buf *out, const struct redan_scan_artefact *artefact)
{
    redan_buf_char(out, ARTEFACT);
    redan_buf_char(out, (char)artefact->coverage);
    add_text(out, artefact->formats, SHORT_TEXT);
    add_text(out, artefact->reason, SHORT_TEXT);
    add_u64(out, artefact->members);
    add_u64(out, artefact->more);
    add_u32(out, (uint32_t)artefact->findings.count);
    for (const struct redan_finding *f = artefact->findings.first; f; f = f->next) {
        add_text(out, redan_slice_of(f->rule->id), RULE_ID);
        redan_buf_char(out, (char)f->level);
        redan_buf_char(out, f->has_offset ? 1 : 0);
        add_u64(out, f->offset);
        add_text(out, f->subject, SHORT_TEXT);
        add_text(out, f->detail, SHORT_TEXT);
        add_text(out, f->evidence, EVIDENCE);
    }
}

void redan_scan_answer_add_failure(struct redan_buf *out, struct redan_slice why)
{
    redan_buf_char(out, FAILURE);
    add_text(out, why, SHORT_TEXT);
}

static uint64_t get_u64(struct redan_reader *in)
{
    uint64_t high = redan_reader_u32be(in);

    return high << 32 | redan_reader_u32be(in);
}

/* An empty text and failure when it is longer than may be. */
static struct redan_slice get_text(struct redan_reader *in, size_t most)
{
    struct redan_slice text = redan_reader_string(in);

    if (text.len > most) {
        in->failed = true;
        return (struct redan_slice){"", 0};
    }
    return text;
}

static enum redan_status read_finding(struct redan_ctx *ctx, struct redan_reader *in,
                                      struct redan_scan_artefact *artefact)
{
    const struct redan_scan_rule *rule = redan_scan_rule_named(get_text(in, RULE_ID));
    uint8_t level = redan_reader_u8(in);
    uint8_t has_offset = redan_reader_u8(in);
    uint64_t offset = get_u64(in);
    struct redan_slice chain = get_text(in, SHORT_TEXT);
    struct redan_slice detail = get_text(in, SHORT_TEXT);
    struct redan_slice evidence = get_text(in, EVIDENCE);

    REDAN_TRY(redan_reader_ok(ctx, in, "a worker's answer"));
    if (!rule || has_offset > 1 ||
        (level != REDAN_LEVEL_NOTE && level != REDAN_LEVEL_WARN && level != REDAN_LEVEL_FAIL))
        return redan_fail(ctx, REDAN_E_SYNTAX, in->pos, "a worker's answer names what is unknown");
    struct redan_slice kept = {0};
    REDAN_TRY(redan_copy(ctx, chain, &kept));
    struct redan_finding *f = redan_finding_add(&artefact->findings, &rule->card,
                                                (enum redan_level)level, kept, "%s", "");
    if (!f)
        return REDAN_E_MEMORY;
    REDAN_TRY(redan_copy(ctx, detail, &f->detail));
    REDAN_TRY(redan_copy(ctx, evidence, &f->evidence));
    f->has_offset = has_offset == 1;
    f->offset = offset;
    if (redan_scan_word_of(f->level) > artefact->verdict)
        artefact->verdict = redan_scan_word_of(f->level);
    return REDAN_OK;
}

/* The machine refused it: it was not read, which is no finding. */
static enum redan_status read_failure(struct redan_ctx *ctx, struct redan_reader *in,
                                      struct redan_scan_artefact *artefact)
{
    struct redan_slice why = get_text(in, SHORT_TEXT);

    REDAN_TRY(redan_reader_ok(ctx, in, "a worker's answer"));
    artefact->coverage = REDAN_COVERAGE_UNINSPECTED;
    return redan_copy(ctx, why, &artefact->reason);
}

static enum redan_status read_artefact(struct redan_ctx *ctx, struct redan_reader *in,
                                       struct redan_scan_artefact *artefact)
{
    uint8_t coverage = redan_reader_u8(in);
    struct redan_slice formats = get_text(in, SHORT_TEXT);
    struct redan_slice reason = get_text(in, SHORT_TEXT);

    artefact->members = get_u64(in);
    artefact->more = get_u64(in);
    uint32_t count = redan_reader_u32be(in);
    REDAN_TRY(redan_reader_ok(ctx, in, "a worker's answer"));
    if (coverage > REDAN_COVERAGE_UNINSPECTED || count > ctx->limits.scan_findings ||
        (coverage == REDAN_COVERAGE_COMPLETE) != (reason.len == 0) ||
        (artefact->more > 0 && count == 0))
        return redan_fail(ctx, REDAN_E_SYNTAX, in->pos, "a worker's answer contradicts itself");
    artefact->coverage = (enum redan_coverage)coverage;
    REDAN_TRY(redan_copy(ctx, formats, &artefact->formats));
    REDAN_TRY(redan_copy(ctx, reason, &artefact->reason));
    for (uint32_t i = 0; i < count; i++)
        REDAN_TRY(read_finding(ctx, in, artefact));
    return REDAN_OK;
}

enum redan_status redan_scan_answer_read(struct redan_ctx *ctx, struct redan_slice bytes,
                                         struct redan_scan_artefact *artefact)
{
    struct redan_reader in;
    enum redan_status status = REDAN_E_SYNTAX;

    *artefact = (struct redan_scan_artefact){.path = {"", 0}};
    redan_findings_init(&artefact->findings, ctx);
    redan_reader_init(&in, bytes);
    uint8_t kind = redan_reader_u8(&in);
    if (kind == ARTEFACT)
        status = read_artefact(ctx, &in, artefact);
    else if (kind == FAILURE)
        status = read_failure(ctx, &in, artefact);
    if (status == REDAN_OK && redan_reader_left(&in) == 0)
        return REDAN_OK;
    if (status == REDAN_E_MEMORY)
        return status;
    return redan_fail(ctx, REDAN_E_SYNTAX, in.pos, "a worker's answer breaks its form");
}
