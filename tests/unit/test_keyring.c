/* keys.yaml: every rule broken once, the root and its quorum, validity in time, signatures and stamps. */
#include "test.h"

#include <stdio.h>

#include "attest/keyring.h"
#include "attest/statement.h"
#include "base/clock.h"
#include "base/hex.h"
#include "crypto/timestamp.h"
#include "tool.h"

enum { KEYS = 5 };

struct world {
    struct redan_ctx ctx;
    struct redan_key *keys[KEYS];
    struct redan_slice lines[KEYS]; /* as OpenSSH writes them */
    struct redan_slice base;        /* a keys.yaml without a fault */
};

static int64_t date(const char *text)
{
    int64_t seconds = 0;

    assert_true(redan_time_parse(redan_slice_of(text), &seconds));
    return seconds;
}

static struct redan_slice view(struct redan_ctx *ctx, struct redan_buf *buf)
{
    struct redan_slice text = {0};

    assert_ok(redan_buf_ok(ctx, buf, "a text"));
    assert_ok(redan_copy(ctx, redan_buf_view(buf), &text));
    redan_buf_done(buf);
    return text;
}

static int set_up(void **state)
{
    static struct world world;
    struct redan_buf buf;

    redan_ctx_init(&world.ctx, NULL);
    world.ctx.now = date("2026-06-01");
    for (int i = 0; i < KEYS; i++) {
        assert_ok(redan_key_new(&world.ctx, (enum redan_key_kind)(i % 3), &world.keys[i]));
        redan_buf_init(&buf, &world.ctx, 10000);
        redan_key_add_public_ssh(&buf, world.keys[i], REDAN_S("a comment"));
        world.lines[i] = view(&world.ctx, &buf);
    }
    redan_buf_init(&buf, &world.ctx, 100000);
    redan_buf_printf(&buf,
                     "schema: redan/keys/1\n"
                     "org: examplebank\n"
                     "version: 3\n"
                     "root: {threshold: 2, keys: [root-1, root-2]}\n"
                     "holders:\n"
                     "  - {id: r.okafor, name: R. Okafor, kind: person}\n"
                     "  - {id: ci, kind: service}\n"
                     "keys:\n"
                     "  - {id: root-1, holder: r.okafor, from: 2026-01-01, until: 2027-01-01,\n"
                     "     public: \"%.*s\"}\n"
                     "  - {id: root-2, holder: r.okafor, from: 2026-01-01, until: 2027-01-01,\n"
                     "     public: \"%.*s\"}\n"
                     "  - id: okafor-2026\n"
                     "    holder: r.okafor\n"
                     "    public: \"%.*s\"\n"
                     "    from: 2026-01-01\n"
                     "    until: 2026-09-01T12:00:00Z\n"
                     "    revoked: {at: 2026-05-05, reason: retired}\n"
                     "  - id: ci-2026\n"
                     "    holder: ci\n"
                     "    public: \"%.*s\"\n"
                     "    from: 2026-03-01\n"
                     "    until: 2027-01-01\n"
                     "roles:\n"
                     "  - {id: ml-lead, holders: [r.okafor], quorum: 1}\n"
                     "  - {id: body, holders: [r.okafor, ci], quorum: 2}\n",
                     REDAN_FMT(world.lines[0]), REDAN_FMT(world.lines[1]),
                     REDAN_FMT(world.lines[2]), REDAN_FMT(world.lines[3]));
    world.base = view(&world.ctx, &buf);
    *state = &world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    for (int i = 0; i < KEYS; i++)
        redan_key_free(world->keys[i]);
    redan_ctx_done(&world->ctx);
    return 0;
}

/* `text` with the first `from` replaced. */
static struct redan_slice edit(struct redan_ctx *ctx, struct redan_slice text, const char *from,
                               const char *to)
{
    struct redan_buf buf;
    const char *hit = memmem(text.at, text.len, from, strlen(from));

    assert_non_null(hit);
    redan_buf_init(&buf, ctx, 100000);
    redan_buf_add(&buf, text.at, (size_t)(hit - text.at));
    redan_buf_text(&buf, to);
    hit += strlen(from);
    redan_buf_add(&buf, hit, text.len - (size_t)(hit - text.at));
    return view(ctx, &buf);
}

static enum redan_status parse(struct world *world, struct redan_slice text,
                               struct redan_problems *problems, struct redan_keyring *ring)
{
    redan_problems_init(problems, &world->ctx, REDAN_S("keys.yaml"));
    return redan_keyring_parse(problems, text, ring);
}

