/* A verification for people, the verdict first, and as one JSON object of schema redan/verification/1. */
#include "base/clock.h"
#include "cmd/scan_report.h"
#include "cmd/verify.h"
#include "codec/json.h"
#include "io/file.h"

enum { SHOWN = 20 };

static void show(struct redan_buf *out, const char *label, struct redan_slice text)
{
    redan_buf_text(out, label);
    redan_scan_show(out, text);
    redan_buf_char(out, '\n');
}

/* The trust root is worth a word where something stood on it. */
static bool tells_trust(const struct redan_verify *v)
{
    const struct redan_policy_vote *first = redan_verify_first(v);

    if (!v->who.trust.loaded || !first)
        return false;
    return v->who.trust.given || first->facts.method == REDAN_SIGN_SIGSTORE ||
           first->facts.stamps || first->facts.logs;
}

static void text_when(struct redan_buf *out, const struct redan_signer_facts *facts)
{
    char time[REDAN_TIME_TEXT];

    if (facts->time == 0) {
        redan_buf_text(out, "when: nobody vouches for a time\n");
        return;
    }
    redan_time_text(facts->time, time);
    redan_buf_printf(out, "when: %s, ", time);
    if (facts->stamps)
        redan_cli_count(out, facts->stamps, "timestamp");
    if (facts->logs) {
        redan_buf_printf(out, "%sentry %llu of ", facts->stamps ? ", " : "",
                         (unsigned long long)facts->log_index);
        redan_scan_show(out, facts->log);
    }
    redan_buf_char(out, '\n');
}

static void text_who(struct redan_buf *out, const struct redan_policy_vote *vote)
{
    const struct redan_signer_facts *facts = &vote->facts;

    redan_buf_text(out, "by: ");
    if (vote->signer)
        redan_buf_printf(out, "%.*s, ", REDAN_FMT(vote->signer->id));
    redan_scan_show(out, facts->signer);
    if (facts->identity.len && !redan_slice_eq(facts->identity, facts->signer)) {
        redan_buf_text(out, " (");
        redan_scan_show(out, facts->identity);
        redan_buf_char(out, ')');
    }
    if (facts->issuer.len) {
        redan_buf_text(out, ", vouched for by ");
        redan_scan_show(out, facts->issuer);
    }
    redan_buf_char(out, '\n');
    text_when(out, facts);
}

static void text_differences(struct redan_buf *out, const struct redan_verify *v)
{
    for (size_t i = 0; i < v->difference_count && i < SHOWN; i++) {
        const struct redan_manifest_difference *d = &v->differences[i];
        redan_buf_printf(out, "%s: ", redan_manifest_fault_words[d->fault]);
        redan_scan_show(out, d->path);
        if (d->fault == REDAN_MANIFEST_CHANGED)
            redan_buf_printf(out, "\n  signed %.*s\n  found  %.*s", REDAN_FMT(d->wanted),
                             REDAN_FMT(d->found));
        redan_buf_char(out, '\n');
    }
    if (v->difference_count > SHOWN)
        redan_buf_printf(out, "and %zu more; --json has all\n", v->difference_count - SHOWN);
}

/* Whether it is there, and is neither one of the signatures nor what the caller left out. */
static enum redan_status is_left_out(struct redan_verify *v, struct redan_slice path, bool *is)
{
    struct redan_slice whole = {0};

    *is = false;
    if (redan_slice_eq(path, v->check.signature))
        return REDAN_OK;
    for (size_t i = 0; i < v->check.ignore_count; i++) {
        if (redan_slice_eq(path, v->check.ignore[i]))
            return REDAN_OK;
    }
    REDAN_TRY(redan_path_join(&v->cli->ctx, v->model.path, path, &whole));
    *is = redan_file_exists(&v->cli->ctx, whole) || redan_folder_exists(&v->cli->ctx, whole);
    return REDAN_OK;
}

