/* NumPy arrays (numpy/lib/format.py, versions 1.0 to 3.0): a header that is a Python literal, then the numbers, or a pickle when the array holds objects. */
#include <string.h>

#include "format/format_table.h"
#include "format/peek.h"

enum {
    MAGIC = 6,
    HEADER_MOST = 1 << 20, /* of records with thousands of fields */
    DEPTH = 16,            /* records within records */
    ARRAYS = 4096,         /* one after another in one file */
};

static const char *const extensions[] = {".npy", NULL};
static const char *const defects[] = {"npy-header", "npy-version",   "npy-short",
                                      "npy-size",   "trailing-data", NULL};

/* What a header says. */
struct array {
    uint64_t item; /* bytes of one element */
    uint64_t count;
    bool objects;
    bool has_type, has_order, has_shape;
};

/* A place in the header. `bad` sticks. */
struct literal {
    struct redan_slice text;
    size_t at;
    bool bad;
};

static void blanks(struct literal *in)
{
    while (in->at < in->text.len && redan_char_among(" \t\n\r", in->text.at[in->at]))
        in->at++;
}

static bool next_is(struct literal *in, char c)
{
    blanks(in);
    return in->at < in->text.len && in->text.at[in->at] == c;
}

static bool take(struct literal *in, char c)
{
    if (!next_is(in, c))
        return false;
    in->at++;
    return true;
}

static void need(struct literal *in, char c)
{
    if (!take(in, c))
        in->bad = true;
}

/* A text between quotes; no escape is needed in a header, and none is read. */
static struct redan_slice text(struct literal *in)
{
    char quote = '\'';

    if (next_is(in, 'u') || next_is(in, 'b')) /* Python 2 and 3 wrote these before quotes */
        in->at++;
    if (next_is(in, '"'))
        quote = '"';
    if (!take(in, quote)) {
        in->bad = true;
        return (struct redan_slice){"", 0};
    }
    size_t from = in->at;
    while (in->at < in->text.len && in->text.at[in->at] != quote)
        in->at++;
    if (in->at == in->text.len)
        in->bad = true;
    struct redan_slice found = redan_slice_sub(in->text, from, in->at - from);
    in->at += in->at < in->text.len;
    return found;
}

static uint64_t number(struct literal *in)
{
    uint64_t value = 0;
    size_t from = 0;

    blanks(in);
    from = in->at;
    while (in->at < in->text.len && in->text.at[in->at] >= '0' && in->text.at[in->at] <= '9')
        in->at++;
    if (!redan_slice_u64(redan_slice_sub(in->text, from, in->at - from), &value))
        in->bad = true;
    if (in->at < in->text.len && in->text.at[in->at] == 'L') /* Python 2 */
        in->at++;
    return value;
}

/* (3, 4) or 3: the product; too much is UINT64_MAX. */
static uint64_t shape(struct literal *in)
{
    uint64_t product = 1;

    if (!take(in, '('))
        return number(in);
    while (!in->bad && !take(in, ')')) {
        if (__builtin_mul_overflow(product, number(in), &product))
            product = UINT64_MAX;
        if (!take(in, ',')) {
            need(in, ')');
            break;
        }
    }
    return product;
}

/* '<f8', '|S10', '<U5', '<M8[ns]', '|O': bytes of one element. */
static uint64_t type_size(struct literal *in, struct redan_slice type, struct array *array)
{
    struct redan_slice digits;
    uint64_t size = 0;

    if (type.len && redan_char_among("<>|=", type.at[0]))
        type = redan_slice_sub(type, 1, type.len);
    if (type.len == 0 || !redan_char_among("?bBiufcmMSUVaOT", type.at[0])) {
        in->bad = true;
        return 0;
    }
    if (type.at[0] == 'O')
        array->objects = true;
    digits = redan_slice_sub(type, 1, type.len);
    (void)redan_slice_cut(digits, '[', &digits, &(struct redan_slice){0});
    if (digits.len == 0)
        return type.at[0] == 'O' ? 8 : type.at[0] == '?' ? 1 : 0;
    if (!redan_slice_u64(digits, &size))
        in->bad = true;
    return type.at[0] == 'U' && size <= UINT64_MAX / 4 ? size * 4 : size;
}

/* A field's name: 'x' or ('title', 'x'). */
static void field_name(struct literal *in)
{
    if (!take(in, '(')) {
        (void)text(in);
        return;
    }
    (void)text(in);
    need(in, ',');
    (void)text(in);
    (void)take(in, ',');
    need(in, ')');
}

static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product = 0;

    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

/* A type: a text, or a list of fields (name, type) or (name, type, shape), where a type may be a list again. */
static void descr(struct literal *in, struct array *array)
{
    uint64_t sums[DEPTH];
    size_t depth = 0;

    if (!next_is(in, '[')) {
        array->item = type_size(in, text(in), array);
        return;
    }
    in->at++;
    sums[depth++] = 0;
    while (depth && !in->bad) {
        uint64_t size = 0;

        if (take(in, ']')) { /* a list is over: it was the type of a field around it */
            size = sums[--depth];
            if (depth == 0) {
                array->item = size;
                return;
            }
        } else {
            need(in, '(');
            field_name(in);
            need(in, ',');
            if (take(in, '[')) {
                if (depth == DEPTH)
                    in->bad = true;
                else
                    sums[depth++] = 0;
                continue;
            }
            size = type_size(in, text(in), array);
        }
        if (take(in, ',') && !next_is(in, ')'))
            size = times(size, shape(in));
        (void)take(in, ',');
        need(in, ')');
        (void)take(in, ',');
        if (__builtin_add_overflow(sums[depth - 1], size, &sums[depth - 1]))
            sums[depth - 1] = UINT64_MAX;
    }
    in->bad = true;
}

