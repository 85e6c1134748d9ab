/* The tables of names, looked up by hash: a name is also looked at through its dots, its aliases and the modules above it. */
#include "scan/policy.h"

#include <string.h>

#include "base/map.h"
#include "scan/policy_rows.h"

enum {
    FULL = 1200, /* bytes of a dotted name; a longer one leads somewhere on purpose */
    DOTS = 32,   /* in one; the same */
};

struct redan_scan_tables {
    struct redan_policy_rows over; /* what a text says goes first */
    bool builtin;
};

/* Among the rows that are built in. */
static const struct redan_policy_row *find_packed(struct redan_slice module,
                                                  struct redan_slice name)
{
    uint32_t hash = (uint32_t)(redan_hash(redan_hash(0, module), name) >> 32);
    uint32_t bucket = hash >> (32 - REDAN_POLICY_BUCKET_BITS);

    for (size_t i = redan_policy_starts[bucket]; i < redan_policy_starts[bucket + 1]; i++) {
        const struct redan_policy_row *row = &redan_policy_packed[i];

        if (row->hash == hash && redan_policy_row_is(row, (struct redan_slice){0}, module, name))
            return row;
    }
    return NULL;
}

static const struct redan_policy_row *find(const struct redan_scan_tables *t,
                                           struct redan_slice module, struct redan_slice name)
{
    const struct redan_policy_row *row = redan_policy_rows_find(&t->over, module, name);

    return row || !t->builtin ? row : find_packed(module, name);
}

static bool has(const struct redan_policy_row *row, enum redan_policy_flag flag)
{
    return (row->flags & flag) != 0;
}

static bool denies(const struct redan_policy_row *row)
{
    return redan_policy_denies((enum redan_policy_kind)row->kind);
}

static struct redan_slice detail_of(const struct redan_scan_tables *t,
                                    const struct redan_policy_row *row)
{
    return redan_policy_text(t->over.text, row->detail, row->detail_len);
}

static enum redan_status make(struct redan_ctx *ctx, bool builtin, struct redan_slice text,
                              const struct redan_scan_tables **tables)
{
    struct redan_scan_tables *t = redan_take(ctx, sizeof(*t));

    if (!t)
        return REDAN_E_MEMORY;
    t->builtin = builtin;
    redan_policy_rows_init(&t->over, ctx, ctx->seed);
    REDAN_TRY(redan_policy_rows_read(&t->over, REDAN_POLICY_OWN, text));
    *tables = t;
    return REDAN_OK;
}

enum redan_status redan_scan_tables_builtin(struct redan_ctx *ctx,
                                            const struct redan_scan_tables **tables)
{
    return make(ctx, true, (struct redan_slice){"", 0}, tables);
}

enum redan_status redan_scan_tables_parse(struct redan_ctx *ctx, struct redan_slice text,
                                          bool alone, const struct redan_scan_tables **tables)
{
    struct redan_slice copy = {0};

    REDAN_TRY(redan_copy(ctx, text, &copy));
    return make(ctx, !alone, copy, tables);
}

size_t redan_scan_tables_rows(const struct redan_scan_tables *tables)
{
    return tables->over.told + (tables->builtin ? redan_policy_packed_told : 0);
}

static struct redan_policy policy_of(const struct redan_scan_tables *t,
                                     const struct redan_policy_row *row)
{
    return (struct redan_policy){(enum redan_policy_kind)row->kind, detail_of(t, row),
                                 has(row, REDAN_POLICY_SHAPED)};
}

static struct redan_slice canonical(const struct redan_scan_tables *t, struct redan_slice module)
{
    for (int i = 0; i < 3; i++) {
        const struct redan_policy_row *row = find(t, module, REDAN_S("*"));

        if (!row || !has(row, REDAN_POLICY_ALIAS))
            break;
        module = detail_of(t, row);
    }
    return module;
}

/* Modules that no honest name leads through: `random._os.system`. */
static bool gives_away(struct redan_slice part)
{
    static const char *const modules[] = {"os",         "sys",
                                          "subprocess", "builtins",
                                          "posix",      "nt",
                                          "importlib",  "ctypes",
                                          "socket",     "shutil",
                                          "pickle",     "marshal",
                                          "runpy",      "pty",
                                          "commands",   "pdb",
                                          "code",       "inspect",
                                          "gc",         "imp",
                                          "tempfile",   "cPickle",
                                          "urllib",     "requests",
                                          "webbrowser", "multiprocessing",
                                          NULL};

    while (part.len && part.at[0] == '_')
        part = redan_slice_sub(part, 1, part.len);
    return redan_slice_among(modules, part);
}

static bool dunder(struct redan_slice part)
{
    return part.len > 4 && redan_slice_starts(part, REDAN_S("__")) &&
           redan_slice_ends(part, REDAN_S("__"));
}

