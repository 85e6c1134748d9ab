/* The schema redan/verify-policy/1 by table, and the keys, roots and trust roots that it names. */
#include "sign/policy.h"

#include "codec/yaml.h"
#include "io/file.h"
#include "sign/identity.h"

enum {
    KEY_MAX = 1 << 16,
    ROOTS_MAX = 1 << 20,
    TRUST_MAX = 4 << 20,
    PATTERN_MAX = 512,
    REPEATS = 4096,
};

/* A signer as it is written. */
struct written {
    const struct redan_node *node;
    struct redan_slice id;
    int method;
    struct redan_slice models;
    struct redan_slice key;
    struct redan_slice roots;
    struct redan_slice identity;
    struct redan_slice identity_regex;
    struct redan_slice issuer;
    struct redan_slice issuer_regex;
    struct redan_slice trust_root;
    bool no_ct;
    int64_t until;
};

struct document {
    const struct redan_node *node;
    struct redan_slice schema;
    struct redan_list signers;
    uint64_t quorum;
    int64_t max_age;
    struct redan_texts need;
    struct redan_texts hashes;
    struct redan_texts revoked;
};

/* One trust root for all signers that name the same file. */
struct trust {
    struct redan_slice path; /* empty: the one that is built in */
    struct redan_trust_root root;
};

struct redan_verify_policy_owned {
    struct redan_spki *keys[REDAN_POLICY_SIGNERS];
    size_t key_count;
    struct redan_certificate **roots[REDAN_POLICY_SIGNERS];
    size_t root_counts[REDAN_POLICY_SIGNERS];
    size_t root_count;
    struct trust trusts[REDAN_POLICY_SIGNERS];
    size_t trust_count;
};

static const struct redan_bind_field signer_fields[] = {
    {"id", REDAN_BIND_ID, true, offsetof(struct written, id), NULL, NULL, "a short name, release"},
    {"method", REDAN_BIND_WORD, true, offsetof(struct written, method), NULL,
     redan_sign_method_words, "key, certificate or sigstore"},
    {"models", REDAN_BIND_TEXT, false, offsetof(struct written, models), NULL, NULL,
     "which models it may sign, by name: fraud-*"},
    {"key", REDAN_BIND_TEXT, false, offsetof(struct written, key), NULL, NULL,
     "a file with the public key in PEM, beside the policy"},
    {"roots", REDAN_BIND_TEXT, false, offsetof(struct written, roots), NULL, NULL,
     "a file with root certificates in PEM, beside the policy"},
    {"identity", REDAN_BIND_TEXT, false, offsetof(struct written, identity), NULL, NULL,
     "the name in the certificate, ada@example.org"},
    {"identity-regex", REDAN_BIND_TEXT, false, offsetof(struct written, identity_regex), NULL, NULL,
     "instead of identity: a POSIX extended regular expression for the whole name"},
    {"issuer", REDAN_BIND_TEXT, false, offsetof(struct written, issuer), NULL, NULL,
     "who vouched for the identity, https://token.actions.githubusercontent.com"},
    {"issuer-regex", REDAN_BIND_TEXT, false, offsetof(struct written, issuer_regex), NULL, NULL,
     "instead of issuer: a POSIX extended regular expression for the whole address"},
    {"trust-root", REDAN_BIND_TEXT, false, offsetof(struct written, trust_root), NULL, NULL,
     "a trusted_root.json beside the policy; without it the one in force"},
    {"no-ct", REDAN_BIND_BOOL, false, offsetof(struct written, no_ct), NULL, NULL,
     "true: certificates of a private Fulcio need no transparency log"},
    {"until", REDAN_BIND_DATE, false, offsetof(struct written, until), NULL, NULL,
     "the day after which its signatures no longer count, 2027-06-30"},
};
static const struct redan_bind_shape signer_shape = {"a signer", sizeof(struct written),
                                                     offsetof(struct written, node), signer_fields,
                                                     REDAN_COUNT(signer_fields)};

