/* HDF5 files: where they begin, and every object that can be reached from the root, for what loading follows: attributes, links, small texts. */
#include "format/hdf5.h"

#include <string.h>

#include "format/format_table.h"
#include "format/peek.h"

enum {
    SIGNATURE = 8,
    PATH_MOST = 240,
    NAME_MOST = 1024,
    TEXTS_LEAST =
        16 << 20,     /* bytes of names and values that any file may have, on top of its size */
    USER_TEXT = 4096, /* of a user block that is text */
};

static const char signature[] = "\x89HDF\r\n\x1a\n";
static const char *const extensions[] = {".h5", ".hdf5", ".hdf", ".he5", NULL};
static const char *const defects[] = {"hdf5-cycle", "hdf5-size", "trailing-data", NULL};

void redan_hdf5_at(struct redan_hdf5 *h, struct redan_source_reader *in, uint64_t address,
                   uint64_t size)
{
    uint64_t begin = 0, end = 0;
    bool over = __builtin_add_overflow(h->base, address, &begin);

    if (__builtin_add_overflow(begin, size, &end))
        end = UINT64_MAX;
    redan_source_reader_init(in, h->ctx, h->source, over ? 0 : begin, end);
    if (over || address == REDAN_HDF5_NONE)
        in->failed = true;
}

uint64_t redan_hdf5_uint(struct redan_source_reader *in, unsigned bytes)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)redan_source_u8(in) << (8 * i);
    return value;
}

uint64_t redan_hdf5_address(struct redan_hdf5 *h, struct redan_source_reader *in)
{
    uint64_t value = redan_hdf5_uint(in, h->offsets);

    if (h->offsets < 8 && value == ((uint64_t)1 << (8 * h->offsets)) - 1)
        return REDAN_HDF5_NONE;
    return value;
}

uint64_t redan_hdf5_length(struct redan_hdf5 *h, struct redan_source_reader *in)
{
    return redan_hdf5_uint(in, h->lengths);
}

bool redan_hdf5_signed(struct redan_source_reader *in, const char *letters)
{
    struct redan_slice there = redan_source_bytes(in, 4);

    return there.len == 4 && memcmp(there.at, letters, 4) == 0;
}

enum redan_status redan_hdf5_step(struct redan_hdf5 *h)
{
    if (h->steps == 0)
        return redan_fail(h->ctx, REDAN_E_LIMIT, 0, "more than %zu parts in an HDF5 file",
                          h->ctx->limits.nodes);
    h->steps--;
    return REDAN_OK;
}

enum redan_status redan_hdf5_spend(struct redan_hdf5 *h, uint64_t bytes)
{
    if (bytes > h->texts)
        return redan_fail(h->ctx, REDAN_E_LIMIT, 0,
                          "the names and values of an HDF5 file are larger than the file");
    h->texts -= bytes;
    return REDAN_OK;
}

enum redan_status redan_hdf5_visit(struct redan_hdf5 *h, uint64_t address, bool *again)
{
    uint64_t *key = redan_take(h->ctx, sizeof(*key));

    if (!key)
        return REDAN_E_MEMORY;
    *key = address;
    enum redan_status status =
        redan_map_put(&h->seen, (struct redan_slice){(const char *)key, sizeof(*key)}, h);
    *again = status == REDAN_E_EXISTS;
    return *again ? REDAN_OK : status;
}

enum redan_status redan_hdf5_defect(struct redan_hdf5 *h, const char *what, uint64_t address,
                                    struct redan_slice detail)
{
    return redan_tell_defect(h->to, what, h->base + address, detail);
}

enum redan_status redan_hdf5_unsupported(struct redan_hdf5 *h, uint64_t address,
                                         struct redan_slice what)
{
    return redan_tell_unread(h->to, REDAN_UNREAD_UNSUPPORTED, h->base + address, 0, what);
}

enum redan_status redan_hdf5_broken(struct redan_hdf5 *h, const struct redan_source_reader *in,
                                    uint64_t address, const char *what)
{
    if (in->failed && in->status != REDAN_OK)
        return redan_source_ok(in, what);
    if (h->truncated)
        return REDAN_OK; /* said once for the whole file */
    return redan_tell_unread(h->to, REDAN_UNREAD_DAMAGED, h->base + address, 0,
                             redan_slice_of(what));
}

enum redan_status redan_hdf5_link(struct redan_hdf5 *h, const char *what, uint64_t offset,
                                  struct redan_slice owner, struct redan_slice target)
{
    return redan_tell(h->to, &(struct redan_fact){.kind = REDAN_FACT_LINK,
                                                  .what = what,
                                                  .offset = h->base + offset,
                                                  .name = owner,
                                                  .text = target});
}

