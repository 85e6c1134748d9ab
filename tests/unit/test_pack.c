/* Packs: what is packed is judged alike elsewhere, and nothing that was changed passes. */
#include "threat_fixture.h"

#include <unistd.h>

#include "codec/json.h"
#include "io/file.h"
#include "io/scratch.h"
#include "threat/pack.h"

struct packed {
    struct fixture f;
    struct redan_system system;
    struct redan_verdict verdict;
    struct redan_pin pin;
    struct redan_slice text;
};

static enum redan_status make(struct packed *p, struct redan_slice *text)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};

    redan_fail_clear(&p->f.ctx);
    redan_buf_init(&out, &p->f.ctx, (size_t)REDAN_PACK_MOST);
    REDAN_TRY(redan_pack_make(&p->f.ctx, &p->system, &p->verdict, REDAN_S("redan test"), &out));
    return redan_copy(&p->f.ctx, redan_buf_view(&out), text);
}

static void open_packed(struct packed *p)
{
    memset(p, 0, sizeof(*p));
    fixture_open(&p->f);
    fixture_write_model(&p->f, fixture_model);
    fixture_fill(&p->f, NULL, NULL);
    p->pin = (struct redan_pin){.set = true, .root = p->f.ring.root, .source = REDAN_S("--root")};
    assert_ok(redan_system_load(&p->f.ctx, &p->f.catalog, redan_slice_of(p->f.dir.root), &p->pin,
                                &p->system));
    assert_ok(redan_system_verdict(&p->f.ctx, &p->system, NULL, 0, false, &p->verdict));
    assert_int_equal(p->verdict.word, REDAN_WORD_PASS);
    assert_ok(make(p, &p->text));
}

static void close_packed(struct packed *p)
{
    redan_system_done(&p->system);
    fixture_close(&p->f);
}

/* Read, unpacked below `base`, and judged: the word, or -1 where it is refused. */
static int judge(const struct packed *p, struct redan_slice text, const char *base, char why[512])
{
    struct redan_scratch REDAN_DEFER(redan_scratch_done) folder = {.fd = -1};
    struct redan_system system = {0};
    struct redan_verdict verdict = {.word = REDAN_WORD_FAIL};
    struct redan_pack pack = {0};
    struct redan_ctx ctx;
    int word = -1;

    redan_ctx_init(&ctx, NULL);
    ctx.now = NOW;
    ctx.limits.workers = 1;
    enum redan_status status = redan_pack_read(&ctx, text, &pack);
    if (status == REDAN_OK)
        status =
            redan_scratch_make(&ctx, redan_slice_of(base), pack.judged, pack.judged_count, &folder);
    if (status == REDAN_OK)
        status = redan_system_load(&ctx, &p->f.catalog, folder.path, &p->pin, &system);
    if (status == REDAN_OK)
        status = redan_system_verdict(&ctx, &system, NULL, 0, false, &verdict);
    if (status == REDAN_OK)
        word = (int)verdict.word;
    (void)snprintf(why, 512, "%s", ctx.failure.text);
    redan_system_done(&system);
    redan_scratch_done(&folder);
    redan_ctx_done(&ctx);
    return word;
}

static void test_round(void **state)
{
    static struct packed p;
    static struct scratch base;
    struct redan_slice again = {0};
    struct redan_pack pack = {0};
    char why[512];

    (void)state;
    open_packed(&p);
    scratch_make_fast(&base);
    assert_int_equal(judge(&p, p.text, base.root, why), REDAN_WORD_PASS);
    assert_int_equal(scratch_count(&base, "."), 0);
    assert_ok(make(&p, &again)); /* the same bytes */
    assert_int_equal(again.len, p.text.len);
    assert_memory_equal(again.at, p.text.at, again.len);
    assert_ok(redan_pack_read(&p.f.ctx, p.text, &pack));
    assert_slice(pack.claim.tool, "redan test");
    assert_slice(pack.claim.system, "base");
    assert_slice(pack.claim.verdict, "pass");
    assert_int_equal(pack.claim.made, NOW);
    assert_true(redan_digest_eq(&pack.claim.root, &p.system.model.root));
    assert_true(redan_pack_same_catalog(&pack));
    for (size_t i = 0; i < pack.count; i++) {
        if (redan_slice_starts(pack.files[i].name, REDAN_S("catalog/")))
            pack.files[i].bytes.len--;
    }
    assert_false(redan_pack_same_catalog(&pack));
    scratch_drop(&base);
    close_packed(&p);
}

