/* Signed notes (C2SP signed-note), read strictly, and believed when the log they are about signed them. */
#include "sign/checkpoint.h"

#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "codec/problem.h"

#define DASH "\xe2\x80\x94 " /* U+2014 and a blank begin every signature line */
#define NO_ROOT "its third line must be the root, 32 bytes in base64"

static enum redan_status malformed(struct redan_ctx *ctx, size_t offset, const char *what)
{
    return redan_fail(ctx, REDAN_E_SYNTAX, offset, "the checkpoint is malformed: %s", what);
}

/* Up to the next newline, which must come; `rest` goes past it. */
static bool take_line(struct redan_slice *rest, struct redan_slice *line)
{
    return redan_slice_cut(*rest, '\n', line, rest);
}

/* Base64, or a complaint that names the place in the note. */
static enum redan_status decode(struct redan_ctx *ctx, struct redan_slice text, size_t offset,
                                const char *what, struct redan_slice *bytes)
{
    enum redan_status status = redan_base64_parse(ctx, text, bytes);

    if (status != REDAN_E_SYNTAX)
        return status;
    redan_fail_clear(ctx);
    return malformed(ctx, offset, what);
}

static bool clean(struct redan_slice text, size_t *bad)
{
    if (!redan_utf8_check(text, bad))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.at[i] < ' ' && text.at[i] != '\n') {
            *bad = i;
            return false;
        }
    return true;
}

/* tlog-checkpoint: origin, size in decimal without leading zeros, root in base64, then extensions. */
static enum redan_status read_body(struct redan_ctx *ctx, struct redan_checkpoint *checkpoint)
{
    struct redan_slice rest = checkpoint->text;
    struct redan_slice size = {0};
    struct redan_slice root = {0};
    struct redan_slice bytes = {0};

    if (!take_line(&rest, &checkpoint->origin) || checkpoint->origin.len == 0)
        return malformed(ctx, 0, "no origin in its first line");
    if (!take_line(&rest, &size) || !redan_slice_u64(size, &checkpoint->size) ||
        (size.len > 1 && size.at[0] == '0'))
        return malformed(ctx, checkpoint->origin.len + 1,
                         "its second line must be the size of the tree");
    size_t offset = checkpoint->text.len - rest.len;
    if (!take_line(&rest, &root))
        return malformed(ctx, offset, NO_ROOT);
    REDAN_TRY(decode(ctx, root, offset, NO_ROOT, &bytes));
    if (bytes.len != REDAN_DIGEST_LEN)
        return malformed(ctx, offset, NO_ROOT);
    memcpy(checkpoint->root.bytes, bytes.at, REDAN_DIGEST_LEN);
    return REDAN_OK;
}

static enum redan_status read_line(struct redan_ctx *ctx, struct redan_slice line, size_t offset,
                                   struct redan_checkpoint_line *read)
{
    struct redan_slice encoded = {0};
    struct redan_slice bytes = {0};

    if (!redan_slice_starts(line, REDAN_S(DASH)))
        return malformed(ctx, offset, "a signature line does not begin with a long dash");
    line = redan_slice_sub(line, sizeof(DASH) - 1, line.len);
    if (!redan_slice_cut(line, ' ', &read->name, &encoded) || read->name.len == 0 ||
        memchr(read->name.at, '+', read->name.len))
        return malformed(ctx, offset, "a signature line is not a name and a signature");
    REDAN_TRY(decode(ctx, encoded, offset, "a signature is not in base64", &bytes));
    if (bytes.len <= REDAN_CHECKPOINT_HINT)
        return malformed(ctx, offset, "a signature is too short");
    memcpy(read->hint, bytes.at, REDAN_CHECKPOINT_HINT);
    read->signature = redan_slice_sub(bytes, REDAN_CHECKPOINT_HINT, bytes.len);
    return REDAN_OK;
}

static enum redan_status read_lines(struct redan_ctx *ctx, struct redan_slice rest, size_t offset,
                                    struct redan_checkpoint *checkpoint)
{
    struct redan_slice line = {0};
    size_t count = 0;