enum redan_status redan_hdf5_wait(struct redan_hdf5 *h, struct redan_slice parent,
                                  struct redan_slice name, uint64_t address)
{
    struct redan_hdf5_object *object = NULL;
    bool again = false;

    REDAN_TRY(redan_hdf5_step(h));
    REDAN_TRY(redan_hdf5_visit(h, address, &again));
    if (again)
        return REDAN_OK;
    if (h->objects == h->ctx->limits.members)
        return redan_fail(h->ctx, REDAN_E_LIMIT, 0, "more than %zu objects in an HDF5 file",
                          h->objects);
    h->objects++;
    object = redan_take(h->ctx, sizeof(*object));
    if (!object)
        return REDAN_E_MEMORY;
    object->address = address;
    if (parent.len > PATH_MOST)
        parent = redan_slice_sub(parent, parent.len - PATH_MOST, PATH_MOST);
    name = redan_slice_sub(name, 0, NAME_MOST);
    REDAN_TRY(redan_format(h->ctx, &object->path, "%.*s%s%.*s", REDAN_FMT(parent),
                           parent.len ? "/" : "", REDAN_FMT(name)));
    object->next = h->waiting;
    h->waiting = object;
    return REDAN_OK;
}

/* Where the signature stands: at 0, 512, and every doubling of that (II.A). */
static bool begins(struct redan_ctx *ctx, struct redan_source *source, uint64_t at)
{
    struct redan_slice view = {0};

    if (redan_source_view(ctx, source, at, SIGNATURE, &view) != REDAN_OK)
        return false; /* the context holds why */
    return view.len == SIGNATURE && memcmp(view.at, signature, SIGNATURE) == 0;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    struct redan_slice magic = {signature, SIGNATURE};

    if (redan_slice_starts(probe->head, magic))
        return REDAN_SNIFF_YES;
    for (size_t at = 512; at + SIGNATURE <= probe->head.len; at *= 2) {
        if (redan_slice_starts(redan_slice_sub(probe->head, at, SIGNATURE), magic))
            return REDAN_SNIFF_YES;
    }
    if (probe->source->size == REDAN_SOURCE_UNKNOWN)
        return REDAN_SNIFF_NO;
    /* a larger user block is worth a look only where the bytes can be had anywhere, without unpacking what lies before */
    for (const struct redan_source *part = probe->source; part; part = part->parent) {
        if (part->state)
            return REDAN_SNIFF_NO;
    }
    for (uint64_t at = 4096; at < probe->source->size; at *= 2) {
        if (begins(probe->ctx, probe->source, at))
            return REDAN_SNIFF_YES;
    }
    return REDAN_SNIFF_NO;
}

static enum redan_status old_superblock(struct redan_hdf5 *h, struct redan_source_reader *in,
                                        uint8_t version)
{
    redan_source_skip(in, 4); /* versions of what follows */
    h->offsets = redan_source_u8(in);
    h->lengths = redan_source_u8(in);
    redan_source_skip(in, 1 + 2 + 2 + 4 + (version == 1 ? 4u : 0u));
    if (h->offsets > 8 || h->lengths > 8)
        return redan_fail(h->ctx, REDAN_E_SYNTAX, 0, "HDF5 addresses of %u bytes", h->offsets);
    uint64_t base = redan_hdf5_address(h, in);
    (void)redan_hdf5_address(h, in); /* free space */
    h->end = redan_hdf5_address(h, in);
    h->driver = redan_hdf5_address(h, in);
    (void)redan_hdf5_length(h, in); /* the root's own name */
    h->root = redan_hdf5_address(h, in);
    /* libhdf5 takes the place where it found the signature, whatever is written (H5F__super_read) */
    (void)base;
    return redan_source_ok(in, "the HDF5 superblock");
}

static enum redan_status new_superblock(struct redan_hdf5 *h, struct redan_source_reader *in)
{
    h->offsets = redan_source_u8(in);
    h->lengths = redan_source_u8(in);
    redan_source_skip(in, 1);
    if (h->offsets > 8 || h->lengths > 8)
        return redan_fail(h->ctx, REDAN_E_SYNTAX, 0, "HDF5 addresses of %u bytes", h->offsets);
    (void)redan_hdf5_address(h, in); /* base */
    h->extension = redan_hdf5_address(h, in);
    h->end = redan_hdf5_address(h, in);
    h->root = redan_hdf5_address(h, in);
    return redan_source_ok(in, "the HDF5 superblock");
}

static enum redan_status superblock(struct redan_hdf5 *h)
{
    struct redan_source_reader in;

