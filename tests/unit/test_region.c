/* Shared memory of workers: format, generations, counters, and callers that survive workers killed at any instruction. */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guard/region_parts.h"

enum { SMALL = 262144, MEDIUM = 1 << 21 };

struct memory {
    struct redan_ctx ctx;
    void *at;
    size_t size;
    struct redan_region *region;
};

static void memory_make(struct memory *m, size_t size)
{
    bool kept = true;

    redan_ctx_init(&m->ctx, NULL);
    m->size = size;
    m->at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(m->at != MAP_FAILED);
    assert_ok(redan_region_format(&m->ctx, m->at, size, &kept));
    assert_false(kept);
    m->region = redan_region_of(m->at, size);
    assert_non_null(m->region);
}

static void memory_drop(struct memory *m)
{
    assert_int_equal(munmap(m->at, m->size), 0);
    redan_ctx_done(&m->ctx);
}

static uint64_t key_of(const struct memory *m, const char *what, unsigned n)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "%s-%u", what, n);
    return redan_region_key(m->region, redan_slice_of(name));
}

/* A test that fails leaves no process behind. */
static void end_with_parent(void)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
}

/* --- format --- */

static void formats(void **state)
{
    struct memory m;
    bool kept = false;
    (void)state;

    memory_make(&m, SMALL);
    redan_region_count(m.region, REDAN_COUNT_ROWS, 7);
    assert_ok(redan_region_format(&m.ctx, m.at, m.size, &kept));
    assert_true(kept);
    assert_int_equal(redan_region_counter(m.region, REDAN_COUNT_ROWS), 7);
    assert_null(redan_region_of(m.at, m.size / 2));
    assert_null(redan_region_of((char *)m.at + 8, m.size - 8));
    assert_null(redan_region_of(NULL, m.size));
    assert_true(redan_region_room(m.region) >= 64);

    /* another layout, or another size: anew */
    atomic_fetch_add(&m.region->stamp, 2);
    assert_null(redan_region_of(m.at, m.size));
    assert_ok(redan_region_format(&m.ctx, m.at, m.size, &kept));
    assert_false(kept);
    assert_int_equal(redan_region_counter(m.region, REDAN_COUNT_ROWS), 0);
    assert_ok(redan_region_format(&m.ctx, m.at, m.size - 64, &kept));
    assert_false(kept);

    assert_int_equal(redan_region_format(&m.ctx, (char *)m.at + 8, m.size - 64, &kept),
                     REDAN_E_USAGE);
    redan_fail_clear(&m.ctx);
    assert_int_equal(redan_region_format(&m.ctx, m.at, 8192, &kept), REDAN_E_USAGE);
    memory_drop(&m);
}

static void keys_are_secret_and_spread(void **state)
{
    struct memory a;
    struct memory b;
    (void)state;

    memory_make(&a, SMALL);
    memory_make(&b, SMALL);
    assert_int_equal(key_of(&a, "x", 1), key_of(&a, "x", 1));
    assert_int_not_equal(key_of(&a, "x", 1), key_of(&a, "x", 2));
    assert_int_not_equal(key_of(&a, "x", 1), key_of(&b, "x", 1));
    assert_int_not_equal(redan_region_key(a.region, REDAN_S("")), 0);
    memory_drop(&a);
    memory_drop(&b);
}

/* SipHash-2-4 as its authors publish it: key 00..0f, message 00..0e. */
static void keys_are_siphash(void **state)
{
    static const char message[] = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e";
    struct memory m;
    (void)state;

    memory_make(&m, SMALL);
    m.region->seed[0] = 0x0706050403020100U;
    m.region->seed[1] = 0x0f0e0d0c0b0a0908U;
    assert_int_equal(redan_region_key(m.region, (struct redan_slice){message, 15}),
                     0xa129ca6149be45e5U);
    memory_drop(&m);
}

/* --- generations --- */

