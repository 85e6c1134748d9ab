/* Models on disk: how their files become a manifest, and every way in which they may differ from one. */
#include "scratch.h"

#include "sign/manifest.h"

enum { TEXT = 4096 };

static int setup(void **state)
{
    struct scratch *s = test_malloc(sizeof(*s));

    scratch_make(s);
    *state = s;
    return 0;
}

static int teardown(void **state)
{
    scratch_drop(*state);
    test_free(*state);
    return 0;
}

/* m: a, d/b, d/e (empty), a-b, w (5 bytes), and what is left out. */
static void make_model(struct scratch *s)
{
    scratch_folder(s, "m");
    scratch_folder(s, "m/a");
    scratch_folder(s, "m/d");
    scratch_folder(s, "m/d/.git");
    scratch_folder(s, "m/.git");
    scratch_text(s, "m/a/z", "z");
    scratch_text(s, "m/a-b", "a-b");
    scratch_text(s, "m/d/b", "bb");
    scratch_text(s, "m/d/e", "");
    scratch_text(s, "m/d/.git/config", "signed");
    scratch_text(s, "m/w", "12345");
    scratch_text(s, "m/.git/config", "not signed");
    scratch_text(s, "m/.gitignore", "x");
    scratch_text(s, "m/model.sig", "{}");
    scratch_folder(s, "m/cache");
    scratch_text(s, "m/cache/tmp", "t");
}

static const struct redan_slice cache[] = {{"cache", 5}};

static void make(struct redan_ctx *ctx, struct scratch *s,
                 const struct redan_manifest_options *options, struct redan_manifest *m)
{
    struct redan_slice payload = {0};
    struct redan_manifest made;

    enum redan_status status = redan_manifest_make(ctx, scratch_slice(s, "m"), options, &made);
    if (status != REDAN_OK)
        print_error("%s\n", ctx->failure.text);
    assert_ok(status);
    assert_ok(redan_manifest_write(ctx, &made, &payload));
    assert_ok(redan_manifest_parse(ctx, payload, m)); /* as a verifier has it */
    assert_true(redan_digest_eq(&made.root, &m->root));
}

static const char *names_of(const struct redan_manifest *m, char text[TEXT])
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < m->count; i++) {
        const struct redan_manifest_entry *e = &m->entries[i];
        n += (size_t)snprintf(text + n, TEXT - n, "%s%.*s", i ? " " : "", REDAN_FMT(e->path));
        if (m->shards)
            n += (size_t)snprintf(text + n, TEXT - n, ":%d:%d", (int)e->from, (int)e->to);
    }
    return text;
}

static void test_make(void **state)
{
    static const struct {
        struct redan_manifest_options options;
        const char *names;
        size_t ignored;
    } rows[] = {
        {{.signature = {"model.sig", 9}, .ignore = cache, .ignore_count = 1},
         "a-b a/z d/.git/config d/b d/e w",
         6},
        {{.signature = {"model.sig", 9}}, "a-b a/z cache/tmp d/.git/config d/b d/e w", 5},
        {{.keep_git = true, .ignore = cache, .ignore_count = 1},
         ".git/config .gitignore a-b a/z d/.git/config d/b d/e model.sig w",
         1},
        {{.shards = true,
          .shard_size = 2,
          .signature = {"model.sig", 9},
          .ignore = cache,
          .ignore_count = 1},
         "a-b:0:2 a-b:2:3 a/z:0:1 d/.git/config:0:2 d/.git/config:2:4 d/.git/config:4:6 d/b:0:2 "
         "w:0:2 w:2:4 w:4:5 d/e:0:0",
         6},
        {{.hash = REDAN_HASH_BLAKE2B,
          .signature = {"model.sig", 9},
          .ignore = cache,
          .ignore_count = 1},
         "a-b a/z d/.git/config d/b d/e w",
         6},
    };
    char text[TEXT];

    make_model(*state);
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_manifest m;
        redan_ctx_init(&ctx, NULL);
        make(&ctx, *state, &rows[i].options, &m);
        assert_string_equal(names_of(&m, text), rows[i].names);
        assert_int_equal(m.ignore_count, rows[i].ignored);
        assert_slice(m.name, "m");
        assert_int_equal(m.remark_count, 0);
        redan_ctx_done(&ctx);
    }
}