static const struct redan_bind_field policy_fields[] = {
    {"schema", REDAN_BIND_TEXT, true, offsetof(struct document, schema), NULL, NULL,
     "redan/verify-policy/1"},
    {"signers", REDAN_BIND_LIST, true, offsetof(struct document, signers), &signer_shape, NULL,
     "[{id: release, method: key, key: release.pem}]"},
    {"quorum", REDAN_BIND_COUNT, false, offsetof(struct document, quorum), NULL, NULL,
     "how many of them must have signed, 2"},
    {"max-age", REDAN_BIND_SPAN, false, offsetof(struct document, max_age), NULL, NULL,
     "how old a signature may be, 90d"},
    {"need", REDAN_BIND_TEXTS, false, offsetof(struct document, need), NULL, NULL,
     "[stamp, log]: a timestamp of RFC 3161, a log entry"},
    {"hashes", REDAN_BIND_TEXTS, false, offsetof(struct document, hashes), NULL, NULL,
     "which hashes a manifest may use, [sha256, blake2b]"},
    {"revoked", REDAN_BIND_TEXTS, false, offsetof(struct document, revoked), NULL, NULL,
     "sha256: of keys, certificates, signature files and models that count no more"},
};
static const struct redan_bind_shape policy_shape = {"a verify policy", sizeof(struct document),
                                                     offsetof(struct document, node), policy_fields,
                                                     REDAN_COUNT(policy_fields)};

/* What goes with which method; the word is for the message. */
struct rule {
    struct redan_slice value;
    const char *name;
    bool allowed;
};

static void check_fields(struct redan_problems *problems, const struct written *w)
{
    bool key = w->method == REDAN_SIGN_KEY;
    bool certificate = w->method == REDAN_SIGN_CERTIFICATE;
    bool sigstore = w->method == REDAN_SIGN_SIGSTORE;
    const struct rule rules[] = {
        {w->key, "key", key},
        {w->roots, "roots", certificate},
        {w->identity, "identity", !key},
        {w->identity_regex, "identity-regex", !key},
        {w->issuer, "issuer", sigstore},
        {w->issuer_regex, "issuer-regex", sigstore},
    };

    for (size_t i = 0; i < REDAN_COUNT(rules); i++) {
        if (rules[i].value.len && !rules[i].allowed)
            redan_problem_add(problems, w->node, "leave it out, or choose another method",
                              "%s means nothing to the method %s", rules[i].name,
                              redan_sign_method_words[w->method]);
    }
    if (w->no_ct && !sigstore)
        redan_problem_add(problems, w->node, "leave it out", "no-ct means nothing to the method %s",
                          redan_sign_method_words[w->method]);
    if (key && !w->key.len)
        redan_problem_add(problems, w->node, "key: FILE", "the method key needs a key");
    if (certificate && !w->roots.len)
        redan_problem_add(problems, w->node, "roots: FILE",
                          "the method certificate needs root certificates");
    if (w->identity.len && w->identity_regex.len)
        redan_problem_add(problems, w->node, "keep one of them",
                          "identity and identity-regex are both there");
    if (w->issuer.len && w->issuer_regex.len)
        redan_problem_add(problems, w->node, "keep one of them",
                          "issuer and issuer-regex are both there");
    if (sigstore && !w->identity.len && !w->identity_regex.len)
        redan_problem_add(problems, w->node, "identity: NAME",
                          "anybody may get a certificate: the method sigstore needs an identity");
    if (sigstore && !w->issuer.len && !w->issuer_regex.len)
        redan_problem_add(problems, w->node, "issuer: URL",
                          "an identity is somebody's word: the method sigstore needs an issuer");
}

/* Repetitions of repetitions would make the pattern's machine larger than memory. */
static bool is_modest(struct redan_slice pattern)
{
    uint64_t product = 1;
    uint64_t number = 0;
    bool inside = false;

    for (size_t i = 0; i < pattern.len && product <= REPEATS; i++) {
        char c = pattern.at[i];
        if (inside && c >= '0' && c <= '9' && number <= REPEATS)
            number = number * 10 + (uint64_t)(c - '0');
        else if (inside)
            product *= number ? number : 1;
        if (c < '0' || c > '9') {
            inside = c == '{' || (inside && c == ',');
            number = 0;
        }
    }
    return product <= REPEATS;
}

