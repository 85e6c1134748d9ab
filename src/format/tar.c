/* Tar archives: old, ustar, pax and GNU, told header by header; a wrong checksum is told and read over. */
#include "format/tar.h"

#include <string.h>

#include "base/map.h"
#include "format/format_table.h"
#include "format/member_name.h"

/* POSIX.1-2017 pax, ustar interchange format; the GNU differences are in its manual, "Basic Tar Format". */
enum {
    BLOCK = TAR_BLOCK,
    NAME_AT = 0,
    SIZE_AT = 124,
    SUM_AT = 148,
    TYPE_AT = 156,
    LINK_AT = 157,
    MAGIC_AT = 257,
    PREFIX_AT = 345,
    SPARSE_MORE_AT = 482, /* old GNU sparse: extension blocks follow */
    NAME_MOST = 4096,
    EXTENDED_MOST = 1 << 20,
    ZEROS_MOST = 256 << 20, /* bytes after the end that are looked through */
    LINKS = 4096,           /* links whose names are remembered; a power of two */
    SAME = 24,              /* defects of one kind that are told one by one */
};

static const char *const defects[] = {
    "checksum",  /* of a header */
    "size",      /* a size that is no number */
    "name-long", /* longer than is compared */
    "cut",       /* the last member is not all there */
    "trailing",  /* bytes after the end: number */
    "extended",  /* a record of an extended header that cannot be read, or a size for all members */
    "through-link", /* a member that is written through a link of the archive */
    REDAN_NAME_ABSOLUTE,
    REDAN_NAME_CLIMBS,
    REDAN_NAME_BACKSLASH,
    REDAN_NAME_NUL,
    REDAN_NAME_CONTROL,
    NULL,
};

/* What the extended headers before a member say of it. */
struct extended {
    char name[NAME_MOST];
    char link[NAME_MOST];
    size_t name_len;
    size_t link_len;
    bool has_name;
    bool has_link;
    bool has_size;
    bool sparse; /* with holes: the bytes are not where they will be */
    bool broken; /* a record cannot be read */
    uint64_t size;
};

struct tar {
    struct redan_ctx *ctx;
    struct redan_source *source;
    const struct redan_listener *to;
    uint64_t at;
    uint64_t members;
    uint64_t size;
    struct extended *next;
    struct extended *all; /* of every member that says nothing else */
    uint64_t *links;      /* hashes of their names; 0 is free */
    size_t link_count;
    unsigned told[REDAN_COUNT(defects)];
};

static enum redan_status defect(struct tar *tar, const char *what, uint64_t offset, uint64_t number,
                                struct redan_slice name)
{
    for (size_t i = 0; defects[i]; i++) {
        if (strcmp(defects[i], what) == 0 && tar->told[i]++ >= SAME)
            return REDAN_OK;
    }
    return redan_tell(tar->to, &(struct redan_fact){.kind = REDAN_FACT_DEFECT,
                                                    .what = what,
                                                    .offset = offset,
                                                    .number = number,
                                                    .name = name});
}

bool redan_tar_number(struct redan_slice field, uint64_t *value)
{
    uint64_t v = 0;
    size_t i = 0;

    if (field.len > 0 && ((uint8_t)field.at[0] & 0x80)) { /* GNU: base 256 */
        v = (uint8_t)field.at[0] & 0x7f;
        for (i = 1; i < field.len; i++) {
            if (v >> 55)
                return false;
            v = v << 8 | (uint8_t)field.at[i];
        }
        *value = v;
        return true;
    }
    while (i < field.len && field.at[i] == ' ')
        i++;
    for (; i < field.len && field.at[i] >= '0' && field.at[i] <= '7'; i++)
        v = v << 3 | (uint64_t)(field.at[i] - '0');
    if (i < field.len && field.at[i] != ' ' && field.at[i] != '\0')
        return false;
    *value = v;
    return true;
}

bool redan_tar_header(struct redan_slice block)
{
    uint64_t said = 0;
    uint64_t plain = 0;
    int64_t sign = 0; /* some old writers summed signed bytes */

    if (block.len < BLOCK || block.at[0] == '\0')
        return false;
    for (size_t i = 0; i < BLOCK; i++) {
        bool sum = i >= SUM_AT && i < SUM_AT + 8;
        plain += sum ? ' ' : (uint8_t)block.at[i];
        sign += sum ? ' ' : (int8_t)block.at[i];
    }
    return redan_tar_number(redan_slice_sub(block, SUM_AT, 8), &said) &&
           (said == plain || (int64_t)said == sign);
}

static struct redan_slice text_at(struct redan_slice block, size_t at, size_t most)
{
    struct redan_slice s = redan_slice_sub(block, at, most);
    const char *nul = s.len ? memchr(s.at, '\0', s.len) : NULL;

