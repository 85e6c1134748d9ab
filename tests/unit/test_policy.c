/* Who may sign what: what a policy may say, and every reason for which it lets a signature not count. */
#include "scratch.h"

#include <stdlib.h>

#include "sign/policy.h"
#include "sigstore_world.h"

#define HEAD "schema: redan/verify-policy/1\n"
#define DAY INT64_C(86400)
#define P256 "  - {id: ann, method: key, key: p256.pem}\n"
#define P384 "  - {id: bob, method: key, key: keys/p384.pem}\n"
#define P521 "  - {id: cyd, method: key, key: p521.pem}\n"
#define CERT "  - {id: org, method: certificate, roots: ca.pem}\n"
#define FULCIO                                                                             \
    "  - {id: ci, method: sigstore, identity: " WORLD_IDENTITY ", issuer: \"" WORLD_ISSUER \
    "\", trust-root: root.json}\n"

enum { VOTES = 3 };

struct state {
    struct redan_ctx ctx;
    struct world *world;
    struct scratch folder;
    struct redan_slice payload
        [6]; /* model one, model two, model one by BLAKE2b, under another name, with links, with a file left out */
    struct redan_digest root; /* of model one */
};

static void make_payload(struct state *s, size_t which, uint8_t byte, enum redan_hash hash)
{
    struct redan_slice ignored = REDAN_S("hook.py");
    struct redan_manifest_entry entry = {.path = which == 3 ? REDAN_S("w.py") : REDAN_S("w.bin"),
                                         .to = UINT64_MAX};
    struct redan_manifest m = {.name = REDAN_S("fraud"),
                               .entries = &entry,
                               .count = 1,
                               .hash = hash,
                               .links = which == 4,
                               .ignore = &ignored,
                               .ignore_count = which == 5};

    entry.sum.len = (uint8_t)redan_hash_len(hash);
    memset(entry.sum.bytes, byte, entry.sum.len);
    assert_ok(redan_manifest_write(&s->ctx, &m, &s->payload[which]));
    if (which == 0)
        s->root = m.root;
}

static void put(struct state *s, const char *name, struct redan_slice text)
{
    scratch_file(&s->folder, name, text.at, text.len);
}

static int setup(void **state)
{
    struct state *s = calloc(1, sizeof(*s));

    redan_ctx_init(&s->ctx, NULL);
    s->world = world_new(&s->ctx);
    scratch_make(&s->folder);
    scratch_folder(&s->folder, "keys");
    put(s, "p256.pem", world_signer_pem(s->world, WORLD_P256));
    put(s, "keys/p384.pem", world_signer_pem(s->world, WORLD_P384));
    put(s, "p521.pem", world_signer_pem(s->world, WORLD_P521));
    put(s, "ca.pem", world_anchor_pem(s->world));
    put(s, "root.json", world_root_text(s->world));
    put(s, "rubbish", REDAN_S("rubbish"));
    make_payload(s, 0, 1, REDAN_HASH_SHA256);
    make_payload(s, 1, 2, REDAN_HASH_SHA256);
    make_payload(s, 2, 1, REDAN_HASH_BLAKE2B);
    for (size_t i = 3; i < REDAN_COUNT(s->payload); i++)
        make_payload(s, i, 1, REDAN_HASH_SHA256);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    struct state *s = *state;

    world_free(s->world);
    redan_ctx_done(&s->ctx);
    scratch_drop(&s->folder);
    free(s);
    return 0;
}

static bool problem_says(const struct redan_problems *problems, const char *says)
{
    for (const struct redan_problem *p = problems->first; p; p = p->next) {
        if (strstr(p->text.at, says))
            return true;
    }
    return false;
}

