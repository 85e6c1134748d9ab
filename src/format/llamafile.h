/* What is a llamafile, for the formats that its head would also be. */
#ifndef REDAN_FORMAT_LLAMAFILE_H
#define REDAN_FORMAT_LLAMAFILE_H

#include "format/format.h"

bool redan_llamafile_is(const struct redan_probe *probe);

#endif