static void generations(void **state)
{
    struct memory m;
    struct redan_digest a = {{1}};
    struct redan_digest b = {{2}};
    struct redan_digest policy;
    struct redan_digest profile;
    (void)state;

    memory_make(&m, SMALL);
    assert_int_equal(redan_region_generation(m.region), 0);
    assert_false(redan_region_in_force(m.region, &policy, &profile));
    assert_int_equal(redan_region_take_up(m.region, &a, &b), 1);
    assert_int_equal(redan_region_take_up(m.region, &a, &b), 1);
    assert_int_equal(redan_region_take_up(m.region, &a, NULL), 2);
    assert_true(redan_region_in_force(m.region, &policy, &profile));
    assert_true(redan_digest_eq(&policy, &a));
    assert_int_equal(profile.bytes[0], 0);
    assert_int_equal(redan_region_take_up(m.region, &b, &a), 3);
    assert_true(redan_region_in_force(m.region, &policy, &profile));
    assert_true(redan_digest_eq(&policy, &b));
    assert_int_equal(redan_region_generation(m.region), 3);
    memory_drop(&m);
}

static struct redan_digest digest_of(uint64_t n)
{
    struct redan_digest d;

    for (size_t i = 0; i < sizeof(d.bytes); i++)
        d.bytes[i] = (uint8_t)(n * 31);
    return d;
}

/* Writers that are killed in the middle; whatever is in force is never half of two. */
static void generations_survive_kills(void **state)
{
    struct memory m;
    (void)state;

    memory_make(&m, SMALL);
    for (unsigned round = 0; round < 40; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            end_with_parent();
            for (uint64_t n = 1;; n++) {
                struct redan_digest d = digest_of(n);
                (void)redan_region_take_up(m.region, &d, &d);
            }
        }
        for (unsigned k = 0; k < 2000; k++) {
            struct redan_digest policy;
            struct redan_digest profile;
            if (!redan_region_in_force(m.region, &policy, &profile))
                continue;
            for (size_t i = 1; i < sizeof(policy.bytes); i++)
                assert_int_equal(policy.bytes[i], policy.bytes[0]);
            assert_memory_equal(&policy, &profile, sizeof(policy));
        }
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct redan_digest last = digest_of(round + 3);
        struct redan_digest policy;
        struct redan_digest profile;
        assert_int_not_equal(redan_region_take_up(m.region, &last, &last), 0);
        assert_true(redan_region_in_force(m.region, &policy, &profile));
        assert_true(redan_digest_eq(&policy, &last));
    }
    memory_drop(&m);
}

/* --- counters --- */

static void counters(void **state)
{
    static const struct {
        uint64_t ns;
        size_t bucket;
    } times[] = {{0, 0},    {1, 0},    {1000, 0}, {1001, 1},        {2000, 1},
                 {2001, 2}, {4000, 2}, {4001, 3}, {1048576000, 19}, {UINT64_MAX / 2, 19}};
    struct memory m;
    uint64_t sum = 0;
    (void)state;

    memory_make(&m, SMALL);
    for (unsigned i = 0; i < REDAN_COUNTERS; i++)
        redan_region_count(m.region, (enum redan_counter)i, i + 1);
    for (unsigned i = 0; i < REDAN_COUNTERS; i++)
        assert_int_equal(redan_region_counter(m.region, (enum redan_counter)i), i + 1);
    redan_region_count_rule(m.region, 3, false);
    redan_region_count_rule(m.region, 3, true);
    redan_region_count_rule(m.region, 3, true);
    redan_region_count_rule(m.region, REDAN_COUNT_RULES, true); /* none: ignored */
    assert_int_equal(redan_region_rule_counter(m.region, 3, false), 1);
    assert_int_equal(redan_region_rule_counter(m.region, 3, true), 2);
    assert_int_equal(redan_region_rule_counter(m.region, 4, true), 0);
    for (size_t i = 0; i < REDAN_COUNT(times); i++) {
        uint64_t before = redan_region_bucket(m.region, times[i].bucket, NULL);
        redan_region_time(m.region, times[i].ns);
        assert_int_equal(redan_region_bucket(m.region, times[i].bucket, &sum), before + 1);
    }
    assert_true(sum > UINT64_MAX / 2);
    memory_drop(&m);
}

