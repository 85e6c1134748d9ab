/* R's serialised objects between the files that read them. */
#ifndef REDAN_FORMAT_RDATA_H
#define REDAN_FORMAT_RDATA_H

#include "format/fact.h"

/* How numbers and texts are written: R Internals 1.8. */
enum redan_rdata_form {
    REDAN_RDATA_XDR,
    REDAN_RDATA_NATIVE, /* little-endian */
    REDAN_RDATA_ASCII,
};

struct redan_rdata {
    struct redan_ctx *ctx;
    struct redan_source *source;
    const struct redan_listener *to;
    struct redan_source_reader in;
    enum redan_rdata_form form;
    bool workspace; /* saved with save(): a pairlist of variables */
};

int32_t redan_rdata_int(struct redan_rdata *r);
/* Pass over `count` elements of `size` bytes each; ASCII has one word for each, two for complex numbers. */
void redan_rdata_skip(struct redan_rdata *r, uint64_t count, unsigned size, bool complex);
/* A text of `len` bytes: its first `most`, borrowed until the next read (in ASCII, from `scratch`); all of it is passed over. */
struct redan_slice redan_rdata_text(struct redan_rdata *r, uint64_t len, char *scratch,
                                    size_t most);
/* Every object from here to the end of the outermost. REDAN_E_SYNTAX: damage. */
REDAN_NODISCARD enum redan_status redan_rdata_walk(struct redan_rdata *r);

#endif
