/* Worker processes that die, hang, lie, or do their work; the tasks' order; and files found on a walk. */
#include "scratch.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>

#include "cmd/scan_crew.h"
#include "cmd/scan_walk.h"

/* What a file's bytes make of the worker; else they are the answer. */
static void act(void *arg, int fd, struct redan_slice name, struct redan_buf *out)
{
    char bytes[64] = "";
    ssize_t n = pread(fd, bytes, sizeof(bytes) - 1, 0);

    (void)arg;
    if (strcmp(bytes, "die") == 0)
        (void)raise(SIGSEGV);
    if (strcmp(bytes, "leave") == 0)
        _exit(0);
    while (strcmp(bytes, "hang") == 0)
        continue;
    if (strcmp(bytes, "flood") == 0)
        redan_buf_repeat(out, 'x', REDAN_CREW_ANSWER + 1);
    redan_buf_slice(out, name);
    redan_buf_char(out, '=');
    redan_buf_add(out, bytes, n > 0 ? (size_t)n : 0);
}

static int file_of(const char *text)
{
    int fd = memfd_create("test", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    return fd;
}

struct tally {
    unsigned answered, died, hung, skipped;
    uint64_t next;
};

static void take(struct redan_crew *crew, bool wait, struct tally *tally)
{
    struct redan_crew_result result;
    bool got = false;

    assert_ok(redan_crew_take(crew, wait, &result, &got));
    if (!got)
        return;
    char name[24];
    (void)snprintf(name, sizeof(name), "%llu", (unsigned long long)tally->next++);
    assert_slice(result.name, name); /* in the order of putting */
    tally->answered += result.end == REDAN_CREW_ANSWERED;
    tally->died += result.end == REDAN_CREW_DIED;
    tally->hung += result.end == REDAN_CREW_HUNG;
    tally->skipped += result.end == REDAN_CREW_SKIPPED;
    if (result.end == REDAN_CREW_ANSWERED)
        assert_true(redan_slice_starts(result.answer, redan_slice_of(name)));
    redan_crew_drop(crew);
}

static void run(const char *const *texts, size_t kinds, size_t count, unsigned workers,
                double seconds, struct tally *tally)
{
    struct redan_ctx ctx;
    struct redan_crew crew;
    const struct redan_crew_options options = {.workers = workers,
                                               .seconds = seconds,
                                               .sandbox = {.memory = (uint64_t)256 << 20},
                                               .work = act};

    *tally = (struct tally){0};
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_crew_open(&ctx, &options, &crew));
    for (size_t i = 0; i < count; i++) {
        char name[24];
        const char *text = texts[i % kinds];
        (void)snprintf(name, sizeof(name), "%zu", i);
        assert_ok(redan_crew_put(&crew, text ? file_of(text) : -1, text ? strlen(text) : 0,
                                 redan_slice_of(name), NULL));
        take(&crew, redan_crew_full(&crew), tally);
    }
    redan_crew_hurry(&crew);
    while (!redan_crew_idle(&crew))
        take(&crew, true, tally);
    assert_int_equal(tally->next, count);
    redan_crew_done(&crew);
    assert_int_equal(ctx.mem.used > 0, ctx.arena.last != NULL);
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

static void test_honest(void **state)
{
    static const char *const texts[] = {"a", "bb", NULL};
    struct tally tally;

    (void)state;
    for (unsigned workers = 1; workers < 4; workers++) {
        run(texts, 3, 999, workers, 10, &tally);
        assert_int_equal(tally.answered, 666);
        assert_int_equal(tally.skipped, 333);
    }
    run(texts, 2, 1, 1, 0, &tally);
    assert_int_equal(tally.answered, 1);
}

/* One that stops its worker is told, and nobody else suffers. */
static void test_deaths(void **state)
{
    static const char *const texts[] = {"a", "b", "die", "c", "leave", "d", "flood"};
    struct tally tally;

    (void)state;
    for (unsigned workers = 1; workers < 4; workers++) {
        run(texts, 7, 70, workers, 10, &tally);
        assert_int_equal(tally.died, 30);
        assert_int_equal(tally.answered, 40);
    }
}

static void test_hang(void **state)
{
    static const char *const texts[] = {"a", "hang", "b", "c", "d"};
    struct tally tally;

    (void)state;
    run(texts, 5, 10, 2, 0.2, &tally);
    assert_int_equal(tally.hung, 2);
    assert_int_equal(tally.answered, 8);
}

static void no_work(void *arg, int fd, struct redan_slice name, struct redan_buf *out)
{
    (void)arg;
    (void)fd;
    (void)name;
    redan_buf_char(out, 'x');
}

/* A worker that is killed from outside in between is replaced without a trace. */
static void test_distrust(void **state)
{
    struct redan_ctx ctx;
    struct redan_crew crew;
    const struct redan_crew_options options = {.workers = 1, .work = no_work};
    struct redan_crew_result result;
    bool got = false;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_crew_open(&ctx, &options, &crew));
    redan_crew_hurry(&crew);
    for (int i = 0; i < 3; i++) {
        assert_ok(redan_crew_put(&crew, file_of("a"), 1, REDAN_S("a"), NULL));
        assert_ok(redan_crew_take(&crew, true, &result, &got));
        assert_true(got);
        assert_int_equal(result.end, REDAN_CREW_ANSWERED);
        redan_crew_distrust(&crew, result.worker);
        redan_crew_drop(&crew);
    }
    assert_int_equal(crew.lost, 3);
    assert_true(crew.told);
    redan_crew_done(&crew);
    redan_ctx_done(&ctx);
}

