/* Data files that the build compiles in. */
#ifndef REDAN_RECORD_EMBEDDED_H
#define REDAN_RECORD_EMBEDDED_H

#include <stddef.h>

struct redan_embedded {
    const char *name; /* file name; NULL ends the table */
    const char *bytes;
    size_t len;
};

extern const struct redan_embedded redan_catalog_files[];

#endif