/* --- callers --- */

static void entries_hold_or_do_not(void **state)
{
    struct memory m;
    struct redan_region_entry *e = NULL;
    (void)state;

    memory_make(&m, SMALL);
    uint64_t key = key_of(&m, "ada", 1);
    assert_null(redan_region_find(m.region, key));
    assert_null(redan_region_lock(m.region, 0, 5));
    e = redan_region_lock(m.region, key, 5);
    assert_non_null(e);
    e->caller.n = 3;
    redan_region_unlock(m.region, e, false);
    assert_null(redan_region_find(m.region, key)); /* was never made */
    e = redan_region_lock(m.region, key, 5);
    e->caller.n = 3;
    redan_region_unlock(m.region, e, true);
    e = redan_region_lock(m.region, key, 9);
    assert_int_equal(e->caller.n, 3);
    assert_int_equal(e->first_ms, 5);
    assert_int_equal(e->last_ms, 9);
    e->caller.n = 4;
    redan_region_unlock(m.region, e, false);
    e = redan_region_find(m.region, key);
    assert_int_equal(e->caller.n, 3);
    assert_int_equal(e->caller.labels[0], REDAN_CALLER_EMPTY);
    redan_region_unlock(m.region, e, false);
    redan_region_unlock(m.region, NULL, true);
    assert_int_equal(redan_region_callers(m.region), 1);
    memory_drop(&m);
}

static void touch(struct memory *m, uint64_t key, uint64_t now, float most, bool accused)
{
    struct redan_region_entry *e = redan_region_lock(m->region, key, now);

    assert_non_null(e);
    e->caller.n++;
    if (most > e->caller.most)
        e->caller.most = most;
    if (accused)
        e->caller.accused = 1;
    redan_region_unlock(m->region, e, true);
}

/* Whoever makes up names, however many, drives out neither those under suspicion nor those accused. */
static void made_up_names_flush_nothing(void **state)
{
    struct memory m;
    (void)state;

    memory_make(&m, SMALL);
    unsigned sets = (unsigned)m.region->sets;
    for (unsigned i = 0; i < sets; i++) {
        touch(&m, key_of(&m, "suspect", i), 1, 4.5F, false);
        touch(&m, key_of(&m, "accused", i), 1, 12, true);
        touch(&m, key_of(&m, "quiet", i), 1, 0, false);
    }
    for (unsigned i = 0; i < 40000; i++)
        touch(&m, key_of(&m, "name", i), 2 + i, 0.5F, false);
    unsigned quiet = 0;
    unsigned suspects = 0;
    for (unsigned i = 0; i < sets; i++) {
        struct redan_region_entry *e =
            redan_region_lock(m.region, key_of(&m, "accused", i), 100000);
        assert_int_equal(e->caller.accused, 1);
        assert_true(e->caller.most >= 12);
        redan_region_unlock(m.region, e, false);
        e = redan_region_find(m.region, key_of(&m, "suspect", i));
        suspects += e != NULL && e->caller.n == 1 && e->caller.lives == 0;
        redan_region_unlock(m.region, e, false);
        e = redan_region_find(m.region, key_of(&m, "quiet", i));
        quiet += e != NULL;
        redan_region_unlock(m.region, e, false);
    }
    /* where more than eight of the 2 x sets fell into one set, a tombstone is left; elsewhere the entry itself */
    assert_true(suspects >= sets - sets / 4);
    assert_int_equal(quiet, 0);
    assert_int_equal(redan_region_callers(m.region), redan_region_room(m.region));
    assert_true(redan_region_counter(m.region, REDAN_COUNT_CALLERS_EVICTED) > 39000);
    memory_drop(&m);
}

