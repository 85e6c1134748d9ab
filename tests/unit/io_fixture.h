/* Setting up a context and a folder of its own for each test of the room io. */
#ifndef REDAN_TESTS_IO_FIXTURE_H
#define REDAN_TESTS_IO_FIXTURE_H

#include "scratch.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

static inline int setup(void **state)
{
    struct scratch *s = calloc(1, sizeof(*s));

    scratch_make(s);
    *state = s;
    return 0;
}

static inline int setup_fast(void **state)
{
    struct scratch *s = calloc(1, sizeof(*s));

    scratch_make_fast(s);
    *state = s;
    return 0;
}

static inline int teardown(void **state)
{
    scratch_drop(*state);
    free(*state);
    return 0;
}

static inline void assert_failure(struct redan_ctx *ctx, enum redan_status status, const char *part)
{
    assert_int_equal(ctx->failure.status, status);
    if (!strstr(ctx->failure.text, part))
        fail_msg("\"%s\" does not say \"%s\"", ctx->failure.text, part);
    redan_fail_clear(ctx);
}

static inline void make_socket(struct scratch *s, const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s",
                                 scratch_at(s, name)) < sizeof(address.sun_path));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    (void)close(fd);
}

/* A test with a folder of its own. */
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