static void test_problems(void **state)
{
    static const struct {
        const char *text;
        const char *says; /* NULL: it is sound */
    } rows[] = {
        {HEAD "signers:\n" P256, NULL},
        {HEAD "signers:\n" P256 P384 CERT FULCIO "quorum: 3\nmax-age: 90d\nneed: [stamp, log]\n"
              "hashes: [sha256, blake2b]\nrevoked: []\n",
         NULL},
        {HEAD "signers:\n" FULCIO FULCIO, "twice"},
        {"schema: redan/verify-policy/2\nsigners:\n" P256, "schema is"},
        {"signers:\n" P256, "schema"},
        {HEAD, "signers"},
        {HEAD "signers: []\n", "no signers"},
        {HEAD "signers:\n" P256 "quorum: 2\n", "the quorum is 2"},
        {HEAD "signers:\n" P256 "quorum: 0\n", "quorum of 0"},
        {HEAD "signers:\n" P256 "quorum: -1\n", "quorum"},
        {HEAD "signers:\n" P256 "loud: true\n", "loud"},
        {HEAD "signers:\n" P256 "need: [stamps]\n", "neither stamp nor log"},
        {HEAD "signers:\n" P256 "hashes: [md5]\n", "no hash"},
        {HEAD "signers:\n" P256 "revoked: [abc]\n", "is no digest"},
        {HEAD "signers:\n" P256 "max-age: long\n", "max-age"},
        {HEAD "signers:\n  - {id: ann, method: pgp}\n", "method"},
        {HEAD "signers:\n  - {id: ann, method: key}\n", "needs a key"},
        {HEAD "signers:\n  - {id: ann, method: key, key: none.pem}\n", "none.pem"},
        {HEAD "signers:\n  - {id: ann, method: key, key: rubbish}\n", "signer ann"},
        {HEAD "signers:\n  - {id: ann, method: key, key: \"-\"}\n", "is no file"},
        {HEAD "signers:\n  - {id: ann, method: key, key: p256.pem, identity: a@b}\n",
         "identity means nothing"},
        {HEAD "signers:\n  - {id: ann, method: key, key: p256.pem, no-ct: true}\n",
         "no-ct means nothing"},
        {HEAD "signers:\n  - {id: ann, method: key, key: p256.pem, until: soon}\n", "until"},
        {HEAD "signers:\n  - {id: org, method: certificate}\n", "needs root certificates"},
        {HEAD "signers:\n  - {id: org, method: certificate, roots: p256.pem}\n", "signer org"},
        {HEAD "signers:\n  - {id: org, method: certificate, roots: ca.pem, key: p256.pem}\n",
         "key means nothing"},
        {HEAD "signers:\n  - {id: ci, method: sigstore, issuer: x, trust-root: root.json}\n",
         "needs an identity"},
        {HEAD "signers:\n  - {id: ci, method: sigstore, identity: x, trust-root: root.json}\n",
         "needs an issuer"},
        {HEAD "signers:\n  - {id: ci, method: sigstore, identity: x, issuer: y, trust-root: "
              "rubbish}\n",
         "signer ci"},
        {HEAD "signers:\n  - {id: ci, method: sigstore, identity: x, identity-regex: x, issuer: y, "
              "trust-root: root.json}\n",
         "are both there"},
        {HEAD "signers:\n  - {id: ci, method: sigstore, identity-regex: \"(\", issuer: y, "
              "trust-root: root.json}\n",
         "no regular expression"},
        {HEAD "signers:\n  - {id: ci, method: sigstore, identity-regex: "
              "\"((a{200}){200}){200}\", issuer: y, trust-root: root.json}\n",
         "no regular expression"},
        {HEAD "signers:\n  - {id: ci, method: sigstore, identity: x, issuer: y}\n", NULL},
    };
    struct state *s = *state;

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct redan_verify_policy policy;
        redan_ctx_init(&ctx, NULL);
        redan_problems_init(&problems, &ctx, REDAN_S("p.yaml"));
        scratch_text(&s->folder, "p.yaml", rows[i].text);
        assert_ok(
            redan_verify_policy_read(&problems, scratch_slice(&s->folder, "p.yaml"), &policy));
        bool right = rows[i].says ? problem_says(&problems, rows[i].says) : problems.count == 0;
        if (!right)
            print_error("%s: %s\n", rows[i].text,
                        problems.first ? problems.first->text.at : "no problem");
        assert_true(right);
        assert_int_equal(ctx.failure.status, REDAN_OK);
        redan_verify_policy_done(&policy);
        redan_verify_policy_done(&policy);
        redan_ctx_done(&ctx);
    }
}

#define KEY(who)                                                  \
    {                                                             \
        .signer = who, .bare = true, .dsse = true, .no_log = true \
    }
#define STAMPED(who)                                                           \
    {                                                                          \
        .signer = who, .bare = true, .dsse = true, .no_log = true, .stamps = 1 \
    }