static void test_good(void **state)
{
    struct world *world = *state;
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
    struct redan_digest digest;

    assert_ok(parse(world, world->base, &problems, &ring));
    for (const struct redan_problem *p = problems.first; p; p = p->next)
        print_error("%u:%u %.*s\n", p->line, p->column, REDAN_FMT(p->text));
    assert_int_equal(problems.count, 0);
    assert_slice(ring.org, "examplebank");
    assert_true(ring.version == 3 && ring.root_threshold == 2);
    assert_int_equal(ring.keys.count, 4);
    assert_ok(redan_sha256(&world->ctx, world->base, &digest));
    assert_true(redan_digest_eq(&digest, &ring.file));
    for (int i = 0; i < 4; i++) {
        redan_key_id(world->keys[i], &digest);
        const struct redan_keyring_key *key = redan_keyring_find(&ring, &digest);
        assert_non_null(key);
        assert_true(redan_slice_eq(key->public_text, world->lines[i]));
        assert_ptr_equal(redan_keyring_named(&ring, key->id), key);
    }
    redan_key_id(world->keys[4], &digest);
    assert_null(redan_keyring_find(&ring, &digest));
    assert_null(redan_keyring_named(&ring, REDAN_S("nobody")));
    assert_null(redan_keyring_role(&ring, REDAN_S("nobody")));
    assert_true(redan_keyring_holds(&ring, REDAN_S("r.okafor"), REDAN_S("ml-lead")));
    assert_false(redan_keyring_holds(&ring, REDAN_S("ci"), REDAN_S("ml-lead")));
    assert_true(redan_keyring_holds(&ring, REDAN_S("ci"), REDAN_S("body")));
    assert_false(redan_keyring_holds(&ring, REDAN_S("ci"), REDAN_S("nobody")));
    assert_int_equal(((const struct redan_keyring_holder *)ring.holders.items)[1].kind, 1);
}

static void test_problems(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *from, *to;
        const char *says; /* in one of the problems; NULL: none */
        unsigned line;
    } rows[] = {
        {"redan/keys/1", "redan/keys/2", "schema", 1},
        {"schema: redan/keys/1\n", "", "schema", 0},
        {"version: 3", "version: 0", "version", 3},
        {"version: 3", "version: -1", "", 3},
        {"version: 3", "version: 3\nextra: 1", "extra", 4},
        {"version: 3", "version: 3\norganisation: required", NULL, 0},
        {"version: 3", "version: 3\norganisation: optional", "organisation", 4},
        {"version: 3", "version: 3\nformer: [{threshold: 1, keys: [ci-2026]}]", NULL, 0},
        {"version: 3", "version: 3\nformer: [{threshold: 2, keys: [ci-2026]}]",
         "a former threshold of 2", 4},
        {"version: 3", "version: 3\nformer: [{threshold: 1, keys: [nobody]}]", "\"nobody\"", 4},
        {"threshold: 2", "threshold: 3", "threshold of 3", 4},
        {"threshold: 2", "threshold: 0", "threshold of 0", 4},
        {"[root-1, root-2]", "[root-1]", "threshold of 2", 4},
        {"[root-1, root-2]", "[root-1, root-1]", "named twice", 4},
        {"[root-1, root-2]", "[root-1, root-3]", "\"root-3\"", 4},
        {"[root-1, root-2]", "[root-1, okafor-2026]", "threshold of 2 where 1", 4},
        {"root: {threshold: 2, keys: [root-1, root-2]}\n", "", "root", 0},
        {"{id: ci, kind: service}", "{id: r.okafor, kind: service}", "there twice", 7},
        {"{id: ci, kind: service}", "{id: ci, kind: robot}", "", 7},
        {"{id: ci, kind: service}", "{id: ci}", "kind", 7},
        {"{id: ci, kind: service}", "{id: ../ci, kind: service}", "", 7},
        {"id: ci-2026\n    holder: ci\n", "id: ci-2026\n    holder: ca\n", "\"ca\"", 0},
        {"id: ci-2026\n", "id: root-1\n", "there twice", 0},
        {"id: ci-2026\n", "id: CI-2026\n", NULL, 0},
        {"from: 2026-03-01", "from: 2026-02-30", "", 0},
        {"from: 2026-03-01", "from: 2027-01-01", "never valid", 0},
        {"    from: 2026-03-01\n", "", "from", 0},
        {"reason: retired", "reason: boredom", "", 0},
        {"{at: 2026-05-05, reason: retired}", "{at: 2026-05-05}", "reason", 0},
        {"{at: 2026-05-05, reason: retired}", "2026-05-05", "", 0},
        {"quorum: 1", "quorum: 2", "a quorum of 2 where 1", 0},
        {"quorum: 1", "quorum: 0", "a quorum of 0", 0},
        {"quorum: 2", "quorum: 18446744073709551616", "", 0},
        {"holders: [r.okafor, ci]", "holders: [r.okafor, r.okafor]", "named twice", 0},
        {"holders: [r.okafor, ci]", "holders: [r.okafor, cj]", "\"cj\"", 0},
        {"id: ml-lead", "id: body", "there twice", 0},
        {"ssh-ed25519 ", "ssh-rsa ", "ssh-rsa", 0},
        {"public: \"ssh-ed25519 AAAA", "public: \"ssh-ed25519 AAAB", "", 0},
        {"roles:\n", "timestamps: [{id: t, certificate: x}]\nroles:\n", "BEGIN", 0},
        {"version: 3", "version: 3\nversion: 3", "", 0}, /* the YAML reader's */
        {"r.okafor, name", "&a r.okafor, name", "", 0},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_problems problems;
        struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
        struct redan_slice text = edit(&world->ctx, world->base, rows[i].from, rows[i].to);
        bool said = false;
        if (parse(world, text, &problems, &ring) != REDAN_OK)
            redan_problem_take(&problems);
        for (const struct redan_problem *p = problems.first; p; p = p->next) {
            char line[1000];
            (void)snprintf(line, sizeof(line), "%.*s", REDAN_FMT(p->text));
            said = said || !rows[i].says ||
                   (strstr(line, rows[i].says) && (!rows[i].line || rows[i].line == p->line));
            assert_true(p->fix.len > 0 || rows[i].says == NULL);
        }
        if (said != (rows[i].says != NULL)) {
            print_error("row %zu (%s -> %s)\n", i, rows[i].from, rows[i].to);
            for (const struct redan_problem *p = problems.first; p; p = p->next)
                print_error("  %u:%u %.*s; %.*s\n", p->line, p->column, REDAN_FMT(p->text),
                            REDAN_FMT(p->fix));
        }
        assert_int_equal(said, rows[i].says != NULL);
    }
}

