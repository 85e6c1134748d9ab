/* Writes down what a reader tells. */
#include "told.h"

#include "test.h"

static void add(struct told *t, struct redan_slice s)
{
    redan_buf_char(&t->log, ' ');
    redan_buf_slice(&t->log, s);
}

static enum redan_status tell(void *arg, const struct redan_fact *fact)
{
    static const char *const words[] = {"member", "defect",   "unread", "link",
                                        "class",  "operator", "code",   "template",
                                        "text",   "object",   "pickle"};
    struct told *t = arg;

    redan_buf_text(&t->log, words[fact->kind]);
    if (fact->what)
        add(t, redan_slice_of(fact->what));
    if (fact->module.len)
        add(t, fact->module);
    if (fact->name.len)
        add(t, fact->name);
    if (fact->text.len && fact->kind != REDAN_FACT_UNREAD && fact->kind != REDAN_FACT_DEFECT)
        add(t, redan_slice_sub(fact->text, 0, 80));
    redan_buf_char(&t->log, '\n');
    return t->log.fail;
}

void told_read(struct told *told, struct redan_ctx *ctx, const struct redan_format *format,
               struct redan_slice bytes, const char *name)
{
    struct redan_listener to = {tell, told};
    struct redan_source source;
    struct redan_probe probe = {.ctx = ctx,
                                .source = &source,
                                .head = redan_slice_sub(bytes, 0, 4096),
                                .name = redan_slice_of(name)};

    told->ctx = ctx;
    redan_buf_init(&told->log, ctx, 1 << 20);
    redan_source_memory(&source, bytes);
    told->sniff = format->sniff(&probe);
    told->status = format->read(ctx, &source, probe.name, &to);
    redan_source_done(&source);
}

void told_done(struct told *told)
{
    redan_buf_done(&told->log);
}

bool told_has(const struct told *told, const char *line)
{
    size_t len = strlen(line);

    for (const char *at = told->log.data; at && (at = strstr(at, line)); at++) {
        if ((at == told->log.data || at[-1] == '\n') && at[len] == '\n')
            return true;
    }
    return false;
}