    if (nul)
        s.len = (size_t)(nul - s.at);
    return s;
}

static bool ustar(struct redan_slice block)
{
    return memcmp(block.at + MAGIC_AT, "ustar", 5) == 0;
}

static void put(char *to, size_t *len, bool *has, struct redan_slice text)
{
    *len = redan_min_size(text.len, NAME_MOST);
    *has = true;
    if (*len)
        memcpy(to, text.at, *len);
}

/* pax: records of "LENGTH KEY=VALUE\n". */
static void take_pax(struct extended *next, struct redan_slice text)
{
    while (text.len > 0) {
        struct redan_slice length = {0};
        struct redan_slice rest = {0};
        uint64_t len = 0;
        if (!redan_slice_cut(text, ' ', &length, &rest) || !redan_slice_u64(length, &len) ||
            len <= length.len + 1 || len > text.len) {
            next->broken = text.at[0] != '\0'; /* padding is none */
            return;
        }
        struct redan_slice key = {0};
        struct redan_slice value = {0};
        struct redan_slice record = redan_slice_sub(rest, 0, (size_t)len - length.len - 1);
        text = redan_slice_sub(text, (size_t)len, text.len);
        if (redan_slice_ends(record, REDAN_S("\n")))
            record.len--;
        if (!redan_slice_cut(record, '=', &key, &value))
            continue;
        if (redan_slice_is(key, "path") || redan_slice_is(key, "GNU.sparse.name"))
            put(next->name, &next->name_len, &next->has_name, value);
        else if (redan_slice_is(key, "linkpath"))
            put(next->link, &next->link_len, &next->has_link, value);
        else if (redan_slice_is(key, "size"))
            next->has_size = redan_slice_u64(value, &next->size);
        next->sparse |= redan_slice_starts(key, REDAN_S("GNU.sparse."));
    }
}

/* An extended header's bytes, for the member after it. */
static enum redan_status take_extended(struct tar *tar, char type, uint64_t data, uint64_t size)
{
    struct redan_slice text = {0};
    size_t len = size < EXTENDED_MOST ? (size_t)size : EXTENDED_MOST;

    REDAN_TRY(redan_source_view(tar->ctx, tar->source, data, len, &text));
    if (size > EXTENDED_MOST)
        REDAN_TRY(redan_tell_unread(tar->to, REDAN_UNREAD_BUDGET, data, size,
                                    REDAN_S("an extended header is too long")));
    if (type == 'x' || type == 'X' || type == 'g') {
        struct extended *of = type == 'g' ? tar->all : tar->next;
        take_pax(of, text);
        if (of->broken || tar->all->has_size)
            return defect(tar, "extended", data, 0, REDAN_S(""));
        return REDAN_OK;
    }
    struct redan_slice value = text_at(text, 0, text.len);
    if (type == 'L')
        put(tar->next->name, &tar->next->name_len, &tar->next->has_name, value);
    else if (type == 'K')
        put(tar->next->link, &tar->next->link_len, &tar->next->has_link, value);
    return REDAN_OK;
}

/* Whether a folder on the way to this name is a link of the archive; its own name joins them when it is one. */
static enum redan_status through_link(struct tar *tar, uint64_t at, struct redan_slice name,
                                      bool is_link)
{
    for (size_t i = 1; i <= name.len && (tar->link_count || is_link); i++) {
        if (i < name.len && name.at[i] != '/')
            continue;
        uint64_t hash = redan_hash(tar->ctx->seed, redan_slice_sub(name, 0, i)) | 1;
        size_t slot = (size_t)(hash >> 1) & (LINKS - 1);
        while (tar->links[slot] && tar->links[slot] != hash)
            slot = (slot + 1) & (LINKS - 1);
        if (i < name.len && i + 1 < name.len && tar->links[slot])
            return defect(tar, "through-link", at, 0, name);
        if (i < name.len || !is_link || tar->links[slot])
            continue;
        if (tar->link_count == LINKS / 2)
            return redan_tell_unread(tar->to, REDAN_UNREAD_BUDGET, at, 0,
                                     REDAN_S("where more links lead"));
        tar->links[slot] = hash;
        tar->link_count++;
    }
    return REDAN_OK;
}

/* The member's name: extended, or in two fields. */
static struct redan_slice name_of(const struct tar *tar, struct redan_slice block, char *room)
{
    struct redan_slice name = text_at(block, NAME_AT, 100);
    struct redan_slice prefix = text_at(block, PREFIX_AT, 155);

    if (tar->next->has_name)
        return (struct redan_slice){tar->next->name, tar->next->name_len};
    if (tar->all->has_name)
        return (struct redan_slice){tar->all->name, tar->all->name_len};
    /* GNU's own magic ends in blanks and uses the prefix's place for times */
    if (!ustar(block) || block.at[MAGIC_AT + 5] == ' ' || prefix.len == 0)
        return name;
    memcpy(room, prefix.at, prefix.len);
    room[prefix.len] = '/';
    if (name.len)
        memcpy(room + prefix.len + 1, name.at, name.len);
    return (struct redan_slice){room, prefix.len + 1 + name.len};
}

