/* A race for a model's bytes: one process swaps them as fast as it can, another verifies and loads. Counts what was delivered.
 *
 *     race SWAPS [SECONDS-AT-MOST]
 *
 * Three loaders take turns: verified bytes (a sealed copy), verified ranges (shards), and a control that verifies and then opens by name, as programs do that trust a verification that is over. The control must lose, or the swaps came
 * at no time that mattered. A third process of the same user looks for the copies while they are made, and writes into them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sign/opened.h"

enum { SIZE = 96 << 10, SHARD = 16 << 10, KINDS = 4, PATH = 512, LOADERS = 3 };

/* What the processes tell each other. */
struct shared {
    unsigned long swaps[KINDS];
    unsigned long pokes; /* copies that were written into before they were sealed */
    volatile int stop;
};

struct race {
    char folder[PATH];
    char file[PATH];
    char aside[PATH];
    char evil[PATH];
    char good[SIZE];
    char bad[SIZE];
    struct shared *shared;
};

static const char *const kinds[KINDS] = {"rename", "symlink", "in place", "truncate"};

static void die(const char *what)
{
    perror(what);
    exit(3);
}

static void put(const char *path, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
        die(path);
    (void)close(fd);
}

/* The good bytes again, under the name, in one step. */
static void restore(const struct race *r)
{
    put(r->aside, r->good, SIZE);
    if (rename(r->aside, r->file) != 0)
        die("rename");
}

static void swap(const struct race *r, unsigned kind)
{
    int fd = -1;

    switch (kind) {
    case 0: /* another file under the name */
        put(r->aside, r->bad, SIZE);
        (void)rename(r->aside, r->file);
        break;
    case 1: /* a link to another file */
        (void)unlink(r->aside);
        if (symlink("../evil", r->aside) == 0)
            (void)rename(r->aside, r->file);
        break;
    case 2: /* the same file, other bytes, and back */
        fd = open(r->file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0) {
            for (size_t at = 0; at < SIZE; at += SIZE / 4)
                (void)!pwrite(fd, r->bad + at, SIZE / 4, (off_t)at);
            for (size_t at = 0; at < SIZE; at += SIZE / 4)
                (void)!pwrite(fd, r->good + at, SIZE / 4, (off_t)at);
            (void)close(fd);
        }
        break;
    default: /* shorter, longer */
        if (truncate(r->file, SIZE / 3) == 0)
            (void)!truncate(r->file, SIZE + 100);
        break;
    }
}

static void pause_for(long nanoseconds)
{
    const struct timespec t = {0, nanoseconds};

    (void)nanosleep(&t, NULL);
}

static void swapper(const struct race *r)
{
    unsigned x = 1;

    while (!r->shared->stop) {
        x = x * 1664525U + 1013904223U;
        unsigned kind = (x >> 16) % KINDS;
        swap(r, kind);
        r->shared->swaps[kind]++;
        pause_for((long)(x >> 8 & 0x1ffff));
        restore(r);
        pause_for((long)(x >> 4 & 0x3ffff));
    }
}

/* Writes into whatever memory file the loader has open and has not sealed yet. */
static void poker(const struct race *r, pid_t loader)
{
    char folder[64];

    (void)snprintf(folder, sizeof(folder), "/proc/%d/fd", (int)loader);
    while (!r->shared->stop) {
        DIR *dir = opendir(folder);
        if (!dir)
            return; /* not allowed to look: nothing is lost */
        for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
            char target[64] = {0};
            if (readlinkat(dirfd(dir), e->d_name, target, sizeof(target) - 1) <= 0 ||
                strncmp(target, "/memfd:", 7) != 0)
                continue;
            int fd = openat(dirfd(dir), e->d_name, O_RDWR | O_CLOEXEC | O_NONBLOCK);
            if (fd >= 0 && pwrite(fd, "evil", 4, SIZE / 2) == 4)
                r->shared->pokes++;
            if (fd >= 0)
                (void)close(fd);
        }
        (void)closedir(dir);
    }
}