/* One key in two spellings is one key. */
static void test_same_key_twice(void **state)
{
    struct world *world = *state;
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
    struct redan_buf pem;
    struct redan_buf block;
    struct redan_slice line = {0};

    redan_buf_init(&pem, &world->ctx, 1000);
    redan_buf_init(&block, &world->ctx, 2000);
    redan_key_add_public_pem(&pem, world->keys[1]);
    struct redan_slice rest = redan_slice_trim(view(&world->ctx, &pem));
    redan_buf_text(&block, "id: ci-2026\n    public: |\n");
    while (rest.len) {
        (void)redan_slice_cut(rest, '\n', &line, &rest);
        redan_buf_printf(&block, "      %.*s\n", REDAN_FMT(line));
    }
    struct redan_slice text =
        edit(&world->ctx, world->base, "id: ci-2026\n", view(&world->ctx, &block).at);
    char old[400];
    (void)snprintf(old, sizeof(old), "    holder: ci\n    public: \"%.*s\"\n",
                   REDAN_FMT(world->lines[3]));
    text = edit(&world->ctx, text, old, "    holder: ci\n");
    assert_ok(parse(world, text, &problems, &ring));
    assert_int_equal(problems.count, 1);
    assert_slice(problems.first->text, "the keys \"root-2\" and \"ci-2026\" are the same key");
}

static void test_fingerprint(void **state)
{
    struct world *world = *state;
    struct redan_ctx *ctx = &world->ctx;
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
    struct redan_digest ids[2];
    struct redan_digest expect;
    char hex[2][REDAN_DIGEST_HEX];
    static const struct {
        const char *from, *to;
        bool same;
    } rows[] = {
        {"version: 3", "version: 4 # a comment", true},
        {"[root-1, root-2]", "[root-2, root-1]", true},
        {"threshold: 2", "threshold: 1", false},
        {"threshold: 2, keys: [root-1, root-2]", "threshold: 1, keys: [root-1]", false},
        {"[root-1, root-2]", "[root-1, ci-2026]", false},
    };

    assert_ok(parse(world, world->base, &problems, &ring));
    for (int i = 0; i < 2; i++)
        redan_key_id(world->keys[i], &ids[i]);
    int first = memcmp(ids[0].bytes, ids[1].bytes, REDAN_DIGEST_LEN) < 0 ? 0 : 1;
    redan_digest_hex(&ids[first], hex[0]);
    redan_digest_hex(&ids[1 - first], hex[1]);
    struct redan_buf buf;
    redan_buf_init(&buf, ctx, 1000);
    redan_buf_add(&buf, "redan/1\0root\0", 13);
    redan_buf_printf(&buf, "{\"keys\":[\"%s\",\"%s\"],\"threshold\":2}", hex[0], hex[1]);
    assert_ok(redan_sha256(ctx, view(ctx, &buf), &expect));
    assert_true(redan_digest_eq(&expect, &ring.root));
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_keyring other REDAN_DEFER(redan_keyring_done);
        assert_ok(
            parse(world, edit(ctx, world->base, rows[i].from, rows[i].to), &problems, &other));
        assert_int_equal(problems.count, 0);
        assert_int_equal(redan_digest_eq(&ring.root, &other.root), rows[i].same);
        assert_false(redan_digest_eq(&ring.file, &other.file));
    }
    struct redan_keyring stray = {.root_keys = ring.root_keys, .root_threshold = 1};
    assert_int_equal(redan_keyring_fingerprint(ctx, &stray, &expect), REDAN_E_ABSENT);
    redan_fail_clear(ctx);
}

