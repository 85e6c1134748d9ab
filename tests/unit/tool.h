/* For tests that work with installed programs: a temporary folder, a program run in it, its files. */
#ifndef REDAN_TESTS_TOOL_H
#define REDAN_TESTS_TOOL_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ctx.h"

struct tool_dir {
    char path[64];
};

static inline void tool_dir_make(struct tool_dir *dir)
{
    (void)snprintf(dir->path, sizeof(dir->path), "/tmp/redan-test-XXXXXX");
    assert_non_null(mkdtemp(dir->path));
}

static inline int tool_remove(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline void tool_dir_drop(struct tool_dir *dir)
{
    (void)nftw(dir->path, tool_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Exit code of a program run in the folder, silent; 127 when it is not installed. */
static inline int tool_run(const struct tool_dir *dir, const char *const *argv)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null < 0 || chdir(dir->path) != 0)
            _exit(126);
        (void)dup2(null, 0);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
#define TOOL_RUN(dir, ...) tool_run((dir), (const char *const[]){__VA_ARGS__, NULL})

static inline struct redan_slice tool_read(struct redan_ctx *ctx, const struct tool_dir *dir,
                                           const char *name)
{
    char path[128];
    size_t max = 1 << 20;
    char *bytes = redan_take(ctx, max);

    (void)snprintf(path, sizeof(path), "%s/%s", dir->path, name);
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    assert_non_null(bytes);
    size_t len = fread(bytes, 1, max, file);
    (void)fclose(file);
    return (struct redan_slice){bytes, len};
}

static inline void tool_write(const struct tool_dir *dir, const char *name, struct redan_slice s)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/%s", dir->path, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* ssh-keygen insists */
    assert_true(fd >= 0);
    assert_int_equal(write(fd, s.at, s.len), (ssize_t)s.len);
    (void)close(fd);
}

#endif
