/* The tables of names: parsed once, looked up by hash; a name is also looked at through its dots, its aliases and the modules above it. */
#include "scan/policy.h"

#include <string.h>

#include "base/map.h"
#include "record/embedded.h"

extern const struct redan_embedded redan_scan_policy_files[];

enum {
    FULL = 1200, /* bytes of a dotted name that are looked at */
    FIRST_ROWS = 64,
    BUILTIN_ROWS = 1 << 15,
};

struct row {
    struct redan_slice module, name, detail;
    uint64_t hash;
    enum redan_policy_kind kind;
    bool shaped;
    bool module_only; /* no row of a table: this module or one below it has rows */
    bool alias;       /* detail names the module that it is */
};

struct redan_scan_tables {
    struct redan_ctx *ctx;
    struct row *rows;
    size_t count, cap;
    uint32_t *slots; /* index + 1 */
    size_t slot_count;
    uint64_t seed;
    size_t told;                 /* rows that texts gave */
    struct redan_slice last_use; /* most rows have the use of the one before */
    enum redan_policy_kind last_kind;
    struct redan_slice hashed; /* the module of the row before, and its hash */
    uint64_t hashed_as;
};

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

static uint64_t hash_of(const struct redan_scan_tables *t, struct redan_slice module,
                        struct redan_slice name)
{
    return redan_hash(redan_hash(t->seed, module), name);
}

static uint32_t *slot_of(const struct redan_scan_tables *t, uint64_t hash,
                         struct redan_slice module, struct redan_slice name)
{
    size_t i = (size_t)hash & (t->slot_count - 1);

    for (;; i = (i + 1) & (t->slot_count - 1)) {
        if (!t->slots[i])
            return &t->slots[i];
        const struct row *row = &t->rows[t->slots[i] - 1];
        if (row->hash == hash && redan_slice_eq(row->name, name) &&
            redan_slice_eq(row->module, module))
            return &t->slots[i];
    }
}

static const struct row *find(const struct redan_scan_tables *t, struct redan_slice module,
                              struct redan_slice name)
{
    uint32_t at = *slot_of(t, hash_of(t, module, name), module, name);

    return at ? &t->rows[at - 1] : NULL;
}

static enum redan_status grow(struct redan_scan_tables *t, size_t least)
{
    size_t cap = t->cap ? t->cap * 2 : least;
    struct row *rows = redan_take_array(t->ctx, cap, sizeof(*rows));
    uint32_t *slots = redan_take_array(t->ctx, cap * 2, sizeof(*slots));

    if (!rows || !slots)
        return REDAN_E_MEMORY;
    if (t->count)
        memcpy(rows, t->rows, t->count * sizeof(*rows));
    t->rows = rows;
    t->cap = cap;
    t->slots = slots;
    t->slot_count = cap * 2;
    for (size_t i = 0; i < t->count; i++)
        *slot_of(t, rows[i].hash, rows[i].module, rows[i].name) = (uint32_t)(i + 1);
    return REDAN_OK;
}

/* The last of several rows for one name counts. */
static enum redan_status put(struct redan_scan_tables *t, struct row row)
{
    if (t->count == t->cap)
        REDAN_TRY(grow(t, FIRST_ROWS));
    if (row.module.at != t->hashed.at || row.module.len != t->hashed.len) {
        t->hashed = row.module;
        t->hashed_as = redan_hash(t->seed, row.module);
    }
    row.hash = redan_hash(t->hashed_as, row.name);
    uint32_t *slot = slot_of(t, row.hash, row.module, row.name);

    if (*slot) {
        t->rows[*slot - 1] = row;
        return REDAN_OK;
    }
    t->rows[t->count++] = row;
    *slot = (uint32_t)t->count;
    return REDAN_OK;
}

/* A module with rows, and those above it. */
static enum redan_status put_module(struct redan_scan_tables *t, struct redan_slice module)
{
    for (size_t i = 0; i <= module.len; i++) {
        struct redan_slice part = {module.at, i};

        if (i < module.len && module.at[i] != '.')
            continue;
        if (!find(t, part, (struct redan_slice){"", 0}))
            REDAN_TRY(put(t, (struct row){.module = part, .name = {"", 0}, .module_only = true}));
    }
    return REDAN_OK;
}

static bool read_use(struct redan_scan_tables *t, struct redan_slice use, struct row *row)
{
    struct redan_slice word = use;

    if (use.len > 1 && use.at[0] == '=') {
        row->alias = true;
        row->detail = redan_slice_sub(use, 1, use.len);
        return redan_slice_is(row->name, "*");
    }
    row->shaped = redan_slice_cut(use, ':', &word, &row->detail);
    if (word.len && redan_slice_eq(word, t->last_use)) {
        row->kind = t->last_kind;
        return true;
    }
    for (int k = 0; k < REDAN_POLICY_KINDS; k++) {
        if (words[k] && redan_slice_is(word, words[k])) {
            row->kind = (enum redan_policy_kind)k;
            t->last_use = word;
            t->last_kind = row->kind;
            return true;
        }
    }
    return false;
}