static void test_states(void **state)
{
    struct redan_keyring_revocation retired = {date("2026-05-05"), 0};
    struct redan_keyring_revocation stolen = {date("2026-05-05"), 1};
    const struct {
        struct redan_keyring_revocation *revoked;
        const char *at;
        enum redan_key_state want;
    } rows[] = {
        {NULL, "2025-12-31T23:59:59Z", REDAN_KEY_EARLY},
        {NULL, "2026-01-01", REDAN_KEY_VALID},
        {NULL, "2026-12-31T23:59:59Z", REDAN_KEY_VALID},
        {NULL, "2027-01-01", REDAN_KEY_EXPIRED},
        {&retired, "2026-05-04T23:59:59Z", REDAN_KEY_VALID},
        {&retired, "2026-05-05", REDAN_KEY_REVOKED},
        {&retired, "2028-01-01", REDAN_KEY_REVOKED},
        {&retired, "2025-01-01", REDAN_KEY_EARLY},
        {&stolen, "2026-02-01", REDAN_KEY_REVOKED},
        {&stolen, "2025-01-01", REDAN_KEY_REVOKED},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_keyring_key key = {
            .from = date("2026-01-01"), .until = date("2027-01-01"), .revoked = rows[i].revoked};
        assert_int_equal(redan_keyring_state(&key, date(rows[i].at)), rows[i].want);
    }
    assert_string_equal(redan_key_state_name(REDAN_KEY_REVOKED), "revoked");
    const struct {
        struct redan_keyring_revocation *revoked;
        const char *claimed;
        const char *stamped; /* NULL: no stamp */
        enum redan_key_state want;
    } signed_rows[] = {
        {NULL, "2026-02-01", NULL, REDAN_KEY_VALID},
        {NULL, "2025-02-01", "2026-02-01", REDAN_KEY_VALID}, /* a stamp is better than a word */
        {NULL, "2026-02-01", "2025-02-01", REDAN_KEY_EARLY},
        {NULL, "2026-02-01", "2027-02-01", REDAN_KEY_EXPIRED},
        {&retired, "2026-02-01", NULL, REDAN_KEY_VALID},
        {&retired, "2026-05-04T23:59:59Z", NULL, REDAN_KEY_VALID},
        {&retired, "2026-05-05", NULL, REDAN_KEY_REVOKED},
        {&retired, "2026-02-01", "2026-05-05", REDAN_KEY_REVOKED},
        {&retired, "2026-06-01", "2026-05-01", REDAN_KEY_VALID},
        {&stolen, "2026-02-01", NULL, REDAN_KEY_REVOKED},
        {&stolen, "2026-02-01", "2026-05-04T23:59:59Z", REDAN_KEY_VALID},
        {&stolen, "2026-02-01", "2026-05-05", REDAN_KEY_REVOKED},
        {&stolen, "2026-06-01", "2026-02-01", REDAN_KEY_VALID},
        {&stolen, "2026-02-01", "2025-02-01", REDAN_KEY_EARLY},
    };
    for (size_t i = 0; i < REDAN_COUNT(signed_rows); i++) {
        struct redan_keyring_key key = {.from = date("2026-01-01"),
                                        .until = date("2027-01-01"),
                                        .revoked = signed_rows[i].revoked};
        int64_t stamped = signed_rows[i].stamped ? date(signed_rows[i].stamped) : 0;
        assert_int_equal(redan_keyring_state_signed(&key, date(signed_rows[i].claimed), stamped),
                         signed_rows[i].want);
    }
}

/* What is written reads back as the same ring, and writes the same text again. */
static void test_write(void **state)
{
    struct world *world = *state;
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
    struct redan_keyring again REDAN_DEFER(redan_keyring_done);
    struct redan_buf buf;
    struct redan_buf pem;

    assert_ok(parse(world, world->base, &problems, &ring));
    redan_buf_init(&pem, &world->ctx, 1000);
    redan_key_add_public_pem(&pem, world->keys[3]);
    ((struct redan_keyring_key *)ring.keys.items)[3].public_text = view(&world->ctx, &pem);
    redan_buf_init(&buf, &world->ctx, 100000);
    redan_keyring_add_yaml(&buf, &ring);
    struct redan_slice text = view(&world->ctx, &buf);
    assert_ok(parse(world, text, &problems, &again));
    for (const struct redan_problem *p = problems.first; p; p = p->next)
        print_error("%u:%u %.*s\n", p->line, p->column, REDAN_FMT(p->text));
    assert_int_equal(problems.count, 0);
    assert_true(redan_digest_eq(&ring.root, &again.root));
    assert_int_equal(again.keys.count, 4);
    assert_slice(((const struct redan_keyring_key *)again.keys.items)[0].id, "ci-2026");
    const struct redan_keyring_key *key = redan_keyring_named(&again, REDAN_S("okafor-2026"));
    assert_true(key->until == date("2026-09-01T12:00:00Z") && key->revoked &&
                key->revoked->at == date("2026-05-05") && key->revoked->reason == 0);
    assert_true(redan_keyring_holds(&again, REDAN_S("ci"), REDAN_S("body")));
    redan_buf_init(&buf, &world->ctx, 100000);
    redan_keyring_add_yaml(&buf, &again);
    assert_true(redan_slice_eq(view(&world->ctx, &buf), text));
}