static void order(struct literal *in)
{
    static const char *const words[] = {"True", "False"};

    blanks(in);
    for (size_t i = 0; i < REDAN_COUNT(words); i++) {
        struct redan_slice word = redan_slice_of(words[i]);

        if (redan_slice_starts(redan_slice_sub(in->text, in->at, in->text.len), word)) {
            in->at += word.len;
            return;
        }
    }
    in->bad = true;
}

/* {'descr': ..., 'fortran_order': ..., 'shape': ..., } and blanks: nothing else, as numpy demands. */
static bool header(struct redan_slice bytes, struct array *array)
{
    struct literal in = {.text = bytes};

    need(&in, '{');
    while (!in.bad && !take(&in, '}')) {
        struct redan_slice key = text(&in);

        need(&in, ':');
        if (redan_slice_is(key, "descr")) {
            in.bad |= array->has_type;
            array->has_type = true;
            descr(&in, array);
        } else if (redan_slice_is(key, "fortran_order")) {
            in.bad |= array->has_order;
            array->has_order = true;
            order(&in);
        } else if (redan_slice_is(key, "shape")) {
            in.bad |= array->has_shape;
            array->has_shape = true;
            array->count = shape(&in);
        } else {
            in.bad = true;
        }
        if (!take(&in, ',')) {
            need(&in, '}');
            break;
        }
    }
    blanks(&in);
    return !in.bad && in.at == bytes.len && array->has_type && array->has_order && array->has_shape;
}

static enum redan_status tell_rest(struct redan_source *source, const struct redan_listener *to,
                                   uint64_t offset, const char *name, const char *format)
{
    bool unknown = source->size == REDAN_SOURCE_UNKNOWN;
    uint64_t size =
        unknown ? REDAN_SOURCE_UNKNOWN : (offset < source->size ? source->size - offset : 0);

    if (size == 0)
        return REDAN_OK;
    return redan_tell(
        to, &(struct redan_fact){
                .kind = REDAN_FACT_MEMBER,
                .offset = offset,
                .name = redan_slice_of(name),
                .part = {.offset = offset, .size = size, .unpacked = size, .format = format}});
}

/* One array from `*offset`; `*offset` becomes where it ends, or `*last` says that nothing more is to be read. */
static enum redan_status one(struct redan_ctx *ctx, struct redan_source *source,
                             const struct redan_listener *to, uint64_t *offset, bool *last)
{
    struct redan_source_reader in;
    struct array array = {0};
    uint64_t data = 0, size = 0;

    redan_source_reader_init(&in, ctx, source, *offset + MAGIC, UINT64_MAX);
    uint8_t major = redan_source_u8(&in);
    uint8_t minor = redan_source_u8(&in);
    uint32_t length = major == 1 ? redan_source_u16le(&in) : redan_source_u32le(&in);
    *last = true;
    REDAN_TRY(redan_source_ok(&in, "the start of an array"));
    if (major < 1 || major > 3 || minor != 0)
        REDAN_TRY(redan_tell_defect(to, "npy-version", *offset + MAGIC,
                                    REDAN_S("no version of the format")));
    data = in.pos + length;
    if (length > HEADER_MOST) {
        REDAN_TRY(redan_tell_defect(to, "npy-header", *offset, REDAN_S("longer than any header")));
        return tell_rest(source, to, in.pos, "rest", NULL);
    }
    struct redan_slice bytes = redan_source_bytes(&in, length);
    REDAN_TRY(redan_source_ok(&in, "the header of an array"));
    if (!header(bytes, &array)) {
        REDAN_TRY(redan_tell_defect(to, "npy-header", *offset, redan_slice_sub(bytes, 0, 400)));
        return tell_rest(source, to, data, "rest", NULL);
    }
    if (array.objects)
        return tell_rest(source, to, data, "objects", "pickle");
    size = times(array.item, array.count);
    if (size == UINT64_MAX || size > (uint64_t)INT64_MAX - data) {
        REDAN_TRY(redan_tell_defect(to, "npy-size", *offset, redan_slice_sub(bytes, 0, 400)));
        return tell_rest(source, to, data, "rest", NULL);
    }
    if (source->size != REDAN_SOURCE_UNKNOWN && size > source->size - data)
        return redan_tell_defect(to, "npy-short", data,
                                 REDAN_S("the file ends before the array does"));
    *offset = data + size;
    *last = false;
    return redan_peek_program(ctx, source, data, size, to);
}

static enum redan_status read(struct redan_ctx *ctx, struct redan_source *source,
                              struct redan_slice name, const struct redan_listener *to)
{
    uint64_t offset = 0;
    bool last = false;

    (void)name;
    /* numpy.save to one open file again and again leaves arrays one after another */
    for (unsigned n = 0; !last; n++) {
        struct redan_slice head = {0};

        REDAN_TRY(redan_source_view(ctx, source, offset, MAGIC, &head));
        if (!redan_slice_starts(head, REDAN_S("\x93NUMPY")) || n == ARRAYS)
            return offset ? redan_peek_trailing(ctx, source, offset, to)
                          : redan_fail(ctx, REDAN_E_SYNTAX, 0, "not an array of NumPy");
        REDAN_TRY(one(ctx, source, to, &offset, &last));
    }
    return REDAN_OK;
}

static enum redan_sniff sniff(const struct redan_probe *probe)
{
    return redan_slice_starts(probe->head, REDAN_S("\x93NUMPY")) ? REDAN_SNIFF_YES : REDAN_SNIFF_NO;
}

const struct redan_format redan_format_npy = {
    .name = "npy",
    .title = "NumPy array",
    .extensions = extensions,
    .sniff = sniff,
    .read = read,
    .defects = defects,
};
