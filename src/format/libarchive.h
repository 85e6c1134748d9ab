/* The archives that libarchive reads for us, entry by entry, from a source and never to disk. */
#ifndef REDAN_FORMAT_LIBARCHIVE_H
#define REDAN_FORMAT_LIBARCHIVE_H

#include "format/fact.h"

struct redan_archive_entry {
    uint64_t index;
    struct redan_slice name;
    struct redan_slice link; /* the target; empty when it is none */
    uint64_t size;           /* REDAN_SOURCE_UNKNOWN when it is not said */
    bool regular;
    bool hard; /* the link is a hard one */
    bool encrypted;
};

typedef enum redan_status redan_archive_listener(void *arg,
                                                 const struct redan_archive_entry *entry);

/* Every entry in its order, at most `most`; *all is false when there are more. REDAN_E_SYNTAX: damaged, what was told
 * counts. REDAN_E_UNSUPPORTED: not built in, or the library is not installed. */
REDAN_NODISCARD enum redan_status redan_archive_each(struct redan_ctx *ctx,
                                                     struct redan_source *source, uint64_t most,
                                                     redan_archive_listener *tell, void *arg,
                                                     bool *all);

#endif
