/* What a file is against what it says it is: bytes that are several things at once, and a name that promises another format. */
#include <string.h>
#include <strings.h>

#include "scan/detector_table.h"
#include "scan/engine.h"

static const char *const polyglot_maps[] = {"atlas:2026.09/AML.T0074", "cwe:4.18/CWE-436", NULL};

static const struct redan_scan_rule polyglot = {
    .card = {"FMT201", "the bytes are two formats at once", REDAN_SEVERITY_HIGH, polyglot_maps,
             "find out who made the file and with what; save the model again from a source that "
             "you trust"},
    .why = "Two programs that open the same file see two different things, so what one of them "
           "checked is not what the other loads. "
           "Writers of models do not make such files by accident.",
};
static const struct redan_scan_rule promise = {
    .card = {"FMT202",
             "the name promises a format that cannot run code, the content is one that can",
             REDAN_SEVERITY_HIGH, polyglot_maps,
             "do not load it; ask where it comes from, and rename it only if the content is what "
             "you expect"},
    .why = "Loaders that look at the content load it as what it is, and filters that look at the "
           "name let it through: "
           "that is how a pickle passes where only safetensors are allowed.",
};
static const struct redan_scan_rule *const rules[] = {&polyglot, &promise, NULL};

/* Formats whose loading may run code, or which are programs. */
static const char *const active[] = {"pickle", "elf", "pe", "macho", "script", "python", NULL};
/* Wrappers: the name may speak of what is inside. */
static const char *const wrappers[] = {"zip",  "tar", "gzip", "bzip2",   "xz", "lzma",
                                       "zlib", "lz4", "zstd", "archive", NULL};

static bool among(const char *const *words, const char *word)
{
    for (size_t i = 0; words[i]; i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return false;
}

static bool promises(const struct redan_format *format, struct redan_slice name)
{
    for (size_t i = 0; format->extensions && format->extensions[i]; i++) {
        struct redan_slice ending = redan_slice_of(format->extensions[i]);

        if (name.len > ending.len &&
            strncasecmp(name.at + name.len - ending.len, ending.at, ending.len) == 0)
            return true;
    }
    return false;
}

/* Whether the name belongs to formats of which this content is none, all of them passive. */
static const struct redan_format *promised(const struct redan_engine_frame *frame)
{
    const struct redan_format *first = NULL;

    for (size_t i = 0; redan_formats[i]; i++) {
        if (!promises(redan_formats[i], frame->name))
            continue;
        if (among(active, redan_formats[i]->name) || among(wrappers, redan_formats[i]->name))
            return NULL;
        for (size_t k = 0; k < frame->format_count; k++) {
            if (frame->formats[k] == redan_formats[i])
                return NULL;
        }
        if (!first)
            first = redan_formats[i];
    }
    return first;
}

static enum redan_status end(struct redan_scan *scan)
{
    const struct redan_engine_frame *frame = redan_engine_top(scan);
    const struct redan_format *strict = NULL;
    const struct redan_format *other = promised(frame);

    for (size_t i = 0; i < frame->format_count; i++) {
        const struct redan_format *format = frame->formats[i];

        if (other && among(active, format->name))
            REDAN_TRY(redan_scan_found(scan, &promise, REDAN_LEVEL_WARN, 0,
                                       redan_slice_of(format->name), "named like %s, and is %s",
                                       other->title, format->title));
        if (format->layered)
            continue;
        if (strict)
            REDAN_TRY(redan_scan_found(scan, &polyglot, REDAN_LEVEL_WARN, 0,
                                       redan_slice_of(format->name), "it is %s and %s at once",
                                       strict->title, format->title));
        strict = strict ? strict : format;
    }
    return REDAN_OK;
}

const struct redan_detector redan_det_format = {.name = "format", .rules = rules, .end = end};
