/* A guard over plain memory and a folder of its own. */
#include "guard_fixture.h"

#include "profile_fixture.h"

void world_make(struct world *w)
{
    struct redan_ctx ctx;
    struct redan_slice text = {0};
    int kept = 1;

    *w = (struct world){.time_ms = (unsigned long long)WORLD_NOW * 1000};
    scratch_make(&w->folder);
    redan_ctx_init(&ctx, NULL);
    assert_ok(fixture_profile_text(&ctx, &text));
    scratch_file(&w->folder, "profile.json", text.at, text.len);
    redan_ctx_done(&ctx);
    w->memory = aligned_alloc(64, WORLD_MEMORY);
    assert_non_null(w->memory);
    memset(w->memory, 0, WORLD_MEMORY);
    assert_int_equal(redan_guard_share(w->memory, WORLD_MEMORY, &kept), REDAN_GUARD_OK);
    assert_int_equal(kept, 0);
}

void world_drop(struct world *w)
{
    redan_guard_free(w->guard);
    free(w->memory);
    scratch_drop(&w->folder);
}

void world_policy(struct world *w, const char *text)
{
    scratch_text(&w->folder, "next.yaml", text);
    char from[SCRATCH_PATH + 512];

    (void)snprintf(from, sizeof(from), "%s", scratch_at(&w->folder, "next.yaml"));
    assert_int_equal(rename(from, scratch_at(&w->folder, "policy.yaml")), 0);
}

enum redan_guard_answer world_open(struct world *w, const char *text, enum redan_guard_mode mode)
{
    redan_guard_free(w->guard);
    w->guard = NULL;
    world_policy(w, text);
    enum redan_guard_answer answer = redan_guard_open(scratch_at(&w->folder, "policy.yaml"), mode,
                                                      w->memory, WORLD_MEMORY, &w->guard);
    assert_non_null(w->guard);
    if (answer == REDAN_GUARD_OK)
        assert_string_equal(redan_guard_error(w->guard), "");
    return answer;
}

struct redan_bytes world_bytes(const char *text)
{
    return (struct redan_bytes){text, text ? strlen(text) : 0};
}

struct redan_guard_request world_request(const struct world *w, const char *caller,
                                         const char *body)
{
    return (struct redan_guard_request){
        .method = world_bytes("POST"),
        .path = world_bytes("/v1/models/fraud:predict"),
        .content_type = world_bytes("application/json"),
        .identity = world_bytes(caller),
        .address = world_bytes("192.0.2.7"),
        .id = world_bytes("r-1"),
        .body = world_bytes(body),
        .time_ms = w->time_ms,
    };
}

unsigned world_ask(struct world *w, const struct redan_guard_request *request)
{
    struct redan_guard_call *call = NULL;
    struct redan_guard_verdict verdict;

    assert_int_equal(redan_guard_call(w->guard, request, &call, &verdict), REDAN_GUARD_OK);
    unsigned status = verdict.action == REDAN_GUARD_REFUSE ? verdict.status : 200;
    redan_guard_call_end(call, status, w->time_ms);
    return status;
}

unsigned long long world_metric(struct world *w, const char *name)
{
    struct redan_bytes text = redan_guard_metrics(w->guard);
    size_t len = strlen(name);
    const char *end = text.at + text.size;

    for (const char *line = text.at; line < end;
         line = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1)
        if ((size_t)(end - line) > len && memcmp(line, name, len) == 0 && line[len] == ' ')
            return strtoull(line + len + 1, NULL, 10);
    fail_msg("there is no metric %s", name);
    return 0;
}

const char *world_text(struct world *w, const char *name)
{
    static char text[1 << 16];
    int fd = open(scratch_at(&w->folder, name), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);

    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        (void)close(fd);
    return text;
}

int world_setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    world_make(w);
    *state = w;
    return 0;
}

int world_teardown(void **state)
{
    world_drop(*state);
    free(*state);
    return 0;
}

void world_open_ok(struct world *w, const char *text, enum redan_guard_mode mode)
{
    if (world_open(w, text, mode) != REDAN_GUARD_OK)
        fail_msg("%s", redan_guard_error(w->guard));
}
