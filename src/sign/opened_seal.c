/* Copies that nobody can change any more: filled, sealed, and only then hashed, so that what was verified is what stays. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "base/pool.h"
#include "io/os.h"
#include "sign/opened_parts.h"

#ifndef MFD_NOEXEC_SEAL /* Linux 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#endif

enum {
    PIECE = 16 << 20,      /* of one call; a signal is seen in between */
    BUFFER = 64 << 10,     /* where the kernel cannot copy by itself */
    SMALL = 64 << 20,      /* below it nobody asks what memory there is */
    MEGABYTE = 1000 * 1000 /* for people */
};

/* What the system could still give, swap included; UINT64_MAX when it does not say. */
static uint64_t available(void)
{
    char text[4096] = {0};
    REDAN_DEFER(redan_os_close)
    int fd = redan_os_open(AT_FDCWD, "/proc/meminfo", O_RDONLY, 0);
    ssize_t n = fd < 0 ? -1 : redan_os_pread(fd, text, sizeof(text) - 1, 0);
    struct redan_slice rest = {text, n > 0 ? (size_t)n : 0};
    struct redan_slice line = {0};
    uint64_t sum = 0;
    bool found = false;

    while (redan_slice_cut(rest, '\n', &line, &rest)) {
        struct redan_slice name = {0};
        struct redan_slice value = {0};
        uint64_t kilobytes = 0;
        (void)redan_slice_cut(line, ':', &name, &value);
        if (!redan_slice_is(name, "MemAvailable") && !redan_slice_is(name, "SwapFree"))
            continue;
        (void)redan_slice_cut(redan_slice_trim(value), ' ', &value, &line);
        if (!redan_slice_u64(value, &kilobytes) || kilobytes > UINT64_MAX / 4096)
            return UINT64_MAX;
        sum += kilobytes * 1024;
        found = found || redan_slice_is(name, "MemAvailable");
    }
    return found ? sum : UINT64_MAX;
}

static enum redan_status no_room(struct redan_ctx *ctx, int error, uint64_t size,
                                 struct redan_slice path)
{
    char shown[REDAN_OS_SHOW];

    if (error == ENOSPC || error == ENOMEM || error == EDQUOT)
        return redan_fail(ctx, REDAN_E_MEMORY, 0,
                          "no memory for the verified copy of %s, which takes %llu MB",
                          redan_os_show(path, shown), (unsigned long long)(size / MEGABYTE + 1));
    if (error == EFBIG)
        return redan_fail(ctx, REDAN_E_LIMIT, 0,
                          "the verified copy of %s takes %llu MB, more than this process may "
                          "write to one file (ulimit -f)",
                          redan_os_show(path, shown), (unsigned long long)(size / MEGABYTE + 1));
    return redan_os_fail(ctx, error, "copy", path);
}

enum redan_status redan_opened_room(struct redan_ctx *ctx, uint64_t size, struct redan_slice path)
{
    char shown[REDAN_OS_SHOW];

    if (size > ctx->limits.sealed)
        return redan_fail(ctx, REDAN_E_LIMIT, 0,
                          "%s has %llu bytes, and a verified copy may have %zu",
                          redan_os_show(path, shown), (unsigned long long)size, ctx->limits.sealed);
    uint64_t there = size > SMALL ? available() : UINT64_MAX;
    if (size > there)
        return redan_fail(
            ctx, REDAN_E_MEMORY, 0,
            "the verified copy of %s takes %llu MB of memory, and %llu are available; "
            "a model signed in shards can be read in parts",
            redan_os_show(path, shown), (unsigned long long)(size / MEGABYTE + 1),
            (unsigned long long)(there / MEGABYTE));
    return REDAN_OK;
}

static enum redan_status shorter(struct redan_ctx *ctx, struct redan_slice path, uint64_t at)
{
    char shown[REDAN_OS_SHOW];

    return redan_fail(ctx, REDAN_E_SIGNATURE, at, "%s became shorter while it was read",
                      redan_os_show(path, shown));
}

/* By hand, where the file system has no way through the kernel. */
static enum redan_status pour_by_hand(struct redan_ctx *ctx, int source, uint64_t from,
                                      uint64_t size, int to, struct redan_slice path)
{
    struct redan_arena_mark mark = redan_arena_mark(&ctx->arena);
    char *bytes = redan_take(ctx, BUFFER);
    enum redan_status status = bytes ? REDAN_OK : REDAN_E_MEMORY;

    for (uint64_t done = 0; status == REDAN_OK && done < size;) {
        size_t want = size - done < BUFFER ? (size_t)(size - done) : BUFFER;
        ssize_t n = redan_os_pread(source, bytes, want, from + done);
        if (n < 0)
            status = redan_os_fail(ctx, errno, "read", path);
        else if (n == 0)
            status = shorter(ctx, path, from + done);
        else if (redan_os_write(to, (struct redan_slice){bytes, (size_t)n}) != 0)
            status = no_room(ctx, errno, size, path);
        else
            done += (uint64_t)n;
    }
    redan_arena_reset(&ctx->arena, mark);
    return status;
}

