/* Inside format: what a document's reader is told about values becomes facts about maps, templates and texts, with a bounded memory of what is open. */
#ifndef REDAN_FORMAT_DOCUMENT_H
#define REDAN_FORMAT_DOCUMENT_H

#include "format/fact.h"
#include "format/object.h"

enum {
    REDAN_DOCUMENT_DEPTH = 10000,      /* Python's own reader gives up earlier */
    REDAN_DOCUMENT_TEMPLATE = 1 << 20, /* a template longer than this is told cut */
};

/* A value; texts are borrowed during the call. */
struct redan_document_value {
    enum redan_entry_kind kind; /* neither LIST nor MAP */
    bool truth;
    struct redan_slice text; /* up to REDAN_DOCUMENT_TEMPLATE bytes of it */
    uint64_t length;         /* of all of it */
    bool hidden;             /* what was cut off has the marks of a template */
    uint64_t offset;
};

struct redan_document_frame;
struct redan_document_entry;

/* Held by the reader, who calls _done. */
struct redan_document {
    struct redan_ctx *ctx;
    const struct redan_listener *to;
    struct redan_document_frame *frames;
    size_t depth, frame_cap;
    struct redan_document_entry *entries; /* of all open maps, outermost first */
    size_t entry_len, entry_cap;
    char *texts; /* keys and values of all open maps */
    size_t text_len, text_cap;
    char *path;
    size_t path_len;
    struct redan_entry *shown; /* the map that is being told */
    uint64_t *keys;            /* hashes of the keys of open maps, to see the same one twice */
    size_t key_len, key_cap;
    uint64_t serial;
    uint64_t told;     /* texts */
    const char *twice; /* the defect of a key that comes twice; NULL for none */
    bool full;         /* a bound on texts was reached, and said */
    bool records;      /* rows of data: their texts are not told one by one */
};

void redan_document_init(struct redan_document *doc, struct redan_ctx *ctx,
                         const struct redan_listener *to);
void redan_document_done(struct redan_document *doc);
REDAN_NODISCARD enum redan_status redan_document_begin(struct redan_document *doc, bool map,
                                                       struct redan_slice tag, uint64_t offset);
REDAN_NODISCARD enum redan_status redan_document_key(struct redan_document *doc,
                                                     struct redan_slice key, uint64_t offset);
REDAN_NODISCARD enum redan_status redan_document_value(struct redan_document *doc,
                                                       const struct redan_document_value *value);
REDAN_NODISCARD enum redan_status redan_document_end(struct redan_document *doc);
/* Give up what is open and begin another document. */
void redan_document_reset(struct redan_document *doc);
bool redan_document_in_map(const struct redan_document *doc); /* the innermost open thing is one */
/* Where the reader is: "$.a[3]". */
struct redan_slice redan_document_path(const struct redan_document *doc);
/* Whether a text has "{{", "{%" or "{#". */
bool redan_document_marked(struct redan_slice text);

#endif
