/* How fast trees are hashed, beside what OpenSSL and the disk can do in the same run: hash_speed [--quick] [--json] [--folder FOLDER].
 * Each measurement is a process of its own; the cases of a round follow each other, and ratios are taken within a round. Ends with 1
 * when a bar is missed, 2 for usage, 3 when it could not measure. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/sha256_pair.h"
#include "io/tree.h"

enum {
    BIG_FILES = 4,
    CHUNK = 1 << 16,
    SPEED_BLOCK = 16384, /* the largest block of `openssl speed` */
    DIRECT_BLOCK = 4 << 20,
    SMALL_SIZE = 4096,
    SMALL_FOLDER = 1000,
    ROUNDS_MOST = 64,
    THREADS_MOST = 64,
};

struct bench {
    char folder[512];
    char big[600];
    char small[600];
    char files[BIG_FILES][640];
    uint64_t big_size; /* bytes of each */
    unsigned small_count;
    unsigned threads;
    int rounds;
    bool json;
    bool first; /* of the JSON object's figures */
    bool missed;
    FILE *table;
};

struct sample {
    double wall;
    double busy;   /* processor seconds */
    double memory; /* most bytes resident */
};

typedef bool measured(const struct bench *b);

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct bench bench = {
    .big_size = 512 << 20, .small_count = 200000, .rounds = 7, .first = true};
static volatile sig_atomic_t stopped;

static void stop(int number)
{
    (void)number;
    stopped = 1;
}

static void unmake(const struct bench *b);

static void give_up(const char *what)
{
    (void)fprintf(stderr, "hash_speed: %s: %s\n", what, strerror(errno));
    unmake(&bench);
    exit(3);
}

/* In a child, so that time and memory are its own. */
static struct sample measure(const struct bench *b, measured *run)
{
    struct rusage usage = {0};
    int status = 0;
    double begin = now();
    pid_t child = fork();

    if (child == 0) {
        (void)signal(SIGINT, SIG_DFL);
        (void)signal(SIGTERM, SIG_DFL);
        _exit(run(b) ? 0 : 1);
    }
    if (stopped || child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0)
        give_up("a measurement failed");
    return (struct sample){.wall = now() - begin,
                           .busy = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
                           .memory = (double)usage.ru_maxrss * 1024};
}

/* One of `threads` that share the big files. */
struct part {
    const struct bench *b;
    unsigned index;
    bool good;
    pthread_t thread;
};

static bool on_all(const struct bench *b, void *(*run)(void *))
{
    struct part parts[THREADS_MOST];
    bool good = true;

    for (unsigned i = 0; i < b->threads; i++) {
        parts[i] = (struct part){.b = b, .index = i};
        if (i > 0 && pthread_create(&parts[i].thread, NULL, run, &parts[i]) != 0)
            give_up("a thread");
    }
    (void)run(&parts[0]);
    for (unsigned i = 0; i < b->threads; i++) {
        if (i > 0)
            (void)pthread_join(parts[i].thread, NULL);
        good = good && parts[i].good;
    }
    return good;
}

/* What `openssl speed -evp sha256` does, over as many bytes as the files have. */
static void *memory_part(void *arg)
{
    static unsigned char block[SPEED_BLOCK];
    struct part *part = arg;
    uint64_t count = part->b->big_size * BIG_FILES / part->b->threads / SPEED_BLOCK;
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];

    part->good = md && state;
    for (uint64_t i = 0; part->good && i < count; i++)
        part->good = EVP_DigestInit_ex2(state, md, NULL) == 1 &&
                     EVP_DigestUpdate(state, block, sizeof(block)) == 1 &&
                     EVP_DigestFinal_ex(state, digest, NULL) == 1;
    EVP_MD_CTX_free(state);
    EVP_MD_free(md);
    return NULL;
}

static bool read_one(const char *path, void (*each)(void *arg, const void *bytes, size_t len),
                     void *arg, int flags, char *bytes, size_t room)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    ssize_t n = -1;

    if (fd < 0)
        return false;
    while ((n = read(fd, bytes, room)) > 0)
        if (each)
            each(arg, bytes, (size_t)n);
    (void)close(fd);
    return n == 0;
}

static void evp_add(void *arg, const void *bytes, size_t len)
{
    if (EVP_DigestUpdate(arg, bytes, len) != 1)
        abort();
}

