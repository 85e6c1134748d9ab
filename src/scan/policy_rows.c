/* A text of names read into rows that are looked up by hash; the build reads the built-in texts with it too. */
#include "scan/policy_rows.h"

#include <string.h>

#include "base/map.h"

enum { FIRST_ROWS = 64 };

static const char *const words[REDAN_POLICY_KINDS] = {
    [REDAN_POLICY_IMPORT] = "import",
    [REDAN_POLICY_CLASS] = "class",
    [REDAN_POLICY_CALL] = "call",
    [REDAN_POLICY_UNPICKLE] = "unpickle",
    [REDAN_POLICY_GETATTR] = "getattr",
    [REDAN_POLICY_RECONSTRUCT] = "reconstruct",
    [REDAN_POLICY_NEWOBJ] = "newobj",
    [REDAN_POLICY_LATIN1] = "latin1",
    [REDAN_POLICY_PARTIAL] = "partial",
    [REDAN_POLICY_GETTER] = "getter",
    [REDAN_POLICY_SUBSCRIPT] = "subscript",
    [REDAN_POLICY_UFUNC] = "ufunc",
    [REDAN_POLICY_BYTES] = "bytes",
    [REDAN_POLICY_APPLY] = "apply",
    [REDAN_POLICY_RV] = "rv",
    [REDAN_POLICY_CODE] = "code",
    [REDAN_POLICY_TYPEWORD] = "typeword",
    [REDAN_POLICY_IMPORTER] = "module",
    [REDAN_POLICY_PYTHON] = "stdlib",
    [REDAN_POLICY_DENY_EXEC] = "!exec",
    [REDAN_POLICY_DENY_TAMPER] = "!tamper",
    [REDAN_POLICY_DENY_LOAD] = "!load",
    [REDAN_POLICY_DENY_IMPORT] = "!import",
    [REDAN_POLICY_DENY_REFLECT] = "!reflect",
    [REDAN_POLICY_DENY_FILE] = "!file",
    [REDAN_POLICY_DENY_NET] = "!net",
    [REDAN_POLICY_DENY_ENV] = "!env",
    [REDAN_POLICY_DENY_CODE] = "!code",
};

void redan_policy_rows_init(struct redan_policy_rows *rows, struct redan_ctx *ctx, uint64_t seed)
{
    *rows = (struct redan_policy_rows){.ctx = ctx, .seed = seed, .text = {"", 0}};
}

static struct redan_slice module_of(const struct redan_policy_rows *t,
                                    const struct redan_policy_row *row)
{
    return redan_policy_text(t->text, row->module, row->module_len);
}

static struct redan_slice name_of(const struct redan_policy_rows *t,
                                  const struct redan_policy_row *row)
{
    return redan_policy_text(t->text, row->name, row->name_len);
}

static uint32_t *slot_of(const struct redan_policy_rows *t, uint32_t hash,
                         struct redan_slice module, struct redan_slice name)
{
    size_t i = (size_t)hash & (t->slot_count - 1);

    for (;; i = (i + 1) & (t->slot_count - 1)) {
        if (!t->slots[i])
            return &t->slots[i];
        const struct redan_policy_row *row = &t->rows[t->slots[i] - 1];
        if (row->hash == hash && redan_policy_row_is(row, t->text, module, name))
            return &t->slots[i];
    }
}

const struct redan_policy_row *redan_policy_rows_find(const struct redan_policy_rows *t,
                                                      struct redan_slice module,
                                                      struct redan_slice name)
{
    uint64_t hash = 0;

    if (t->count == 0)
        return NULL;
    hash = redan_hash(redan_hash(t->seed, module), name) >> 32;
    uint32_t at = *slot_of(t, (uint32_t)hash, module, name);
    return at ? &t->rows[at - 1] : NULL;
}

static enum redan_status grow(struct redan_policy_rows *t)
{
    size_t cap = t->cap ? t->cap * 2 : FIRST_ROWS;
    struct redan_policy_row *rows = redan_take_array(t->ctx, cap, sizeof(*rows));
    uint32_t *slots = redan_take_array(t->ctx, cap * 2, sizeof(*slots));

    if (!rows || !slots)
        return REDAN_E_MEMORY;
    if (t->rows)
        memcpy(rows, t->rows, t->count * sizeof(*rows));
    t->rows = rows;
    t->cap = cap;
    t->slots = slots;
    t->slot_count = cap * 2;
    for (size_t i = 0; i < t->count; i++)
        *slot_of(t, rows[i].hash, module_of(t, &rows[i]), name_of(t, &rows[i])) = (uint32_t)(i + 1);
    return REDAN_OK;
}

/* The last of several rows for one name counts. */
static enum redan_status put(struct redan_policy_rows *t, struct redan_policy_row row)
{
    struct redan_slice module = module_of(t, &row);
    struct redan_slice name = name_of(t, &row);

    if (!t->rows || t->count == t->cap)
        REDAN_TRY(grow(t));
    if (module.at != t->hashed.at || module.len != t->hashed.len) {
        t->hashed = module;
        t->hashed_as = redan_hash(t->seed, module);
    }
    row.hash = (uint32_t)(redan_hash(t->hashed_as, name) >> 32);
    uint32_t *slot = slot_of(t, row.hash, module, name);