static void spoil_nothing(struct scratch *s)
{
    (void)s;
}
static void spoil_change(struct scratch *s)
{
    scratch_text(s, "m/d/b", "bc");
}
static void spoil_grow(struct scratch *s)
{
    scratch_text(s, "m/w", "123456");
}
static void spoil_cut(struct scratch *s)
{
    scratch_text(s, "m/w", "1234");
}
static void spoil_remove(struct scratch *s)
{
    assert_int_equal(unlink(scratch_at(s, "m/a/z")), 0);
}
static void spoil_remove_empty(struct scratch *s)
{
    assert_int_equal(unlink(scratch_at(s, "m/d/e")), 0);
}
static void spoil_fill_empty(struct scratch *s)
{
    scratch_text(s, "m/d/e", "x");
}
static void spoil_add(struct scratch *s)
{
    scratch_text(s, "m/d/evil.py", "import os");
    scratch_text(s, "m/zz", "x");
    scratch_text(s, "m/d/b2", "");
}
static void spoil_add_empty(struct scratch *s)
{
    scratch_text(s, "m/d/__init__.py", "");
}
static void spoil_add_folder(struct scratch *s)
{
    scratch_folder(s, "m/new");
    scratch_text(s, "m/new/x", "x");
    scratch_folder(s, "m/void"); /* folders are not signed */
}
static void spoil_ignored(struct scratch *s)
{
    scratch_text(s, "m/.git/hooks", "x");
    scratch_text(s, "m/.gitignore", "y");
    scratch_text(s, "m/cache/more", "y");
    scratch_text(s, "m/model.sig", "new");
}
static void spoil_deeper_git(struct scratch *s)
{
    scratch_text(s, "m/d/.git/hooks", "x");
    scratch_text(s, "m/d/.gitignore", "x");
}
static void spoil_add_fifo(struct scratch *s)
{
    assert_int_equal(mkfifo(scratch_at(s, "m/pipe"), 0600), 0);
}
static void spoil_add_link(struct scratch *s)
{
    assert_int_equal(symlink("nowhere", scratch_at(s, "m/dangling")), 0);
}
static void spoil_file_to_folder(struct scratch *s)
{
    assert_int_equal(unlink(scratch_at(s, "m/w")), 0);
    scratch_folder(s, "m/w");
    scratch_text(s, "m/w/w", "12345");
}
static void spoil_unreadable(struct scratch *s)
{
    scratch_text(s, "m/huge", "");
    assert_int_equal(truncate(scratch_at(s, "m/huge"), (off_t)1 << 42), 0);
}
static void spoil_many(struct scratch *s)
{
    char name[32];

    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof(name), "m/x%d", i);
        scratch_text(s, name, "x");
    }
}

static const char *told(const struct redan_manifest_difference *d, size_t count, char text[TEXT])
{
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < count && n < TEXT - 256; i++)
        n += (size_t)snprintf(text + n, TEXT - n, "%s%s %.*s", i ? ", " : "",
                              redan_manifest_fault_words[d[i].fault], REDAN_FMT(d[i].path));
    return text;
}

struct change {
    void (*spoil)(struct scratch *s);
    const char *says;          /* in a manifest of files */
    const char *says_unsigned; /* with ignore_unsigned */
};

static const struct change changes[] = {
    {spoil_nothing, "", ""},
    {spoil_change, "changed d/b", "changed d/b"},
    {spoil_grow, "changed w", "changed w"},
    {spoil_cut, "changed w", "changed w"},
    {spoil_remove, "missing a/z", "missing a/z"},
    {spoil_remove_empty, "missing d/e", "missing d/e"},
    {spoil_fill_empty, "changed d/e", "changed d/e"},
    {spoil_add, "extra d/b2, extra d/evil.py, extra zz", ""},
    {spoil_add_empty, "extra d/__init__.py", ""},
    {spoil_add_folder, "extra new/x", ""},
    {spoil_ignored, "", ""},
    {spoil_deeper_git, "extra d/.git/hooks, extra d/.gitignore", ""},
    {spoil_add_fifo, "extra pipe", ""},
    {spoil_add_link, "extra dangling", ""},
    {spoil_file_to_folder, "missing w, extra w/w", "missing w"},
    {spoil_unreadable, "extra huge", ""}, /* 4 TiB of nothing: would not end if it were read */
};

