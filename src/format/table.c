/* The formats: a new one is one file and one line here. Those that are recognised by structure alone stand after those with a magic. */
#include "format/format_table.h"

#include <string.h>

const struct redan_format *const redan_formats[] = {
    NULL,
};

const struct redan_format *redan_format_named(const char *name)
{
    for (size_t i = 0; redan_formats[i]; i++) {
        if (strcmp(redan_formats[i]->name, name) == 0)
            return redan_formats[i];
    }
    return NULL;
}