#define LOGGED       \
    {                \
        .dsse = true \
    }

/* Signatures under a policy. */
struct row {
    const char *what;
    const char *policy; /* after the head; "@" becomes a digest */
    struct world_plan plans[VOTES];
    size_t count;
    const char *refused[VOTES]; /* of each vote; NULL: it counts */
    size_t payload[VOTES];
    const char *says; /* of the whole; NULL: agreed */
    const char *model;
    size_t excused; /* paths that the files may have beside what was signed */
    int64_t later;  /* seconds after the signature */
    enum { NOTHING, OF_KEY, OF_BUNDLE, OF_MODEL } revoked;
};

static const struct row rows[] = {
    {.what = "one key", .policy = "signers:\n" P256, .plans = {KEY(WORLD_P256)}, .count = 1},
    {.what = "none", .policy = "signers:\n" P256, .says = "0 of 0 signatures count"},
    {.what = "another key",
     .policy = "signers:\n" P256,
     .plans = {KEY(WORLD_P384)},
     .count = 1,
     .refused = {"ann: "},
     .says = "0 of 1 signatures count, the policy wants 1; ann: "},
    {.what = "one beside a stranger",
     .policy = "signers:\n" P256,
     .plans = {KEY(WORLD_P384), KEY(WORLD_P256)},
     .count = 2,
     .refused = {"ann: "}},
    {.what = "two of three",
     .policy = "quorum: 2\nsigners:\n" P256 P384 P521,
     .plans = {KEY(WORLD_P384), KEY(WORLD_P521)},
     .count = 2},
    {.what = "one of two",
     .policy = "quorum: 2\nsigners:\n" P256 P384,
     .plans = {KEY(WORLD_P384)},
     .count = 1,
     .says = "1 of 1 signatures count, the policy wants 2"},
    {.what = "one twice",
     .policy = "quorum: 2\nsigners:\n" P256 P384,
     .plans = {KEY(WORLD_P256), KEY(WORLD_P256)},
     .count = 2,
     .refused = {NULL, "counts once"},
     .says = "1 of 2 signatures count"},
    {.what = "one key under two names",
     .policy = "quorum: 2\nsigners:\n" P256 "  - {id: eve, method: key, key: p256.pem}\n",
     .plans = {KEY(WORLD_P256), KEY(WORLD_P256)},
     .count = 2,
     .refused = {NULL, "counts once"},
     .says = "1 of 2 signatures count"},
    {.what = "a key and a certificate of it",
     .policy = "quorum: 2\nsigners:\n" P256 CERT,
     .plans = {KEY(WORLD_P256), {.pki = true, .dsse = true, .no_log = true}},
     .count = 2,
     .refused = {NULL, "counts once"},
     .says = "1 of 2 signatures count"},
    {.what = "a key and a certificate of another",
     .policy = "quorum: 2\nsigners:\n" P256 CERT,
     .plans = {KEY(WORLD_P256), {.signer = WORLD_P384, .pki = true, .dsse = true, .no_log = true}},
     .count = 2},
    {.what = "a name that takes any place leaves the narrow one free",
     .policy = "quorum: 2\nsigners:\n"
               "  - {id: any, method: sigstore, identity-regex: \".*\", issuer-regex: \".*\", "
               "trust-root: root.json}\n" FULCIO,
     .plans = {LOGGED, {.signer = WORLD_P384, .dsse = true, .san = "email:bob@example.com"}},
     .count = 2},
    {.what = "one name, two keys",
     .policy = "quorum: 2\nsigners:\n"
               "  - {id: any, method: sigstore, identity-regex: \".*\", issuer-regex: \".*\", "
               "trust-root: root.json}\n" FULCIO,
     .plans = {LOGGED, {.signer = WORLD_P384, .dsse = true}},
     .count = 2,
     .refused = {NULL, "counts once"},
     .says = "1 of 2 signatures count"},
    {.what = "two models",
     .policy = "quorum: 2\nsigners:\n" P256 P384,
     .plans = {KEY(WORLD_P256), KEY(WORLD_P384)},
     .count = 2,
     .payload = {0, 1},
     .says = "sign different models: their root digests differ"},
    {.what = "one root, other names",
     .policy = "quorum: 2\nsigners:\n" P256 P384,
     .plans = {KEY(WORLD_P256), KEY(WORLD_P384)},
     .count = 2,
     .payload = {3, 0},
     .says = "sign different models: their files' names or shards differ"},
    {.what = "one root, links allowed by one",
     .policy = "quorum: 2\nsigners:\n" P256 P384,
     .plans = {KEY(WORLD_P256), KEY(WORLD_P384)},
     .count = 2,
     .payload = {4, 0},
     .says = "sign different models: their words on symbolic links differ"},
    {.what = "what one of two leaves out is not excused",
     .policy = "quorum: 2\nsigners:\n" P256 P384,
     .plans = {KEY(WORLD_P256), KEY(WORLD_P384)},
     .count = 2,
     .payload = {5, 0}},
    {.what = "what both leave out is",
     .policy = "quorum: 2\nsigners:\n" P256 P384,
     .plans = {KEY(WORLD_P256), KEY(WORLD_P384)},
     .count = 2,
     .payload = {5, 5},
     .excused = 1},
    {.what = "sigstore", .policy = "signers:\n" FULCIO, .plans = {LOGGED}, .count = 1},
    {.what = "sigstore, another name",
     .policy = "signers:\n" FULCIO,
     .plans = {{.dsse = true, .san = "email:bob@example.com"}},
     .count = 1,
     .refused = {"ci: "},
     .says = "0 of 1"},
    {.what = "a model that it may sign",
     .policy = "signers:\n  - {id: ann, method: key, key: p256.pem, models: \"fraud-*\"}\n",
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .model = "fraud-2"},
    {.what = "a model that it may not sign",
     .policy = "signers:\n  - {id: ann, method: key, key: p256.pem, models: \"fraud-*\"}\n",
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .model = "chat",
     .refused = {"ann may sign fraud-*, not this model"},
     .says = "0 of 1"},
    {.what = "a hash that is allowed",
     .policy = "hashes: [blake2b]\nsigners:\n" P256,
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .payload = {2}},
    {.what = "a hash that is not allowed",
     .policy = "hashes: [blake2b, blake3]\nsigners:\n" P256,
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .refused = {"hashed by sha256"},
     .says = "hashed by sha256"},
    {.what = "no stamp",
     .policy = "need: [stamp]\nsigners:\n"
               "  - {id: ann, method: key, key: p256.pem, trust-root: root.json}\n",
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .refused = {"ann: "},
     .says = "0 of 1"},
    {.what = "a stamp",
     .policy = "need: [stamp]\nsigners:\n"
               "  - {id: ann, method: key, key: p256.pem, trust-root: root.json}\n",
     .plans = {STAMPED(WORLD_P256)},
     .count = 1},
    {.what = "a stamp of a stranger",
     .policy = "need: [stamp]\nsigners:\n"
               "  - {id: ann, method: key, key: p256.pem, trust-root: root.json}\n",
     .plans = {{.bare = true, .dsse = true, .no_log = true, .stamps = 1, .stamp_abroad = true}},
     .count = 1,
     .refused = {"ann: "},
     .says = "0 of 1"},
    {.what = "no log entry",
     .policy = "need: [log]\nsigners:\n"
               "  - {id: ann, method: key, key: p256.pem, trust-root: root.json}\n",
     .plans = {STAMPED(WORLD_P256)},
     .count = 1,
     .refused = {"ann: "},
     .says = "0 of 1"},
    {.what = "young enough",
     .policy = "max-age: 90d\nsigners:\n" FULCIO,
     .plans = {LOGGED},
     .count = 1,
     .later = 89 * DAY},
    {.what = "too old",
     .policy = "max-age: 90d\nsigners:\n" FULCIO,
     .plans = {LOGGED},
     .count = 1,
     .later = 91 * DAY,
     .refused = {"older than the policy's max-age"},
     .says = "older than"},
    {.what = "nobody knows how old",
     .policy = "max-age: 90d\nsigners:\n" P256,
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .refused = {"no verified time says how old"},
     .says = "0 of 1"},
    {.what = "of the future",
     .policy = "signers:\n" FULCIO,
     .plans = {LOGGED},
     .count = 1,
     .later = -DAY,
     .refused = {"in the future"},
     .says = "0 of 1"},
    {.what = "before the signer's last day",
     .policy = "signers:\n  - {id: ann, method: key, key: p256.pem, until: 2026-09-30}\n",
     .plans = {KEY(WORLD_P256)},
     .count = 1},
    {.what = "after the signer's last day, without a time",
     .policy = "signers:\n  - {id: ann, method: key, key: p256.pem, until: 2026-09-30}\n",
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .later = 30 * DAY,
     .refused = {"ann may no longer sign"},
     .says = "0 of 1"},
    {.what = "made before the signer's last day",
     .policy = "signers:\n  - {id: ci, method: sigstore, identity: " WORLD_IDENTITY
               ", issuer: \"" WORLD_ISSUER "\", trust-root: root.json, until: 2026-09-30}\n",
     .plans = {LOGGED},
     .count = 1,
     .later = 30 * DAY},
    {.what = "made after the signer's last day",
     .policy = "signers:\n  - {id: ci, method: sigstore, identity: " WORLD_IDENTITY
               ", issuer: \"" WORLD_ISSUER "\", trust-root: root.json, until: 2026-09-01}\n",
     .plans = {LOGGED},
     .count = 1,
     .refused = {"made after the day"},
     .says = "0 of 1"},
    {.what = "a revoked key",
     .policy = "revoked: [\"@\"]\nsigners:\n" P256,
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .revoked = OF_KEY,
     .refused = {"revoked the key"},
     .says = "0 of 1"},
    {.what = "a revoked signature file",
     .policy = "revoked: [\"@\"]\nsigners:\n" P256,
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .revoked = OF_BUNDLE,
     .refused = {"revoked the signature file"},
     .says = "0 of 1"},
    {.what = "a revoked model",
     .policy = "revoked: [\"@\"]\nsigners:\n" P256,
     .plans = {KEY(WORLD_P256)},
     .count = 1,
     .revoked = OF_MODEL,
     .refused = {"revoked the model"},
     .says = "0 of 1"},
    {.what = "a signed message",
     .policy = "signers:\n" FULCIO,
     .plans = {{.dsse = false}},
     .count = 1,
     .refused = {"signs a message"},
     .says = "0 of 1"},
    {.what = "a signed statement that is no manifest",
     .policy = "signers:\n" P256,
     .plans = {{.bare = true, .dsse = true, .no_log = true, .payload = "{}"}},
     .count = 1,
     .refused = {"_type"},
     .says = "0 of 1"},
};