    h->driver = h->extension = REDAN_HDF5_NONE;
    redan_source_reader_init(&in, h->ctx, h->source, h->base + SIGNATURE, UINT64_MAX);
    uint8_t version = redan_source_u8(&in);
    REDAN_TRY(redan_source_ok(&in, "the HDF5 superblock"));
    if (version > 3)
        return redan_fail(h->ctx, REDAN_E_UNSUPPORTED, h->base, "an HDF5 superblock of version %u",
                          (unsigned)version);
    if (version < 2)
        REDAN_TRY(old_superblock(h, &in, version));
    else
        REDAN_TRY(new_superblock(h, &in));
    if (h->offsets < 2 || h->lengths < 2)
        return redan_fail(h->ctx, REDAN_E_SYNTAX, h->base, "HDF5 addresses of %u bytes",
                          h->offsets);
    return REDAN_OK;
}

/* What stands before the file proper: nothing, text, or a thing of its own. */
static enum redan_status user_block(struct redan_hdf5 *h)
{
    struct redan_slice view = {0};
    size_t len = 0;

    if (h->base == 0)
        return REDAN_OK;
    REDAN_TRY(redan_source_view(h->ctx, h->source, 0,
                                (size_t)(h->base < USER_TEXT ? h->base : USER_TEXT), &view));
    for (size_t i = 0; i < view.len; i++) {
        if (view.at[i] != '\0')
            len = i + 1;
    }
    if (len == 0 && h->base <= USER_TEXT)
        return REDAN_OK;
    if (len < 128 && redan_slice_starts(view, REDAN_S("MATLAB ")))
        return REDAN_OK;
    if (h->base <= USER_TEXT && redan_peek_text(redan_slice_sub(view, 0, len)))
        return redan_tell(h->to, &(struct redan_fact){.kind = REDAN_FACT_TEXT,
                                                      .what = "hdf5-user-block",
                                                      .name = REDAN_S("user block"),
                                                      .text = redan_slice_sub(view, 0, len)});
    return redan_peek_blob(h->ctx, h->source, 0, h->base, REDAN_S("user block"), h->to);
}

/* The file's end against the superblock's word for it. */
static enum redan_status ending(struct redan_hdf5 *h)
{
    uint64_t end = 0;

    /* some writers count the end from the base, others from the first byte */
    if (h->end == REDAN_HDF5_NONE || __builtin_add_overflow(h->base, h->end, &end))
        return REDAN_OK;
    if (h->end > h->size) {
        h->truncated = true;
        return redan_tell_unread(h->to, REDAN_UNREAD_DAMAGED, h->size, h->end - h->size,
                                 REDAN_S("the file ends before its superblock says"));
    }
    if (end >= h->size)
        return REDAN_OK;
    return redan_peek_trailing(h->ctx, h->source, end, h->to);
}

static enum redan_status walk(struct redan_hdf5 *h)
{
    REDAN_TRY(superblock(h));
    REDAN_TRY(user_block(h));
    REDAN_TRY(ending(h));
    if (h->driver != REDAN_HDF5_NONE && h->driver != 0)
        REDAN_TRY(redan_hdf5_unsupported(h, 0, REDAN_S("an HDF5 file in several files")));
    if (h->extension != REDAN_HDF5_NONE)
        REDAN_TRY(redan_hdf5_wait(h, REDAN_S(""), REDAN_S("superblock"), h->extension));
    REDAN_TRY(redan_hdf5_wait(h, REDAN_S(""), REDAN_S(""), h->root));
    while (h->waiting) {
        const struct redan_hdf5_object *object = h->waiting;

        h->waiting = object->next;
        REDAN_TRY(redan_hdf5_read_object(h, object));
    }
    return REDAN_OK;
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    struct redan_hdf5 h = {.ctx = ctx, .to = to, .source = source, .steps = ctx->limits.nodes};

    (void)name;
    REDAN_TRY(redan_source_measure(ctx, source, &h.size));
    h.texts = TEXTS_LEAST;
    if (__builtin_add_overflow(h.texts, h.size, &h.texts))
        h.texts = UINT64_MAX;
    while (h.base < h.size && !begins(ctx, source, h.base))
        h.base = h.base ? h.base * 2 : 512;
    if (h.base >= h.size)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "no HDF5 signature");
    redan_map_init(&h.seen, ctx);
    enum redan_status status = walk(&h);
    redan_arena_reset(&ctx->arena, mark);
    return status;
}

const struct redan_format redan_format_hdf5 = {
    .name = "hdf5",
    .title = "HDF5 data",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .defects = defects,
};
