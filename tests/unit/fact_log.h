/* For tests of readers: every fact as a line of text, from bytes in memory. */
#ifndef REDAN_TESTS_FACT_LOG_H
#define REDAN_TESTS_FACT_LOG_H

#include <string.h>

#include "base/buf.h"
#include "format/format.h"

struct fact_log {
    struct redan_ctx *ctx;
    struct redan_buf text;
};

/* "KIND what name=text" */
static inline enum redan_status fact_log_tell(void *arg, const struct redan_fact *fact)
{
    static const char *const kinds[] = {"MEMBER", "DEFECT",   "UNREAD", "LINK",
                                        "CLASS",  "OPERATOR", "CODE",   "TEMPLATE",
                                        "TEXT",   "OBJECT",   "PICKLE"};
    struct fact_log *log = arg;

    redan_buf_text(&log->text, kinds[fact->kind]);
    redan_buf_char(&log->text, ' ');
    redan_buf_text(&log->text, fact->what          ? fact->what
                               : fact->part.format ? fact->part.format
                                                   : "-");
    redan_buf_char(&log->text, ' ');
    redan_buf_slice(&log->text, fact->name);
    redan_buf_char(&log->text, '=');
    redan_buf_slice(&log->text, fact->text);
    redan_buf_char(&log->text, '\n');
    return redan_buf_ok(log->ctx, &log->text, "the log");
}

/* Read the bytes as one format. The log is the caller's, good until redan_buf_done. */
static inline enum redan_status fact_log_read(struct redan_ctx *ctx,
                                              const struct redan_format *format,
                                              struct redan_slice bytes, struct fact_log *log)
{
    struct redan_source source = {0};
    struct redan_listener to = {fact_log_tell, log};

    log->ctx = ctx;
    redan_buf_init(&log->text, ctx, 1 << 20);
    redan_source_memory(&source, bytes);
    enum redan_status status = format->read(ctx, &source, (struct redan_slice){"", 0}, &to);
    redan_source_done(&source);
    return status;
}

static inline enum redan_sniff
fact_log_sniff(struct redan_ctx *ctx, const struct redan_format *format, struct redan_slice bytes)
{
    struct redan_source source = {0};

    redan_source_memory(&source, bytes);
    struct redan_probe probe = {
        .ctx = ctx, .source = &source, .head = redan_slice_sub(bytes, 0, 4096)};
    enum redan_sniff sniff = format->sniff(&probe);
    redan_source_done(&source);
    return sniff;
}

#endif
