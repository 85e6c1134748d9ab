/* Remarks of learning. */
#include <stdarg.h>
#include <stdio.h>

#include "guard/learn_parts.h"

enum redan_status redan_learn_note(struct redan_ctx *ctx, struct redan_learned *learned,
                                   const char *format, ...)
{
    char text[512];
    va_list args;

    if (!learned->notes)
        learned->notes = redan_take_array(ctx, REDAN_LEARN_NOTES, sizeof(*learned->notes));
    if (!learned->notes)
        return REDAN_E_MEMORY;
    if (learned->note_count == REDAN_LEARN_NOTES)
        return REDAN_OK;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (len < 0)
        return REDAN_OK;
    return redan_copy(ctx, redan_slice_of(text), &learned->notes[learned->note_count++]);
}