/* What nobody signed and is there all the same deserves a word: what the signer left out, and git's own, which need not be listed. */
static enum redan_status left_out(struct redan_verify *v, const struct redan_manifest *m,
                                  struct redan_slice **list, size_t *count)
{
    size_t all = m->ignore_count + (v->check.keep_git ? 0 : REDAN_MANIFEST_GIT);
    struct redan_slice *made = redan_take_array(&v->cli->ctx, all + 1, sizeof(*made));
    size_t n = 0;

    if (!made)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < all && v->model.folder; i++) {
        struct redan_slice path =
            i < m->ignore_count ? m->ignore[i] : redan_manifest_git[i - m->ignore_count];
        bool is = false;
        for (size_t k = 0; i >= m->ignore_count && k < m->ignore_count && !is; k++)
            is = redan_slice_eq(path, m->ignore[k]);
        if (is) /* listed, and looked at before */
            continue;
        REDAN_TRY(is_left_out(v, path, &is));
        if (is)
            made[n++] = path;
    }
    *list = made;
    *count = n;
    return REDAN_OK;
}

static enum redan_status text_left_out(struct redan_verify *v, const struct redan_manifest *m,
                                       struct redan_buf *out)
{
    struct redan_slice *list = NULL;
    size_t count = 0;

    REDAN_TRY(left_out(v, m, &list, &count));
    for (size_t i = 0; i < count && i < SHOWN; i++)
        show(out, "not signed: ", list[i]);
    if (count > SHOWN)
        redan_buf_printf(out, "and %zu more that were not signed; --json has all\n", count - SHOWN);
    return REDAN_OK;
}

static enum redan_status text_manifest(struct redan_verify *v, const struct redan_manifest *m,
                                       struct redan_buf *out)
{
    struct redan_slice root = {0};

    REDAN_TRY(redan_digest_text(&v->cli->ctx, &m->root, &root));
    redan_buf_printf(out, "root: %.*s (%s", REDAN_FMT(root), redan_hash_name(m->hash));
    if (m->shards)
        redan_buf_printf(out, ", pieces of %llu bytes", (unsigned long long)m->shard_size);
    redan_buf_text(out, ")\n");
    return text_left_out(v, m, out);
}

static void text_verdict(struct redan_verify *v, struct redan_buf *out)
{
    bool colour = v->cli->colour;

    redan_buf_text(out, !colour ? "" : v->refused ? "\x1b[31m" : "\x1b[32m");
    redan_buf_text(out, v->refused ? "NOT verified" : "verified");
    redan_buf_text(out, colour ? "\x1b[0m: " : ": ");
    redan_scan_show(out, v->artefact ? v->target : v->model.path);
    if (!v->refused && !v->artefact) {
        redan_buf_text(out, ", ");
        redan_cli_count(out, v->files, "file");
    }
    if (v->refused)
        redan_buf_text(out, ": ");
    redan_scan_show(out, v->reason);
    redan_buf_char(out, '\n');
    v->cli->painted = colour;
}

enum redan_status redan_verify_text(struct redan_verify *v)
{
    struct redan_buf *out = &v->cli->out;
    const struct redan_policy_vote *first = redan_verify_first(v);

    text_verdict(v, out);
    text_differences(out, v);
    for (size_t i = 0; i < v->vote_count; i++) {
        const struct redan_policy_vote *vote = &v->votes[i];
        if (vote->refused.len == 0 && (vote->signer || !v->who.by_policy)) {
            text_who(out, vote);
        } else if (v->who.by_policy) {
            redan_buf_text(out, "does not count: ");
            redan_scan_show(out, vote->file);
            show(out, ": ", vote->refused);
        }
    }
    if (v->who.by_policy)
        redan_buf_printf(out, "policy: %zu of %llu signers agree\n", v->agreed,
                         (unsigned long long)v->who.policy.quorum);
    if (first && !v->artefact)
        REDAN_TRY(text_manifest(v, &first->manifest, out));
    if (tells_trust(v)) {
        redan_buf_text(out, "trust root: ");
        redan_cli_trust_line(out, v->cli, &v->who.trust);
        redan_buf_char(out, '\n');
    }
    for (size_t i = 0; i < v->remark_count; i++)
        show(out, "note: ", v->remarks[i]);
    return REDAN_OK;
}