struct count {
    unsigned long loaded;
    unsigned long refused;
    unsigned long unverified; /* bytes that nobody signed were delivered */
};

static void weigh(const struct race *r, const char *bytes, size_t len, size_t at, struct count *c)
{
    c->loaded++;
    if (at + len > SIZE || memcmp(bytes, r->good + at, len) != 0)
        c->unverified++;
}

static void load_sealed(const struct race *r, struct redan_ctx *ctx, struct redan_opened *opened,
                        struct count *c)
{
    static char bytes[SIZE + 1];
    int fd = -1;

    if (redan_opened_file(ctx, opened, REDAN_S("weights"), &fd) != REDAN_OK) {
        c->refused++;
        return;
    }
    pause_for(20000); /* a loader takes its time */
    ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
    weigh(r, bytes, n == SIZE ? SIZE : SIZE + 1, 0, c);
    (void)close(fd);
}

static void load_ranges(const struct race *r, struct redan_ctx *ctx, struct redan_opened *opened,
                        unsigned round, struct count *c)
{
    static char bytes[SHARD + 100];
    size_t at = round * 7919U % (SIZE - sizeof(bytes));
    size_t got = 0;

    if (redan_opened_read(ctx, opened, REDAN_S("weights"), at, bytes, sizeof(bytes), &got) !=
        REDAN_OK) {
        c->refused++;
        return;
    }
    weigh(r, bytes, got, at, c);
}

/* Verify, then open by name: what this is all about. */
static void load_naively(const struct race *r, struct redan_ctx *ctx, struct redan_opened *opened,
                         struct count *c)
{
    static char bytes[SIZE + 1];
    int fd = -1;

    if (redan_opened_file(ctx, opened, REDAN_S("weights"), &fd) != REDAN_OK) {
        c->refused++;
        return;
    }
    (void)close(fd);
    fd = open(r->file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, bytes, sizeof(bytes), 0);
    if (n >= 0)
        weigh(r, bytes, n == SIZE ? SIZE : SIZE + 1, 0, c);
    if (fd >= 0)
        (void)close(fd);
}

static unsigned long sum(const unsigned long values[KINDS])
{
    unsigned long all = 0;

    for (size_t i = 0; i < KINDS; i++)
        all += values[i];
    return all;
}

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Two manifests of the same file: as a whole, and in shards. */
static enum redan_status manifests(struct redan_ctx *ctx, const struct race *r,
                                   struct redan_manifest *whole, struct redan_manifest *shards)
{
    const struct redan_manifest_options plain = {.hash = REDAN_HASH_SHA256};
    const struct redan_manifest_options cut = {
        .hash = REDAN_HASH_SHA256, .shards = true, .shard_size = SHARD};

    REDAN_TRY(redan_manifest_make(ctx, redan_slice_of(r->folder), &plain, whole));
    return redan_manifest_make(ctx, redan_slice_of(r->folder), &cut, shards);
}

static void run(const struct race *r, struct redan_ctx *ctx, struct redan_opened *whole,
                struct redan_opened *shards, unsigned long swaps, double most,
                struct count counts[LOADERS])
{
    double end = seconds() + most;

    for (unsigned round = 0; sum(r->shared->swaps) < swaps && seconds() < end; round++) {
        load_sealed(r, ctx, whole, &counts[0]);
        load_ranges(r, ctx, shards, round, &counts[1]);
        load_naively(r, ctx, whole, &counts[2]);
        redan_fail_clear(ctx);
    }
}

static pid_t start(const struct race *r, bool pokes)
{
    pid_t parent = getpid();
    pid_t child = fork();

    if (child < 0)
        die("fork");
    if (child > 0)
        return child;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (pokes)
        poker(r, parent);
    else
        swapper(r);
    _exit(0);
}