static void compare_says(struct scratch *s, const struct redan_manifest *m,
                         const struct redan_manifest_check *check, const char *says)
{
    struct redan_manifest_difference *d = NULL;
    struct redan_ctx ctx;
    size_t count = 0;
    char text[TEXT];

    redan_ctx_init(&ctx, NULL);
    enum redan_status status =
        redan_manifest_compare(&ctx, m, scratch_slice(s, "m"), check, &d, &count);
    if (status != REDAN_OK)
        print_error("%s\n", ctx.failure.text);
    assert_ok(status);
    assert_string_equal(told(d, count, text), says);
    redan_ctx_done(&ctx);
}

static void test_compare(void **state)
{
    static const struct redan_manifest_options forms[] = {
        {.signature = {"model.sig", 9}, .ignore = cache, .ignore_count = 1},
        {.signature = {"model.sig", 9},
         .ignore = cache,
         .ignore_count = 1,
         .shards = true,
         .shard_size = 2},
        {.signature = {"model.sig", 9},
         .ignore = cache,
         .ignore_count = 1,
         .hash = REDAN_HASH_BLAKE2B,
         .shards = true},
    };
    (void)state;
    for (size_t f = 0; f < REDAN_COUNT(forms); f++) {
        for (size_t i = 0; i < REDAN_COUNT(changes); i++) {
            struct redan_manifest_check check = {.links = false};
            struct redan_ctx ctx;
            struct redan_manifest m;
            struct scratch s;
            scratch_make(&s);
            make_model(&s);
            redan_ctx_init(&ctx, NULL);
            make(&ctx, &s, &forms[f], &m);
            changes[i].spoil(&s);
            compare_says(&s, &m, &check, changes[i].says);
            check.ignore_unsigned = true;
            compare_says(&s, &m, &check, changes[i].says_unsigned);
            redan_ctx_done(&ctx);
            scratch_drop(&s);
        }
    }
}

/* What a signature of the reference says of shards: nothing of empty files. They are extra, unless signed. */
static void test_unsigned_empty(void **state)
{
    static const struct redan_manifest_options options = {.shards = true,
                                                          .shard_size = 2,
                                                          .signature = {"model.sig", 9},
                                                          .ignore = cache,
                                                          .ignore_count = 1};
    const struct redan_manifest_check check = {.links = false};
    struct redan_ctx ctx;
    struct redan_manifest m;

    make_model(*state);
    redan_ctx_init(&ctx, NULL);
    make(&ctx, *state, &options, &m);
    assert_slice(m.entries[m.count - 1].path, "d/e");
    m.count--;
    compare_says(*state, &m, &check, "extra d/e");
    redan_ctx_done(&ctx);
}