static bool evp_file(const char *path)
{
    static _Thread_local char bytes[CHUNK];
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *state = EVP_MD_CTX_new();
    unsigned char digest[EVP_MAX_MD_SIZE];
    bool good = md && state && EVP_DigestInit_ex2(state, md, NULL) == 1 &&
                read_one(path, evp_add, state, 0, bytes, sizeof(bytes)) &&
                EVP_DigestFinal_ex(state, digest, NULL) == 1;

    EVP_MD_CTX_free(state);
    EVP_MD_free(md);
    return good;
}

static void *evp_part(void *arg)
{
    struct part *part = arg;

    part->good = true;
    for (unsigned i = part->index; i < BIG_FILES; i += part->b->threads)
        part->good = part->good && evp_file(part->b->files[i]);
    return NULL;
}

static void *direct_part(void *arg)
{
    struct part *part = arg;
    char *bytes = aligned_alloc(4096, DIRECT_BLOCK);

    part->good = bytes != NULL;
    for (unsigned i = part->index; i < BIG_FILES; i += part->b->threads)
        part->good =
            part->good && read_one(part->b->files[i], NULL, NULL, O_DIRECT, bytes, DIRECT_BLOCK);
    free(bytes);
    return NULL;
}

static bool tree(const struct bench *b, const char *path, bool plain)
{
    const struct redan_tree_options options = {.plain = plain};
    struct redan_limits limits = redan_limits_default;
    struct redan_ctx ctx;
    struct redan_tree found;

    limits.workers = b->threads;
    redan_ctx_init(&ctx, &limits);
    bool good = redan_tree_walk(&ctx, redan_slice_of(path), &options, &found) == REDAN_OK;
    if (!good)
        (void)fprintf(stderr, "hash_speed: %s\n", ctx.failure.text);
    redan_ctx_done(&ctx);
    return good;
}

static bool in_memory(const struct bench *b)
{
    return on_all(b, memory_part);
}

static bool read_evp(const struct bench *b)
{
    return on_all(b, evp_part);
}

static bool read_direct(const struct bench *b)
{
    return on_all(b, direct_part);
}

static bool read_evp_one(const struct bench *b)
{
    return evp_file(b->files[0]);
}

static bool tree_big(const struct bench *b)
{
    return tree(b, b->big, false);
}

static bool tree_plain(const struct bench *b)
{
    return tree(b, b->big, true);
}

static bool tree_one(const struct bench *b)
{
    return tree(b, b->files[0], false);
}

static bool tree_small(const struct bench *b)
{
    return tree(b, b->small, false);
}

static bool nothing(const struct bench *b)
{
    (void)b;
    return true;
}

static void make_file(const char *path, uint64_t size, uint64_t seed)
{
    static uint64_t words[CHUNK / 8];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        give_up(path);
    for (uint64_t at = 0; at < size;) {
        size_t n = size - at < sizeof(words) ? (size_t)(size - at) : sizeof(words);
        for (size_t i = 0; i < (n + 7) / 8; i++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            words[i] = seed;
        }
        if (stopped || write(fd, words, n) != (ssize_t)n)
            give_up(path);
        at += n;
    }
    (void)close(fd);
}

static void make(struct bench *b)
{
    char path[700];

    (void)snprintf(b->big, sizeof(b->big), "%s/big", b->folder);
    (void)snprintf(b->small, sizeof(b->small), "%s/small", b->folder);
    if (mkdir(b->big, 0700) != 0 || mkdir(b->small, 0700) != 0)
        give_up(b->folder);
    for (int i = 0; i < BIG_FILES; i++) {
        (void)snprintf(b->files[i], sizeof(b->files[i]), "%s/%d.bin", b->big, i);
        make_file(b->files[i], b->big_size, (uint64_t)i + 1);
    }
    for (unsigned i = 0; i < b->small_count; i++) {
        unsigned folder = i / SMALL_FOLDER;
        (void)snprintf(path, sizeof(path), "%s/%04u", b->small, folder);
        if (i % SMALL_FOLDER == 0 && mkdir(path, 0700) != 0)
            give_up(path);
        (void)snprintf(path, sizeof(path), "%s/%04u/%06u.bin", b->small, folder, i);
        make_file(path, SMALL_SIZE, i);
    }
    sync();
}

static void unmake(const struct bench *b)
{
    char path[700];

    for (int i = 0; i < BIG_FILES; i++)
        (void)unlink(b->files[i]);
    for (unsigned i = b->small_count; i-- > 0;) {
        (void)snprintf(path, sizeof(path), "%s/%04u/%06u.bin", b->small, i / SMALL_FOLDER, i);
        (void)unlink(path);
        (void)snprintf(path, sizeof(path), "%s/%04u", b->small, i / SMALL_FOLDER);
        if (i % SMALL_FOLDER == 0)
            (void)rmdir(path);
    }
    (void)rmdir(b->small);
    (void)rmdir(b->big);
    (void)rmdir(b->folder);
}