static enum redan_status check_regex(struct redan_problems *problems, const struct written *w,
                                     struct redan_slice text, const char *name)
{
    bool matches = false;
    enum redan_status status = REDAN_E_USAGE;

    if (!text.len)
        return REDAN_OK;
    if (text.len <= PATTERN_MAX && is_modest(text))
        status = redan_identity_match(problems->ctx, text, REDAN_S("a"), &matches);
    if (status == REDAN_OK || status == REDAN_E_MEMORY)
        return status;
    redan_fail_clear(problems->ctx);
    redan_problem_add(problems, w->node,
                      "write a POSIX extended regular expression, of modest size",
                      "%s is no regular expression that can be used", name);
    return REDAN_OK;
}

/* A file that the policy names, from its folder; links are the operator's own. */
static enum redan_status read_beside(struct redan_problems *problems, struct redan_slice folder,
                                     struct redan_slice name, size_t max, struct redan_slice *text)
{
    struct redan_slice path = {0};

    if (redan_slice_is(name, "-"))
        return redan_fail(problems->ctx, REDAN_E_SCHEMA, 0,
                          "\"-\" is no file; write its path, from the policy's folder");
    REDAN_TRY(redan_path_join(problems->ctx, folder, name, &path));
    return redan_file_read(problems->ctx, path, max, true, text);
}

static enum redan_status read_key(struct redan_problems *problems, struct redan_slice folder,
                                  struct redan_verify_policy_owned *owned, const struct written *w,
                                  struct redan_signer_wanted *wanted)
{
    struct redan_slice text = {0};
    struct redan_spki *key = NULL;

    REDAN_TRY(read_beside(problems, folder, w->key, KEY_MAX, &text));
    REDAN_TRY(redan_spki_parse_text(problems->ctx, text, &key));
    owned->keys[owned->key_count++] = key;
    wanted->key = key;
    return REDAN_OK;
}

static enum redan_status read_roots(struct redan_problems *problems, struct redan_slice folder,
                                    struct redan_verify_policy_owned *owned,
                                    const struct written *w, struct redan_signer_wanted *wanted)
{
    struct redan_slice text = {0};
    struct redan_certificate **list =
        redan_take_array(problems->ctx, REDAN_CERTIFICATES_MAX, sizeof(struct redan_certificate *));
    size_t count = 0;

    if (!list)
        return REDAN_E_MEMORY;
    REDAN_TRY(read_beside(problems, folder, w->roots, ROOTS_MAX, &text));
    REDAN_TRY(redan_certificate_parse_pem(problems->ctx, text, list, &count));
    owned->roots[owned->root_count] = list;
    owned->root_counts[owned->root_count++] = count;
    wanted->anchors = list;
    wanted->anchor_count = count;
    return REDAN_OK;
}

static enum redan_status read_trust(struct redan_problems *problems, struct redan_slice folder,
                                    struct redan_verify_policy_owned *owned,
                                    const struct written *w, struct redan_signer_wanted *wanted)
{
    struct redan_slice text = {0};
    struct trust *trust = owned->trusts;

    while (trust < owned->trusts + owned->trust_count &&
           !redan_slice_eq(trust->path, w->trust_root))
        trust++;
    wanted->root = &trust->root;
    if (trust < owned->trusts + owned->trust_count)
        return REDAN_OK;
    struct redan_trust_root *root = &trust->root;
    if (w->trust_root.len) {
        REDAN_TRY(read_beside(problems, folder, w->trust_root, TRUST_MAX, &text));
        REDAN_TRY(redan_trust_root_parse(problems->ctx, text, root));
    } else {
        REDAN_TRY(redan_trust_root_builtin(problems->ctx, root));
    }
    trust->path = w->trust_root;
    owned->trust_count++;
    return REDAN_OK;
}

typedef enum redan_status reader(struct redan_problems *problems, struct redan_slice folder,
                                 struct redan_verify_policy_owned *owned, const struct written *w,
                                 struct redan_signer_wanted *wanted);