static struct redan_slice statement_over(struct redan_ctx *ctx, const struct redan_digest *file,
                                         const char *type, size_t subjects)
{
    struct redan_statement_subject list[2] = {{REDAN_S("keys.yaml"), *file},
                                              {REDAN_S("more"), *file}};
    struct redan_slice payload = {0};
    struct redan_node *predicate = redan_node_new(ctx, REDAN_NODE_MAP);
    struct redan_statement statement = {list, subjects, redan_slice_of(type), predicate};

    assert_non_null(redan_node_add_text(ctx, predicate, "org", REDAN_S("examplebank")));
    assert_ok(redan_statement_write(ctx, &statement, &payload));
    return payload;
}

/* An envelope over the payload by the keys whose numbers are the digits of `by`. */
static struct redan_dsse sign(struct world *world, struct redan_slice payload, const char *by)
{
    struct redan_dsse envelope = {.payload_type = REDAN_S(REDAN_DSSE_INTOTO), .payload = payload};

    for (; *by; by++)
        assert_ok(redan_dsse_sign(&world->ctx, &envelope, world->keys[*by - '0']));
    return envelope;
}

static struct redan_slice dsse_text(struct redan_ctx *ctx, const struct redan_dsse *envelope)
{
    struct redan_buf buf;

    redan_buf_init(&buf, ctx, 1 << 20);
    redan_dsse_add(&buf, envelope);
    return view(ctx, &buf);
}

static void test_root_signed(void **state)
{
    struct world *world = *state;
    struct redan_ctx *ctx = &world->ctx;
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
    struct redan_digest other = {{1}};
    static const struct {
        const char *by, *type;
        size_t subjects;
        bool other_file;
        const char *now;
        enum redan_status status;
        uint64_t found;
    } rows[] = {
        {"01", REDAN_PREDICATE_KEYS, 1, false, "2026-06-01", REDAN_OK, 2},
        {"10", REDAN_PREDICATE_ORG, 1, false, "2026-06-01", REDAN_OK, 2},
        {"3012", REDAN_PREDICATE_KEYS, 1, false, "2026-06-01", REDAN_OK, 2},
        {"0", REDAN_PREDICATE_KEYS, 1, false, "2026-06-01", REDAN_E_SIGNATURE, 1},
        {"034", REDAN_PREDICATE_KEYS, 1, false, "2026-06-01", REDAN_E_SIGNATURE, 1},
        {"34", REDAN_PREDICATE_KEYS, 1, false, "2026-06-01", REDAN_E_SIGNATURE, 0},
        {"01", "https://example.org/else", 1, false, "2026-06-01", REDAN_E_SIGNATURE, 0},
        {"01", REDAN_PREDICATE_KEYS, 2, false, "2026-06-01", REDAN_E_SIGNATURE, 0},
        {"01", REDAN_PREDICATE_KEYS, 1, true, "2026-06-01", REDAN_E_SIGNATURE, 0},
        {"01", REDAN_PREDICATE_KEYS, 1, false, "2027-01-01", REDAN_E_SIGNATURE, 0},
        {"01", REDAN_PREDICATE_KEYS, 1, false, "2025-12-31", REDAN_E_SIGNATURE, 0},
    };

    assert_ok(parse(world, world->base, &problems, &ring));
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        uint64_t found = 99;
        struct redan_slice payload = statement_over(ctx, rows[i].other_file ? &other : &ring.file,
                                                    rows[i].type, rows[i].subjects);
        struct redan_dsse envelope = sign(world, payload, rows[i].by);
        ctx->now = date(rows[i].now);
        enum redan_status got =
            redan_keyring_root_signed(ctx, &ring, &ring.file, dsse_text(ctx, &envelope), &found);
        if (got != rows[i].status)
            print_error("row %zu: %s\n", i, ctx->failure.text);
        assert_int_equal(got, rows[i].status);
        assert_true(found == rows[i].found);
        redan_fail_clear(ctx);
    }
    ctx->now = date("2026-06-01");
    /* the same signature twice is one; another payload type is another statement */
    uint64_t found = 0;
    struct redan_slice payload = statement_over(ctx, &ring.file, REDAN_PREDICATE_KEYS, 1);
    struct redan_dsse envelope = sign(world, payload, "0");
    struct redan_dsse_signature twice[2] = {envelope.signatures[0], envelope.signatures[0]};
    envelope.signatures = twice;
    envelope.count = 2;
    assert_int_equal(
        redan_keyring_root_signed(ctx, &ring, &ring.file, dsse_text(ctx, &envelope), &found),
        REDAN_E_SIGNATURE);
    assert_true(found == 1);
    redan_fail_clear(ctx);
    envelope = sign(world, payload, "01");
    envelope.payload_type = REDAN_S("application/json");
    assert_int_equal(
        redan_keyring_root_signed(ctx, &ring, &ring.file, dsse_text(ctx, &envelope), &found),
        REDAN_E_SIGNATURE);
    redan_fail_clear(ctx);
    assert_int_equal(redan_keyring_root_signed(ctx, &ring, &ring.file, REDAN_S("nothing"), &found),
                     REDAN_E_SYNTAX);
    redan_fail_clear(ctx);
}