static void test_checks(void **state)
{
    static const struct redan_slice ab[] = {{"a-b", 3}};
    static const struct redan_slice folder[] = {{"d", 1}};
    static const struct redan_slice stranger[] = {{"nobody", 6}, {"a-b", 3}};
    static const struct redan_slice huge[] = {{"huge", 4}};
    static const struct redan_slice all[] = {{".", 1}};
    static const struct redan_slice extra[] = {{"cache", 5}, {"huge", 4}};
    static const struct redan_slice above[] = {{"../m", 4}};
    static const struct {
        struct redan_manifest_check check;
        const char *says;
    } rows[] = {
        {{.keep_git = true},
         "extra .git/config, extra .gitignore, extra cache/tmp, changed d/b, "
         "extra d/evil, extra huge, extra model.sig"},
        {{.signature = {"model.sig", 9}}, "extra cache/tmp, changed d/b, extra d/evil, extra huge"},
        {{.signature = {"model.sig", 9}, .ignore = extra, .ignore_count = 2},
         "changed d/b, extra d/evil"},
        /* what is signed is checked, whatever the caller would ignore */
        {{.signature = {"model.sig", 9}, .ignore = folder, .ignore_count = 1},
         "extra cache/tmp, changed d/b, extra huge"},
        {{.ignore_unsigned = true}, "changed d/b"},
        {{.only = ab, .only_count = 1}, ""},
        {{.only = folder, .only_count = 1}, "changed d/b, extra d/evil"},
        {{.only = folder, .only_count = 1, .ignore_unsigned = true}, "changed d/b"},
        {{.only = stranger, .only_count = 2}, "extra nobody"},
        {{.only = stranger, .only_count = 2, .ignore_unsigned = true}, "extra nobody"},
        {{.only = huge, .only_count = 1, .ignore_unsigned = true}, "extra huge"},
        {{.only = all, .only_count = 1, .ignore_unsigned = true}, "changed d/b"},
    };
    struct scratch *s = *state;
    struct redan_manifest_options options = {
        .signature = REDAN_S("model.sig"), .ignore = cache, .ignore_count = 1};
    struct redan_ctx ctx;
    struct redan_manifest m;

    make_model(s);
    redan_ctx_init(&ctx, NULL);
    make(&ctx, s, &options, &m);
    m.ignore_count = 0; /* an old signature does not say what was left out */
    spoil_change(s);
    spoil_unreadable(s);
    scratch_text(s, "m/d/evil", "x");
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        compare_says(s, &m, &rows[i].check, rows[i].says);
    struct redan_manifest_check bad = {.only = above, .only_count = 1};
    struct redan_manifest_difference *d = NULL;
    size_t count = 0;
    assert_int_equal(redan_manifest_compare(&ctx, &m, scratch_slice(s, "m"), &bad, &d, &count),
                     REDAN_E_USAGE);
    redan_fail_clear(&ctx);
    bad = (struct redan_manifest_check){.ignore = all, .ignore_count = 1};
    assert_int_equal(redan_manifest_compare(&ctx, &m, scratch_slice(s, "m"), &bad, &d, &count),
                     REDAN_E_USAGE);
    redan_ctx_done(&ctx);
}

/* Asked about one file of many, only that file is read: the others cannot be. */
static void test_partial_reads(void **state)
{
    static const struct redan_slice only[] = {{"a-b", 3}, {"d", 1}};
    const struct redan_manifest_options options = {.signature = REDAN_S("model.sig")};
    struct redan_manifest_check check = {.only = only, .only_count = 2, .ignore_unsigned = true};
    struct scratch *s = *state;
    struct redan_ctx ctx;
    struct redan_manifest m;
    struct redan_tree tree = {0};

    make_model(s);
    redan_ctx_init(&ctx, NULL);
    make(&ctx, s, &options, &m);
    assert_int_equal(truncate(scratch_at(s, "m/w"), (off_t)1 << 42), 0);
    check.walked = &tree;
    compare_says(s, &m, &check, "");
    assert_int_equal(tree.count, 4); /* a-b, d/.git/config, d/b, d/e */
    redan_ctx_done(&ctx);
}

static void refuse_make(struct scratch *s, const struct redan_manifest_options *options,
                        enum redan_status wanted, const char *says)
{
    struct redan_ctx ctx;
    struct redan_manifest m = {.count = 77};
    struct redan_slice payload = {0};

    redan_ctx_init(&ctx, NULL);
    enum redan_status status = redan_manifest_make(&ctx, scratch_slice(s, "m"), options, &m);
    if (status == REDAN_OK)
        status = redan_manifest_write(&ctx, &m, &payload);
    if (!strstr(ctx.failure.text, says))
        print_error("says: %s\n", ctx.failure.text);
    assert_int_equal(status, wanted);
    assert_non_null(strstr(ctx.failure.text, says));
    redan_ctx_done(&ctx);
}