/* A file that cannot be had is a problem of the signer that names it. */
static enum redan_status read_or_say(struct redan_problems *problems, struct redan_slice folder,
                                     struct redan_verify_policy_owned *owned,
                                     const struct written *w, struct redan_signer_wanted *wanted,
                                     reader *read)
{
    struct redan_failure failure;
    enum redan_status status = read(problems, folder, owned, w, wanted);

    if (status == REDAN_OK || status == REDAN_E_MEMORY)
        return status;
    failure = problems->ctx->failure;
    redan_fail_clear(problems->ctx);
    redan_problem_add(problems, w->node, NULL, "signer %.*s: %s", REDAN_FMT(w->id), failure.text);
    return REDAN_OK;
}

static enum redan_status read_signer(struct redan_problems *problems, struct redan_slice folder,
                                     struct redan_verify_policy *policy, const struct written *w,
                                     struct redan_policy_signer *signer)
{
    struct redan_signer_wanted *wanted = &signer->wanted;

    *signer = (struct redan_policy_signer){.id = w->id, .models = w->models, .until = w->until};
    *wanted = (struct redan_signer_wanted){.method = (enum redan_sign_method)w->method,
                                           .identity = w->identity,
                                           .identity_regex = w->identity_regex,
                                           .issuer = w->issuer,
                                           .issuer_regex = w->issuer_regex,
                                           .no_ct = w->no_ct,
                                           .need_log = policy->need_log,
                                           .need_stamp = policy->need_stamp};
    check_fields(problems, w);
    REDAN_TRY(check_regex(problems, w, w->identity_regex, "identity-regex"));
    REDAN_TRY(check_regex(problems, w, w->issuer_regex, "issuer-regex"));
    if (w->method == REDAN_SIGN_KEY && w->key.len)
        REDAN_TRY(read_or_say(problems, folder, policy->owned, w, wanted, read_key));
    if (w->method == REDAN_SIGN_CERTIFICATE && w->roots.len)
        REDAN_TRY(read_or_say(problems, folder, policy->owned, w, wanted, read_roots));
    if (w->method == REDAN_SIGN_SIGSTORE || w->trust_root.len || policy->need_log ||
        policy->need_stamp || policy->max_age)
        REDAN_TRY(read_or_say(problems, folder, policy->owned, w, wanted, read_trust));
    return REDAN_OK;
}

static enum redan_status read_signers(struct redan_problems *problems, struct redan_slice folder,
                                      const struct document *document,
                                      struct redan_verify_policy *policy)
{
    const struct written *written = document->signers.items;
    size_t count = document->signers.count;

    if (count > REDAN_POLICY_SIGNERS) {
        redan_problem_add(problems, document->node, NULL, "%zu signers are more than %d", count,
                          REDAN_POLICY_SIGNERS);
        return REDAN_OK;
    }
    if (count == 0 && problems->count == 0)
        redan_problem_add(problems, document->node, "name one that may sign",
                          "there are no signers");
    policy->signers = redan_take_array(problems->ctx, count ? count : 1, sizeof(*policy->signers));
    if (!policy->signers)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        REDAN_TRY(read_signer(problems, folder, policy, &written[i], &policy->signers[i]));
        policy->signer_count = i + 1;
        for (size_t k = 0; k < i; k++) {
            if (written[i].id.len && redan_slice_eq(written[i].id, written[k].id))
                redan_problem_add(problems, written[i].node, "rename one of them",
                                  "the signer %.*s is there twice", REDAN_FMT(written[i].id));
        }
    }
    return REDAN_OK;
}