/* Whether a step of a dotted name leads where it should not. */
static bool leads_away(struct redan_slice dotted, bool first_too)
{
    bool first = true;

    while (dotted.len) {
        struct redan_slice part;

        (void)redan_slice_cut(dotted, '.', &part, &dotted);
        if ((first_too || !first) && (dunder(part) || gives_away(part)))
            return true;
        first = false;
    }
    return false;
}

/* The nearest module above a dotted path that is denied as a whole. */
static const struct redan_policy_row *denied_above(const struct redan_scan_tables *t,
                                                   struct redan_slice path)
{
    for (size_t i = path.len; i > 0; i--) {
        if (i < path.len && path.at[i] != '.')
            continue;
        const struct redan_policy_row *row =
            find(t, canonical(t, (struct redan_slice){path.at, i}), REDAN_S("*"));
        if (row && denies(row))
            return row;
    }
    return NULL;
}

/* The row for `path` cut into module and name at some dot, the rightmost first. */
static const struct redan_policy_row *split_anywhere(const struct redan_scan_tables *t,
                                                     struct redan_slice path)
{
    for (size_t i = path.len; i > 1; i--) {
        if (path.at[i - 1] != '.')
            continue;
        struct redan_slice module = canonical(t, (struct redan_slice){path.at, i - 1});
        const struct redan_policy_row *row = find(t, module, redan_slice_sub(path, i, path.len));

        if (row && !has(row, REDAN_POLICY_ALIAS) && !has(row, REDAN_POLICY_MODULE_ONLY))
            return row;
    }
    return NULL;
}

/* A method or nested class of what is denied is denied. */
static const struct redan_policy_row *denied_owner(const struct redan_scan_tables *t,
                                                   struct redan_slice path)
{
    for (size_t i = path.len; i > 1; i--) {
        if (path.at[i - 1] != '.')
            continue;
        const struct redan_policy_row *row =
            split_anywhere(t, (struct redan_slice){path.at, i - 1});

        if (row && denies(row))
            return row;
    }
    return NULL;
}

static enum redan_policy_kind family(const struct redan_scan_tables *t, struct redan_slice module)
{
    struct redan_slice top, rest;

    (void)redan_slice_cut(module, '.', &top, &rest);
    if (redan_slice_is(module, "__main__"))
        return REDAN_POLICY_MAIN;
    if (redan_slice_is(top, "__torch__"))
        return REDAN_POLICY_SCRIPT;
    if (find(t, top, REDAN_S("@")))
        return REDAN_POLICY_PYTHON;
    if (find(t, top, (struct redan_slice){"", 0}))
        return REDAN_POLICY_PACKAGE;
    return REDAN_POLICY_UNKNOWN;
}

static size_t dots(struct redan_slice text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.len; i++)
        count += text.at[i] == '.';
    return count;
}

struct redan_policy redan_policy_of(const struct redan_scan_tables *t, struct redan_slice module,
                                    struct redan_slice name)
{
    struct redan_slice canon = canonical(t, module);
    const struct redan_policy_row *row = find(t, canon, name);
    char bytes[FULL];

    if (row && !has(row, REDAN_POLICY_ALIAS) && !has(row, REDAN_POLICY_MODULE_ONLY) &&
        !redan_slice_is(name, "@") && !redan_slice_is(name, "*"))
        return policy_of(t, row);
    module = canon;
    if (module.len > FULL / 2 || name.len >= FULL / 2 || dots(module) + dots(name) > DOTS)
        return (struct redan_policy){.kind = REDAN_POLICY_PATH};
    memcpy(bytes, module.at, module.len);
    bytes[module.len] = '.';
    memcpy(bytes + module.len + 1, name.at, name.len);
    struct redan_slice path = {bytes, module.len + 1 + name.len};

    row = split_anywhere(t, path);
    if (row && (denies(row) || !leads_away(name, true)))
        return policy_of(t, row);
    row = denied_owner(t, path);
    if (!row)
        row = denied_above(t, path);
    if (row)
        return policy_of(t, row);
    if (leads_away(name, true) || leads_away(module, false))
        return (struct redan_policy){.kind = REDAN_POLICY_PATH};
    if (find(t, path, (struct redan_slice){"", 0}))
        return (struct redan_policy){.kind = REDAN_POLICY_MODULE};
    return (struct redan_policy){.kind = family(t, module)};
}

bool redan_policy_knows(const struct redan_scan_tables *t, struct redan_slice module,
                        struct redan_slice name)
{
    const struct redan_policy_row *row = find(t, canonical(t, module), name);

    return row && redan_policy_allows((enum redan_policy_kind)row->kind);
}
