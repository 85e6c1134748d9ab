/* A shared library opened when it is needed, and its functions bound to pointers of their own types. */
#ifndef REDAN_BASE_DL_H
#define REDAN_BASE_DL_H

#include "base/ctx.h"

struct redan_dl {
    void *handle;
};

/* `slot` is the address of a function pointer of the right type. A table ends with {NULL, NULL}. */
struct redan_dl_symbol {
    const char *name;
    void *slot;
};

/* The first of `sonames` (NULL-terminated) that can be loaded. REDAN_E_UNSUPPORTED with `missing`, which says what to
 * install, when none can. A library once loaded stays for the life of the process; _done drops the handle. */
REDAN_NODISCARD enum redan_status redan_dl_open(struct redan_ctx *ctx, const char *const *sonames,
                                                const char *missing, struct redan_dl *dl);
/* Every row, or REDAN_E_UNSUPPORTED naming the first symbol that the library lacks. */
REDAN_NODISCARD enum redan_status redan_dl_bind(struct redan_ctx *ctx, const struct redan_dl *dl,
                                                const struct redan_dl_symbol *table);
void redan_dl_done(struct redan_dl *dl);

#endif