static enum redan_status tell_link(struct tar *tar, const char *what, uint64_t at,
                                   struct redan_slice name, struct redan_slice target)
{
    /* a hard link names its target from the root of the archive, a symbolic one from its own folder */
    bool leaves = strcmp(what, "tar-hardlink") == 0 ? redan_member_link_leaves(REDAN_S(""), target)
                                                    : redan_member_link_leaves(name, target);

    return redan_tell(tar->to, &(struct redan_fact){.kind = REDAN_FACT_LINK,
                                                    .what = what,
                                                    .offset = at,
                                                    .number = leaves,
                                                    .name = name,
                                                    .text = target});
}

static enum redan_status tell_bytes(struct tar *tar, uint64_t at, struct redan_slice name,
                                    uint64_t data, uint64_t size)
{
    uint64_t have = tar->size - data;
    struct redan_part part = {.offset = data, .size = size, .unpacked = size};

    if (size > have) {
        part.size = part.unpacked = have;
        REDAN_TRY(defect(tar, "cut", at, size - have, name));
        REDAN_TRY(redan_tell_unread(tar->to, REDAN_UNREAD_DAMAGED, data + have, size - have, name));
    }
    return redan_tell(
        tar->to,
        &(struct redan_fact){
            .kind = REDAN_FACT_MEMBER, .what = "member", .offset = at, .name = name, .part = part});
}

static enum redan_status tell_member(struct tar *tar, struct redan_slice block, uint64_t at,
                                     uint64_t data, uint64_t size)
{
    static const char *const links[] = {"tar-hardlink", "tar-symlink", "tar-device",
                                        "tar-device",   NULL,          "tar-fifo"};
    char room[NAME_MOST];
    char type = block.at[TYPE_AT];
    struct redan_slice name = name_of(tar, block, room);
    struct redan_slice target = text_at(block, LINK_AT, 100);
    const char *wrong = redan_member_name_defect(name);

    const struct extended *said = tar->next->has_link ? tar->next : tar->all;
    if (said->has_link)
        target = (struct redan_slice){said->link, said->link_len};
    if (wrong)
        REDAN_TRY(defect(tar, wrong, at, 0, name));
    if (tar->next->has_name && tar->next->name_len == NAME_MOST)
        REDAN_TRY(defect(tar, "name-long", at, 0, name));
    REDAN_TRY(through_link(tar, at, name, type == '2'));
    if (type == 'S' || tar->next->sparse || tar->all->sparse)
        REDAN_TRY(redan_tell_unread(tar->to, REDAN_UNREAD_UNSUPPORTED, at, size,
                                    REDAN_S("a sparse member")));
    if (type >= '1' && type <= '6' && links[type - '1'])
        REDAN_TRY(tell_link(tar, links[type - '1'], at, name, target));
    if (size == 0 &&
        (type == '5' || (type >= '1' && type <= '6') || redan_slice_ends(name, REDAN_S("/"))))
        return REDAN_OK;
    tar->members++;
    return tell_bytes(tar, at, name, data, size);
}

/* Bytes that follow the header before the data: maps of old GNU sparse files. */
static enum redan_status past_maps(struct tar *tar, struct redan_slice block, uint64_t *data)
{
    struct redan_slice map = {0};

    if (block.at[TYPE_AT] != 'S' || block.at[SPARSE_MORE_AT] == '\0')
        return REDAN_OK;
    do {
        REDAN_TRY(redan_source_view(tar->ctx, tar->source, *data, BLOCK, &map));
        *data += BLOCK;
    } while (map.len == BLOCK && map.at[504] != '\0');
    return REDAN_OK;
}

static enum redan_status one_header(struct tar *tar, struct redan_slice view)
{
    char kept[BLOCK];
    struct redan_slice block = {kept, BLOCK};
    uint64_t at = tar->at;
    uint64_t data = at + BLOCK;
    uint64_t size = 0;

