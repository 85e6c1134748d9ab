/* Parts of the tar reader that others use: to recognise a header. */
#ifndef REDAN_FORMAT_TAR_H
#define REDAN_FORMAT_TAR_H

#include "base/slice.h"

enum { TAR_BLOCK = 512 };

/* Whether it begins with a header whose checksum holds. */
bool redan_tar_header(struct redan_slice block);
/* A number of a header: octal, or base 256. False when it is neither or over 2^63. */
bool redan_tar_number(struct redan_slice field, uint64_t *value);

#endif