struct asking {
    bool prepared;
    unsigned times;
};

static void get_ready(void *arg)
{
    struct asking *asking = arg;

    asking->prepared = true;
    asking->times++;
}

static void ask(void *arg, int fd, struct redan_slice name, struct redan_buf *out)
{
    const struct asking *asking = arg;
    char byte = 0;

    assert_int_equal(pread(fd, &byte, 1, 0), 1);
    if (byte == 'n' || (byte == 'a' && !asking->prepared))
        return;
    redan_buf_slice(out, name);
}

/* What asks for a prepared worker gets one, once, in its turn; who asks for ever is taken for one that died. */
static void test_prepare(void **state)
{
    static const char texts[] = "bbabbaanbbbab";
    struct asking asking = {0};
    struct redan_ctx ctx;
    struct redan_crew crew;
    const struct redan_crew_options options = {
        .workers = 2, .work = ask, .prepare = get_ready, .arg = &asking};
    struct tally tally = {0};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_crew_open(&ctx, &options, &crew));
    for (size_t i = 0; texts[i]; i++) {
        const char text[2] = {texts[i], 0};
        char name[24];
        (void)snprintf(name, sizeof(name), "%zu", i);
        assert_ok(redan_crew_put(&crew, file_of(text), 1, redan_slice_of(name), NULL));
    }
    redan_crew_hurry(&crew);
    while (!redan_crew_idle(&crew))
        take(&crew, true, &tally);
    assert_int_equal(asking.times, 1);
    assert_int_equal(tally.answered, sizeof(texts) - 2);
    assert_int_equal(tally.died, 1);
    redan_crew_done(&crew);
    redan_ctx_done(&ctx);
}

/* Every path in its order, with the reason of those that are not read. */
static void walked(struct scratch *s, const struct redan_scan_walk_options *options,
                   const char *root, const char *const *want)
{
    struct redan_ctx ctx;
    struct redan_scan_walk walk;
    struct redan_scan_item item;
    bool got = false;
    struct redan_slice path = {0};
    size_t base = strlen(s->root) + 1;

    redan_ctx_init(&ctx, NULL);
    path = scratch_slice(s, root);
    assert_ok(redan_scan_walk_init(&ctx, options, &path, 1, &walk));
    for (size_t i = 0;; i++) {
        char text[512];
        assert_ok(redan_scan_walk_next(&walk, &item, &got));
        assert_int_equal(got, want[i] != NULL);
        if (!got)
            break;
        struct redan_slice below = redan_slice_sub(item.path, base, SIZE_MAX);
        (void)snprintf(text, sizeof(text), "%.*s%s%.*s", REDAN_FMT(below), item.fd < 0 ? ": " : "",
                       REDAN_FMT(item.why));
        assert_string_equal(text, want[i]);
        if (item.fd >= 0)
            (void)close(item.fd);
    }
    redan_scan_walk_done(&walk);
    redan_ctx_done(&ctx);
}