static void test_signers(void **state)
{
    struct world *world = *state;
    struct redan_ctx *ctx = &world->ctx;
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
    struct redan_signer signers[REDAN_DSSE_SIGNATURES];
    size_t count = 9;

    assert_ok(parse(world, world->base, &problems, &ring));
    struct redan_dsse envelope = sign(world, REDAN_S("any bytes"), "431");
    assert_ok(redan_keyring_signers(ctx, &ring, &envelope, signers, &count));
    assert_int_equal(count, 2); /* key 4 is a stranger */
    assert_slice(signers[0].key->id, "ci-2026");
    assert_slice(signers[1].key->id, "root-2");
    assert_true(signers[0].stamped == 0);
    /* hints: absent, foreign and false ones find the same signers */
    envelope.signatures[1].keyid = REDAN_S("");
    envelope.signatures[2].keyid = envelope.signatures[0].keyid;
    assert_ok(redan_keyring_signers(ctx, &ring, &envelope, signers, &count));
    assert_int_equal(count, 2);
    char hex[REDAN_DIGEST_HEX];
    struct redan_digest id;
    redan_key_id(world->keys[0], &id);
    redan_digest_hex(&id, hex);
    envelope.signatures[0].keyid = redan_slice_of(hex); /* a stranger under the root's name */
    envelope.signatures[1].timestamp = REDAN_S("not a token");
    assert_ok(redan_keyring_signers(ctx, &ring, &envelope, signers, &count));
    assert_int_equal(count, 2);
    envelope.payload = REDAN_S("other bytes");
    assert_ok(redan_keyring_signers(ctx, &ring, &envelope, signers, &count));
    assert_int_equal(count, 0);
}

/* A former root hands over by a quorum of its keys over these very bytes; nothing else says so. */
static void test_handover(void **state)
{
    struct world *world = *state;
    struct redan_ctx *ctx = &world->ctx;
    struct redan_problems problems;
    struct redan_keyring before REDAN_DEFER(redan_keyring_done);
    static const struct {
        const char *former; /* as it is listed */
        const char *keys;   /* which sign */
        const char *revoked;
        bool handed;
    } rows[] = {
        {"[{threshold: 2, keys: [root-1, root-2]}]", "301", NULL, true},
        {"[{threshold: 1, keys: [ci-2026]}, {threshold: 2, keys: [root-1, root-2]}]", "301", NULL,
         true},
        {"[{threshold: 2, keys: [root-1, root-2]}]", "31", NULL, false},
        {"[{threshold: 2, keys: [root-1, root-2]}]", "3", NULL, false},
        {"[{threshold: 1, keys: [root-1, root-2]}]", "301", NULL, false},
        {"[{threshold: 2, keys: [root-1, ci-2026]}]", "301", NULL, false},
        {"[{threshold: 2, keys: [root-1, root-2]}]", "301", "retired", true},
        {"[{threshold: 2, keys: [root-1, root-2]}]", "301", "compromise", false},
        {"[]", "301", NULL, false},
    };

    assert_ok(parse(world, world->base, &problems, &before));
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
        struct redan_keyring again REDAN_DEFER(redan_keyring_done);
        char with[200];
        char revoked[100] = "until: 2027-01-01,\n     public: \"ecdsa";
        bool handed = !rows[i].handed;
        (void)snprintf(with, sizeof(with), "root: {threshold: 1, keys: [ci-2026]}\nformer: %s",
                       rows[i].former);
        struct redan_slice text =
            edit(ctx, world->base, "root: {threshold: 2, keys: [root-1, root-2]}", with);
        if (rows[i].revoked) {
            (void)snprintf(revoked, sizeof(revoked),
                           "until: 2027-01-01,\n     revoked: {at: 2026-05-05, reason: %s},\n"
                           "     public: \"ecdsa",
                           rows[i].revoked);
            text = edit(ctx, text, "until: 2027-01-01,\n     public: \"ecdsa", revoked);
        }
        assert_ok(parse(world, text, &problems, &ring));
        assert_int_equal(problems.count, 0);
        assert_false(redan_digest_eq(&before.root, &ring.root));
        struct redan_dsse envelope =
            sign(world, statement_over(ctx, &ring.file, REDAN_PREDICATE_KEYS, 1), rows[i].keys);
        struct redan_slice signature = dsse_text(ctx, &envelope);
        assert_ok(redan_keyring_handover(ctx, &ring, &before.root, signature, &handed));
        assert_int_equal(handed, rows[i].handed);
        assert_ok(redan_keyring_handover(ctx, &ring, &ring.file, signature, &handed));
        assert_false(handed); /* a root that never was */
        envelope = sign(world, statement_over(ctx, &before.file, REDAN_PREDICATE_KEYS, 1), "301");
        assert_ok(
            redan_keyring_handover(ctx, &ring, &before.root, dsse_text(ctx, &envelope), &handed));
        assert_false(handed); /* over other bytes */
        assert_ok(redan_keyring_handover(ctx, &ring, &before.root, REDAN_S("{"), &handed));
        assert_false(handed);
        struct redan_buf buf;
        redan_buf_init(&buf, ctx, 100000);
        redan_keyring_add_yaml(&buf, &ring);
        assert_ok(parse(world, view(ctx, &buf), &problems, &again));
        assert_int_equal(problems.count, 0);
        assert_int_equal(again.former.count, ring.former.count);
    }
}