static void test_make_refuses(void **state)
{
    static const struct redan_slice dot[] = {{".", 1}};
    static const struct redan_slice above[] = {{"../x", 4}};
    static const struct redan_slice etc[] = {{"/etc", 4}};
    static const struct {
        const char *file; /* in m; NULL: none. A name that ends in "|" is a pipe, in "@" a link */
        const char *second;
        struct redan_manifest_options options;
        enum redan_status status;
        const char *says;
    } rows[] = {
        {NULL, NULL, {.keep_git = true}, REDAN_E_SCHEMA, "empty model"},
        {".gitignore", NULL, {.keep_git = false}, REDAN_E_SCHEMA, "empty model"},
        {"model.sig", NULL, {.signature = {"model.sig", 9}}, REDAN_E_SCHEMA, "empty model"},
        {"e", NULL, {.shards = true}, REDAN_E_SCHEMA, "every file is empty"},
        {"a\\b", NULL, {.keep_git = true}, REDAN_E_SCHEMA, "backslash"},
        {"e\xcc\x81", "\xc3\xa9", {.keep_git = true}, REDAN_E_SCHEMA, "NFC"},
        {"\xff", NULL, {.keep_git = true}, REDAN_E_IO, "not UTF-8"},
        {"pipe|", NULL, {.keep_git = true}, REDAN_E_SCHEMA, "pipe"},
        {"link@", NULL, {.keep_git = true}, REDAN_E_SCHEMA, "symbolic link"},
        {"link@", NULL, {.links = true}, REDAN_E_ABSENT, "link"},
        {"a", NULL, {.ignore = dot, .ignore_count = 1}, REDAN_E_USAGE, "nothing would be signed"},
        {"a", NULL, {.ignore = above, .ignore_count = 1}, REDAN_E_USAGE, "leads out"},
        {"a", NULL, {.ignore = etc, .ignore_count = 1}, REDAN_E_USAGE, "absolute"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct scratch s;
        char name[64];
        scratch_make(&s);
        scratch_folder(&s, "m");
        const char *files[] = {rows[i].file, rows[i].second};
        for (size_t k = 0; k < 2 && files[k]; k++) {
            (void)snprintf(name, sizeof(name), "m/%s", files[k]);
            size_t len = strlen(name);
            if (name[len - 1] == '|')
                assert_int_equal(mkfifo(scratch_at(&s, name), 0600), 0);
            else if (name[len - 1] == '@')
                assert_int_equal(symlink("nowhere", scratch_at(&s, name)), 0);
            else
                scratch_text(&s, name, "");
        }
        refuse_make(&s, &rows[i].options, rows[i].status, rows[i].says);
        scratch_drop(&s);
    }
}

static void test_unreadable_folder(void **state)
{
    const struct redan_manifest_options options = {.keep_git = true};

    bool root = geteuid() == 0; /* may read every folder */

    make_model(*state);
    assert_int_equal(chmod(scratch_at(*state, "m/d"), 0), 0);
    assert_int_equal(chmod(scratch_at(*state, "."), 0755), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    refuse_make(*state, &options, REDAN_E_IO, "ermission denied");
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(scratch_at(*state, "m/d"), 0700), 0);
}

/* Links are followed where the signer and the verifier both say so; a folder behind a link is hashed like any other. */
static void test_links(void **state)
{
    struct redan_manifest_options options = {.links = true};
    struct redan_manifest_check check = {.links = true};
    struct scratch *s = *state;
    struct redan_manifest_difference *d = NULL;
    struct redan_ctx ctx;
    struct redan_manifest m;
    char text[TEXT];
    size_t count = 0;

    scratch_folder(s, "m");
    scratch_folder(s, "out");
    scratch_text(s, "out/x", "x");
    scratch_text(s, "m/a", "a");
    assert_int_equal(symlink("../out", scratch_at(s, "m/d")), 0);
    assert_int_equal(symlink("a", scratch_at(s, "m/l")), 0);
    redan_ctx_init(&ctx, NULL);
    make(&ctx, s, &options, &m);
    assert_true(m.links);
    assert_string_equal(names_of(&m, text), "a d/x l");
    compare_says(s, &m, &check, "");
    scratch_text(s, "out/x", "y"); /* the target is swapped */
    compare_says(s, &m, &check, "changed d/x");
    scratch_text(s, "out/z", "y");
    compare_says(s, &m, &check, "changed d/x, extra d/z");
    check.links = false;
    assert_int_equal(redan_manifest_compare(&ctx, &m, scratch_slice(s, "m"), &check, &d, &count),
                     REDAN_E_SCHEMA);
    assert_non_null(strstr(ctx.failure.text, "symbolic link"));
    redan_fail_clear(&ctx);
    check.links = true;
    m.links = false;
    assert_int_equal(redan_manifest_compare(&ctx, &m, scratch_slice(s, "m"), &check, &d, &count),
                     REDAN_E_SCHEMA);
    assert_non_null(strstr(ctx.failure.text, "symbolic link"));
    redan_ctx_done(&ctx);
    assert_int_equal(symlink(".", scratch_at(s, "m/loop")), 0);
    refuse_make(s, &options, REDAN_E_IO, "leads back");
}

/* A link where a signed file was, though it leads to the same bytes. */
static void test_swapped_link(void **state)
{
    const struct redan_manifest_options options = {
        .signature = REDAN_S("model.sig"), .ignore = cache, .ignore_count = 1};
    const struct redan_manifest_check check = {.ignore_unsigned = true};
    struct scratch *s = *state;
    struct redan_manifest_difference *d = NULL;
    struct redan_ctx ctx;
    struct redan_manifest m;
    size_t count = 0;

    make_model(s);
    redan_ctx_init(&ctx, NULL);
    make(&ctx, s, &options, &m);
    char from[SCRATCH_PATH + 512];
    (void)snprintf(from, sizeof(from), "%s", scratch_at(s, "m/d"));
    assert_int_equal(rename(from, scratch_at(s, "elsewhere")), 0);
    assert_int_equal(symlink("../elsewhere", scratch_at(s, "m/d")), 0);
    assert_int_equal(redan_manifest_compare(&ctx, &m, scratch_slice(s, "m"), &check, &d, &count),
                     REDAN_E_SCHEMA);
    assert_non_null(strstr(ctx.failure.text, "symbolic link"));
    redan_ctx_done(&ctx);
}

static void test_single(void **state)
{
    static const struct {
        bool dot;
        bool shards;
        const char *model; /* what is compared */
        const char *says;
    } rows[] = {
        {false, false, "w.bin", ""},
        {true, false, "w.bin", ""},
        {true, false, "other.bin", ""}, /* "." has no name to differ from */
        {false, false, "other.bin", "extra other.bin, missing w.bin"},
        {true, false, "changed.bin", "changed ."},
        {false, true, "w.bin", ""},
        {true, true, "w.bin", ""},
        {true, true, "changed.bin", "changed ."},
        {true, false, "m", "missing ., extra changed.bin, extra w.bin"},
        {false, false, "m", "extra changed.bin"},
    };
    struct scratch *s = *state;
    char text[TEXT];
    char path[SCRATCH_PATH + 512];

    scratch_folder(s, "m");
    scratch_text(s, "m/w.bin", "12345");
    scratch_text(s, "m/changed.bin", "12346");
    scratch_text(s, "w.bin", "12345");
    scratch_text(s, "other.bin", "12345");
    scratch_text(s, "changed.bin", "12346");
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_manifest_options options = {
            .dot_name = rows[i].dot, .shards = rows[i].shards, .shard_size = 2};
        const struct redan_manifest_check check = {.links = false};
        struct redan_manifest_difference *d = NULL;
        struct redan_slice payload = {0};
        struct redan_manifest m;
        struct redan_ctx ctx;
        size_t count = 0;
        redan_ctx_init(&ctx, NULL);
        assert_ok(redan_manifest_make(&ctx, scratch_slice(s, "w.bin"), &options, &m));
        assert_slice(m.name, "w.bin");
        assert_int_equal(m.ignore_count, 0);
        assert_ok(redan_manifest_write(&ctx, &m, &payload));
        assert_ok(redan_manifest_parse(&ctx, payload, &m));
        assert_slice(m.entries[0].path, rows[i].dot ? "." : "w.bin");
        (void)snprintf(path, sizeof(path), "%s", scratch_at(s, rows[i].model));
        assert_ok(redan_manifest_compare(&ctx, &m, redan_slice_of(path), &check, &d, &count));
        assert_string_equal(told(d, count, text), rows[i].says);
        redan_ctx_done(&ctx);
    }
}