    memcpy(kept, view.at, BLOCK); /* later views move the window */
    if (!redan_tar_header(block))
        REDAN_TRY(defect(tar, "checksum", at, 0, text_at(block, NAME_AT, 100)));
    if (!redan_tar_number(redan_slice_sub(block, SIZE_AT, 12), &size))
        REDAN_TRY(defect(tar, "size", at, 0, text_at(block, NAME_AT, 100)));
    char type = block.at[TYPE_AT];
    bool extends = type == 'x' || type == 'X' || type == 'L' || type == 'K' || type == 'g';
    if (tar->next->has_size && !extends)
        size = tar->next->size;
    if (type == '1' && !tar->next->has_size && size > 0) {
        /* old writers state the size of the linked file and store nothing; both are tried: what follows decides */
        struct redan_slice after = {0};
        REDAN_TRY(redan_source_view(tar->ctx, tar->source, data, BLOCK, &after));
        if (redan_tar_header(after))
            size = 0;
    }
    REDAN_TRY(past_maps(tar, block, &data));
    if (data > tar->size)
        data = tar->size;
    if (extends) {
        REDAN_TRY(take_extended(tar, type, data, size));
    } else {
        REDAN_TRY(tell_member(tar, block, at, data, size));
        *tar->next = (struct extended){.has_name = false};
    }
    uint64_t left = tar->size - data;
    uint64_t padded = size > UINT64_MAX - BLOCK ? UINT64_MAX : (size + BLOCK - 1) / BLOCK * BLOCK;
    tar->at = padded < left ? data + padded : tar->size;
    return REDAN_OK;
}

/* From `at`: a header, the end, or zeros and then something else. */
static enum redan_status walk(struct tar *tar, bool *ended)
{
    struct redan_slice view = {0};

    for (*ended = false;;) {
        REDAN_TRY(redan_source_view(tar->ctx, tar->source, tar->at, BLOCK, &view));
        if (view.len < BLOCK || view.at[0] == '\0') {
            *ended = view.len == BLOCK;
            return REDAN_OK;
        }
        if (tar->members >= tar->ctx->limits.members)
            return redan_tell_unread(tar->to, REDAN_UNREAD_BUDGET, tar->at, tar->size - tar->at,
                                     REDAN_S("more members than are looked at"));
        REDAN_TRY(one_header(tar, view));
    }
}

/* The first byte after the end that is not zero, looking at most so far; the source's end when there is none. */
static enum redan_status after_end(struct tar *tar, uint64_t *found)
{
    struct redan_slice view = {0};

    for (*found = tar->at; *found < tar->size && *found - tar->at < ZEROS_MOST;) {
        REDAN_TRY(redan_source_view(tar->ctx, tar->source, *found, 65536, &view));
        size_t n = 0;
        while (n < view.len && view.at[n] == '\0')
            n++;
        *found += n;
        if (n < view.len)
            return REDAN_OK;
        if (view.len == 0)
            break;
    }
    if (*found < tar->size)
        REDAN_TRY(redan_tell_unread(tar->to, REDAN_UNREAD_BUDGET, *found, tar->size - *found,
                                    REDAN_S("what follows so many zeros")));
    *found = tar->size;
    return REDAN_OK;
}

static enum redan_status read_tar(struct redan_ctx *ctx, struct redan_source *source,
                                  struct redan_slice name, const struct redan_listener *to)
{
    struct tar tar = {.ctx = ctx, .source = source, .to = to};
    bool ended = false;

    (void)name;
    REDAN_TRY(redan_source_measure(ctx, source, &tar.size));
    tar.next = redan_take(ctx, sizeof(*tar.next));
    tar.all = redan_take(ctx, sizeof(*tar.all));
    tar.links = redan_take_array(ctx, LINKS, sizeof(*tar.links));
    if (!tar.next || !tar.all || !tar.links)
        return REDAN_E_MEMORY;
    for (bool first = true;; first = false) {
        struct redan_slice view = {0};
        uint64_t found = 0;
        REDAN_TRY(walk(&tar, &ended));
        if (!ended)
            break;
        REDAN_TRY(after_end(&tar, &found));
        if (found >= tar.size)
            return REDAN_OK;
        /* archives one after the other (tar -A, tarfile's ignore_zeros) are read on */
        uint64_t block = found - (found - tar.at) % BLOCK;
        REDAN_TRY(redan_source_view(ctx, source, block, BLOCK, &view));
        struct redan_part part = {.offset = found, .size = tar.size - found};
        part.unpacked = part.size;
        if (first)
            REDAN_TRY(defect(&tar, "trailing", found, part.size, REDAN_S("")));
        if (!redan_tar_header(view))
            return redan_tell(to, &(struct redan_fact){.kind = REDAN_FACT_MEMBER,
                                                       .what = "trailing",
                                                       .offset = found,
                                                       .name = REDAN_S("trailing"),
                                                       .part = part});
        tar.at = block;
    }
    return tar.at < tar.size || tar.size % BLOCK
               ? defect(&tar, "cut", tar.at, 0, REDAN_S(""))
               : REDAN_OK; /* writers that leave the end away are common enough */
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    return redan_tar_header(probe->head) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

static const char *const extensions[] = {".tar", ".nemo", NULL};

const struct redan_format redan_format_tar = {
    .name = "tar",
    .title = "tar archive",
    .extensions = extensions,
    .sniff = sniff,
    .read = read_tar,
    .defects = defects,
};
