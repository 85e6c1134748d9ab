/* An inspection in words, from the tree that --json prints. */
#include <string.h>

#include "cmd/inspect.h"
#include "cmd/scan_report.h"

static void show(struct redan_buf *out, const char *label, struct redan_slice text)
{
    if (text.len == 0)
        return;
    redan_buf_text(out, label);
    redan_scan_show(out, text);
    redan_buf_char(out, '\n');
}

static void show_number(struct redan_buf *out, const struct redan_node *map, const char *key)
{
    double value = 0;

    if (redan_node_number(redan_node_get(map, key), &value))
        redan_buf_printf(out, "%.0f", value);
}

static bool is_true(const struct redan_node *map, const char *key)
{
    const struct redan_node *node = redan_node_get(map, key);

    return node && node->kind == REDAN_NODE_BOOL && node->truth;
}

static const struct redan_node *items(const struct redan_node *map, const char *key)
{
    const struct redan_node *list = redan_node_get(map, key);

    return list ? list->first : NULL;
}

static void text_certificate(struct redan_buf *out, const struct redan_node *c, bool leaf)
{
    show(out, leaf ? "certificate: " : "  above it: ", redan_node_text(c, "subject"));
    show(out, "  unreadable: ", redan_node_text(c, "unreadable"));
    if (!leaf)
        return;
    show(out, "  issued by: ", redan_node_text(c, "issuer"));
    for (const struct redan_node *n = items(c, "names"); n; n = n->next) {
        redan_buf_printf(out, "  name (%.*s): ", REDAN_FMT(redan_node_text(n, "kind")));
        show(out, "", redan_node_text(n, "value"));
    }
    show(out, "  identity vouched for by: ", redan_node_text(c, "oidc_issuer"));
    if (redan_node_text(c, "from").len)
        redan_buf_printf(out, "  valid: %.*s to %.*s\n", REDAN_FMT(redan_node_text(c, "from")),
                         REDAN_FMT(redan_node_text(c, "until")));
    show(out, "  key: ", redan_node_text(c, "key"));
    show(out, "  fingerprint: ", redan_node_text(c, "fingerprint"));
}

static void text_signer(struct redan_buf *out, const struct redan_node *root)
{
    struct redan_slice method = redan_node_text(root, "method");
    bool leaf = true;

    redan_buf_printf(out, "signed with: %s\n",
                     redan_slice_is(method, "key")        ? "a key, which the bundle does not have"
                     : redan_slice_is(method, "sigstore") ? "an identity (Sigstore)"
                                                          : "a certificate");
    show(out, "  its hint: ", redan_node_text(root, "key_hint"));
    if (is_true(root, "key_inside"))
        redan_buf_text(out, "  an old form: the key is inside, which proves nothing\n");
    for (const struct redan_node *c = items(root, "certificates"); c; c = c->next) {
        text_certificate(out, c, leaf);
        leaf = false;
    }
}

static void text_witnesses(struct redan_buf *out, const struct redan_node *root)
{
    const struct redan_node *log = items(root, "log_entries");
    const struct redan_node *stamp = items(root, "timestamps");

    if (!log && !stamp)
        redan_buf_text(out, "time: nobody but the signer would vouch for one\n");
    for (; log; log = log->next) {
        redan_buf_printf(out, "log entry: %.*s, %.*s %.*s, log %.*s%s%s\n",
                         REDAN_FMT(redan_node_text(log, "index")),
                         REDAN_FMT(redan_node_text(log, "kind")),
                         REDAN_FMT(redan_node_text(log, "version")),
                         REDAN_FMT(redan_slice_sub(redan_node_text(log, "log"), 0, 16)),
                         is_true(log, "promise") ? ", a promise" : "",
                         is_true(log, "proof") ? ", an inclusion proof" : "");
        show(out, "  claims the time: ", redan_node_text(log, "time"));
    }
    for (; stamp; stamp = stamp->next) {
        show(out, "timestamp: claims ", redan_node_text(stamp, "time"));
        show(out, "timestamp: unreadable: ", redan_node_text(stamp, "unreadable"));
    }
}

static void text_manifest(struct redan_buf *out, const struct redan_node *m)
{
    double resources = 0;
    size_t shown = 0;

    show(out, "says: a model, dataset or folder called ", redan_node_text(m, "name"));
    redan_buf_text(out, "  files: ");
    show_number(out, m, "files");
    redan_buf_printf(out, ", hashed by %.*s", REDAN_FMT(redan_node_text(m, "hash")));
    if (redan_node_get(m, "shard_size")) {
        redan_buf_text(out, " in pieces of ");
        show_number(out, m, "shard_size");
        redan_buf_text(out, " bytes");
    }
    redan_buf_char(out, '\n');
    show(out, "  root: ", redan_node_text(m, "root"));
    for (const struct redan_node *i = items(m, "ignore_paths"); i; i = i->next)
        show(out, "  left out: ", i->text);
    if (is_true(m, "allow_symlinks"))
        redan_buf_text(out, "  symbolic links were followed\n");
    for (const struct redan_node *e = items(m, "first"); e; e = e->next, shown++) {
        redan_buf_printf(out, "  %.*s  ",
                         REDAN_FMT(redan_slice_sub(redan_node_text(e, "digest"), 0, 16)));
        redan_scan_show(out, redan_node_text(e, "path"));
        if (redan_node_get(e, "from")) {
            redan_buf_text(out, ", bytes ");
            show_number(out, e, "from");
            redan_buf_text(out, " to ");
            show_number(out, e, "to");
        }
        redan_buf_char(out, '\n');
    }
    if (redan_node_number(redan_node_get(m, "resources"), &resources) && resources > (double)shown)
        redan_buf_printf(out, "  and %.0f more\n", resources - (double)shown);
    for (const struct redan_node *r = items(m, "remarks"); r; r = r->next)
        show(out, "  note: ", r->text);
}

static void text_content(struct redan_buf *out, const struct redan_node *root)
{
    const struct redan_node *statement = redan_node_get(root, "statement");
    const struct redan_node *message = redan_node_get(root, "message");

    if (redan_node_get(root, "manifest"))
        text_manifest(out, redan_node_get(root, "manifest"));
    if (statement) {
        redan_buf_text(out, "says: a statement of ");
        show_number(out, statement, "bytes");
        redan_buf_text(out, " bytes, no manifest of a model\n");
        show(out, "  because: ", redan_node_text(statement, "no_manifest"));
        show(out, "  type: ", redan_node_text(root, "payload_type"));
        show(out, "  predicate: ", redan_node_text(statement, "predicate_type"));
        for (const struct redan_node *s = items(statement, "subjects"); s; s = s->next) {
            show(out, "  about: ", redan_node_text(s, "name"));
            show(out, "    sha256: ", redan_node_text(s, "sha256"));
        }
    }
    if (message) {
        redan_buf_text(out, "says: one file, byte for byte\n");
        show(out, "  digest: ", redan_node_text(message, "digest"));
    }
}

void redan_inspect_text(struct redan_buf *out, const struct redan_node *root)
{
    redan_scan_show(out, redan_node_text(root, "file"));
    redan_buf_printf(out, ": a Sigstore bundle, version %.*s; nothing below is verified\n",
                     REDAN_FMT(redan_node_text(root, "version")));
    text_signer(out, root);
    text_witnesses(out, root);
    text_content(out, root);
}