static bool add_digest(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                       const struct redan_digest *digest)
{
    struct redan_slice text = {0};

    return redan_digest_text(ctx, digest, &text) == REDAN_OK &&
           redan_node_add_text(ctx, map, key, text);
}

static bool add_time(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                     int64_t seconds)
{
    struct redan_slice copy = {0};
    char text[REDAN_TIME_TEXT];

    redan_time_text(seconds, text);
    return redan_copy(ctx, redan_slice_of(text), &copy) == REDAN_OK &&
           redan_node_add_text(ctx, map, key, copy);
}

static bool add_facts(struct redan_ctx *ctx, struct redan_node *map,
                      const struct redan_signer_facts *facts)
{
    struct redan_node *log = NULL;

    if (!redan_node_add_text(ctx, map, "method",
                             redan_slice_of(redan_sign_method_words[facts->method])) ||
        !redan_node_add_text(ctx, map, "signer", facts->signer) ||
        !add_digest(ctx, map, "key", &facts->key))
        return false;
    if (facts->method != REDAN_SIGN_KEY &&
        !add_digest(ctx, map, "certificate", &facts->certificate))
        return false;
    if (facts->identity.len && !redan_node_add_text(ctx, map, "identity", facts->identity))
        return false;
    if (facts->issuer.len && !redan_node_add_text(ctx, map, "issuer", facts->issuer))
        return false;
    if (facts->time && !add_time(ctx, map, "time", facts->time))
        return false;
    if (!redan_node_add_number(ctx, map, "timestamps", (double)facts->stamps))
        return false;
    if (!facts->logs)
        return true;
    log = redan_node_add_kind(ctx, map, "log", REDAN_NODE_MAP);
    return log && redan_node_add_text(ctx, log, "url", facts->log) &&
           redan_node_add_number(ctx, log, "index", (double)facts->log_index);
}

static bool add_vote(struct redan_verify *v, struct redan_node *list,
                     const struct redan_policy_vote *vote)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
    bool counts = vote->refused.len == 0 && (vote->signer || !v->who.by_policy);

    if (!map || !redan_node_add_text(ctx, map, "file", vote->file) ||
        !add_digest(ctx, map, "digest", &vote->digest) ||
        !redan_node_add_bool(ctx, map, "counts", counts))
        return false;
    if (!counts)
        return redan_node_add_text(ctx, map, "refused", vote->refused) != NULL;
    if (vote->signer && !redan_node_add_text(ctx, map, "as", vote->signer->id))
        return false;
    return add_facts(ctx, map, &vote->facts);
}

static bool add_texts(struct redan_ctx *ctx, struct redan_node *map, const char *key,
                      const struct redan_slice *texts, size_t count)
{
    struct redan_node *list = redan_node_add_kind(ctx, map, key, REDAN_NODE_LIST);

    for (size_t i = 0; list && i < count; i++) {
        if (!redan_node_add_text(ctx, list, NULL, texts[i]))
            return false;
    }
    return list;
}

static bool add_manifest(struct redan_verify *v, struct redan_node *root,
                         const struct redan_manifest *m)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    struct redan_node *map = redan_node_add_kind(ctx, root, "manifest", REDAN_NODE_MAP);

    return map && redan_node_add_text(ctx, map, "name", m->name) &&
           add_digest(ctx, map, "root", &m->root) &&
           redan_node_add_text(ctx, map, "hash", redan_slice_of(redan_hash_name(m->hash))) &&
           redan_node_add_text(ctx, map, "method",
                               m->shards ? REDAN_S("shards") : REDAN_S("files")) &&
           redan_node_add_number(ctx, map, "resources", (double)m->count) &&
           redan_node_add_bool(ctx, map, "allow_symlinks", m->links) &&
           add_texts(ctx, map, "ignore_paths", m->ignore, m->ignore_count);
}