/* Out of the page cache, as far as the kernel agrees. */
static void forget(const struct bench *b)
{
    for (int i = 0; i < BIG_FILES; i++) {
        int fd = open(b->files[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
            give_up(b->files[i]);
        (void)close(fd);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double median(const double *values, int n)
{
    double sorted[ROUNDS_MOST];

    memcpy(sorted, values, (size_t)n * sizeof(*values));
    qsort(sorted, (size_t)n, sizeof(*sorted), by_value);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

/* `least`: the bar is a least value; otherwise the most; 0 is none. */
static void figure(struct bench *b, const char *name, double value, const char *unit, int n,
                   double bar, bool least)
{
    bool holds = bar == 0 || (least ? value >= bar : value <= bar);
    char text[32] = "-";

    if (bar != 0)
        (void)snprintf(text, sizeof(text), "%s %.6g", least ? ">=" : "<=", bar);
    b->missed = b->missed || !holds;
    (void)fprintf(b->table, "  %-66s %10.4g %-8s n=%-3d bar %-12s %s\n", name, value, unit, n, text,
                  bar == 0 ? ""
                  : holds  ? "holds"
                           : "MISSED");
    if (b->json)
        (void)printf("%s\"%s\": {\"value\": %.6g, \"unit\": \"%s\", \"n\": %d, \"bar\": \"%s\", "
                     "\"holds\": %s}",
                     b->first ? "" : ", ", name, value, unit, n, text, holds ? "true" : "false");
    b->first = false;
}

enum rate { WALL, BUSY };

/* Bytes a second of the median round; of busy time: what `threads` undisturbed processors would do. */
static double rate(const struct bench *b, const struct sample *samples, enum rate kind,
                   double amount)
{
    double values[ROUNDS_MOST];

    for (int i = 0; i < b->rounds; i++)
        values[i] =
            kind == WALL ? amount / samples[i].wall : amount / samples[i].busy * (double)b->threads;
    return median(values, b->rounds);
}

/* The median of the rounds' ratios: how many times as fast as the other. */
static double ratio(const struct bench *b, const struct sample *ours, const struct sample *other,
                    enum rate kind)
{
    double values[ROUNDS_MOST];

    for (int i = 0; i < b->rounds; i++)
        values[i] = kind == WALL ? other[i].wall / ours[i].wall : other[i].busy / ours[i].busy;
    return median(values, b->rounds);
}

static void both(struct bench *b, const char *name, const struct sample *ours,
                 const struct sample *other, double bar)
{
    char text[128];

    (void)snprintf(text, sizeof(text), "%s, processor time", name);
    figure(b, text, ratio(b, ours, other, BUSY), "x", b->rounds, bar, true);
    (void)snprintf(text, sizeof(text), "%s, elapsed time", name);
    figure(b, text, ratio(b, ours, other, WALL), "x", b->rounds, 0, true);
}

static void warm(struct bench *b)
{
    struct sample memory[ROUNDS_MOST];
    struct sample evp[ROUNDS_MOST];
    struct sample ours[ROUNDS_MOST];
    struct sample plain[ROUNDS_MOST];
    struct sample one_evp[ROUNDS_MOST];
    struct sample one[ROUNDS_MOST];
    double bytes = (double)b->big_size * BIG_FILES;
    double most = 0;

    (void)measure(b, read_evp); /* into the page cache */
    for (int i = 0; i < b->rounds; i++) {
        memory[i] = measure(b, in_memory);
        ours[i] = measure(b, tree_big);
        evp[i] = measure(b, read_evp);
        plain[i] = measure(b, tree_plain);
        one_evp[i] = measure(b, read_evp_one);
        one[i] = measure(b, tree_one);
        most = ours[i].memory > most ? ours[i].memory : most;
    }
    (void)fprintf(b->table, "\nfour files of %llu MiB in the page cache, %u threads\n",
                  (unsigned long long)(b->big_size >> 20), b->threads);
    const struct {
        const char *name;
        const struct sample *samples;
    } rows[] = {{"OpenSSL, in memory", memory},
                {"read + OpenSSL", evp},
                {"a tree", ours},
                {"a tree, OpenSSL alone", plain}};
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "%s", rows[i].name);
        figure(b, text, rate(b, rows[i].samples, WALL, bytes) / 1e9, "GB/s", b->rounds, 0, true);
        (void)snprintf(text, sizeof(text), "%s, by processor time", rows[i].name);
        figure(b, text, rate(b, rows[i].samples, BUSY, bytes) / 1e9, "GB/s", b->rounds, 0, true);
    }
    if (redan_sha256_pair_usable())
        both(b, "a tree against OpenSSL in memory", ours, memory, 1.25);
    else
        (void)fprintf(b->table, "  this processor has no SHA extensions: no two streams here\n");
    both(b, "a tree by OpenSSL alone against read + OpenSSL", plain, evp, 0.95);
    both(b, "one file against read + OpenSSL on one thread", one, one_evp, 0.95);
    figure(b, "a tree of four files: memory", most / (1 << 20), "MB", b->rounds, 32, false);
}

static void small(struct bench *b)
{
    struct sample ours[ROUNDS_MOST];
    struct sample empty[ROUNDS_MOST];
    double most = 0;

    (void)measure(b, tree_small);
    for (int i = 0; i < b->rounds; i++) {
        ours[i] = measure(b, tree_small);
        empty[i] = measure(b, nothing);
        most = ours[i].memory > most ? ours[i].memory : most;
    }
    (void)fprintf(b->table, "\n%u files of 4 KiB in the page cache, %u threads\n", b->small_count,
                  b->threads);
    figure(b, "small files, by processor time", rate(b, ours, BUSY, b->small_count), "files/s",
           b->rounds, 100000.0 * b->threads, true);
    figure(b, "small files, elapsed", rate(b, ours, WALL, b->small_count), "files/s", b->rounds, 0,
           true);
    figure(b, "small files: memory", most / (1 << 20), "MB", b->rounds,
           32 + 200.0 * b->small_count / (1 << 20), false);
    (void)fprintf(b->table, "  (an empty process: %.1f ms)\n", 1000 / rate(b, empty, WALL, 1));
}

static void cold(struct bench *b)
{
    struct sample direct[ROUNDS_MOST];
    struct sample ours[ROUNDS_MOST];
    double bytes = (double)b->big_size * BIG_FILES;

    for (int i = 0; i < b->rounds; i++) {
        forget(b);
        direct[i] = measure(b, read_direct);
        forget(b);
        ours[i] = measure(b, tree_big);
    }
    (void)fprintf(b->table, "\nthe same four files, from the disk\n");
    figure(b, "direct reading", rate(b, direct, WALL, bytes) / 1e9, "GB/s", b->rounds, 0, true);
    figure(b, "a tree, cold", rate(b, ours, WALL, bytes) / 1e9, "GB/s", b->rounds, 0, true);
    figure(b, "a tree, cold, against direct reading", ratio(b, ours, direct, WALL), "x", b->rounds,
           0.95, true);
}

static unsigned processors(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    unsigned n = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
    return n < BIG_FILES ? n : BIG_FILES;
}

int main(int argc, char **argv)
{
    struct bench *b = &bench;
    const struct sigaction on_stop = {.sa_handler = stop};
    const char *where = getenv("TMPDIR");
    bool quick = false;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            b->big_size = 256 << 20;
            b->small_count = 50000;
            b->rounds = 3;
            quick = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            b->json = true;
        } else if (strcmp(argv[i], "--folder") == 0 && i + 1 < argc) {
            where = argv[++i];
        } else {
            (void)fprintf(stderr, "usage: hash_speed [--quick] [--json] [--folder FOLDER]\n");
            return 2;
        }
    }
    b->table = b->json ? stderr : stdout;
    (void)setvbuf(stdout, NULL, _IONBF, 0); /* a child leaves with no copy of what is buffered */
    b->threads = processors();
    (void)snprintf(b->folder, sizeof(b->folder), "%s/redan-hash-XXXXXX",
                   where && *where ? where : "/tmp");
    if (!mkdtemp(b->folder)) {
        (void)fprintf(stderr, "hash_speed: no folder %s\n", b->folder);
        return 3;
    }
    (void)sigaction(SIGINT, &on_stop, NULL);
    (void)sigaction(SIGTERM, &on_stop, NULL);
    make(b);
    if (b->json)
        (void)printf("{");
    warm(b);
    small(b);
    if (quick)
        (void)fprintf(b->table, "\nreading from the disk: left out by --quick\n");
    else
        cold(b);
    if (b->json)
        (void)printf("}\n");
    unmake(b);
    return b->missed ? 1 : 0;
}