/* A ring of a thousand keys does not let one envelope ask for 64,000 verifications. */
static void test_signers_bounded(void **state)
{
    struct world *world = *state;
    struct redan_keyring ring = {.keys = {.count = 1000}};
    struct redan_keyring_key *keys = redan_take_array(&world->ctx, 1000, sizeof(*keys));
    struct redan_dsse_signature signatures[REDAN_DSSE_SIGNATURES];
    struct redan_signer signers[REDAN_DSSE_SIGNATURES];
    struct redan_dsse envelope = {.payload_type = REDAN_S("t"),
                                  .payload = REDAN_S("p"),
                                  .signatures = signatures,
                                  .count = REDAN_DSSE_SIGNATURES};
    size_t count = 0;

    ring.keys.items = keys;
    for (size_t i = 0; i < 1000; i++)
        keys[i].key = world->keys[0];
    for (size_t i = 0; i < REDAN_DSSE_SIGNATURES; i++)
        signatures[i] = (struct redan_dsse_signature){.bytes = REDAN_S("x")};
    bool whole = true;
    size_t tries = 6000;
    assert_ok(redan_keyring_signers_within(&world->ctx, &ring, &envelope, &tries, signers, &count,
                                           &whole));
    assert_int_equal(count, 0);
    assert_int_equal(tries, 2000); /* four times the ring */
    assert_false(whole);
    assert_ok(redan_keyring_signers_within(&world->ctx, &ring, &envelope, &tries, signers, &count,
                                           &whole));
    assert_int_equal(tries, 0);
    assert_ok(redan_keyring_signers(&world->ctx, &ring, &envelope, signers, &count));
    assert_int_equal(count, 0);
}

/* A signature that names a key costs one try, and one that fits costs none; when they are gone, nothing counts. */
static void test_signers_tries(void **state)
{
    struct world *world = *state;
    struct redan_ctx *ctx = &world->ctx;
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
    struct redan_signer signers[8];
    size_t count = 9;
    bool whole = false;

    assert_ok(parse(world, world->base, &problems, &ring));
    struct redan_dsse envelope = sign(world, REDAN_S("any bytes"), "0123");
    for (size_t i = 0; i < 3; i++) { /* the first three name their keys and are false */
        struct redan_slice bytes = {0};
        assert_ok(redan_copy(ctx, envelope.signatures[i].bytes, &bytes));
        ((char *)(uintptr_t)bytes.at)[bytes.len - 1] ^= 1;
        envelope.signatures[i].bytes = bytes;
    }
    for (size_t tries = 0; tries < 5; tries++) {
        size_t left = tries;
        assert_ok(
            redan_keyring_signers_within(ctx, &ring, &envelope, &left, signers, &count, &whole));
        assert_int_equal(count, tries > 3 ? 1 : 0);
        assert_int_equal(left, tries > 3 ? tries - 3 : 0);
        assert_int_equal(whole, tries > 3);
    }
    size_t none = 0; /* an honest envelope counts beside any number of false ones */
    struct redan_dsse honest = sign(world, REDAN_S("any bytes"), "01");
    assert_ok(redan_keyring_signers_within(ctx, &ring, &honest, &none, signers, &count, &whole));
    assert_int_equal(count, 2);
    assert_true(whole);
    honest.signatures[0].keyid = REDAN_S(""); /* what names its key is looked at before it */
    assert_ok(redan_keyring_signers_within(ctx, &ring, &honest, &none, signers, &count, &whole));
    assert_int_equal(count, 1);
    assert_false(whole);
    honest.signatures[0] = honest.signatures[1]; /* the same once more is no free try */
    size_t one = 1;
    assert_ok(redan_keyring_signers_within(ctx, &ring, &honest, &one, signers, &count, &whole));
    assert_int_equal(count, 1);
    assert_int_equal(one, 0);
}

static const char tsa_config[] = "[req]\ndistinguished_name = dn\n[dn]\n[ext]\n"
                                 "basicConstraints = critical,CA:FALSE\n"
                                 "extendedKeyUsage = critical,timeStamping\n"
                                 "[tsa]\nserial = serial\ndefault_policy = 1.2.3.4.1\n"
                                 "digests = sha256\nsigner_digest = sha256\n";

