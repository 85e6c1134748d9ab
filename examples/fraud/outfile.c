/* Writes beside the target, then renames over it. */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FLUSH_AT = 1 << 18 };

static enum redan_status refused(struct fraud_outfile *file, const char *what)
{
    return redan_fail(file->ctx, REDAN_E_IO, 0, "%s: cannot %s: %s", file->path, what,
                      strerror(errno));
}

enum redan_status fraud_outfile_open(struct redan_ctx *ctx, const char *path,
                                     struct fraud_outfile *file)
{
    *file = (struct fraud_outfile){.ctx = ctx, .path = path, .fd = -1};
    redan_buf_init(&file->temporary, ctx, 4096);
    redan_buf_init(&file->pending, ctx, (size_t)1 << 30);
    redan_buf_printf(&file->temporary, "%s.%ld.part", path, (long)getpid());
    REDAN_TRY(redan_buf_ok(ctx, &file->temporary, "the name of the output"));
    file->fd = open(file->temporary.data,
                    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0644);
    return file->fd >= 0 ? REDAN_OK : refused(file, "create");
}

static enum redan_status write_all(struct fraud_outfile *file)
{
    size_t done = 0;

    REDAN_TRY(redan_buf_ok(file->ctx, &file->pending, "the output"));
    while (done < file->pending.len) {
        ssize_t n = write(file->fd, file->pending.data + done, file->pending.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refused(file, "write");
        done += (size_t)n;
    }
    redan_buf_clear(&file->pending);
    return REDAN_OK;
}

enum redan_status fraud_outfile_flush(struct fraud_outfile *file)
{
    return file->pending.len < FLUSH_AT ? REDAN_OK : write_all(file);
}

enum redan_status fraud_outfile_close(struct fraud_outfile *file)
{
    REDAN_TRY(write_all(file));
    if (fsync(file->fd) != 0)
        return refused(file, "write");
    int fd = file->fd;
    file->fd = -1;
    if (close(fd) != 0)
        return refused(file, "write");
    if (rename(file->temporary.data, file->path) != 0) {
        enum redan_status status = refused(file, "put in place");
        (void)unlink(file->temporary.data);
        return status;
    }
    return REDAN_OK;
}

void fraud_outfile_done(struct fraud_outfile *file)
{
    if (file->fd >= 0) {
        (void)close(file->fd);
        (void)unlink(file->temporary.data);
        file->fd = -1;
    }
    redan_buf_done(&file->pending);
    redan_buf_done(&file->temporary);
}

enum redan_status fraud_outfile_put(struct redan_ctx *ctx, const char *path,
                                    struct redan_slice text)
{
    REDAN_DEFER(fraud_outfile_done) struct fraud_outfile file = {.fd = -1};

    REDAN_TRY(fraud_outfile_open(ctx, path, &file));
    redan_buf_slice(&file.pending, text);
    return fraud_outfile_close(&file);
}