static void digest_for(struct state *s, const struct row *row, char hex[REDAN_DIGEST_HEX])
{
    struct redan_digest digest = {{0}};

    if (row->revoked == OF_KEY)
        redan_spki_id(world_signer(s->world, WORLD_P256), &digest);
    if (row->revoked == OF_BUNDLE)
        memset(digest.bytes, 0xb0, sizeof(digest.bytes));
    if (row->revoked == OF_MODEL)
        digest = s->root;
    redan_digest_hex(&digest, hex);
}

static void read_policy(struct state *s, const struct row *row, struct redan_problems *problems,
                        struct redan_verify_policy *policy)
{
    char text[4096];
    char hex[REDAN_DIGEST_HEX];
    const char *at = row->revoked ? strchr(row->policy, '@') : NULL;

    digest_for(s, row, hex);
    if (at)
        (void)snprintf(text, sizeof(text), HEAD "%.*ssha256:%s%s", (int)(at - row->policy),
                       row->policy, hex, at + 1);
    else
        (void)snprintf(text, sizeof(text), HEAD "%s", row->policy);
    assert_ok(redan_verify_policy_parse(problems, redan_slice_of(s->folder.root),
                                        redan_slice_of(text), policy));
    if (problems->count)
        print_error("%s: %s\n", row->what, problems->first->text.at);
    assert_int_equal(problems->count, 0);
}