/* Some hundreds of bytes, one after the other, all over the pack: every one is noticed. */
static void test_every_byte(void **state)
{
    static struct packed p;
    static struct scratch base;
    char why[512];
    size_t tried = 0;

    (void)state;
    open_packed(&p);
    scratch_make_fast(&base);
    char *copy = redan_take(&p.f.ctx, p.text.len);
    assert_non_null(copy);
    for (size_t i = 0; i < p.text.len; i += i < 6000 ? 7 : 97, tried++) {
        memcpy(copy, p.text.at, p.text.len);
        copy[i] = (char)(copy[i] ^ (1 << (i % 7)));
        int word = judge(&p, (struct redan_slice){copy, p.text.len}, base.root, why);
        if (word != -1)
            fail_msg("byte %zu of %zu: %d", i, p.text.len, word);
    }
    assert_true(tried > 800);
    for (size_t len = 0; len < p.text.len; len += 511)
        assert_int_equal(judge(&p, (struct redan_slice){p.text.at, len}, base.root, why), -1);
    assert_int_equal(scratch_count(&base, "."), 0);
    scratch_drop(&base);
    close_packed(&p);
}

/* Somebody who makes the manifest fit what was changed: the signatures still speak. */
static struct redan_slice remake(struct packed *p, const char *name, const char *from,
                                 const char *to, bool drop)
{
    struct redan_ctx *ctx = &p->f.ctx;
    struct redan_pack pack = {0};
    struct redan_ustar_file manifest = {.name = REDAN_S("MANIFEST.json")};
    struct redan_slice text = {0};
    struct redan_buf out;
    size_t n = 0;

    assert_ok(redan_pack_read(ctx, p->text, &pack));
    for (size_t i = 0; i < pack.count; i++) {
        struct redan_ustar_file file = pack.files[i];
        if (redan_slice_starts(file.name, redan_slice_of(name))) {
            if (drop)
                continue;
            assert_ok(redan_copy(ctx, file.bytes, &text));
            file.bytes = redan_slice_of(fixture_edit(&p->f, text.at, from, to));
        }
        pack.files[n++] = file;
    }
    assert_true(!drop || n < pack.count);
    assert_ok(redan_pack_manifest(ctx, &pack.claim, pack.files, n, &manifest.bytes));
    redan_buf_init(&out, ctx, (size_t)REDAN_PACK_MOST);
    assert_ok(redan_ustar_add(ctx, &out, &manifest));
    for (size_t i = 0; i < n; i++)
        assert_ok(redan_ustar_add(ctx, &out, &pack.files[i]));
    redan_ustar_end(&out);
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &text));
    redan_buf_done(&out);
    return text;
}

static void test_remade(void **state)
{
    static const struct {
        const char *name;
        const char *from;
        const char *to;
        bool drop;
        int word;
    } rows[] = {
        {"none", NULL, NULL, false, REDAN_WORD_PASS},
        {"report.", NULL, NULL, true, REDAN_WORD_PASS}, /* only a claim anyway */
        {"threatmodel.yaml", "0.55", "0.65", false, REDAN_WORD_FAIL},
        {"org.yaml", "risk-board: 2", "risk-board: 1", false, REDAN_WORD_FAIL},
        {"keys.yaml", "from: 2027-01-01", "from: 2026-01-01", false, REDAN_WORD_FAIL},
        {"keys.dsse.json", NULL, NULL, true, REDAN_WORD_FAIL},
        {"org.dsse.json", NULL, NULL, true, REDAN_WORD_FAIL},
        {"keys.yaml", NULL, NULL, true, REDAN_WORD_FAIL},
        {"approvals/", NULL, NULL, true, REDAN_WORD_FAIL},
        {"evidence/", NULL, NULL, true, REDAN_WORD_FAIL},
        {"threatmodel.yaml", NULL, NULL, true, -1},
    };
    static struct packed p;
    static struct scratch base;
    char why[512];

    (void)state;
    open_packed(&p);
    scratch_make_fast(&base);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_slice text = remake(&p, rows[i].name, rows[i].from, rows[i].to, rows[i].drop);
        int word = judge(&p, text, base.root, why);
        if (word != rows[i].word)
            fail_msg("row %zu (%s): %d %s", i, rows[i].name, word, why);
    }
    scratch_drop(&base);
    close_packed(&p);
}

