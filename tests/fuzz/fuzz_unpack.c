/* Every decoder: the first byte chooses it, the rest is packed; what it makes is the same in memory and as a stream. */
#include <stdlib.h>
#include <string.h>

#include "format/format.h"

static void once(const uint8_t *data, size_t size, size_t whole, char *to, size_t *got)
{
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_source source;
    struct redan_source bytes;
    struct redan_slice view = {0};

    limits.whole = whole;
    limits.unpacked = 1 << 20;
    redan_ctx_init(&ctx, &limits);
    redan_source_memory(&source, (struct redan_slice){(const char *)data + 1, size - 1});
    struct redan_part part = {.size = size - 1,
                              .packing = (enum redan_packing)(data[0] % REDAN_PACK_COUNT),
                              .index = data[0] / REDAN_PACK_COUNT,
                              .unpacked = REDAN_SOURCE_UNKNOWN};
    *got = 0;
    if (redan_unpack(&ctx, &source, &part, &bytes) == REDAN_OK) {
        if (redan_source_view(&ctx, &bytes, 0, 65536, &view) == REDAN_OK && view.len)
            memcpy(to, view.at, *got = view.len);
        if (redan_source_view(&ctx, &bytes, 500000, 100, &view) == REDAN_OK)
            if (redan_source_view(&ctx, &bytes, 300, 70000, &view) != REDAN_OK)
                redan_fail_clear(&ctx);
        redan_source_done(&bytes);
    }
    redan_ctx_done(&ctx);
    if (ctx.mem.used != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char memory[65536];
    static char stream[65536];
    size_t in_memory = 0;
    size_t streamed = 0;

    if (size == 0)
        return 0;
    once(data, size, 1 << 20, memory, &in_memory);
    once(data, size, 100, stream, &streamed);
    /* where it is damaged, a decoder may keep back the last block it made */
    if (memcmp(memory, stream, in_memory < streamed ? in_memory : streamed) != 0)
        abort();
    return 0;
}