static void check_votes(const struct row *row, const struct redan_policy_vote *votes)
{
    for (size_t i = 0; i < row->count; i++) {
        const struct redan_policy_vote *vote = &votes[i];
        if (!row->refused[i]) {
            if (vote->refused.len)
                print_error("%s: vote %zu: %s\n", row->what, i, vote->refused.at);
            assert_int_equal(vote->refused.len, 0);
            assert_non_null(vote->signer);
            assert_int_equal(vote->manifest.count, 1);
            if (i == 0)
                assert_int_equal(vote->manifest.ignore_count, row->excused);
            continue;
        }
        assert_null(vote->signer);
        assert_true(vote->refused.len > 0);
        if (!strstr(vote->refused.at, row->refused[i]))
            print_error("%s: vote %zu: %s\n", row->what, i, vote->refused.at);
        assert_non_null(strstr(vote->refused.at, row->refused[i]));
    }
}

static void judge_row(struct state *s, const struct row *row)
{
    struct redan_policy_vote votes[VOTES] = {{.file = REDAN_S("one.sig")}};
    struct redan_problems problems;
    struct redan_verify_policy policy;
    struct redan_ctx ctx;
    size_t agreed = 77;
    size_t counting = 0;

    redan_ctx_init(&ctx, NULL);
    ctx.now = WORLD_START + row->later;
    redan_problems_init(&problems, &ctx, REDAN_S("p.yaml"));
    read_policy(s, row, &problems, &policy);
    for (size_t i = 0; i < row->count; i++) {
        struct world_plan plan = row->plans[i];
        votes[i].file = REDAN_S("one.sig");
        memset(votes[i].digest.bytes, 0xb0 + (int)i, sizeof(votes[i].digest.bytes));
        if (plan.dsse && !plan.payload)
            plan.payload = s->payload[row->payload[i]].at;
        world_bundle(s->world, &plan, &votes[i].bundle);
        counting += row->refused[i] == NULL;
    }
    struct redan_slice model = redan_slice_of(row->model ? row->model : "fraud");
    enum redan_status status =
        redan_verify_policy_judge(&ctx, &policy, model, votes, row->count, &agreed);
    if ((status != REDAN_OK) != (row->says != NULL))
        print_error("%s: %s\n", row->what, status ? ctx.failure.text : "agreed");
    if (row->says) {
        assert_int_equal(status, REDAN_E_SIGNATURE);
        if (!strstr(ctx.failure.text, row->says))
            print_error("%s says: %s\n", row->what, ctx.failure.text);
        assert_non_null(strstr(ctx.failure.text, row->says));
        assert_int_equal(agreed, 77);
    } else {
        assert_ok(status);
        assert_int_equal(ctx.failure.status, REDAN_OK);
        assert_int_equal(agreed, counting);
    }
    check_votes(row, votes);
    redan_verify_policy_done(&policy);
    redan_ctx_done(&ctx);
}

