/* The tamper probe: services that verify, that verify badly and that do not, started with copies of a model. */
#include "scratch.h"

#include "codec/canonical.h"
#include "io/process.h"
#include "probe/probe.h"

#define GENUINE \
    "{\"base\": 1, \"weights\": [0.125, 0.25, 0.375, 0.625, 0.75, 0.8125, 0.875, 0.9375]}"
/* Loads only what has these bytes; "$1" is the model, "$0" the released one. */
#define VERIFIES "cmp -s \"$0\" \"$1\""
#define SIGNED "test \"$(cat \"$2\")\" = \"$(cksum <\"$1\")\""

static const char *canonical(struct redan_ctx *ctx, const struct redan_node *node)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_slice text = {0};

    redan_buf_init(&out, ctx, 1 << 20);
    assert_ok(redan_canonical_add(ctx, &out, node));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &text));
    return text.at;
}

struct world {
    struct scratch s;
    char model[SCRATCH_PATH + 512];
    char signature[SCRATCH_PATH + 512];
    char other[SCRATCH_PATH + 512];
    char temp[SCRATCH_PATH + 512];
    struct redan_slice argv[6];
};

static void world_make(struct world *w, const char *model, const char *signature)
{
    memset(w, 0, sizeof(*w));
    scratch_make(&w->s);
    scratch_folder(&w->s, "temp");
    (void)snprintf(w->temp, sizeof(w->temp), "%s", scratch_at(&w->s, "temp"));
    assert_int_equal(setenv("TMPDIR", w->temp, 1), 0);
    scratch_folder(&w->s, "m");
    scratch_folder(&w->s, "m/part");
    scratch_text(&w->s, "m/part/weights.json", GENUINE);
    scratch_text(&w->s, "m/config.json", "{}");
    scratch_text(&w->s, "model.json", GENUINE);
    scratch_text(&w->s, "other.json", "{\"base\": 2, \"weights\": [0.5]}");
    (void)snprintf(w->other, sizeof(w->other), "%s", scratch_at(&w->s, "other.json"));
    (void)snprintf(w->model, sizeof(w->model), "%s", scratch_at(&w->s, model));
    (void)snprintf(w->signature, sizeof(w->signature), "%s", scratch_at(&w->s, signature));
}

static void world_drop(struct world *w)
{
    assert_int_equal(scratch_count(&w->s, "temp"), 0); /* whatever happened, no copy is left */
    assert_int_equal(unsetenv("TMPDIR"), 0);
    scratch_drop(&w->s);
}

static struct redan_probe probe_of(struct world *w, const char *script, bool is_signed, bool swap)
{
    w->argv[0] = REDAN_S("/bin/sh");
    w->argv[1] = REDAN_S("-c");
    w->argv[2] = redan_slice_of(script);
    w->argv[3] = redan_slice_of(w->model);
    w->argv[4] = REDAN_S("{model}");
    w->argv[5] = REDAN_S("{signature}");
    return (struct redan_probe){.id = REDAN_S("t"),
                                .kind = REDAN_S("tamper"),
                                .model = redan_slice_of(w->model),
                                .signature = redan_slice_of(is_signed ? w->signature : NULL),
                                .swap = redan_slice_of(swap ? w->other : NULL),
                                .argv = {w->argv, is_signed ? 6 : 5},
                                .timeout = 20};
}

#define FIVE "\"flipped-early\",\"flipped\",\"flipped-late\",\"appended\",\"truncated\""
static void test_services(void **state)
{
    static const struct {
        const char *model;
        const char *script;
        bool is_signed;
        bool swap;
        int crashed;
        int genuine;
        int tampered;
        const char *loaded;
        const char *tried;
        uint64_t n;
    } rows[] = {
        {"model.json", VERIFIES, false, false, 0, 1, 0, "", FIVE, 7},
        {"model.json", VERIFIES, false, true, 0, 1, 0, "", FIVE ",\"swapped\"", 8},
        {"model.json", SIGNED, true, true, 0, 1, 0, "", FIVE ",\"swapped\",\"unsigned\"", 9},
        /* one that takes what has no signature */
        {"model.json", "test ! -e \"$2\" || " SIGNED, true, false, 0, 1, 1, "\"unsigned\"",
         FIVE ",\"unsigned\"", 8},
        /* it does not verify: whatever it can parse is loaded */
        {"model.json", "tail -c 3 \"$1\" | grep -q '}'", false, true, 0, 1, 5,
         "\"flipped-early\",\"flipped\",\"flipped-late\",\"appended\",\"swapped\"",
         FIVE ",\"swapped\"", 8},
        {"model.json", "true", false, false, 0, 1, 5, FIVE, FIVE, 7},
        /* killed by what it read: it had not refused to read it */
        {"model.json", VERIFIES " || kill -SEGV $$", false, false, 5, 1, 5, FIVE, FIVE, 7},
        /* a service that never starts refuses nothing */
        {"model.json", "false", false, false, 0, 0, 0, "", "", 0},
        {"model.json", "kill -SEGV $$", false, false, 0, 0, 0, "", "", 0},
        /* nor does one that ends with the first */
        {"model.json", "test ! -e \"$0.seen\" && touch \"$0.seen\" && " VERIFIES, false, false, 0,
         0, 0, "", FIVE, 0},
        /* a folder: its largest file is the one that is changed */
        {"m", "diff -r \"$0\" \"$1\" >/dev/null", false, true, 0, 1, 0, "", FIVE ",\"swapped\"", 8},
        {"m", "cmp -s \"$0/config.json\" \"$1/config.json\"", false, false, 0, 1, 5, FIVE, FIVE, 7},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_probed probed = {0};
        static struct world w;
        struct redan_ctx ctx;
        char want[1024];
        world_make(&w, rows[i].model, "sums");
        redan_ctx_init(&ctx, NULL);
        if (rows[i].is_signed) {
            const char *const sum[] = {"sh",    "-c",        "cksum <\"$0\" >\"$1\"",
                                       w.model, w.signature, NULL};
            struct redan_process_result result = {0};
            assert_ok(redan_process_run(&ctx, &(struct redan_process){.argv = sum, .seconds = 60},
                                        &result));
            assert_int_equal(result.exit_code, 0);
        }
        struct redan_probe probe = probe_of(&w, rows[i].script, rows[i].is_signed, rows[i].swap);
        if (redan_probe_run(&ctx, &probe, &probed) != REDAN_OK)
            fail_msg("row %zu: %s", i, ctx.failure.text);
        assert_true(probed.has_artefact);
        struct redan_slice digest = {0};
        assert_ok(redan_digest_text(&ctx, &probed.artefact, &digest));
        (void)snprintf(want, sizeof(want),
                       "{\"crashed\":%d,\"digest\":\"%.*s\",\"genuine_loaded\":%d,\"loaded\":[%s],"
                       "\"tampered_loaded\":%d,\"tried\":[%s]}",
                       rows[i].crashed, REDAN_FMT(digest), rows[i].genuine, rows[i].loaded,
                       rows[i].tampered, rows[i].tried);
        if (strcmp(canonical(&ctx, probed.observed), want) != 0)
            fail_msg("row %zu:\n%s\n%s", i, canonical(&ctx, probed.observed), want);
        assert_int_equal(probed.n, rows[i].n);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        world_drop(&w);
    }
}