    for (size_t i = 0; i < rest.len; i++)
        count += rest.at[i] == '\n';
    if (count == 0)
        return malformed(ctx, offset, "nobody signed it");
    if (count > REDAN_CHECKPOINT_LINES)
        return redan_fail(ctx, REDAN_E_LIMIT, offset, "a checkpoint with %zu signatures", count);
    checkpoint->lines = redan_take_array(ctx, count, sizeof(*checkpoint->lines));
    if (!checkpoint->lines)
        return REDAN_E_MEMORY;
    for (; rest.len; offset += line.len + 1) {
        if (!take_line(&rest, &line))
            return malformed(ctx, offset, "its last line does not end");
        REDAN_TRY(read_line(ctx, line, offset, &checkpoint->lines[checkpoint->count++]));
    }
    return REDAN_OK;
}

enum redan_status redan_checkpoint_parse(struct redan_ctx *ctx, struct redan_slice text,
                                         struct redan_checkpoint *checkpoint)
{
    struct redan_checkpoint read = {0};
    size_t bad = 0;

    if (text.len > REDAN_CHECKPOINT_MAX)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a checkpoint of %zu bytes", text.len);
    if (!clean(text, &bad))
        return malformed(ctx, bad, "a byte that is not text");
    const char *blank = text.len ? memmem(text.at, text.len, "\n\n", 2) : NULL;
    if (!blank)
        return malformed(ctx, text.len, "no blank line before its signatures");
    /* No extension line is empty, so the first blank line is the one. */
    size_t len = (size_t)(blank - text.at) + 1;
    read.text = redan_slice_sub(text, 0, len);
    REDAN_TRY(read_body(ctx, &read));
    REDAN_TRY(read_lines(ctx, redan_slice_sub(text, len + 1, text.len), len + 1, &read));
    *checkpoint = read;
    return REDAN_OK;
}

/* tlog-checkpoint: the origin is the log's name. Rekor v1 writes "NAME - TREE", of a name that its operator gave it, whatever its address. */
static bool name_of_log(struct redan_slice origin, const struct redan_trust_log *log,
                        struct redan_slice *name)
{
    uint64_t tree = 0;
    size_t at = origin.len;

    *name = log->host;
    if (redan_slice_eq(origin, log->host))
        return true;
    while (at > 0 && origin.at[at - 1] != ' ')
        at--;
    if (at <= 3 || !redan_slice_is(redan_slice_sub(origin, at - 3, 3), " - "))
        return false;
    *name = redan_slice_sub(origin, 0, at - 3);
    return redan_slice_u64(redan_slice_sub(origin, at, SIZE_MAX), &tree);
}

enum redan_status redan_checkpoint_verify(struct redan_ctx *ctx,
                                          const struct redan_checkpoint *checkpoint,
                                          const struct redan_trust_log *log)
{
    struct redan_slice id = log->checkpoint_id.len ? log->checkpoint_id : log->id;
    struct redan_slice name = {0};
    bool signed_by_log = false;

    if (!name_of_log(checkpoint->origin, log, &name))
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the checkpoint is of \"%s\", not of the log %.*s",
                          redan_snippet_of(checkpoint->origin).text, REDAN_FMT(log->host));
    if (id.len < REDAN_CHECKPOINT_HINT)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the log %.*s has no id to sign with",
                          REDAN_FMT(log->url));
    for (size_t i = 0; i < checkpoint->count; i++) {
        const struct redan_checkpoint_line *line = &checkpoint->lines[i];

        if (!redan_slice_eq(line->name, name) ||
            memcmp(line->hint, id.at, REDAN_CHECKPOINT_HINT) != 0)
            continue;
        enum redan_status status = redan_spki_verify(ctx, log->key, redan_spki_hash(log->key),
                                                     checkpoint->text, line->signature);
        if (status == REDAN_E_SIGNATURE)
            return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                              "the checkpoint's signature by %.*s does not verify",
                              REDAN_FMT(log->host));
        REDAN_TRY(status);
        signed_by_log = true;
    }
    if (!signed_by_log)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the checkpoint is not signed by the log %.*s: none of its %zu "
                          "signatures has this name and the key's id",
                          REDAN_FMT(name), checkpoint->count);
    return REDAN_OK;
}