/* More accused ones than a set holds: they come back accused, with their largest evidence and one life more. */
static void accusations_survive_eviction(void **state)
{
    enum { MANY = 20 };
    struct memory m;
    uint64_t keys[MANY];
    unsigned found = 0;
    (void)state;

    memory_make(&m, SMALL);
    uint64_t set = (key_of(&m, "a", 0) >> 8) % m.region->sets;
    for (unsigned i = 0; found < MANY; i++) {
        uint64_t key = key_of(&m, "a", i);
        if ((key >> 8) % m.region->sets == set)
            keys[found++] = key;
    }
    for (unsigned i = 0; i < MANY; i++)
        touch(&m, keys[i], i, 10.0F + (float)i, true);
    unsigned lives = 0;
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            struct redan_region_entry *e = redan_region_lock(m.region, keys[i], 100 + i);
            assert_int_equal(e->caller.accused, 1);
            assert_true(e->caller.most >= 10.0F + (float)i);
            lives += e->caller.lives;
            redan_region_unlock(m.region, e, true);
        }
    }
    assert_true(lives > 0);
    memory_drop(&m);
}

/* --- killed workers --- */

enum { NAMES = 24, WORKERS = 6 };

struct shared {
    _Atomic uint64_t done[WORKERS][NAMES]; /* that a worker knows to hold */
};

/* Every part of the entry says the same number: a torn one would not. */
static void write_all(struct redan_region_entry *e, uint32_t n)
{
    e->caller.n = n;
    e->caller.flagged = n;
    e->budget[REDAN_REGION_BUDGETS - 1] = n;
    for (unsigned s = 0; s < REDAN_CALLER_RING; s++) {
        e->caller.rows[s] = n;
        for (unsigned k = 0; k < REDAN_CALLER_WIDTH; k++)
            e->caller.ring[s][k] = (float)(n & 0xffff);
    }
    e->caller.bits[REDAN_BITS - 1].mean[2] = (float)(n & 0xffff);
}

static bool whole(const struct redan_region_entry *e)
{
    uint32_t n = e->caller.n;

    if (n == 0)
        return true;
    bool ok = e->caller.flagged == n && e->budget[REDAN_REGION_BUDGETS - 1] == n &&
              e->caller.bits[REDAN_BITS - 1].mean[2] == (float)(n & 0xffff);
    for (unsigned s = 0; s < REDAN_CALLER_RING && ok; s++) {
        ok = e->caller.rows[s] == n;
        for (unsigned k = 0; k < REDAN_CALLER_WIDTH && ok; k++)
            ok = e->caller.ring[s][k] == (float)(n & 0xffff);
    }
    return ok;
}

static void work(struct memory *m, struct shared *shared, unsigned worker, uint64_t seed)
{
    for (;;) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        unsigned name = (unsigned)(seed >> 33) % NAMES;
        struct redan_region_entry *e =
            redan_region_lock(m->region, key_of(m, "n", name), seed >> 40);
        if (!e)
            continue;
        if (!whole(e))
            _exit(3);
        bool hold = (seed >> 20 & 7) != 0;
        write_all(e, e->caller.n + 1);
        redan_region_unlock(m->region, e, hold);
        if (hold)
            atomic_fetch_add(&shared->done[worker][name], 1);
    }
}

static pid_t start(struct memory *m, struct shared *shared, unsigned worker, uint64_t seed)
{
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        end_with_parent();
        work(m, shared, worker, seed);
    }
    return child;
}

static void killed_workers_lose_one_count(void **state)
{
    enum { KILLS = 300 };
    struct memory m;
    pid_t pids[WORKERS];
    uint64_t total = 0;
    uint64_t known = 0;
    (void)state;

    memory_make(&m, MEDIUM);
    struct shared *shared =
        mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(shared != MAP_FAILED);
    for (unsigned w = 0; w < WORKERS; w++)
        pids[w] = start(&m, shared, w, w + 1);
    for (unsigned k = 0; k < KILLS; k++) {
        unsigned w = k % WORKERS;
        int status = 0;
        (void)usleep(500 + k * 7 % 1500);
        assert_int_equal(kill(pids[w], SIGKILL), 0);
        assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
        assert_true(WIFSIGNALED(status)); /* 3 would be: it saw a torn entry */
        pids[w] = start(&m, shared, w, 1000 + k);
    }
    for (unsigned w = 0; w < WORKERS; w++) {
        int status = 0;
        assert_int_equal(kill(pids[w], SIGKILL), 0);
        assert_int_equal(waitpid(pids[w], &status, 0), pids[w]);
        assert_true(WIFSIGNALED(status));
    }
    for (unsigned n = 0; n < NAMES; n++) { /* and no lock is left that nobody can take */
        struct redan_region_entry *e = redan_region_lock(m.region, key_of(&m, "n", n), 1);
        assert_non_null(e);
        assert_true(whole(e));
        assert_int_equal(e->caller.lives, 0); /* nobody was evicted: counts can be compared */
        total += e->caller.n;
        for (unsigned w = 0; w < WORKERS; w++)
            known += atomic_load(&shared->done[w][n]);
        redan_region_unlock(m.region, e, false);
    }
    assert_true(known > KILLS);
    assert_true(total >= known);
    assert_true(total - known <=
                KILLS + WORKERS); /* each killed one may have held one that it could not tell of */
    assert_int_equal(munmap(shared, sizeof(*shared)), 0);
    memory_drop(&m);
}

