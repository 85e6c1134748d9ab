/* A listener for tests: what a reader tells, as lines, and what its members hold. */
#include "facts.h"

#include "test.h"

void facts_init(struct facts *facts, struct redan_ctx *ctx, struct redan_source *source)
{
    *facts = (struct facts){.ctx = ctx, .source = source};
    redan_buf_init(&facts->defects, ctx, SIZE_MAX);
    redan_buf_init(&facts->unread, ctx, SIZE_MAX);
    redan_buf_init(&facts->members, ctx, SIZE_MAX);
    redan_buf_init(&facts->links, ctx, SIZE_MAX);
}

void facts_done(struct facts *facts)
{
    redan_buf_done(&facts->defects);
    redan_buf_done(&facts->unread);
    redan_buf_done(&facts->members);
    redan_buf_done(&facts->links);
}

static bool holds(struct redan_slice text, struct redan_slice part)
{
    return part.len > 0 && text.len >= part.len && memmem(text.at, text.len, part.at, part.len);
}

static void add_word(struct redan_buf *words, const char *word)
{
    struct redan_slice rest = redan_buf_view(words);
    struct redan_slice head = {0};

    for (bool more = rest.len > 0; more;) {
        more = redan_slice_cut(rest, ' ', &head, &rest);
        if (redan_slice_is(head, word))
            return;
    }
    if (words->len)
        redan_buf_char(words, ' ');
    redan_buf_text(words, word);
}

static enum redan_status look(struct facts *facts, const struct redan_part *part)
{
    struct redan_source REDAN_DEFER(redan_source_done) bytes = {.fd = -1};
    struct redan_slice view = {0};

    enum redan_status status = redan_unpack(facts->ctx, facts->source, part, &bytes);
    if (status == REDAN_OK)
        status = redan_source_view(facts->ctx, &bytes, 0, REDAN_SOURCE_VIEW, &view);
    if (status == REDAN_E_LIMIT || status == REDAN_E_UNSUPPORTED || status == REDAN_E_SYNTAX) {
        redan_fail_clear(facts->ctx);
        return REDAN_OK;
    }
    REDAN_TRY(status);
    facts->payloads += holds(view, facts->payload);
    return REDAN_OK;
}

static enum redan_status tell(void *arg, const struct redan_fact *fact)
{
    struct facts *facts = arg;

    switch ((int)fact->kind) {
    case REDAN_FACT_DEFECT:
        add_word(&facts->defects, fact->what);
        return redan_buf_ok(facts->ctx, &facts->defects, "words");
    case REDAN_FACT_UNREAD:
        add_word(&facts->unread, fact->what);
        return redan_buf_ok(facts->ctx, &facts->unread, "words");
    case REDAN_FACT_LINK:
        if (facts->links.len)
            redan_buf_char(&facts->links, ' ');
        redan_buf_printf(&facts->links, "%s:%.*s>%.*s%s", fact->what, REDAN_FMT(fact->name),
                         REDAN_FMT(fact->text), fact->number ? "!" : "");
        return redan_buf_ok(facts->ctx, &facts->links, "words");
    case REDAN_FACT_MEMBER:
        if (facts->member_count++)
            redan_buf_char(&facts->members, ' ');
        redan_buf_slice(&facts->members, fact->name);
        REDAN_TRY(redan_buf_ok(facts->ctx, &facts->members, "words"));
        return look(facts, &fact->part);
    default:
        return REDAN_OK;
    }
}

struct redan_listener facts_listener(struct facts *facts)
{
    return (struct redan_listener){tell, facts};
}