static void test_walk(void **state)
{
    static const char *const plain[] = {
        "t/a.b",
        "t/a/in",
        "t/a/link: a symbolic link, not followed (--follow reads links to files)",
        "t/away: a symbolic link, not followed (--follow reads links to files)",
        "t/b/c.bin",
        "t/b/d.txt",
        "t/pipe: a pipe, which is not read",
        "t/socket: a socket, which is not read",
        "t/z",
        NULL};
    static const char *const followed[] = {
        "t/a.b",
        "t/a/in",
        "t/a/link",
        "t/away: a symbolic link to a folder, which is not followed",
        "t/b/c.bin",
        "t/b/d.txt",
        "t/pipe: a pipe, which is not read",
        "t/socket: a socket, which is not read",
        "t/z",
        NULL};
    static const char *const binaries[] = {"t/b/c.bin", NULL};
    static const char *const without[] = {"t/a.b", "t/z", NULL};
    static const char *const file[] = {"t/z", NULL};
    static const struct redan_slice bin[] = {{"*.bin", 5}};
    static const struct redan_slice cut[] = {{"a", 1},    {"b/**", 4},   {"away", 4}, {"[ps]*", 5},
                                             {"pipe", 4}, {"socket", 6}, {"b", 1}};
    const struct redan_scan_walk_options as_is = {0};
    const struct redan_scan_walk_options follow = {.follow = true};
    const struct redan_scan_walk_options only = {.include = bin, .include_count = 1};
    const struct redan_scan_walk_options less = {.exclude = cut, .exclude_count = 7};
    struct scratch s;

    (void)state;
    scratch_make(&s);
    scratch_folder(&s, "t");
    scratch_folder(&s, "t/a");
    scratch_folder(&s, "t/b");
    scratch_folder(&s, "t/empty");
    scratch_text(&s, "t/a.b", "1");
    scratch_text(&s, "t/a/in", "1");
    scratch_text(&s, "t/b/c.bin", "1");
    scratch_text(&s, "t/b/d.txt", "1");
    scratch_text(&s, "t/z", "1");
    assert_int_equal(symlink("../z", scratch_at(&s, "t/a/link")), 0);
    assert_int_equal(symlink("b", scratch_at(&s, "t/away")), 0);
    assert_int_equal(mkfifo(scratch_at(&s, "t/pipe"), 0600), 0);
    assert_int_equal(mknod(scratch_at(&s, "t/socket"), S_IFSOCK | 0600, 0), 0);
    walked(&s, &as_is, "t", plain);
    walked(&s, &as_is, "t/", plain);
    walked(&s, &follow, "t", followed);
    walked(&s, &only, "t", binaries);
    walked(&s, &less, "t", without);
    walked(&s, &as_is, "t/z", file);
    scratch_drop(&s);
}

static void test_walk_absent(void **state)
{
    struct redan_ctx ctx;
    struct redan_scan_walk walk;
    const struct redan_scan_walk_options options = {0};
    const struct redan_slice roots[] = {{"/", 1}, {"/nowhere/at/all", 15}};

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(redan_scan_walk_init(&ctx, &options, roots, 2, &walk), REDAN_E_ABSENT);
    redan_scan_walk_done(&walk);
    redan_ctx_done(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_honest),      cmocka_unit_test(test_deaths),
        cmocka_unit_test(test_hang),        cmocka_unit_test(test_distrust),
        cmocka_unit_test(test_prepare),     cmocka_unit_test(test_walk),
        cmocka_unit_test(test_walk_absent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