static void take_words(struct redan_problems *problems, const struct document *document,
                       struct redan_verify_policy *policy)
{
    for (size_t i = 0; i < document->need.count; i++) {
        struct redan_slice word = document->need.items[i];
        policy->need_stamp = policy->need_stamp || redan_slice_is(word, "stamp");
        policy->need_log = policy->need_log || redan_slice_is(word, "log");
        if (!redan_slice_is(word, "stamp") && !redan_slice_is(word, "log"))
            redan_problem_add(problems, document->node, "need: [stamp, log]",
                              "need \"%s\" is neither stamp nor log", redan_snippet_of(word).text);
    }
    for (size_t i = 0; i < document->hashes.count; i++) {
        enum redan_hash hash = REDAN_HASH_SHA256;
        if (redan_hash_of(document->hashes.items[i], &hash))
            policy->hashes |= 1u << hash;
        else
            redan_problem_add(problems, document->node, "hashes: [sha256, blake2b, blake3]",
                              "there is no hash \"%s\"",
                              redan_snippet_of(document->hashes.items[i]).text);
    }
    for (size_t i = 0; i < document->revoked.count; i++) {
        struct redan_digest digest;
        if (!redan_digest_parse(document->revoked.items[i], &digest))
            redan_problem_add(problems, document->node, "write sha256: and 64 digits",
                              "revoked \"%s\" is no digest",
                              redan_snippet_of(document->revoked.items[i]).text);
    }
    policy->revoked = document->revoked;
}

static void take_numbers(struct redan_problems *problems, const struct document *document,
                         struct redan_verify_policy *policy)
{
    bool says = redan_node_get(document->node, "quorum") != NULL;

    policy->quorum = says ? document->quorum : 1;
    policy->max_age = document->max_age;
    if (policy->quorum == 0)
        redan_problem_add(problems, document->node, "quorum: 1",
                          "a quorum of 0 lets everything through");
    if (policy->quorum > document->signers.count && document->signers.count)
        redan_problem_add(problems, document->node, "name more signers, or lower it",
                          "the quorum is %llu, but there are %zu signers",
                          (unsigned long long)policy->quorum, document->signers.count);
}

enum redan_status redan_verify_policy_parse(struct redan_problems *problems,
                                            struct redan_slice folder, struct redan_slice text,
                                            struct redan_verify_policy *policy)
{
    const struct redan_node *root = NULL;
    struct document document;

    *policy = (struct redan_verify_policy){.owned = NULL};
    REDAN_TRY(redan_sha256(problems->ctx, text, &policy->digest));
    REDAN_TRY(redan_yaml_parse(problems->ctx, text, &root));
    REDAN_TRY(redan_bind(problems, root, &policy_shape, &document));
    policy->owned = redan_take(problems->ctx, sizeof(*policy->owned));
    if (!policy->owned)
        return REDAN_E_MEMORY;
    if (document.schema.len && !redan_slice_is(document.schema, "redan/verify-policy/1"))
        redan_problem_add(problems, root, "redan/verify-policy/1",
                          "schema is \"%s\", not redan/verify-policy/1",
                          redan_snippet_of(document.schema).text);
    take_words(problems, &document, policy);
    take_numbers(problems, &document, policy);
    REDAN_TRY(read_signers(problems, folder, &document, policy));
    for (size_t i = 0; i < policy->owned->trust_count; i++) {
        if (!policy->owned->trusts[i].path.len)
            policy->shipped = &policy->owned->trusts[i].root;
    }
    return REDAN_OK;
}

enum redan_status redan_verify_policy_read(struct redan_problems *problems, struct redan_slice path,
                                           struct redan_verify_policy *policy)
{
    struct redan_slice text = {0};

    *policy = (struct redan_verify_policy){.owned = NULL};
    REDAN_TRY(redan_file_read(problems->ctx, path, problems->ctx->limits.yaml, true, &text));
    return redan_verify_policy_parse(problems, redan_path_folder(path), text, policy);
}

void redan_verify_policy_done(struct redan_verify_policy *policy)
{
    struct redan_verify_policy_owned *owned = policy ? policy->owned : NULL;

    if (!owned)
        return;
    for (size_t i = 0; i < owned->key_count; i++)
        redan_spki_free(owned->keys[i]);
    for (size_t i = 0; i < owned->root_count; i++) {
        for (size_t k = 0; k < owned->root_counts[i]; k++)
            redan_certificate_free(owned->roots[i][k]);
    }
    for (size_t i = 0; i < owned->trust_count; i++)
        redan_trust_root_done(&owned->trusts[i].root);
    policy->owned = NULL;
}