static int tell(const struct race *r, unsigned long swaps, const struct count counts[LOADERS])
{
    static const char *const names[LOADERS] = {"sealed", "ranges", "control"};
    unsigned long made = sum(r->shared->swaps);
    int code = 0;

    printf("%lu swaps (", made);
    for (size_t i = 0; i < KINDS; i++)
        printf("%s%s %lu", i ? ", " : "", kinds[i], r->shared->swaps[i]);
    printf("), %lu writes into copies\n", r->shared->pokes);
    for (size_t i = 0; i < LOADERS; i++) {
        const struct count *c = &counts[i];
        printf("%-8s %lu loaded, %lu refused, %lu unverified\n", names[i], c->loaded, c->refused,
               c->unverified);
        if (c->loaded == 0 || c->refused == 0 || (i < 2 && c->unverified > 0))
            code = 1;
    }
    if (counts[2].unverified == 0) {
        printf("the control lost nothing, so this race proves nothing\n");
        code = 1;
    }
    if (made < swaps) {
        printf("only %lu of %lu swaps within the time\n", made, swaps);
        code = 1;
    }
    for (size_t i = 0; i < KINDS; i++)
        code = r->shared->swaps[i] == 0 ? 1 : code;
    return code;
}

int main(int argc, char **argv)
{
    static struct race r;
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx = {.now = 0};
    struct redan_manifest whole = {0};
    struct redan_manifest shards = {0};
    struct redan_opened *opened[2] = {NULL, NULL};
    struct count counts[LOADERS] = {{0}};
    unsigned long swaps = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
    double most = argc > 2 ? strtod(argv[2], NULL) : 600;
    char root[PATH / 2] = "/dev/shm/redan-race-XXXXXX";

    if (!mkdtemp(root)) {
        (void)snprintf(root, sizeof(root), "/tmp/redan-race-XXXXXX");
        if (!mkdtemp(root))
            die("mkdtemp");
    }
    (void)snprintf(r.folder, PATH, "%s/model", root);
    (void)snprintf(r.file, PATH, "%s/model/weights", root);
    (void)snprintf(r.aside, PATH, "%s/aside", root);
    (void)snprintf(r.evil, PATH, "%s/evil", root);
    for (size_t i = 0; i < SIZE; i++) {
        r.good[i] = (char)(i * 31 + i / 257);
        r.bad[i] = (char)(r.good[i] ^ (i % 4096 == 0 ? 0x55 : 0));
    }
    if (mkdir(r.folder, 0755) != 0)
        die("mkdir");
    put(r.evil, r.bad, SIZE);
    restore(&r);
    r.shared =
        mmap(NULL, sizeof(*r.shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (r.shared == MAP_FAILED)
        die("mmap");
    redan_ctx_init(&ctx, NULL);
    ctx.limits.workers = 1;
    ctx.limits.held = 1; /* nothing is kept: every range is read and verified anew */
    if (manifests(&ctx, &r, &whole, &shards) != REDAN_OK ||
        redan_opened_new(&ctx, redan_slice_of(r.folder), &whole, &opened[0]) != REDAN_OK ||
        redan_opened_new(&ctx, redan_slice_of(r.folder), &shards, &opened[1]) != REDAN_OK) {
        (void)fprintf(stderr, "race: %s\n", ctx.failure.text);
        return 3;
    }
    pid_t children[2] = {start(&r, false), start(&r, true)};
    run(&r, &ctx, opened[0], opened[1], swaps, most, counts);
    r.shared->stop = 1;
    for (size_t i = 0; i < 2; i++)
        (void)waitpid(children[i], NULL, 0);
    redan_opened_free(opened[0]);
    redan_opened_free(opened[1]);
    (void)unlink(r.file);
    (void)unlink(r.aside);
    (void)unlink(r.evil);
    (void)rmdir(r.folder);
    (void)rmdir(root);
    return tell(&r, swaps, counts);
}