/* Differences say what was wanted and what was found. */
static void test_words(void **state)
{
    const struct redan_manifest_options options = {
        .signature = REDAN_S("model.sig"), .ignore = cache, .ignore_count = 1};
    const struct redan_manifest_options shards = {.signature = REDAN_S("model.sig"),
                                                  .ignore = cache,
                                                  .ignore_count = 1,
                                                  .shards = true,
                                                  .shard_size = 2};
    const struct redan_manifest_check check = {.links = false};
    struct scratch *s = *state;
    struct redan_manifest_difference *d = NULL;
    struct redan_manifest m;
    struct redan_ctx ctx;
    size_t count = 0;

    make_model(s);
    redan_ctx_init(&ctx, NULL);
    make(&ctx, s, &options, &m);
    struct redan_manifest sharded;
    make(&ctx, s, &shards, &sharded);
    spoil_change(s);
    assert_ok(redan_manifest_compare(&ctx, &m, scratch_slice(s, "m"), &check, &d, &count));
    assert_int_equal(count, 1); /* echo -n bb, bc | sha256sum */
    assert_slice(d[0].wanted,
                 "sha256:3b64db95cb55c763391c707108489ae18b4112d783300de38e033b4c98c3deaf");
    assert_int_equal(d[0].found.len, 71);
    spoil_grow(s);
    assert_ok(redan_manifest_compare(&ctx, &sharded, scratch_slice(s, "m"), &check, &d, &count));
    assert_int_equal(count, 2);
    assert_non_null(strstr(d[0].wanted.at, "of the bytes 0 to 2"));
    assert_slice(d[1].wanted, "5 bytes");
    assert_slice(d[1].found, "6 bytes");
    redan_ctx_done(&ctx);
}