static void test_rows(void **state)
{
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        judge_row(*state, &rows[i]);
}

/* What is built in serves where no trust root is named; a signature of another world is then no signature. */
static void test_builtin_root(void **state)
{
    const struct row row = {.what = "built in",
                            .policy = "signers:\n  - {id: ci, method: sigstore, identity: a, "
                                      "issuer: b}\n  - {id: cj, method: sigstore, identity: a, "
                                      "issuer: c}\n",
                            .plans = {LOGGED},
                            .count = 1,
                            .refused = {"ci: "},
                            .says = "0 of 1"};

    judge_row(*state, &row);
}

static void test_memory(void **state)
{
    static const char *const text =
        HEAD "quorum: 2\nmax-age: 1d\nneed: [stamp]\nsigners:\n" P256 CERT
             "  - {id: ci, method: sigstore, identity-regex: \"a.*\", issuer: y, trust-root: "
             "root.json}\n";
    struct state *s = *state;
    bool through = false;

    for (uint64_t n = 1; !through; n++) {
        struct redan_ctx ctx;
        struct redan_problems problems;
        struct redan_verify_policy policy;
        redan_ctx_init(&ctx, NULL);
        redan_problems_init(&problems, &ctx, REDAN_S("p.yaml"));
        ctx.mem.fail_at = ctx.mem.calls + n;
        enum redan_status status = redan_verify_policy_parse(
            &problems, redan_slice_of(s->folder.root), redan_slice_of(text), &policy);
        through = ctx.mem.calls < ctx.mem.fail_at;
        assert_int_equal(status, through ? REDAN_OK : REDAN_E_MEMORY);
        assert_true(n < 20000);
        redan_verify_policy_done(&policy);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_builtin_root),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests_name("policy", tests, setup, teardown);
}