/* A holder that is stopped, not dead: others are told in time, and nobody works beside it. */
static void stopped_holder_is_waited_for(void **state)
{
    struct memory m;
    int ready[2];
    char byte = 0;
    (void)state;

    memory_make(&m, SMALL);
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        end_with_parent();
        struct redan_region_entry *e = redan_region_lock(m.region, key_of(&m, "x", 1), 1);
        e->caller.n = 77;
        (void)!write(ready[1], "x", 1);
        for (;;)
            (void)pause();
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_null(redan_region_lock(m.region, key_of(&m, "x", 1), 2));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    struct redan_region_entry *e = redan_region_lock(m.region, key_of(&m, "x", 1), 3);
    assert_non_null(e);
    assert_int_equal(e->caller.n, 0);
    redan_region_unlock(m.region, e, true);
    assert_int_equal(close(ready[0]), 0);
    assert_int_equal(close(ready[1]), 0);
    memory_drop(&m);
}

/* --- threads --- */

enum { THREADS = 4, TURNS = 3000 };

static void *thread_work(void *arg)
{
    struct memory *m = arg;

    for (unsigned i = 0; i < TURNS; i++) {
        struct redan_region_entry *e = NULL;
        while (!e) /* a machine that is busy may keep a holder waiting */
            e = redan_region_lock(m->region, key_of(m, "t", i % 16), i);
        write_all(e, e->caller.n + 1);
        redan_region_unlock(m->region, e, true);
        redan_region_count(m->region, REDAN_COUNT_ROWS, 1);
        struct redan_digest d = digest_of(i);
        (void)redan_region_take_up(m->region, &d, &d);
        (void)redan_region_in_force(m->region, &d, &d);
        if (i % 64 == 0)
            (void)redan_region_callers(m->region);
    }
    return NULL;
}

static void threads_share(void **state)
{
    struct memory m;
    pthread_t threads[THREADS];
    uint64_t sum = 0;
    (void)state;

    memory_make(&m, MEDIUM);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, thread_work, &m), 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (unsigned i = 0; i < 16; i++) {
        struct redan_region_entry *e = redan_region_find(m.region, key_of(&m, "t", i));
        assert_non_null(e);
        assert_true(whole(e));
        sum += e->caller.n;
        redan_region_unlock(m.region, e, false);
    }
    assert_int_equal(sum, THREADS * TURNS);
    assert_int_equal(redan_region_counter(m.region, REDAN_COUNT_ROWS), THREADS * TURNS);
    memory_drop(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(keys_are_secret_and_spread),
        cmocka_unit_test(keys_are_siphash),
        cmocka_unit_test(generations),
        cmocka_unit_test(generations_survive_kills),
        cmocka_unit_test(counters),
        cmocka_unit_test(entries_hold_or_do_not),
        cmocka_unit_test(made_up_names_flush_nothing),
        cmocka_unit_test(accusations_survive_eviction),
        cmocka_unit_test(killed_workers_lose_one_count),
        cmocka_unit_test(stopped_holder_is_waited_for),
        cmocka_unit_test(threads_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