    if (*slot) {
        t->rows[*slot - 1] = row;
        return REDAN_OK;
    }
    t->rows[t->count++] = row;
    *slot = (uint32_t)t->count;
    return REDAN_OK;
}

/* A module with rows, and those above it. */
static enum redan_status put_module(struct redan_policy_rows *t, struct redan_policy_row of)
{
    struct redan_slice module = module_of(t, &of);

    for (size_t i = 0; i <= module.len; i++) {
        struct redan_policy_row row = {.module = of.module,
                                       .module_len = (uint16_t)i,
                                       .name = of.module,
                                       .flags = REDAN_POLICY_MODULE_ONLY};

        if (i < module.len && module.at[i] != '.')
            continue;
        if (!redan_policy_rows_find(t, (struct redan_slice){module.at, i},
                                    (struct redan_slice){"", 0}))
            REDAN_TRY(put(t, row));
    }
    return REDAN_OK;
}

static uint32_t place_of(const struct redan_policy_rows *t, struct redan_slice part)
{
    size_t at = part.len ? (size_t)(part.at - t->text.at) : 0;

    return (uint32_t)t->number << REDAN_POLICY_WHERE | (uint32_t)at;
}

static void set_detail(const struct redan_policy_rows *t, struct redan_slice detail,
                       struct redan_policy_row *row)
{
    detail = redan_slice_sub(detail, 0, UINT16_MAX);
    row->detail = place_of(t, detail);
    row->detail_len = (uint16_t)detail.len;
}

static bool read_use(struct redan_policy_rows *t, struct redan_slice use, bool star,
                     struct redan_policy_row *row)
{
    struct redan_slice word = use;
    struct redan_slice detail = {"", 0};

    if (use.len > 1 && use.at[0] == '=') {
        row->flags = REDAN_POLICY_ALIAS;
        set_detail(t, redan_slice_sub(use, 1, use.len), row);
        return star;
    }
    if (redan_slice_cut(use, ':', &word, &detail))
        row->flags = REDAN_POLICY_SHAPED;
    set_detail(t, detail, row);
    if (word.len && redan_slice_eq(word, t->last_use)) {
        row->kind = t->last_kind;
        return true;
    }
    for (int k = 0; k < REDAN_POLICY_KINDS; k++) {
        if (words[k] && redan_slice_is(word, words[k])) {
            row->kind = (uint8_t)k;
            t->last_use = word;
            t->last_kind = row->kind;
            return true;
        }
    }
    return false;
}

static enum redan_status bad(const struct redan_policy_rows *t, unsigned number, const char *why)
{
    return redan_fail_at(t->ctx, REDAN_E_SYNTAX, number, 1, "%s", why);
}

static enum redan_status read_line(struct redan_policy_rows *t, struct redan_slice line,
                                   unsigned number, struct redan_slice *above)
{
    struct redan_policy_row row = {0};
    struct redan_slice module, name, rest, use;

    if (!redan_slice_cut(line, '\t', &module, &rest) || !redan_slice_cut(rest, '\t', &name, &rest))
        return bad(t, number, "a row is: module, tab, name, tab, use");
    (void)redan_slice_cut(rest, '\t', &use, &rest);
    if (module.len == 0)
        module = *above;
    if (module.len > UINT16_MAX || name.len > UINT16_MAX)
        return bad(t, number, "no name is so long");
    bool star = redan_slice_is(name, "*");
    if (!read_use(t, use, star, &row) || module.len == 0 || name.len == 0)
        return redan_fail_at(t->ctx, REDAN_E_SYNTAX, number, 1, "no such use of a name: \"%.*s\"",
                             REDAN_FMT(use));
    row.module = place_of(t, module);
    row.module_len = (uint16_t)module.len;
    row.name = place_of(t, name);
    row.name_len = (uint16_t)name.len;
    if (redan_policy_denies((enum redan_policy_kind)row.kind))
        set_detail(t, rest, &row);
    else if (star && !(row.flags & REDAN_POLICY_ALIAS))
        return bad(t, number, "only exact names can be allowed");
    if (redan_policy_allows((enum redan_policy_kind)row.kind) && !redan_slice_eq(module, *above))
        REDAN_TRY(put_module(t, row));
    *above = module;
    t->told++;
    return put(t, row);
}

enum redan_status redan_policy_rows_read(struct redan_policy_rows *t, unsigned number,
                                         struct redan_slice text)
{
    struct redan_slice above = {"", 0};
    unsigned at = 0;

    if (text.len >= (size_t)1 << REDAN_POLICY_WHERE)
        return redan_fail(t->ctx, REDAN_E_LIMIT, 0, "tables of names are smaller");
    t->text = text;
    t->number = number;
    while (text.len) {
        struct redan_slice line;

        at++;
        (void)redan_slice_cut(text, '\n', &line, &text);
        if (redan_slice_ends(line, REDAN_S("\r")))
            line.len--;
        if (line.len == 0 || line.at[0] == '#')
            continue;
        REDAN_TRY(read_line(t, line, at, &above));
    }
    return REDAN_OK;
}
