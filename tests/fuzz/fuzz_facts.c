/* One format read from bytes of anybody: its members are unpacked too, and what was taken is given back. */
#include "fuzz_facts.h"

#include <stdlib.h>
#include <string.h>

struct reading {
    struct redan_ctx *ctx;
    struct redan_source *source;
    const struct redan_format *format;
};

static bool declared(const struct redan_format *format, const char *what)
{
    for (size_t i = 0; format->defects && format->defects[i]; i++) {
        if (strcmp(format->defects[i], what) == 0)
            return true;
    }
    return false;
}

static enum redan_status tell(void *arg, const struct redan_fact *fact)
{
    struct reading *it = arg;
    struct redan_source bytes = {.fd = -1};
    struct redan_slice view = {0};

    if (fact->kind == REDAN_FACT_DEFECT && !declared(it->format, fact->what))
        abort();
    if (fact->kind != REDAN_FACT_MEMBER)
        return REDAN_OK;
    enum redan_status status = redan_unpack(it->ctx, it->source, &fact->part, &bytes);
    if (status == REDAN_OK) {
        status = redan_source_view(it->ctx, &bytes, 0, 4096, &view);
        uint64_t far = bytes.size == REDAN_SOURCE_UNKNOWN ? 1 << 20 : bytes.size;
        if (status == REDAN_OK)
            status = redan_source_view(it->ctx, &bytes, far / 2, 4096, &view);
        redan_source_done(&bytes);
    }
    if (status != REDAN_OK)
        redan_fail_clear(it->ctx);
    return REDAN_OK;
}

void fuzz_facts(const struct redan_format *format, const uint8_t *data, size_t size)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_source source;
    struct redan_source_budget budget = {.left = 4 << 20};
    struct redan_slice bytes = {(const char *)data, size};

    limits.whole = 1 << 16; /* so that some unpackings are streams */
    redan_ctx_init(&ctx, &limits);
    redan_source_memory(&source, bytes);
    source.budget = &budget;
    struct redan_probe probe = {&ctx, &source, redan_slice_sub(bytes, 0, 4096), REDAN_S("fuzzed")};
    (void)format->sniff(&probe);
    struct reading reading = {&ctx, &source, format};
    struct redan_listener to = {tell, &reading};
    enum redan_status status = format->read(&ctx, &source, REDAN_S("fuzzed"), &to);
    if (status != REDAN_OK && status != REDAN_E_SYNTAX && status != REDAN_E_LIMIT)
        abort();
    redan_source_done(&source);
    redan_ctx_done(&ctx);
    if (ctx.mem.used != 0)
        abort();
}