/* An archive of these files, with a manifest that fits. */
static struct redan_slice built(struct redan_ctx *ctx, const struct redan_ustar_file *files,
                                size_t count, const char *stride)
{
    const struct redan_pack_claim claim = {.tool = REDAN_S("t"),
                                           .system = REDAN_S("base"),
                                           .verdict = REDAN_S("pass"),
                                           .stride = redan_slice_of(stride)};
    struct redan_ustar_file manifest = {.name = REDAN_S("MANIFEST.json")};
    struct redan_slice text = {0};
    struct redan_buf out;

    assert_ok(redan_pack_manifest(ctx, &claim, files, count, &manifest.bytes));
    redan_buf_init(&out, ctx, 1 << 20);
    assert_ok(redan_ustar_add(ctx, &out, &manifest));
    for (size_t i = 0; i < count; i++)
        assert_ok(redan_ustar_add(ctx, &out, &files[i]));
    redan_ustar_end(&out);
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &text));
    redan_buf_done(&out);
    return text;
}

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_names(void **state)
{
    static const struct {
        const char *name;
        const char *stride;
        bool may;
    } rows[] = {
        {"threatmodel.yaml", NULL, true},
        {"approvals/" HEX ".json", NULL, true},
        {"history/model-" HEX ".yaml", NULL, true},
        {"history/org-" HEX ".yaml", NULL, true},
        {"evidence/" HEX "/" HEX ".json", NULL, true},
        {"approvals/a.json", NULL, false},
        {"approvals/" HEX "0.json", NULL, false},
        {"history/model-1.yaml", NULL, false},
        {"history/" HEX ".yaml", NULL, false},
        {"history/keys-" HEX ".yaml", NULL, false},
        {"history/model-" HEX ".yml", NULL, false},
        {"evidence/a/" HEX ".json", NULL, false},
        {"evidence/" HEX "/a.json", NULL, false},
        {"evidence/" HEX ".json", NULL, false},
        {"catalog/controls.yaml", NULL, true},
        {"report.txt", NULL, true},
        {"api.json", "api.json", true},
        {"api/v2.json", "api/v2.json", true},
        {"api.json", NULL, false},
        {"redan/threatmodel.yaml", NULL, false},
        {"approvals/a/b.json", NULL, false},
        {"approvals/.json", NULL, false},
        {"approvals/a.txt", NULL, false},
        {"evidence/b.json", NULL, false},
        {"evidence/a/b/c.json", NULL, false},
        {"root.pem", NULL, false},
        {"manifest.json", NULL, false},
    };
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_ustar_file file = {redan_slice_of(rows[i].name), REDAN_S("x")};
        struct redan_pack pack;
        redan_fail_clear(&ctx);
        enum redan_status status =
            redan_pack_read(&ctx, built(&ctx, &file, 1, rows[i].stride), &pack);
        if (status != (rows[i].may ? REDAN_OK : REDAN_E_SCHEMA))
            fail_msg("%s: %s", rows[i].name, ctx.failure.text);
    }
    const struct redan_ustar_file unsorted[] = {{REDAN_S("org.yaml"), REDAN_S("x")},
                                                {REDAN_S("keys.yaml"), REDAN_S("x")}};
    struct redan_pack pack;
    assert_int_equal(redan_pack_read(&ctx, built(&ctx, unsorted, 2, NULL), &pack), REDAN_E_SCHEMA);
    redan_ctx_done(&ctx);
}

