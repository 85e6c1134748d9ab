/* Whether a constant of a pickle is itself something that a loader opens: a pickle, an archive, a program, as it stands or spelled in digits. */
#include <string.h>

#include "format/format.h"
#include "format/peek.h"
#include "scan/pickle_judge.h"

enum { DECODED = 64 };

/* A pickle that says so: the others have to be told from text by running them. */
static bool says_pickle(struct redan_slice head)
{
    static const char opcodes[] = "\x95\x8c(}]cC)XUBKJNGM\x8a\x8f"
                                  "ITS";

    if (head.len < 4 || (unsigned char)head.at[0] != 0x80 || head.at[1] < 1 || head.at[1] > 5)
        return false;
    return head.at[2] && strchr(opcodes, head.at[2]) != NULL &&
           !((unsigned char)head.at[2] == 0x8a && head.at[3] == 0x0a); /* torch's own magic */
}

/* Protocol 0 and 1: what names something and uses it. */
static bool runs_as_pickle(struct redan_ctx *ctx, struct redan_slice head)
{
    const struct redan_format *pickle = redan_format_named("pickle");
    struct redan_source source;

    if (head.len < 8 || !redan_char_among("(c]}", head.at[0]) ||
        memchr(head.at, '\n', head.len) == NULL)
        return false;
    redan_source_memory(&source, head);
    enum redan_sniff sniff = pickle->sniff(
        &(struct redan_probe){.ctx = ctx, .source = &source, .head = head, .name = {"", 0}});
    redan_source_done(&source);
    return sniff == REDAN_SNIFF_YES;
}

static bool all_of(struct redan_slice text, bool hexadecimal)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        bool digit = c >= '0' && c <= '9';
        bool low = c >= 'a' && c <= 'z';
        bool high = c >= 'A' && c <= 'Z';
        bool fits = hexadecimal ? digit || ((low || high) && (c & ~0x20) <= 'F')
                                : (digit || low || high || c == '+' || c == '/' || c == '-' ||
                                   c == '_' || c == '=' || c == '\n');
        if (!fits)
            return false;
    }
    return text.len > 0;
}

/* The first bytes that digits spell; empty when they spell nothing. */
static struct redan_slice decoded(struct redan_ctx *ctx, struct redan_slice head,
                                  enum redan_packing packing, char bytes[DECODED])
{
    struct redan_source source, spelled = {0};
    struct redan_slice view = {0};
    size_t len = 0;

    redan_source_memory(&source, redan_slice_sub(head, 0, head.len & ~(size_t)3));
    if (redan_unpack(ctx, &source, &(struct redan_part){.size = source.size, .packing = packing},
                     &spelled) == REDAN_OK) {
        if (redan_source_view(ctx, &spelled, 0, DECODED, &view) == REDAN_OK) {
            len = view.len;
            if (len)
                memcpy(bytes, view.at, len);
        }
        redan_source_done(&spelled);
    }
    redan_source_done(&source);
    redan_fail_clear(ctx);
    return (struct redan_slice){bytes, len};
}

bool redan_pickle_nested(struct redan_ctx *ctx, struct redan_slice head, uint64_t size, bool binary,
                         enum redan_packing *packing, bool *pickle)
{
    static const enum redan_packing spellings[] = {REDAN_PACK_HEX, REDAN_PACK_BASE64};
    char bytes[DECODED];

    *packing = REDAN_PACK_NONE;
    *pickle = (binary && says_pickle(head)) || runs_as_pickle(ctx, head);
    if (*pickle)
        return true;
    if (binary && redan_peek_known(head))
        return true;
    for (size_t i = 0; i < REDAN_COUNT(spellings) && size >= 20; i++) {
        if (!all_of(head, spellings[i] == REDAN_PACK_HEX))
            continue;
        struct redan_slice spelled = decoded(ctx, head, spellings[i], bytes);

        *pickle = says_pickle(spelled) || runs_as_pickle(ctx, spelled);
        if (!*pickle && !redan_peek_known(spelled))
            continue;
        *packing = spellings[i];
        return true;
    }
    return false;
}
