/* For fuzz targets of readers: sniff and read, with a listener that looks at every byte it is told and holds the reader to its word. */
#ifndef REDAN_FUZZ_FORMAT_ROUND_H
#define REDAN_FUZZ_FORMAT_ROUND_H

#include <stdlib.h>
#include <string.h>

#include "format/format_table.h"
#include "format/object.h"

struct format_round {
    const struct redan_format *format;
    struct redan_slice bytes;
    unsigned sum;
};

static inline void format_round_look(struct format_round *round, struct redan_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        round->sum += (unsigned char)s.at[i];
}

static inline enum redan_status format_round_tell(void *arg, const struct redan_fact *fact)
{
    struct format_round *round = arg;

    format_round_look(round, fact->name);
    format_round_look(round, fact->text);
    format_round_look(round, fact->module);
    format_round_look(round, fact->part.memory);
    if (fact->object) {
        format_round_look(round, fact->object->path);
        format_round_look(round, fact->object->within);
        format_round_look(round, fact->object->tag);
        for (size_t i = 0; i < fact->object->count; i++) {
            format_round_look(round, fact->object->entries[i].key);
            format_round_look(round, fact->object->entries[i].text);
        }
    }
    if (fact->kind == REDAN_FACT_DEFECT &&
        !redan_slice_among(round->format->defects, redan_slice_of(fact->what)))
        abort();
    if (fact->kind == REDAN_FACT_MEMBER && !fact->part.memory.at &&
        (fact->part.offset > round->bytes.len ||
         fact->part.size > round->bytes.len - fact->part.offset))
        abort();
    return REDAN_OK;
}

static inline void format_round(const struct redan_format *format, struct redan_slice bytes)
{
    struct redan_ctx ctx;
    struct redan_source source = {0};
    struct format_round round = {.format = format, .bytes = bytes};
    struct redan_listener to = {format_round_tell, &round};

    redan_ctx_init(&ctx, NULL);
    redan_source_memory(&source, bytes);
    struct redan_probe probe = {
        .ctx = &ctx, .source = &source, .head = redan_slice_sub(bytes, 0, 4096)};
    (void)format->sniff(&probe);
    enum redan_status status = format->read(&ctx, &source, (struct redan_slice){"", 0}, &to);
    if (status != REDAN_OK && ctx.failure.status == REDAN_OK)
        abort();
    redan_source_done(&source);
    redan_ctx_done(&ctx);
}

#endif