static void test_stamps(void **state)
{
    struct world *world = *state;
    struct redan_ctx *ctx = &world->ctx;
    struct redan_problems problems;
    struct redan_keyring ring REDAN_DEFER(redan_keyring_done);
    struct redan_signer signers[4];
    struct tool_dir dir;
    struct redan_slice request = {0};
    struct redan_slice token = {0};
    size_t count = 0;

    tool_dir_make(&dir);
    if (TOOL_RUN(&dir, "openssl", "version") == 127) {
        print_message("openssl is not installed: skipped\n");
        tool_dir_drop(&dir);
        skip();
    }
    tool_write(&dir, "conf", REDAN_S(tsa_config));
    tool_write(&dir, "serial", REDAN_S("01\n"));
    assert_int_equal(TOOL_RUN(&dir, "openssl", "req", "-x509", "-newkey", "ed25519", "-nodes",
                              "-keyout", "key", "-out", "other.pem", "-subj", "/CN=other",
                              "-config", "conf", "-extensions", "ext"),
                     0);
    assert_int_equal(TOOL_RUN(&dir, "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                              "-keyout", "key", "-out", "tsa.pem", "-subj", "/CN=tsa", "-config",
                              "conf", "-extensions", "ext"),
                     0);
    struct redan_buf buf;
    redan_buf_init(&buf, ctx, 100000);
    redan_buf_slice(&buf, world->base);
    redan_buf_text(&buf, "timestamps:\n");
    for (int i = 0; i < 2; i++) {
        struct redan_slice line = {0};
        struct redan_slice rest =
            redan_slice_trim(tool_read(ctx, &dir, i ? "tsa.pem" : "other.pem"));
        redan_buf_printf(&buf, "  - id: tsa-%d\n    certificate: |\n", i);
        while (rest.len) {
            (void)redan_slice_cut(rest, '\n', &line, &rest);
            redan_buf_printf(&buf, "      %.*s\n", REDAN_FMT(line));
        }
    }
    struct redan_slice text = view(ctx, &buf);
    assert_ok(parse(world, text, &problems, &ring));
    assert_int_equal(problems.count, 0);
    struct redan_dsse envelope = sign(world, REDAN_S("any bytes"), "301");
    assert_ok(redan_timestamp_request(ctx, envelope.signatures[0].bytes, &request));
    tool_write(&dir, "query", request);
    assert_int_equal(TOOL_RUN(&dir, "openssl", "ts", "-reply", "-config", "conf", "-section", "tsa",
                              "-queryfile", "query", "-signer", "tsa.pem", "-inkey", "key", "-out",
                              "answer"),
                     0);
    assert_ok(redan_timestamp_accept(ctx, tool_read(ctx, &dir, "answer"), request, &token));
    envelope.signatures[0].timestamp = token;
    envelope.signatures[1].timestamp = token; /* over another signature: worth nothing */
    struct redan_dsse again = {0};
    assert_ok(redan_dsse_parse(ctx, dsse_text(ctx, &envelope), &again));
    assert_ok(redan_keyring_signers(ctx, &ring, &again, signers, &count));
    assert_int_equal(count, 3);
    assert_true(signers[0].stamped > date("2025-01-01"));
    assert_true(signers[1].stamped == 0 && signers[2].stamped == 0);
    redan_buf_init(&buf, ctx, 100000);
    redan_keyring_add_yaml(&buf, &ring);
    struct redan_keyring copy REDAN_DEFER(redan_keyring_done);
    assert_ok(parse(world, view(ctx, &buf), &problems, &copy));
    assert_int_equal(problems.count, 0);
    assert_int_equal(copy.timestamps.count, 2);
    text = edit(ctx, text, "tsa-1", "tsa-0");
    struct redan_keyring bad REDAN_DEFER(redan_keyring_done);
    assert_ok(parse(world, text, &problems, &bad));
    assert_int_equal(problems.count, 1);
    tool_dir_drop(&dir);
}

static void test_memory_refused(void **state)
{
    struct world *world = *state;
    struct redan_problems outer;
    struct redan_keyring good REDAN_DEFER(redan_keyring_done);

    assert_ok(parse(world, world->base, &outer, &good));
    struct redan_dsse envelope =
        sign(world, statement_over(&world->ctx, &good.file, REDAN_PREDICATE_KEYS, 1), "01");
    struct redan_slice signature = dsse_text(&world->ctx, &envelope);
    struct redan_slice broken = edit(&world->ctx, world->base, "ssh-ed25519 ", "ssh-rsa ");
    for (int what = 0; what < 2; what++) {
        enum redan_status got = REDAN_E_MEMORY;
        for (uint64_t n = 1; got != REDAN_OK; n++) {
            struct redan_ctx ctx;
            struct redan_problems problems;
            struct redan_keyring ring;
            uint64_t found = 0;
            redan_ctx_init(&ctx, NULL);
            ctx.now = world->ctx.now;
            ctx.mem.fail_at = n;
            redan_problems_init(&problems, &ctx, REDAN_S("keys.yaml"));
            got = redan_keyring_parse(&problems, what ? broken : world->base, &ring);
            if (got == REDAN_OK && what == 0)
                got = redan_keyring_root_signed(&ctx, &ring, &ring.file, signature, &found);
            if (got == REDAN_OK)
                assert_int_equal(problems.count, what ? 1 : 0);
            assert_true(got == REDAN_OK || (got == REDAN_E_MEMORY && ctx.failure.status == got));
            redan_keyring_done(&ring);
            redan_ctx_done(&ctx);
            assert_int_equal(ctx.mem.used, 0);
            assert_true(n < 3000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_same_key_twice),
        cmocka_unit_test(test_fingerprint),
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_root_signed),
        cmocka_unit_test(test_signers),
        cmocka_unit_test(test_signers_bounded),
        cmocka_unit_test(test_signers_tries),
        cmocka_unit_test(test_handover),
        cmocka_unit_test(test_stamps),
        cmocka_unit_test(test_memory_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