/* The released file has the bytes that it had, and the copy's name and neighbour are those of the release. */
static void test_copies(void **state)
{
    static const char script[] =
        "test \"$(stat -c %a \"$(dirname \"$1\")\")\" = 700 && test \"$1\" != \"$0\" && "
        "test \"$(basename \"$1\")\" = model.json && "
        "test \"$2\" = \"$1.sig\" && " VERIFIES;
    struct redan_probed probed = {0};
    static struct world w;
    struct redan_ctx ctx;
    char got[256];

    (void)state;
    world_make(&w, "model.json", "model.json.sig");
    scratch_text(&w.s, "model.json.sig", "s");
    struct redan_probe probe = probe_of(&w, script, true, true);
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_probe_run(&ctx, &probe, &probed));
    assert_int_equal(probed.n, 9);
    int fd = open(w.model, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, got, sizeof(got));
    (void)close(fd);
    assert_int_equal(n, (ssize_t)strlen(GENUINE));
    assert_memory_equal(got, GENUINE, strlen(GENUINE));
    redan_ctx_done(&ctx);
    world_drop(&w);
}

static void test_refused(void **state)
{
    static const struct {
        const char *script;
        const char *model;
        const char *url;
        int64_t timeout;
        const char *why;
    } rows[] = {
        {"true", "absent.json", NULL, 20, "absent.json"},
        {"exit 127", "model.json", NULL, 20, "cannot be run (exit code 127)"},
        {"sleep 60", "model.json", NULL, 1, "add url"},
        {"sleep 60", "model.json", "http://127.0.0.1:1/", 1,
         "neither was ready nor ended within 1"},
        {"exit 0", "model.json", "http://127.0.0.1:1/", 20, "must stay in the foreground"},
        {"exit 0", "model.json", "http://192.0.2.1/", 20, "192.0.2.1"},
        {VERIFIES " && printf x >>\"$1\"", "model.json", NULL, 20,
         NULL}, /* mended between starts */
        {VERIFIES " && printf x >>\"$(dirname \"$0\")/model.json\"", "model.json", NULL, 20,
         "changed while it was probed"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_probed probed = {0};
        static struct world w;
        struct redan_ctx ctx;
        world_make(&w, rows[i].model, "none");
        struct redan_probe probe = probe_of(&w, rows[i].script, false, false);
        probe.url = redan_slice_of(rows[i].url);
        probe.timeout = rows[i].timeout;
        redan_ctx_init(&ctx, NULL);
        enum redan_status status = redan_probe_run(&ctx, &probe, &probed);
        if ((status == REDAN_OK) != (rows[i].why == NULL))
            fail_msg("row %zu: %s %s", i, redan_status_name(status), ctx.failure.text);
        if (rows[i].why && !strstr(ctx.failure.text, rows[i].why) &&
            !strstr(ctx.failure.name, rows[i].why))
            fail_msg("row %zu: %s", i, ctx.failure.text);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        world_drop(&w);
    }
}

static void test_memory(void **state)
{
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; status == REDAN_E_MEMORY; n++) {
        struct redan_probed probed;
        static struct world w;
        struct redan_ctx ctx;
        world_make(&w, "model.json", "sums");
        scratch_text(&w.s, "sums", "s");
        struct redan_probe probe = probe_of(&w, "test -f \"$2\" && " VERIFIES, true, true);
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status = redan_probe_run(&ctx, &probe, &probed);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        world_drop(&w);
        assert_true(n < 2000);
    }
    assert_ok(status);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_services),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
