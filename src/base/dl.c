/* dlopen by soname; the one place where an object pointer becomes a function pointer. */
#include "base/dl.h"

#include <dlfcn.h>
#include <string.h>

enum redan_status redan_dl_open(struct redan_ctx *ctx, const char *const *sonames,
                                const char *missing, struct redan_dl *dl)
{
    for (size_t i = 0; sonames[i]; i++) {
        /* unloading a library that keeps state behind its own exit handlers is not safe */
        void *handle = dlopen(sonames[i], RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
        if (handle) {
            dl->handle = handle;
            return REDAN_OK;
        }
    }
    ctx->lacks = true;
    return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0, "%s", missing);
}

enum redan_status redan_dl_bind(struct redan_ctx *ctx, const struct redan_dl *dl,
                                const struct redan_dl_symbol *table)
{
    for (size_t i = 0; table[i].name; i++) {
        void *symbol = dlsym(dl->handle, table[i].name);
        if (!symbol)
            return redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                              "the installed library has no %s: install a newer version of it",
                              table[i].name);
        memcpy(table[i].slot, &symbol, sizeof(symbol)); /* POSIX: dlsym's pointer may be called */
    }
    return REDAN_OK;
}

void redan_dl_done(struct redan_dl *dl)
{
    if (!dl || !dl->handle)
        return;
    (void)dlclose(dl->handle);
    dl->handle = NULL;
}
