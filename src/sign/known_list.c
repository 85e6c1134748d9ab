/* Digests that a store already has, as sha256sum prints them or as a JSON object, become a manifest. */
#include "codec/json.h"
#include "codec/problem.h"
#include "sign/known.h"
#include "sign/manifest_parts.h"

/* Where an entry came from, for messages. */
struct list {
    struct redan_ctx *ctx;
    enum redan_hash hash;
    struct redan_manifest_entry *entries;
    size_t count;
    size_t room;
};

static enum redan_status add(struct list *list, struct redan_slice path, struct redan_slice hex,
                             unsigned line)
{
    struct redan_manifest_entry entry = {.to = UINT64_MAX};

    if (list->count == list->room || list->count == REDAN_MANIFEST_ENTRIES)
        return redan_fail_at(list->ctx, REDAN_E_LIMIT, line, 1, "more than %d digests",
                             REDAN_MANIFEST_ENTRIES);
    if (!redan_sum_parse_hex(hex, list->hash, &entry.sum))
        return redan_fail_at(list->ctx, REDAN_E_SYNTAX, line, 1,
                             "\"%s\" is not a digest by %s: %zu lower-case digits",
                             redan_snippet_of(hex).text, redan_hash_name(list->hash),
                             2 * redan_hash_len(list->hash));
    if (redan_slice_starts(path, REDAN_S("./"))) /* of `find . | xargs sha256sum` */
        path = redan_slice_sub(path, 2, path.len);
    const char *fault = redan_manifest_path_fault(path);
    if (fault)
        return redan_fail_at(list->ctx, REDAN_E_SCHEMA, line, 1, "the path \"%s\" %s",
                             redan_snippet_of(path).text, fault);
    entry.path = path;
    list->entries[list->count++] = entry;
    return REDAN_OK;
}

/* A line that begins with a backslash has a name in which \\, \n and \r are written out (coreutils). */
static enum redan_status unescape(struct redan_ctx *ctx, struct redan_slice text, unsigned line,
                                  struct redan_slice *path)
{
    char *out = redan_take(ctx, text.len + 1);
    size_t n = 0;

    if (!out)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '\\') {
            char what = ++i < text.len ? text.at[i] : '\0';
            if (what != '\\' && what != 'n' && what != 'r')
                return redan_fail_at(ctx, REDAN_E_SYNTAX, line, 1,
                                     "a backslash in \"%s\" that means nothing",
                                     redan_snippet_of(text).text);
            c = what == 'n' ? '\n' : what == 'r' ? '\r' : '\\';
        }
        out[n++] = c;
    }
    *path = (struct redan_slice){out, n};
    return REDAN_OK;
}

static enum redan_status add_line(struct list *list, struct redan_slice text, unsigned line)
{
    size_t digits = 2 * redan_hash_len(list->hash);
    bool escaped = redan_slice_starts(text, REDAN_S("\\"));

    if (escaped)
        text = redan_slice_sub(text, 1, text.len);
    if (text.len < digits + 3 || text.at[digits] != ' ' ||
        (text.at[digits + 1] != ' ' && text.at[digits + 1] != '*'))
        return redan_fail_at(list->ctx, REDAN_E_SYNTAX, line, 1,
                             "not a line of digests, which is %zu digits by %s, two blanks and a "
                             "path",
                             digits, redan_hash_name(list->hash));
    struct redan_slice path = redan_slice_sub(text, digits + 2, text.len);
    if (escaped)
        REDAN_TRY(unescape(list->ctx, path, line, &path));
    return add(list, path, redan_slice_sub(text, 0, digits), line);
}

static enum redan_status make_room(struct list *list, size_t room)
{
    list->room = room < REDAN_MANIFEST_ENTRIES ? room : REDAN_MANIFEST_ENTRIES;
    list->entries =
        redan_take_array(list->ctx, list->room ? list->room : 1, sizeof(*list->entries));
    return list->entries ? REDAN_OK : REDAN_E_MEMORY;
}

static enum redan_status read_lines(struct list *list, struct redan_slice text)
{
    size_t lines = 1;
    unsigned line = 0;

    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    REDAN_TRY(make_room(list, lines));
    while (text.len) {
        struct redan_slice one = text;
        struct redan_slice rest = {0};
        (void)redan_slice_cut(text, '\n', &one, &rest);
        REDAN_TRY(add_line(list, one, ++line));
        text = rest;
    }
    return REDAN_OK;
}

/* The place is looked for only when there is something to say: it takes a walk through the text. */
static enum redan_status add_member(struct list *list, const struct redan_node *n,
                                    struct redan_slice prefix)
{
    if (n->kind != REDAN_NODE_TEXT || !redan_slice_starts(n->text, prefix))
        return redan_fail(list->ctx, REDAN_E_SCHEMA, n->offset,
                          "the digest of \"%s\" is not a text \"%.*s...\"",
                          redan_snippet_of(n->key).text, REDAN_FMT(prefix));
    return add(list, n->key, redan_slice_sub(n->text, prefix.len, n->text.len), 0);
}

static enum redan_status read_json(struct list *list, struct redan_slice text)
{
    const struct redan_node *root = NULL;
    struct redan_slice prefix = {0};

    REDAN_TRY(redan_json_parse(list->ctx, text, &root));
    REDAN_TRY(redan_format(list->ctx, &prefix, "%s:", redan_hash_name(list->hash)));
    REDAN_TRY(make_room(list, root->count));
    for (const struct redan_node *n = root->first; n; n = n->next) {
        enum redan_status status = add_member(list, n, prefix);
        if (status != REDAN_OK && list->ctx->failure.line == 0)
            redan_json_place(text, n->offset, &list->ctx->failure.line, &list->ctx->failure.column);
        REDAN_TRY(status);
    }
    return REDAN_OK;
}

enum redan_status redan_known_list(struct redan_ctx *ctx, struct redan_slice text,
                                   enum redan_hash hash, struct redan_manifest *manifest)
{
    struct list list = {.ctx = ctx, .hash = hash};
    struct redan_manifest made = {.name = manifest->name, .hash = hash};
    bool json = redan_slice_starts(redan_slice_trim(text), REDAN_S("{"));

    REDAN_TRY(json ? read_json(&list, text) : read_lines(&list, text));
    if (list.count == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "a list without digests: an empty model is not signed");
    made.entries = list.entries;
    made.count = list.count;
    redan_manifest_sort(&made);
    REDAN_TRY(redan_manifest_check_names(ctx, &made));
    REDAN_TRY(redan_manifest_root(ctx, &made, &made.root));
    *manifest = made;
    return REDAN_OK;
}