static enum redan_status read_line(struct redan_scan_tables *t, struct redan_slice line,
                                   unsigned number, struct redan_slice *above)
{
    struct row row = {.name = {"", 0}};
    struct redan_slice rest, use;

    if (!redan_slice_cut(line, '\t', &row.module, &rest) ||
        !redan_slice_cut(rest, '\t', &row.name, &rest))
        return redan_fail_at(t->ctx, REDAN_E_SYNTAX, number, 1,
                             "a row is: module, tab, name, tab, use");
    (void)redan_slice_cut(rest, '\t', &use, &rest);
    if (row.module.len == 0)
        row.module = *above;
    if (!read_use(t, use, &row) || row.module.len == 0 || row.name.len == 0)
        return redan_fail_at(t->ctx, REDAN_E_SYNTAX, number, 1, "no such use of a name: \"%.*s\"",
                             REDAN_FMT(use));
    if (redan_policy_denies(row.kind))
        row.detail = rest;
    else if (redan_slice_is(row.name, "*") && !row.alias)
        return redan_fail_at(t->ctx, REDAN_E_SYNTAX, number, 1, "only exact names can be allowed");
    if (redan_policy_allows(row.kind) && !redan_slice_eq(row.module, *above))
        REDAN_TRY(put_module(t, row.module));
    *above = row.module;
    t->told++;
    return put(t, row);
}

static enum redan_status read_text(struct redan_scan_tables *t, struct redan_slice text)
{
    struct redan_slice above = {"", 0};
    unsigned number = 0;

    while (text.len) {
        struct redan_slice line;

        number++;
        (void)redan_slice_cut(text, '\n', &line, &text);
        if (redan_slice_ends(line, REDAN_S("\r")))
            line.len--;
        if (line.len == 0 || line.at[0] == '#')
            continue;
        REDAN_TRY(read_line(t, line, number, &above));
    }
    return REDAN_OK;
}

static enum redan_status make(struct redan_ctx *ctx, bool builtin, struct redan_slice text,
                              const struct redan_scan_tables **tables)
{
    struct redan_scan_tables *t = redan_take(ctx, sizeof(*t));

    if (!t)
        return REDAN_E_MEMORY;
    t->ctx = ctx;
    t->seed = ctx->seed;
    REDAN_TRY(grow(t, builtin ? BUILTIN_ROWS : FIRST_ROWS));
    for (const struct redan_embedded *file = redan_scan_policy_files; builtin && file->name; file++)
        REDAN_TRY(read_text(t, (struct redan_slice){file->bytes, file->len}));
    REDAN_TRY(read_text(t, text));
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
    return tables->told;
}

static struct redan_policy policy_of(const struct row *row)
{
    return (struct redan_policy){row->kind, row->detail, row->shaped};
}

static struct redan_slice canonical(const struct redan_scan_tables *t, struct redan_slice module)
{
    for (int i = 0; i < 3; i++) {
        const struct row *row = find(t, module, REDAN_S("*"));

        if (!row || !row->alias)
            break;
        module = row->detail;
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
static const struct row *denied_above(const struct redan_scan_tables *t, struct redan_slice path)
{
    for (size_t i = path.len; i > 0; i--) {
        if (i < path.len && path.at[i] != '.')
            continue;
        const struct row *row =
            find(t, canonical(t, (struct redan_slice){path.at, i}), REDAN_S("*"));
        if (row && redan_policy_denies(row->kind))
            return row;
    }
    return NULL;
}

/* The row for `path` cut into module and name at some dot, the rightmost first. */
static const struct row *split_anywhere(const struct redan_scan_tables *t, struct redan_slice path)
{
    for (size_t i = path.len; i > 1; i--) {
        if (path.at[i - 1] != '.')
            continue;
        struct redan_slice module = canonical(t, (struct redan_slice){path.at, i - 1});
        const struct row *row = find(t, module, redan_slice_sub(path, i, path.len));

        if (row && !row->alias && !row->module_only)
            return row;
    }
    return NULL;
}

/* A method or nested class of what is denied is denied. */
static const struct row *denied_owner(const struct redan_scan_tables *t, struct redan_slice path)
{
    for (size_t i = path.len; i > 1; i--) {
        if (path.at[i - 1] != '.')
            continue;
        const struct row *row = split_anywhere(t, (struct redan_slice){path.at, i - 1});

        if (row && redan_policy_denies(row->kind))
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

struct redan_policy redan_policy_of(const struct redan_scan_tables *t, struct redan_slice module,
                                    struct redan_slice name)
{
    struct redan_slice canon = canonical(t, module);
    const struct row *row = find(t, canon, name);
    char bytes[FULL];

    if (row && !row->alias && !row->module_only && !redan_slice_is(name, "@") &&
        !redan_slice_is(name, "*"))
        return policy_of(row);
    module = redan_slice_sub(canon, 0, FULL / 2);
    name = redan_slice_sub(name, 0, FULL / 2 - 1);
    memcpy(bytes, module.at, module.len);
    bytes[module.len] = '.';
    memcpy(bytes + module.len + 1, name.at, name.len);
    struct redan_slice path = {bytes, module.len + 1 + name.len};

    row = split_anywhere(t, path);
    if (row && (redan_policy_denies(row->kind) || !leads_away(name, true)))
        return policy_of(row);
    row = denied_owner(t, path);
    if (!row)
        row = denied_above(t, path);
    if (row)
        return policy_of(row);
    if (leads_away(name, true) || leads_away(module, false))
        return (struct redan_policy){.kind = REDAN_POLICY_PATH};
    if (find(t, path, (struct redan_slice){"", 0}))
        return (struct redan_policy){.kind = REDAN_POLICY_MODULE};
    return (struct redan_policy){.kind = family(t, module)};
}

bool redan_policy_knows(const struct redan_scan_tables *t, struct redan_slice module,
                        struct redan_slice name)
{
    const struct row *row = find(t, canonical(t, module), name);

    return row && redan_policy_allows(row->kind);
}
