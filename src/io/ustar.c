/* Writes ustar archives, and reads only those that it would have written itself. */
#include "io/ustar.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/utf8.h"
#include "io/file.h"

/* Offsets and widths of a header, in bytes (pax, ustar interchange format). */
enum {
    NAME_AT = 0,
    NAME_LEN = 100,
    MODE_AT = 100,
    UID_AT = 108,
    GID_AT = 116,
    SIZE_AT = 124,
    SIZE_LEN = 12,
    MTIME_AT = 136,
    SUM_AT = 148,
    SUM_LEN = 8,
    TYPE_AT = 156,
    MAGIC_AT = 257,
    MAGIC_LEN = 8, /* with the version */
    DEVMAJOR_AT = 329,
    DEVMINOR_AT = 337,
    PREFIX_AT = 345,
    PREFIX_LEN = 155,
    RECORD = 20 * REDAN_USTAR_BLOCK,
};

/* Where a long name is cut into prefix and name: at the last slash that leaves both short enough. False when there is none. */
static bool split(struct redan_slice name, struct redan_slice *prefix, struct redan_slice *rest)
{
    *prefix = (struct redan_slice){"", 0};
    *rest = name;
    if (name.len <= NAME_LEN)
        return true;
    for (size_t i = redan_min_size(name.len - 1, PREFIX_LEN); i > 0; i--) {
        if (name.at[i] != '/' || name.len - i - 1 > NAME_LEN)
            continue;
        *prefix = redan_slice_sub(name, 0, i);
        *rest = redan_slice_sub(name, i + 1, SIZE_MAX);
        return true;
    }
    return false;
}

static bool plain_text(struct redan_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.at[i];
        bool c1 = c == 0xc2 && i + 1 < name.len && (unsigned char)name.at[i + 1] < 0xa0;
        if (c < 0x20 || c == 0x7f || c1)
            return false;
    }
    return redan_utf8_check(name, NULL);
}

bool redan_ustar_name(struct redan_slice name)
{
    struct redan_slice rest = name;
    struct redan_slice part = {0};
    struct redan_slice prefix = {0};

    if (name.len == 0 || name.len > REDAN_USTAR_NAME || name.at[name.len - 1] == '/' ||
        !redan_path_inside(name) || !plain_text(name))
        return false;
    while (rest.len) {
        (void)redan_slice_cut(rest, '/', &part, &rest);
        if (part.len == 0 || redan_slice_is(part, ".") || redan_slice_is(part, ".."))
            return false;
    }
    return split(name, &prefix, &part);
}

static void put_octal(char *field, size_t width, uint64_t value)
{
    for (size_t i = width - 1; i-- > 0; value >>= 3)
        field[i] = (char)('0' + (value & 7));
    field[width - 1] = '\0';
}

/* The sum of all bytes, those of the sum itself taken as blanks. */
static uint64_t sum_of(const char *header)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < REDAN_USTAR_BLOCK; i++)
        sum += i >= SUM_AT && i < SUM_AT + SUM_LEN ? ' ' : (unsigned char)header[i];
    return sum;
}

static void put_header(char *header, struct redan_slice name, uint64_t size)
{
    struct redan_slice prefix = {0};
    struct redan_slice rest = {0};

    memset(header, 0, REDAN_USTAR_BLOCK);
    (void)split(name, &prefix, &rest);
    memcpy(header + NAME_AT, rest.at, rest.len);
    if (prefix.len)
        memcpy(header + PREFIX_AT, prefix.at, prefix.len);
    put_octal(header + MODE_AT, 8, 0644);
    put_octal(header + UID_AT, 8, 0);
    put_octal(header + GID_AT, 8, 0);
    put_octal(header + SIZE_AT, SIZE_LEN, size);
    put_octal(header + MTIME_AT, 12, 0);
    header[TYPE_AT] = '0';
    memcpy(header + MAGIC_AT,
           "ustar\0"
           "00",
           MAGIC_LEN);
    put_octal(header + DEVMAJOR_AT, 8, 0);
    put_octal(header + DEVMINOR_AT, 8, 0);
    put_octal(header + SUM_AT, SUM_LEN - 1, sum_of(header));
    header[SUM_AT + SUM_LEN - 1] = ' ';
}

