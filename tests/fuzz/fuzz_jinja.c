/* Templates from outside: every text that is told is looked at whole. */
#include "format/jinja.h"

static enum redan_status tell(void *arg, const struct redan_jinja_event *event)
{
    const struct redan_slice all[] = {event->text, event->root, event->args, event->block};
    unsigned *sum = arg;

    for (size_t i = 0; i < REDAN_COUNT(all); i++)
        for (size_t k = 0; k < all[i].len; k++)
            *sum += (unsigned char)all[i].at[k];
    return REDAN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    unsigned sum = 0;
    struct redan_jinja_sink sink = {tell, &sum};

    redan_ctx_init(&ctx, NULL);
    return redan_jinja_read(&ctx, (struct redan_slice){(const char *)data, size}, &sink) !=
           REDAN_OK;
}
