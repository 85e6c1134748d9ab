/* The formats, for their table. */
#ifndef REDAN_FORMAT_FORMAT_TABLE_H
#define REDAN_FORMAT_FORMAT_TABLE_H

#include "format/format.h"

#endif
