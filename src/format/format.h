/* The formats of model artefacts: how each is recognised by its bytes, and read into facts. */
#ifndef REDAN_FORMAT_FORMAT_H
#define REDAN_FORMAT_FORMAT_H

#include "format/fact.h"

enum redan_sniff {
    REDAN_SNIFF_NO,
    REDAN_SNIFF_MAYBE, /* no magic, but the structure fits: tried when no format is sure, in the order of the table */
    REDAN_SNIFF_YES, /* a magic, or a structure that does not come about by chance */
};

/* What a format is recognised by. The name is never what decides between YES and NO; a reader may use it to choose among MAYBEs. */
struct redan_probe {
    struct redan_ctx *ctx;
    struct redan_source *source;
    struct redan_slice head; /* the first 4,096 bytes, or all of them */
    struct redan_slice name; /* of the file or member; may be empty */
};

struct redan_format {
    const char *name;  /* "safetensors": stable, lower case; the word in reports */
    const char *title; /* "safetensors weights" */
    const char *const *
        extensions; /* ".safetensors", NULL-terminated: those that promise this format; NULL when none does */
    /* A failure to look stays recorded in the context, and then the answer does not count as "no". */
    enum redan_sniff (*sniff)(const struct redan_probe *probe);
    /* Read all of it and tell. REDAN_OK: read to its end (what could not be read was told as UNREAD). REDAN_E_SYNTAX: it breaks
     * its format here; what was told before counts. REDAN_E_LIMIT: a bound was reached. Others: the machine refused. */
    enum redan_status (*read)(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to);
    const char *const *
        defects; /* every `what` of its REDAN_FACT_DEFECT, NULL-terminated; NULL when it tells none */
    bool
        layered; /* may share its bytes with another format without being a polyglot (a zip behind a program stub, JSON that is text) */
};

/* The table; NULL ends it. The order is that in which MAYBEs are tried. */
extern const struct redan_format *const redan_formats[];
const struct redan_format *redan_format_named(const char *name); /* or NULL */

/* What a packed part yields, as a source over `parent`, which must outlive it. Up to limits.whole bytes are unpacked into memory at once; more is a
 * stream. REDAN_E_UNSUPPORTED when the decoder is not built in. */
REDAN_NODISCARD enum redan_status redan_unpack(struct redan_ctx *ctx, struct redan_source *parent,
                                               const struct redan_part *part,
                                               struct redan_source *source);
const char *redan_packing_name(enum redan_packing packing); /* "gzip" */
/* Load what unpacking may need from the system, before rights are given up: later it could not be had. */
void redan_unpack_prepare(struct redan_ctx *ctx);

#endif
