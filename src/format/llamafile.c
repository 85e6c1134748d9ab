/* llamafile: a program that runs on every system (APE) or an ELF, with its own weights in GGUF, mostly as an uncompressed zip at its end. */
#include "format/llamafile.h"

#include <string.h>

#include "format/format_table.h"
#include "format/peek.h"

enum { TAIL = 128 << 10, AHEAD = 64 << 10 };

/* The views below end the head's life for nobody: it is a copy. */
static bool holds(const struct redan_probe *probe, uint64_t offset, size_t len, const char *text)
{
    struct redan_slice view = {0};

    if (redan_source_view(probe->ctx, probe->source, offset, len, &view) != REDAN_OK)
        return false;
    return memmem(view.at, view.len, text, strlen(text)) != NULL;
}

bool redan_llamafile_is(const struct redan_probe *probe)
{
    uint64_t size = probe->source->size;
    bool ape = redan_slice_starts(probe->head, REDAN_S("MZqFpD="));

    if (!ape && !redan_slice_starts(probe->head, REDAN_S("\177ELF")))
        return false;
    if (size == REDAN_SOURCE_UNKNOWN)
        return false;
    uint64_t tail = size > TAIL ? size - TAIL : 0;
    if (holds(probe, tail, TAIL, ".gguf") && holds(probe, tail, TAIL, "PK\5\6"))
        return true;
    /* weights that were not zipped */
    return holds(probe, 0, AHEAD, "llamafile") && holds(probe, 0, AHEAD, "GGUF");
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    return redan_llamafile_is(probe) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    (void)ctx;
    (void)source;
    (void)name;
    REDAN_TRY(redan_tell(to, &(struct redan_fact){.kind = REDAN_FACT_CODE,
                                                  .what = "llamafile",
                                                  .name = REDAN_S("executable")}));
    return redan_tell_unread(to, REDAN_UNREAD_UNSUPPORTED, 0, 0, REDAN_S("machine code"));
}

static const char *const extensions[] = {".llamafile", NULL};

const struct redan_format redan_format_llamafile = {.name = "llamafile",
                                                    .title = "a llamafile",
                                                    .extensions = extensions,
                                                    .sniff = sniff,
                                                    .read = read,
                                                    .layered = true};
