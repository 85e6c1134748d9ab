/* Shared memory: its format, and which policy is in force. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/map.h"
#include "guard/region_parts.h"

enum { MS = 1000000, SECOND = 1000 };

static const char layout[] = "redan region 1";

/* Changes with anything that would make another build misread the memory; the C library's locks are part of it. */
static uint64_t stamp_of(void)
{
    const uint64_t sizes[] = {sizeof(struct redan_region),       sizeof(struct redan_region_set),
                              sizeof(struct redan_region_entry), sizeof(struct redan_region_shard),
                              sizeof(struct redan_caller),       sizeof(pthread_mutex_t)};
    uint64_t h = redan_hash(1, redan_slice_of(layout));
    char libc[64] = {0};

    (void)confstr(_CS_GNU_LIBC_VERSION, libc, sizeof(libc));
    h = redan_hash(h, redan_slice_of(libc));
    return redan_hash(h, (struct redan_slice){(const char *)sizes, sizeof(sizes)}) | 1;
}

static size_t sets_in(size_t size)
{
    return size < sizeof(struct redan_region)
               ? 0
               : (size - sizeof(struct redan_region)) / sizeof(struct redan_region_set);
}

struct redan_region *redan_region_of(void *memory, size_t size)
{
    struct redan_region *region = memory;

    if (!memory || (uintptr_t)memory % REDAN_REGION_ALIGN != 0 || sets_in(size) == 0)
        return NULL;
    if (atomic_load_explicit(&region->stamp, memory_order_acquire) != stamp_of() ||
        region->size != size || region->sets != sets_in(size))
        return NULL;
    return region;
}

static bool lock_init(pthread_mutex_t *lock)
{
    pthread_mutexattr_t attr;

    if (pthread_mutexattr_init(&attr) != 0)
        return false;
    bool ok = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0 &&
              pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0 &&
              pthread_mutex_init(lock, &attr) == 0;
    (void)pthread_mutexattr_destroy(&attr);
    return ok;
}

enum redan_status redan_region_format(struct redan_ctx *ctx, void *memory, size_t size, bool *kept)
{
    struct redan_region *region = memory;
    bool ok = true;

    if (redan_region_of(memory, size)) {
        *kept = true;
        return REDAN_OK;
    }
    if (!memory || (uintptr_t)memory % REDAN_REGION_ALIGN != 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "the shared memory is not aligned to %d bytes",
                          REDAN_REGION_ALIGN);
    if (sets_in(size) == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "%zu bytes of shared memory are too few: at least %zu are needed", size,
                          sizeof(struct redan_region) + sizeof(struct redan_region_set));
    memset(memory, 0, size);
    region->size = size;
    region->sets = sets_in(size);
    REDAN_TRY(redan_random(ctx, region->seed, sizeof(region->seed)));
    ok = lock_init(&region->lock);
    for (size_t i = 0; i < region->sets && ok; i++) {
        atomic_store(&region->set[i].spare, REDAN_REGION_WAYS);
        ok = lock_init(&region->set[i].lock);
    }
    if (!ok)
        return redan_fail(ctx, REDAN_E_IO, 0,
                          "the system has no locks for memory that processes share");
    atomic_store_explicit(&region->stamp, stamp_of(), memory_order_release);
    *kept = false;
    return REDAN_OK;
}

/* ThreadSanitizer knows no lock with a clock of one's choice, and of those that wait it does not learn that the holder died (gcc 12,
 * clang 14): under it the lock is tried again and again. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ONLY_TRIES
#endif
#elif defined(__SANITIZE_THREAD__)
#define ONLY_TRIES
#endif

#ifdef ONLY_TRIES
static int lock_until(pthread_mutex_t *lock, const struct timespec *until)
{
    for (;;) {
        struct timespec now;
        int answer = pthread_mutex_trylock(lock);

        if (answer != EBUSY)
            return answer;
        if (clock_gettime(CLOCK_MONOTONIC, &now) != 0 || now.tv_sec > until->tv_sec ||
            (now.tv_sec == until->tv_sec && now.tv_nsec >= until->tv_nsec))
            return ETIMEDOUT;
        (void)sched_yield();
    }
}
#else
static int lock_until(pthread_mutex_t *lock, const struct timespec *until)
{
    return pthread_mutex_clocklock(lock, CLOCK_MONOTONIC, until);
}
#endif

bool redan_region_hold(pthread_mutex_t *lock, int64_t wait_ms)
{
    int answer = pthread_mutex_trylock(lock);

    if (answer == EBUSY) {
        struct timespec until;
        if (clock_gettime(CLOCK_MONOTONIC, &until) != 0)
            return false;
        int64_t ns = until.tv_nsec + wait_ms * MS;
        until.tv_sec += ns / (SECOND * (int64_t)MS);
        until.tv_nsec = ns % (SECOND * (int64_t)MS);
        answer = lock_until(lock, &until);
    }
    if (answer == EOWNERDEAD) /* what it guards is whole at every instruction */
        answer = pthread_mutex_consistent(lock);
    return answer == 0;
}

/* --- the policy in force ------------------------------------------------------------------------------------------------- */

static void put_digest(_Atomic uint64_t *words, const struct redan_digest *digest)
{
    for (size_t i = 0; i < REDAN_REGION_DIGEST_WORDS; i++) {
        uint64_t w = 0;
        if (digest)
            memcpy(&w, digest->bytes + i * 8, 8);
        atomic_store_explicit(&words[i], w, memory_order_release);
    }
}

static void get_digest(const _Atomic uint64_t *words, struct redan_digest *digest)
{
    for (size_t i = 0; i < REDAN_REGION_DIGEST_WORDS; i++) {
        uint64_t w = atomic_load_explicit(&words[i], memory_order_acquire);
        memcpy(digest->bytes + i * 8, &w, 8);
    }
}

uint64_t redan_region_generation(const struct redan_region *region)
{
    return atomic_load_explicit(&region->generation, memory_order_acquire);
}

bool redan_region_in_force(const struct redan_region *region, struct redan_digest *policy,
                           struct redan_digest *profile)
{
    uint64_t after = redan_region_generation(region);
    uint64_t before = 0;

    do { /* again only when a whole generation was taken up meanwhile */
        before = after;
        if (before == 0)
            return false;
        get_digest(region->force[before & 1].policy, policy);
        get_digest(region->force[before & 1].profile, profile);
        after = redan_region_generation(region);
    } while (after != before);
    return true;
}

uint64_t redan_region_take_up(struct redan_region *region, const struct redan_digest *policy,
                              const struct redan_digest *profile)
{
    static const struct redan_digest none = {0};
    struct redan_digest policy_now;
    struct redan_digest profile_now;

    if (!redan_region_hold(&region->lock, SECOND))
        return 0;
    uint64_t generation = redan_region_generation(region);
    if (!redan_region_in_force(region, &policy_now, &profile_now) ||
        !redan_digest_eq(&policy_now, policy) ||
        !redan_digest_eq(&profile_now, profile ? profile : &none)) {
        generation++;
        put_digest(region->force[generation & 1].policy, policy);
        put_digest(region->force[generation & 1].profile, profile);
        atomic_store_explicit(&region->generation, generation, memory_order_release);
    }
    (void)pthread_mutex_unlock(&region->lock);
    return generation;
}
