/* The worker's side: rights dropped, then files in and answers out until there are no more. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/reader.h"
#include "cmd/scan_crew.h"
#include "io/os.h"
#include "io/pass.h"

enum {
    TASKS = 3,
    ANSWERS = 4,
    FLUSH = 16 << 10,
    ANSWER_ROOM = REDAN_CREW_ANSWER + 64,
    KEPT = 16 << 20, /* freed memory that is not given back between files */
    LARGE = 1 << 20, /* blocks that are: mapped each time, they would cost more than small files */
};

static void add_u32(struct redan_buf *out, uint32_t value)
{
    const unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                    (unsigned char)(value >> 8), (unsigned char)value};

    redan_buf_add(out, bytes, sizeof(bytes));
}

/* The descriptors at fixed numbers, everything else closed, the terminal out of reach. */
static bool settle(int tasks, int answers)
{
    int quiet = redan_os_open(AT_FDCWD, "/dev/null", O_RDWR, 0);
    int high_tasks = fcntl(tasks, F_DUPFD_CLOEXEC, 16);
    int high_answers = fcntl(answers, F_DUPFD_CLOEXEC, 16);

    if (high_tasks < 0 || high_answers < 0 || dup2(high_tasks, TASKS) < 0 ||
        dup2(high_answers, ANSWERS) < 0)
        return false;
    if (quiet >= 0) {
        (void)dup2(quiet, STDIN_FILENO);
        (void)dup2(quiet, STDOUT_FILENO);
#ifndef __SANITIZE_ADDRESS__ /* whose reports are wanted */
        (void)dup2(quiet, STDERR_FILENO);
#endif
    }
    return redan_sandbox_close_from(ANSWERS + 1);
}

static bool flush(struct redan_buf *out)
{
    if (out->fail != REDAN_OK || redan_os_write(ANSWERS, redan_buf_view(out)) != 0)
        return false;
    redan_buf_clear(out);
    return true;
}

/* One batch: names in the order of the descriptors, an answer of a length and so many bytes for each. */
static bool serve(const struct redan_crew_options *options, struct redan_slice message,
                  const int *files, size_t count, struct redan_buf *out, struct redan_buf *one)
{
    struct redan_reader names;

    redan_reader_init(&names, message);
    for (size_t i = 0; i < count; i++) {
        struct redan_slice name = redan_reader_string(&names);
        redan_buf_clear(one);
        options->work(options->arg, files[i], name, one);
        (void)close(files[i]);
        struct redan_slice answer = redan_buf_view(one);
        if (one->fail != REDAN_OK || answer.len > REDAN_CREW_ANSWER)
            return false;
        add_u32(out, (uint32_t)answer.len);
        redan_buf_slice(out, answer);
        if (out->len >= FLUSH && !flush(out))
            return false;
    }
    return flush(out);
}

static int serve_all(const struct redan_crew_options *options)
{
    struct redan_sandbox_state state;
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_buf REDAN_DEFER(redan_buf_done) one = {0};
    int files[REDAN_CREW_BATCH];
    size_t count = 0;
    size_t len = 0;

    redan_ctx_init(&ctx, NULL);
    redan_buf_init(&out, &ctx, 2 * ANSWER_ROOM);
    redan_buf_init(&one, &ctx, ANSWER_ROOM);
    char *message = redan_take(&ctx, REDAN_PASS_BYTES);
    if (!message)
        return 1;
    (void)mallopt(M_TRIM_THRESHOLD, KEPT); /* small files come one after the other */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE);
    redan_sandbox_enter(&options->sandbox, &state);
    add_u32(&out, (uint32_t)state.limits);
    add_u32(&out, (uint32_t)state.landlock);
    add_u32(&out, (uint32_t)state.seccomp);
    if (!flush(&out))
        return 1;
    for (;;) {
        if (!redan_pass_receive(TASKS, message, REDAN_PASS_BYTES, &len, files, REDAN_COUNT(files),
                                &count))
            return 1;
        if (len == 0)
            return 0;
        if (!serve(options, (struct redan_slice){message, len}, files, count, &out, &one))
            return 1;
    }
}

_Noreturn void redan_crew_serve(const struct redan_crew_options *options, int tasks, int answers)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN); /* a parent that is gone is a failed write */
    _exit(settle(tasks, answers) ? serve_all(options) : 1);
}