static void test_memory(void **state)
{
    static const struct redan_slice only[] = {{"d", 1}, {"nobody", 6}};
    const struct redan_manifest_options options = {
        .signature = REDAN_S("model.sig"), .shards = true, .shard_size = 2};
    const struct redan_manifest_check check = {.only = only, .only_count = 2};
    struct redan_limits limits = redan_limits_default;
    struct scratch *s = *state;
    bool through = false;

    limits.workers = 1;
    make_model(s);
    spoil_many(s);
    for (uint64_t n = 1; !through; n++) {
        struct redan_manifest_difference *d = NULL;
        struct redan_manifest m;
        struct redan_ctx ctx;
        size_t count = 0;
        redan_ctx_init(&ctx, &limits);
        ctx.mem.fail_at = ctx.mem.calls + n;
        enum redan_status status = redan_manifest_make(&ctx, scratch_slice(s, "m"), &options, &m);
        if (status == REDAN_OK)
            status = redan_manifest_compare(&ctx, &m, scratch_slice(s, "m"), &check, &d, &count);
        through = ctx.mem.calls < ctx.mem.fail_at;
        assert_int_equal(status, through ? REDAN_OK : REDAN_E_MEMORY);
        assert_true(n < 5000);
        redan_ctx_done(&ctx);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_make),
        cmocka_unit_test(test_compare),
        TEST(test_unsigned_empty),
        TEST(test_checks),
        TEST(test_partial_reads),
        cmocka_unit_test(test_make_refuses),
        TEST(test_unreadable_folder),
        TEST(test_links),
        TEST(test_swapped_link),
        TEST(test_single),
        TEST(test_words),
        TEST(test_memory),
    };

    return cmocka_run_group_tests_name("manifest_files", tests, NULL, NULL);
}