static bool add_differences(struct redan_verify *v, struct redan_node *root)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    struct redan_node *list = redan_node_add_kind(ctx, root, "differences", REDAN_NODE_LIST);

    for (size_t i = 0; list && i < v->difference_count; i++) {
        const struct redan_manifest_difference *d = &v->differences[i];
        struct redan_node *map = redan_node_add_kind(ctx, list, NULL, REDAN_NODE_MAP);
        if (!map ||
            !redan_node_add_text(ctx, map, "fault",
                                 redan_slice_of(redan_manifest_fault_words[d->fault])) ||
            !redan_node_add_text(ctx, map, "path", d->path) ||
            (d->wanted.len && !redan_node_add_text(ctx, map, "signed", d->wanted)) ||
            (d->found.len && !redan_node_add_text(ctx, map, "found", d->found)))
            return false;
    }
    return list;
}

static bool add_trust(struct redan_verify *v, struct redan_node *root)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    struct redan_node *map = redan_node_add_kind(ctx, root, "trust_root", REDAN_NODE_MAP);

    return map && redan_node_add_text(ctx, map, "source", v->who.trust.source) &&
           add_digest(ctx, map, "digest", &v->who.trust.root.digest) &&
           add_time(ctx, map, "newest", v->who.trust.root.newest);
}

static bool add_policy(struct redan_verify *v, struct redan_node *root)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    struct redan_node *map = redan_node_add_kind(ctx, root, "policy", REDAN_NODE_MAP);

    return map && redan_node_add_text(ctx, map, "file", v->who.policy_file) &&
           add_digest(ctx, map, "digest", &v->who.policy.digest) &&
           redan_node_add_number(ctx, map, "quorum", (double)v->who.policy.quorum) &&
           redan_node_add_number(ctx, map, "agreed", (double)v->agreed);
}

enum redan_status redan_verify_json(struct redan_verify *v)
{
    struct redan_ctx *ctx = &v->cli->ctx;
    const struct redan_policy_vote *first = redan_verify_first(v);
    struct redan_node *root = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_node *votes = NULL;
    struct redan_slice *unsigned_there = NULL;
    size_t unsigned_count = 0;

    if (!root || !redan_node_add_text(ctx, root, "schema", REDAN_S("redan/verification/1")) ||
        !redan_node_add_text(ctx, root, "verdict",
                             v->refused ? REDAN_S("not-verified") : REDAN_S("verified")) ||
        (v->refused && !redan_node_add_text(ctx, root, "reason", v->reason)) ||
        !redan_node_add_text(ctx, root, "kind",
                             v->artefact ? REDAN_S("artefact") : REDAN_S("model")) ||
        !redan_node_add_text(ctx, root, "path", v->artefact ? v->target : v->model.path) ||
        !redan_node_add_number(ctx, root, "files", v->refused ? 0 : (double)v->files) ||
        !redan_node_add_bool(ctx, root, "partial", v->partial || v->check.ignore_unsigned) ||
        !(votes = redan_node_add_kind(ctx, root, "signatures", REDAN_NODE_LIST)))
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < v->vote_count; i++) {
        if (!add_vote(v, votes, &v->votes[i]))
            return REDAN_E_MEMORY;
    }
    if (first && !v->artefact)
        REDAN_TRY(left_out(v, &first->manifest, &unsigned_there, &unsigned_count));
    if ((first && !v->artefact &&
         (!add_manifest(v, root, &first->manifest) ||
          !add_texts(ctx, root, "not_signed", unsigned_there, unsigned_count))) ||
        (!v->artefact && !add_differences(v, root)) || (tells_trust(v) && !add_trust(v, root)) ||
        (v->who.by_policy && !add_policy(v, root)) ||
        !add_texts(ctx, root, "remarks", v->remarks, v->remark_count))
        return REDAN_E_MEMORY;
    redan_json_tree_add(&v->cli->out, root);
    return REDAN_OK;
}