static size_t padding(uint64_t size)
{
    return (size_t)(REDAN_USTAR_BLOCK - size % REDAN_USTAR_BLOCK) % REDAN_USTAR_BLOCK;
}

enum redan_status redan_ustar_add(struct redan_ctx *ctx, struct redan_buf *out,
                                  const struct redan_ustar_file *file)
{
    char header[REDAN_USTAR_BLOCK];

    if (!redan_ustar_name(file->name))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "\"%.*s\" cannot be the name of a file in an archive",
                          REDAN_FMT(redan_slice_sub(file->name, 0, 200)));
    put_header(header, file->name, file->bytes.len);
    redan_buf_add(out, header, sizeof(header));
    redan_buf_slice(out, file->bytes);
    redan_buf_repeat(out, '\0', padding(file->bytes.len));
    return REDAN_OK;
}

void redan_ustar_end(struct redan_buf *out)
{
    redan_buf_repeat(out, '\0', (size_t)2 * REDAN_USTAR_BLOCK);
}

static bool zeros(struct redan_slice bytes)
{
    unsigned char any = 0;

    for (size_t i = 0; i < bytes.len; i++)
        any |= (unsigned char)bytes.at[i];
    return any == 0;
}

/* Reading goes through this: where we are, and the names that were there. */
struct walk {
    struct redan_ctx *ctx;
    struct redan_slice text;
    size_t at;
    struct redan_map names;   /* files */
    struct redan_map folders; /* that files lie in */
};

static enum redan_status refuse(const struct walk *w, const char *what)
{
    return redan_fail(w->ctx, REDAN_E_SYNTAX, w->at,
                      "%s; only regular files as redan pack writes "
                      "them are read",
                      what);
}

/* What an entry is, when it is no regular file. */
static const char *kind_of(char type)
{
    static const struct {
        char type;
        const char *name;
    } kinds[] = {
        {'\0', "an entry of the format before ustar"},
        {'1', "a hard link"},
        {'2', "a symbolic link"},
        {'3', "a device"},
        {'4', "a device"},
        {'5', "a folder"},
        {'6', "a pipe"},
        {'7', "a contiguous file"},
        {'g', "a pax header"},
        {'x', "a pax header"},
        {'K', "a GNU header"},
        {'L', "a GNU header"},
        {'S', "a GNU sparse file"},
    };

    for (size_t i = 0; i < REDAN_COUNT(kinds); i++) {
        if (kinds[i].type == type)
            return kinds[i].name;
    }
    return "an entry of an unknown type";
}

/* Exactly the digits that we write; no blanks, no base-256. */
static bool octal(struct redan_slice field, uint64_t *value)
{
    uint64_t v = 0;

    for (size_t i = 0; i + 1 < field.len; i++) {
        if (field.at[i] < '0' || field.at[i] > '7')
            return false;
        v = v << 3 | (uint64_t)(field.at[i] - '0');
    }
    *value = v;
    return field.at[field.len - 1] == '\0';
}

static struct redan_slice until_nul(const char *field, size_t width)
{
    return (struct redan_slice){field, strnlen(field, width)};
}

/* The name in the arena where it has a prefix, else where it lies. */
static enum redan_status name_of(struct walk *w, const char *header, struct redan_slice *name)
{
    struct redan_slice prefix = until_nul(header + PREFIX_AT, PREFIX_LEN);
    struct redan_slice rest = until_nul(header + NAME_AT, NAME_LEN);

    *name = rest;
    if (prefix.len)
        REDAN_TRY(redan_format(w->ctx, name, "%.*s/%.*s", REDAN_FMT(prefix), REDAN_FMT(rest)));
    return redan_ustar_name(*name) ? REDAN_OK
                                   : refuse(w, "a name that leaves the archive or is "
                                               "not plain text");
}

