/* Pickles: a listener asks for everything there is; and the sniffing of the same bytes. */
#include <stdlib.h>

#include "format/format_table.h"
#include "format/pickle.h"

static enum redan_status ask(void *arg, const struct redan_fact *fact)
{
    struct redan_slice module, name;
    struct redan_pickle_value item = {0};

    (void)arg;
    const struct redan_pickle_event *event = fact->event;
    for (const struct redan_pickle_value *value = &event->callee; value <= &event->keywords;
         value++) {
        if (redan_pickle_text(fact->pickle, value, 300).len > 300)
            abort();
        (void)redan_pickle_global(fact->pickle, value, &module, &name);
        for (uint64_t i = 0; redan_pickle_item(fact->pickle, value, i, &item); i++)
            (void)redan_pickle_text(fact->pickle, &item, 10);
        (void)redan_pickle_arguments(fact->pickle, value, &item);
    }
    return REDAN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_source source;
    struct redan_listener to = {.tell = ask};

    redan_ctx_init(&ctx, NULL);
    redan_source_memory(&source, (struct redan_slice){(const char *)data, size});
    struct redan_probe probe = {.ctx = &ctx, .source = &source, .head = source.memory};
    (void)redan_format_pickle.sniff(&probe);
    size_t held = ctx.mem.used;
    enum redan_status status = redan_pickle_read(&ctx, &source, 0, &to);
    if ((status != REDAN_OK && status != REDAN_E_SYNTAX) || ctx.mem.used != held)
        abort();
    return 0;
}
