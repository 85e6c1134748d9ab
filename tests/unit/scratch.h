/* A temporary folder of a test's own, and short ways to put things into it. */
#ifndef REDAN_TESTS_SCRATCH_H
#define REDAN_TESTS_SCRATCH_H

#include "test.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCRATCH_PATH = 4096 };

struct scratch {
    char root[SCRATCH_PATH];
    char path[SCRATCH_PATH + 512]; /* what scratch_at last made */
};

static inline void scratch_make(struct scratch *s)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(s->root, sizeof(s->root), "%s/redan-test-XXXXXX", base && *base ? base : "/tmp");
    assert_non_null(mkdtemp(s->root));
}

/* In memory where the system has such a place: for tests with very many files. */
static inline void scratch_make_fast(struct scratch *s)
{
    (void)snprintf(s->root, sizeof(s->root), "/dev/shm/redan-test-XXXXXX");
    if (!mkdtemp(s->root))
        scratch_make(s);
}

/* The absolute path of a name in the folder; valid until the next call. */
static inline const char *scratch_at(struct scratch *s, const char *name)
{
    (void)snprintf(s->path, sizeof(s->path), "%s/%s", s->root, name);
    return s->path;
}

static inline struct redan_slice scratch_slice(struct scratch *s, const char *name)
{
    return redan_slice_of(scratch_at(s, name));
}

static inline void scratch_folder(struct scratch *s, const char *name)
{
    assert_int_equal(mkdir(scratch_at(s, name), 0755), 0);
}

static inline void scratch_file(struct scratch *s, const char *name, const void *bytes, size_t len)
{
    int fd = open(scratch_at(s, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    assert_int_equal(close(fd), 0);
}

static inline void scratch_text(struct scratch *s, const char *name, const char *text)
{
    scratch_file(s, name, text, strlen(text));
}

/* Entries of the folder itself, to prove that nothing was left behind. */
static inline size_t scratch_count(struct scratch *s, const char *name)
{
    DIR *dir = opendir(scratch_at(s, name));
    size_t n = 0;

    assert_non_null(dir);
    for (const struct dirent *e = readdir(dir); e; e = readdir(dir))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    (void)closedir(dir);
    return n;
}

/* Depth first by going down into the first folder met; a test's own trees only.
 */
static inline void scratch_remove_in(int folder, const char *name, unsigned depth)
{
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    assert_true(depth < 200);
    if (dir) {
        for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
            if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
                continue;
            if (unlinkat(fd, e->d_name, 0) != 0)
                scratch_remove_in(fd, e->d_name, depth + 1);
        }
        (void)closedir(dir);
    }
    (void)unlinkat(folder, name, AT_REMOVEDIR);
}

static inline void scratch_drop(struct scratch *s)
{
    scratch_remove_in(AT_FDCWD, s->root, 0);
    assert_int_not_equal(access(s->root, F_OK), 0);
}

#endif
