/* POSIX ustar archives (IEEE Std 1003.1, pax, ustar interchange format), one spelling per content: what is read is what would be written. */
#ifndef REDAN_IO_USTAR_H
#define REDAN_IO_USTAR_H

#include "base/buf.h"
#include "base/ctx.h"

enum {
    REDAN_USTAR_BLOCK = 512,
    REDAN_USTAR_NAME = 256, /* the longest name, its slash between prefix and name included */
    REDAN_USTAR_FILES = 10000,
};

struct redan_ustar_file {
    struct redan_slice name; /* "a/b.json": relative, without ".", ".." and empty parts */
    struct redan_slice bytes;
};

/* Whether a name may stand in an archive: UTF-8 without control characters, inside the folder, and of a length that ustar can say. */
bool redan_ustar_name(struct redan_slice name);

/* One regular file: mode 0644, owner 0, time 0. REDAN_E_USAGE for a name that may not stand there; whether it is there already is the
 * caller's question. */
REDAN_NODISCARD enum redan_status redan_ustar_add(struct redan_ctx *ctx, struct redan_buf *out,
                                                  const struct redan_ustar_file *file);
void redan_ustar_end(struct redan_buf *out);

/* Every file of an archive, in its order; names and bytes borrow from `text`. Only what redan_ustar_add writes is read: regular files, each name
 * once, no path twice as file and folder, blanks zero, and at the end two blocks of zeros, or as many as fill the last record of 20 blocks.
 * REDAN_E_SYNTAX with the offset and what is there instead; REDAN_E_LIMIT for too many files. */
REDAN_NODISCARD enum redan_status redan_ustar_read(struct redan_ctx *ctx, struct redan_slice text,
                                                   struct redan_ustar_file **files, size_t *count);

#endif
