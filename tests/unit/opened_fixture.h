/* A signed model on disk, for the tests of verified bytes. */
#ifndef REDAN_TESTS_OPENED_FIXTURE_H
#define REDAN_TESTS_OPENED_FIXTURE_H

#include "io_fixture.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "sign/opened.h"
#include "sign/opened_parts.h"

enum { FILES = 16, BIG = 300000 };

/* A signed model on disk, as the parser of manifests would tell it. */
struct model {
    struct redan_ctx ctx;
    struct scratch *s;
    struct redan_manifest manifest;
    struct redan_manifest_entry entries[FILES];
};

static REDAN_UNUSED void model_make(struct model *m, struct scratch *s)
{
    redan_ctx_init(&m->ctx, NULL);
    m->s = s;
    m->manifest = (struct redan_manifest){.entries = m->entries, .hash = REDAN_HASH_SHA256};
}

static REDAN_UNUSED void sum_of(struct model *m, const void *bytes, size_t len,
                                struct redan_sum *sum)
{
    assert_ok(redan_hash_all(&m->ctx, m->manifest.hash, (struct redan_slice){bytes, len}, sum));
}

/* A file of the model, written and signed. */
static REDAN_UNUSED void sign_file(struct model *m, const char *name, const void *bytes, size_t len)
{
    struct redan_manifest_entry *entry = &m->entries[m->manifest.count++];

    scratch_file(m->s, name, bytes, len);
    *entry = (struct redan_manifest_entry){
        .path = redan_slice_of(strchr(name, '/') ? strchr(name, '/') + 1 : name), .to = UINT64_MAX};
    sum_of(m, bytes, len, &entry->sum);
}

static REDAN_UNUSED void sign_shards(struct model *m, const char *name, const char *bytes,
                                     size_t len, size_t shard)
{
    scratch_file(m->s, name, bytes, len);
    m->manifest.shards = true;
    m->manifest.shard_size = shard;
    for (size_t at = 0; at < len || len == 0; at += shard) {
        struct redan_manifest_entry *entry = &m->entries[m->manifest.count++];
        size_t end = at + shard < len ? at + shard : len;
        assert_true(m->manifest.count <= FILES);
        *entry = (struct redan_manifest_entry){
            .path = redan_slice_of(strchr(name, '/') + 1), .from = at, .to = end};
        sum_of(m, bytes + at, end - at, &entry->sum);
        if (len == 0)
            break;
    }
}

static REDAN_UNUSED struct redan_opened *open_model(struct model *m)
{
    struct redan_opened *opened = NULL;

    assert_ok(redan_opened_new(&m->ctx, scratch_slice(m->s, "m"), &m->manifest, &opened));
    return opened;
}

static REDAN_UNUSED void fill(char *bytes, size_t len)
{
    uint32_t x = 12345;

    for (size_t i = 0; i < len; i++) {
        x = x * 1664525U + 1013904223U;
        bytes[i] = (char)(x >> 24);
    }
}

/* What the descriptor holds, and that nobody can change it. */
static REDAN_UNUSED void assert_sealed(int fd, const char *bytes, size_t len)
{
    struct stat st;
    char got[64] = {0};
    const int all = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GET_SEALS) & all, all);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
    assert_int_equal(fstat(fd, &st), 0);
    assert_int_equal(st.st_size, len);
    assert_int_equal(pwrite(fd, "x", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, (off_t)(len ? 0 : 1)), -1);
    assert_int_equal(ftruncate(fd, 1 << 20), -1);
    assert_true(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED);
    assert_true(len <= sizeof(got));
    assert_int_equal(pread(fd, got, sizeof(got), 0), len);
    assert_memory_equal(got, bytes, len);
}

#endif