static enum redan_status read_header(struct walk *w, const char *header, struct redan_slice *name,
                                     uint64_t *size)
{
    char ours[REDAN_USTAR_BLOCK];

    if (memcmp(header + MAGIC_AT, "ustar", 5) != 0)
        return refuse(w, "this is no ustar archive");
    if (header[TYPE_AT] != '0')
        return refuse(w, kind_of(header[TYPE_AT]));
    if (!octal((struct redan_slice){header + SIZE_AT, SIZE_LEN}, size))
        return refuse(w, "a size that is not written as one");
    REDAN_TRY(name_of(w, header, name));
    put_header(ours, *name, *size);
    if (memcmp(ours, header, sizeof(ours)) != 0) /* the checksum is among what is compared */
        return refuse(w, "a header with other attributes, or damaged");
    return REDAN_OK;
}

static enum redan_status put_name(struct walk *w, struct redan_map *map, struct redan_slice name,
                                  bool once)
{
    enum redan_status status = redan_map_put(map, name, w);

    if (status == REDAN_E_EXISTS)
        return once ? refuse(w, "a name that is there twice") : REDAN_OK;
    return status;
}

/* Each file once, and nothing both a file and a folder. */
static enum redan_status note_name(struct walk *w, struct redan_slice name)
{
    if (redan_map_get(&w->folders, name))
        return refuse(w, "a name that is a folder as well");
    REDAN_TRY(put_name(w, &w->names, name, true));
    for (size_t i = 0; i < name.len; i++) {
        struct redan_slice folder = redan_slice_sub(name, 0, i);
        if (name.at[i] != '/')
            continue;
        if (redan_map_get(&w->names, folder))
            return refuse(w, "a name that is a folder as well");
        REDAN_TRY(put_name(w, &w->folders, folder, false));
    }
    return REDAN_OK;
}

static enum redan_status read_file(struct walk *w, struct redan_ustar_file *file)
{
    uint64_t size = 0;
    size_t left = w->text.len - w->at - REDAN_USTAR_BLOCK;

    REDAN_TRY(read_header(w, w->text.at + w->at, &file->name, &size));
    REDAN_TRY(note_name(w, file->name));
    if (size > left || padding(size) > left - (size_t)size)
        return refuse(w, "a file that goes on after the end");
    w->at += REDAN_USTAR_BLOCK;
    file->bytes = redan_slice_sub(w->text, w->at, (size_t)size);
    w->at += (size_t)size;
    if (!zeros(redan_slice_sub(w->text, w->at, padding(size))))
        return refuse(w, "something between two files");
    w->at += padding(size);
    return REDAN_OK;
}

/* Only zeros from here: two blocks, or up to the end of a record. */
static enum redan_status read_end(struct walk *w)
{
    size_t left = w->text.len - w->at;

    if (left < (size_t)2 * REDAN_USTAR_BLOCK)
        return refuse(w, "the end of the archive is missing");
    if (left != (size_t)2 * REDAN_USTAR_BLOCK &&
        (w->text.len % RECORD != 0 || left >= RECORD + (size_t)2 * REDAN_USTAR_BLOCK))
        return refuse(w, "something after the end of the archive");
    if (!zeros(redan_slice_sub(w->text, w->at, left)))
        return refuse(w, "something after the end of the archive");
    return REDAN_OK;
}

static size_t most_files(struct redan_slice text)
{
    return redan_min_size(text.len / REDAN_USTAR_BLOCK, REDAN_USTAR_FILES);
}

enum redan_status redan_ustar_read(struct redan_ctx *ctx, struct redan_slice text,
                                   struct redan_ustar_file **files, size_t *count)
{
    struct walk w = {.ctx = ctx, .text = text};
    size_t n = 0;

    redan_map_init(&w.names, ctx);
    redan_map_init(&w.folders, ctx);
    struct redan_ustar_file *list = redan_take_array(ctx, most_files(text), sizeof(*list));
    if (!list)
        return REDAN_E_MEMORY;
    for (;;) {
        if (text.len - w.at < REDAN_USTAR_BLOCK)
            return refuse(&w, "the archive ends in the middle of a block");
        if (zeros(redan_slice_sub(text, w.at, REDAN_USTAR_BLOCK)))
            break;
        if (n == most_files(text))
            return redan_fail(ctx, REDAN_E_LIMIT, w.at, "more than %zu files", n);
        REDAN_TRY(read_file(&w, &list[n]));
        n++;
    }
    REDAN_TRY(read_end(&w));
    *files = list;
    *count = n;
    return REDAN_OK;
}