/* What is not packed: links, pipes, private keys; what is left out: everything else. */
static void test_refusals(void **state)
{
    static const char pem[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
    static struct packed p;
    struct redan_slice text = {0};
    struct redan_pack pack = {0};

    (void)state;
    open_packed(&p);
    scratch_text(&p.f.dir, "root.pem", pem); /* beside, and of no concern */
    scratch_text(&p.f.dir, "approvals/notes.txt", pem);
    assert_ok(make(&p, &text));
    assert_int_equal(text.len, p.text.len);

    scratch_text(&p.f.dir, "approvals/x.json", pem);
    assert_int_equal(make(&p, &text), REDAN_E_SCHEMA);
    assert_non_null(strstr(p.f.ctx.failure.text, "approvals/x.json holds a private key"));
    assert_int_equal(unlink(scratch_at(&p.f.dir, "approvals/x.json")), 0);

    scratch_folder(&p.f.dir, "evidence/zz");
    scratch_text(&p.f.dir, "evidence/zz/x.json", "{}"); /* a check would read it */
    assert_int_equal(make(&p, &text), REDAN_E_SCHEMA);
    assert_non_null(strstr(p.f.ctx.failure.text, "evidence/zz/x.json is read by a check"));
    assert_int_equal(unlink(scratch_at(&p.f.dir, "evidence/zz/x.json")), 0);

    assert_int_equal(symlink("/etc/passwd", scratch_at(&p.f.dir, "approvals/x.json")), 0);
    assert_int_not_equal(make(&p, &text), REDAN_OK);
    assert_int_equal(unlink(scratch_at(&p.f.dir, "approvals/x.json")), 0);
    assert_int_equal(mkfifo(scratch_at(&p.f.dir, "evidence/x.json"), 0600), 0);
    assert_int_not_equal(make(&p, &text), REDAN_OK);
    assert_int_equal(unlink(scratch_at(&p.f.dir, "evidence/x.json")), 0);

    assert_int_equal(symlink("approvals", scratch_at(&p.f.dir, "history2")), 0);
    assert_int_equal(rename(scratch_at(&p.f.dir, "org.yaml"), "/dev/shm/redan-test-org"), 0);
    assert_int_equal(symlink("/dev/shm/redan-test-org", scratch_at(&p.f.dir, "org.yaml")), 0);
    assert_int_not_equal(make(&p, &text), REDAN_OK);
    assert_int_equal(unlink(scratch_at(&p.f.dir, "org.yaml")), 0);
    assert_int_equal(rename("/dev/shm/redan-test-org", scratch_at(&p.f.dir, "org.yaml")), 0);

    assert_ok(make(&p, &text));
    assert_ok(redan_pack_read(&p.f.ctx, text, &pack));
    for (size_t i = 0; i < pack.count; i++)
        assert_null(memmem(pack.files[i].bytes.at, pack.files[i].bytes.len, "PRIVATE KEY", 11));
    close_packed(&p);
}

/* A folder that is itself a link is not followed into. */
static void test_linked_folder(void **state)
{
    static struct packed p;
    struct redan_slice text = {0};
    char elsewhere[SCRATCH_PATH + 512];

    (void)state;
    open_packed(&p);
    (void)snprintf(elsewhere, sizeof(elsewhere), "%s", scratch_at(&p.f.dir, "elsewhere"));
    assert_int_equal(rename(scratch_at(&p.f.dir, "evidence"), elsewhere), 0);
    assert_int_equal(symlink("elsewhere", scratch_at(&p.f.dir, "evidence")), 0);
    assert_int_not_equal(make(&p, &text), REDAN_OK);
    close_packed(&p);
}

static void test_memory(void **state)
{
    static struct packed p;

    (void)state;
    open_packed(&p);
    for (uint64_t n = 1; n < 20000; n++) {
        struct redan_ctx ctx;
        struct redan_pack pack = {0};
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = ctx.mem.calls + n;
        enum redan_status status = redan_pack_read(&ctx, p.text, &pack);
        bool done = ctx.mem.calls < ctx.mem.fail_at;
        assert_int_equal(status, done ? REDAN_OK : REDAN_E_MEMORY);
        redan_ctx_done(&ctx);
        if (done) {
            close_packed(&p);
            return;
        }
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),    cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_remade),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_refusals), cmocka_unit_test(test_linked_folder),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