enum redan_status redan_opened_pour(struct redan_ctx *ctx, int source, uint64_t from, uint64_t size,
                                    int to, struct redan_slice path)
{
    off_t at = (off_t)from;
    uint64_t done = 0;

    while (done < size) {
        size_t want = size - done < PIECE ? (size_t)(size - done) : PIECE;
        ssize_t n = sendfile(to, source, &at, want);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EINVAL || errno == ENOSYS))
            return pour_by_hand(ctx, source, from + done, size - done, to, path);
        if (n < 0)
            return errno == EIO ? redan_os_fail(ctx, EIO, "read", path)
                                : no_room(ctx, errno, size, path);
        if (n == 0)
            return shorter(ctx, path, from + done);
        done += (uint64_t)n;
    }
    return REDAN_OK;
}

enum redan_status redan_opened_ended(struct redan_ctx *ctx, int source, uint64_t size,
                                     struct redan_slice path)
{
    char shown[REDAN_OS_SHOW];
    char more = 0;
    ssize_t n = redan_os_pread(source, &more, 1, size);

    if (n < 0)
        return redan_os_fail(ctx, errno, "read", path);
    if (n > 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, size, "%s became longer while it was read",
                          redan_os_show(path, shown));
    return REDAN_OK;
}

/* Not a program: what is verified is data, and must not become one by its descriptor. */
static int memory_file(void)
{
    int fd = memfd_create("redan-verified", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

    if (fd < 0 && errno == EINVAL)
        fd = memfd_create("redan-verified", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd;
}

enum redan_status redan_opened_seal(struct redan_ctx *ctx, int source, uint64_t from, uint64_t size,
                                    struct redan_slice path, int *sealed)
{
    struct stat st;

    REDAN_TRY(redan_opened_room(ctx, size, path));
    REDAN_DEFER(redan_os_close) int fd = memory_file();
    if (fd < 0)
        return no_room(ctx, errno, size, path);
    REDAN_TRY(redan_opened_pour(ctx, source, from, size, fd, path));
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return redan_os_fail(ctx, errno, "seal the copy of", path);
    /* others of the same user may open it by /proc until it is sealed; what they did shows now */
    if (fstat(fd, &st) != 0 || (uint64_t)st.st_size != size || lseek(fd, 0, SEEK_SET) != 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "the copy of %.*s was tampered with",
                          REDAN_FMT(path));
    *sealed = fd;
    fd = -1;
    return REDAN_OK;
}

struct hashing {
    enum redan_hash hash;
    const char *bytes;
    uint64_t base;
    uint64_t size;
    const struct redan_manifest_entry *const *entries;
};

static enum redan_status verify_one(struct redan_ctx *ctx, size_t index, void *arg)
{
    const struct hashing *h = arg;
    const struct redan_manifest_entry *entry = h->entries[index];
    uint64_t from = entry->from - h->base;
    uint64_t to = entry->to == UINT64_MAX ? h->size : entry->to - h->base;
    struct redan_sum sum;
    char shown[REDAN_OS_SHOW];
    char wanted[REDAN_SUM_HEX];
    char found[REDAN_SUM_HEX];

    if (to > h->size || from > to)
        return redan_fail(ctx, REDAN_E_SIGNATURE, entry->from, "%s is shorter than was signed",
                          redan_os_show(entry->path, shown));
    REDAN_TRY(redan_hash_all(ctx, h->hash,
                             (struct redan_slice){h->bytes + from, (size_t)(to - from)}, &sum));
    if (redan_sum_eq(&sum, &entry->sum))
        return REDAN_OK;
    redan_sum_hex(&entry->sum, wanted);
    redan_sum_hex(&sum, found);
    if (entry->to == UINT64_MAX)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "%s is not what was signed: signed %s:%.16s..., found %.16s...",
                          redan_os_show(entry->path, shown), redan_hash_name(h->hash), wanted,
                          found);
    return redan_fail(ctx, REDAN_E_SIGNATURE, entry->from,
                      "%s is not what was signed, in bytes %llu to %llu: signed %s:%.16s..., found "
                      "%.16s...",
                      redan_os_show(entry->path, shown), (unsigned long long)entry->from,
                      (unsigned long long)entry->to, redan_hash_name(h->hash), wanted, found);
}

enum redan_status redan_opened_verify(struct redan_ctx *ctx, enum redan_hash hash, int sealed,
                                      uint64_t base, uint64_t size,
                                      const struct redan_manifest_entry *const *entries,
                                      size_t count)
{
    struct hashing h = {.hash = hash, .bytes = "", .base = base, .size = size, .entries = entries};
    void *map = NULL;

    if (size > 0) {
        /* sealed, or in a file system of ours that is read-only: it cannot shrink under the map */
        map = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, sealed, 0);
        if (map == MAP_FAILED)
            return redan_os_fail(ctx, errno, "map the copy of", entries[0]->path);
        h.bytes = map;
    }
    enum redan_status status =
        count == 1 ? verify_one(ctx, 0, &h) : redan_pool_each(ctx, count, verify_one, &h);
    if (map)
        (void)munmap(map, (size_t)size);
    return status;
}
