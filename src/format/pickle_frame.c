/* The protocol and the frames of a pickle: pickle.py refuses what crosses a frame's end, _pickle.c reads on somewhere else. */
#include <string.h>

#include "format/pickle_stack.h"

bool redan_pm_op_proto(struct redan_pickle *pk)
{
    uint64_t protocol = 0;

    if (!redan_pm_fixed(pk, 1, &protocol))
        return false;
    if (protocol > 5 && !redan_pm_word_tell(pk, REDAN_PM_WORD_PROTOCOL_UNKNOWN, protocol))
        return false;
    if (pk->lv->ops > 0 && protocol != pk->lv->protocol &&
        !redan_pm_word_tell(pk, REDAN_PM_WORD_PROTOCOL_CHANGED, protocol))
        return false;
    pk->lv->protocol = (unsigned)protocol;
    return true;
}

static void second(struct redan_pickle *pk, struct redan_pm_second reading)
{
    if (!pk->dry && pk->second_count < REDAN_PM_SECONDS)
        pk->seconds[pk->second_count++] = reading;
}

bool redan_pm_op_frame(struct redan_pickle *pk)
{
    struct redan_pm_level *lv = pk->lv;
    uint64_t size = 0;
    uint64_t outer = lv->frame_end;

    if (!redan_pm_fixed(pk, 8, &size))
        return false;
    uint64_t at = redan_pm_offset(pk);

    if (size > INT64_MAX)
        return redan_pm_end(pk, "operand");
    if (outer > at) { /* pickle.py refuses; _pickle.c may drop what is left of the outer one */
        if (size > outer - at)
            second(pk, (struct redan_pm_second){.offset = outer, .op = -1});
        if (!redan_pm_word_tell(pk, REDAN_PM_WORD_FRAME_NESTED, size))
            return false;
    }
    if (!redan_pm_remains(pk, size)) { /* pickle.py goes on with what there is */
        lv->frame_end = 0;
        return redan_pm_word_tell(pk, REDAN_PM_WORD_FRAME_OVERRUN, size);
    }
    lv->frame_end = size ? at + size : 0;
    return true;
}

/* The opcode at hand went beyond the frame's end. pickle.py refuses it; _pickle.c, when it reads from a file, drops what is left of the frame and
 * reads what it wanted from the frame's end on. */
bool redan_pm_straddle(struct redan_pickle *pk, uint64_t frame_end)
{
    uint64_t at = pk->op_offset + 1;
    enum redan_pickle_operand shape = redan_pickle_opcodes[pk->op].operand;
    struct redan_pm_second reading = {.offset = frame_end, .op = pk->op};
    unsigned width = shape == REDAN_OPERAND_COUNTED_1   ? 1
                     : shape == REDAN_OPERAND_COUNTED_4 ? 4
                     : shape == REDAN_OPERAND_COUNTED_8 ? 8
                                                        : 0;

    if (frame_end <= at)
        return true;
    if (width && frame_end == at + width)
        return true;
    if (width && frame_end > at + width) {
        struct redan_slice count = redan_pm_peek(pk, at, width);

        if (count.len < width)
            return true;
        reading.counted = true;
        reading.count = redan_pm_little((const uint8_t *)count.at, width);
    } else if (shape == REDAN_OPERAND_LINES && frame_end - at < REDAN_SOURCE_VIEW) {
        struct redan_slice left = redan_pm_peek(pk, at, (size_t)(frame_end - at));
        const char *stop = left.len ? memchr(left.at, '\n', left.len) : NULL;

        if (stop) {
            reading.first = at;
            reading.first_len = (uint64_t)(stop - left.at);
            if (stop + 1 == left.at + left.len)
                return true;
        }
    }
    second(pk, reading);
    return redan_pm_refresh(pk) && redan_pm_word_tell(pk, REDAN_PM_WORD_FRAME_STRADDLE, frame_end);
}
