/* Probes: commands of every bad habit, and a small server of the test's own on loopback. */
#include "test.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "codec/canonical.h"
#include "probe/probe.h"

enum { REQUEST = 65536 };

static const char *canonical(struct redan_ctx *ctx, const struct redan_node *node)
{
    struct redan_buf out REDAN_DEFER(redan_buf_done);
    struct redan_slice text = {0};

    redan_buf_init(&out, ctx, 1 << 20);
    assert_ok(redan_canonical_add(ctx, &out, node));
    assert_ok(redan_copy(ctx, redan_buf_view(&out), &text));
    return text.at;
}

static struct redan_probe shell(const char *script, struct redan_slice argv[3])
{
    argv[0] = REDAN_S("/bin/sh");
    argv[1] = REDAN_S("-c");
    argv[2] = redan_slice_of(script);
    return (struct redan_probe){
        .id = REDAN_S("p"), .kind = REDAN_S("command"), .argv = {argv, 3}, .timeout = 20};
}

static void test_command(void **state)
{
    static const struct {
        const char *script;
        const char *observed; /* canonical; NULL: refused */
        uint64_t n;
        enum redan_status status;
        const char *why;
    } rows[] = {
        {"echo '{\"open\": 0, \"n\": 12}'", "{\"n\":12,\"open\":0}", 12, REDAN_OK, NULL},
        {"echo noise >&2; printf '\\n {\"a\":[1,{\"b\":true}]} \\n\\n'", "{\"a\":[1,{\"b\":true}]}",
         1, REDAN_OK, NULL},
        {"cat; echo '{}'", "{}", 1, REDAN_OK, NULL}, /* there is no input to wait for */
        {"exit 3", NULL, 0, REDAN_E_IO, "exit code 3"},
        {"echo '{}'; exit 1", NULL, 0, REDAN_E_IO, "exit code 1"},
        {"printf 'first\\nno route to \\033[31mhost\\377\\n\\n' >&2; exit 7", NULL, 0, REDAN_E_IO,
         "exit code 7: no route to  [31mhost?"},
        {"kill -9 $$", NULL, 0, REDAN_E_IO, "exit code 137"},
        {"true", NULL, 0, REDAN_E_SYNTAX, "did not print one JSON object"},
        {"echo hello", NULL, 0, REDAN_E_SYNTAX, "did not print one JSON object"},
        {"echo '{}'; echo '{}'", NULL, 0, REDAN_E_SYNTAX, "at byte 3"},
        {"echo '[{}]'", NULL, 0, REDAN_E_SCHEMA, "is a list, not a map"},
        {"echo '{\"a\":1,\"a\":2}'", NULL, 0, REDAN_E_SYNTAX, "did not print"},
        {"echo '{\"n\":0.5}'", NULL, 0, REDAN_E_SCHEMA, "whole number"},
        {"head -c 300000 /dev/zero", NULL, 0, REDAN_E_LIMIT, "more than 100000 bytes"},
        {"printf '{}'; head -c 300000 /dev/zero | tr '\\0' ' '", NULL, 0, REDAN_E_LIMIT,
         "more than 100000 bytes"},
        {"head -c 300000 /dev/zero >&2; exit 1", NULL, 0, REDAN_E_IO, "exit code 1"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_limits limits = redan_limits_default;
        struct redan_probed probed = {0};
        struct redan_slice argv[3];
        struct redan_probe probe = shell(rows[i].script, argv);
        struct redan_ctx ctx;
        limits.output = 100000;
        redan_ctx_init(&ctx, &limits);
        enum redan_status status = redan_probe_run(&ctx, &probe, &probed);
        if (status != rows[i].status)
            fail_msg("row %zu: %s (%s)", i, redan_status_name(status), ctx.failure.text);
        if (status == REDAN_OK) {
            assert_string_equal(canonical(&ctx, probed.observed), rows[i].observed);
            assert_int_equal(probed.n, rows[i].n);
        } else {
            if (!strstr(ctx.failure.text, rows[i].why))
                fail_msg("row %zu: %s", i, ctx.failure.text);
            assert_string_equal(ctx.failure.name, "probe p");
        }
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_command_timeout(void **state)
{
    struct redan_probed probed;
    struct redan_slice argv[3];
    struct redan_probe probe = shell("echo waiting for the bank >&2; sleep 60", argv);
    struct timespec from;
    struct timespec to;
    struct redan_ctx ctx;

    (void)state;
    probe.timeout = 1;
    redan_ctx_init(&ctx, NULL);
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(redan_probe_run(&ctx, &probe, &probed), REDAN_E_IO);
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    assert_string_equal(ctx.failure.text,
                        "the command did not end within 1 seconds: waiting for the bank");
    assert_true(to.tv_sec - from.tv_sec <= 10);
    redan_ctx_done(&ctx);
}

static void test_command_long_complaint(void **state)
{
    struct redan_probed probed;
    struct redan_slice argv[3];
    struct redan_probe probe = shell("printf '%0400d' 7 >&2; exit 1", argv);
    struct redan_ctx ctx;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(redan_probe_run(&ctx, &probe, &probed), REDAN_E_IO);
    assert_int_equal(strlen(ctx.failure.text),
                     strlen("the command failed with exit code 1: ") + 200);
    redan_fail_clear(&ctx);
    argv[0] = REDAN_S("/nonexistent/program");
    assert_int_equal(redan_probe_run(&ctx, &probe, &probed), REDAN_E_ABSENT);
    redan_ctx_done(&ctx);
}

static void test_memory(void **state)
{
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    for (uint64_t n = 1; status == REDAN_E_MEMORY; n++) {
        struct redan_probed probed;
        struct redan_slice argv[3];
        struct redan_probe probe = shell("echo '{\"a\":[1,2],\"n\":3}'", argv);
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status = redan_probe_run(&ctx, &probe, &probed);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        assert_true(n < 200);
    }
    assert_ok(status);
}

static void test_lint(void **state)
{
    static struct redan_slice words[] = {{"true", 4}, {"a\0b", 3}};
    static struct redan_slice started[] = {{"s", 1}, {"--model={model}", 15}, {"{signature}", 11}};
#define URL .url = { "http://127.0.0.1:1/", 19 }
    static const struct {
        struct redan_probe probe;
        const char *why;
    } rows[] = {
        {{.kind = {"", 0}}, "unknown kind"},
        {{.kind = {"shell\n", 6}}, "unknown kind \"shell \""},
        {{.kind = {"command", 7}}, "add argv"},
        {{.kind = {"command", 7}, .argv = {words, 1}, URL}, "remove them"},
        {{.kind = {"command", 7}, .argv = {words, 1}, .body = {"x", 1}}, "remove them"},
        {{.kind = {"command", 7}, .argv = {words, 1}, .preset = {"x", 1}}, "remove them"},
        {{.kind = {"command", 7}, .argv = {words, 1}, .timeout = 3601}, "1h"},
        {{.kind = {"command", 7}, .argv = {words, 1}, .timeout = INT64_MAX}, "1h"},
        {{.kind = {"command", 7}, .argv = {words, 1}, .timeout = -1}, "1h"},
        {{.kind = {"command", 7}, .argv = {words, 2}}, "NUL byte"},
        {{.kind = {"http", 4}}, "add url"},
        {{.kind = {"http", 4}, URL, .argv = {words, 1}}, "argv belongs"},
        {{.kind = {"http", 4}, URL, .preset = {"oip-v2", 6}}, "preset belongs"},
        {{.kind = {"response-shape", 14}, URL, .body = {"{}", 2}}, "preset is not known"},
        {{.kind = {"response-shape", 14}, URL, .body = {"{}", 2}, .preset = {"v3", 2}},
         "preset is not known"},
        {{.kind = {"response-shape", 14}, URL, .preset = {"oip-v2", 6}}, "has no body"},
        {{.kind = {"response-shape", 14}, .body = {"{}", 2}, .preset = {"oip-v2", 6}}, "add url"},
        {{.kind = {"command", 7}, .argv = {words, 1}, .model = {"m", 1}}, "kind tamper"},
        {{.kind = {"http", 4}, URL, .signature = {"m", 1}}, "kind tamper"},
        {{.kind = {"http", 4}, URL, .swap = {"m", 1}}, "kind tamper"},
        {{.kind = {"tamper", 6}, .argv = {started, 2}}, "add model"},
        {{.kind = {"tamper", 6}, .model = {"m", 1}}, "add argv"},
        {{.kind = {"tamper", 6}, .model = {"m", 1}, .argv = {words, 1}}, "no argument is {model}"},
        {{.kind = {"tamper", 6}, .model = {"m", 1}, .argv = {started, 3}}, "add signature"},
        {{.kind = {"tamper", 6}, .model = {"m", 1}, .argv = {started, 2}, .body = {"x", 1}},
         "remove them"},
        {{.kind = {"tamper", 6}, .model = {"m", 1}, .argv = {started, 2}, .preset = {"x", 1}},
         "remove them"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_probed probed;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        assert_int_equal(redan_probe_run(&ctx, &rows[i].probe, &probed), REDAN_E_SCHEMA);
        if (!strstr(ctx.failure.text, rows[i].why))
            fail_msg("row %zu: %s", i, ctx.failure.text);
        redan_ctx_done(&ctx);
    }
}

/* Answers one connection with fixed bytes and keeps what was asked. */
struct server {
    int fd;
    unsigned port;
    pthread_t thread;
    const char *answer;
    char request[REQUEST];
    size_t got;
};

static bool whole(const struct server *s)
{
    const char *end = memmem(s->request, s->got, "\r\n\r\n", 4);
    const char *length = memmem(s->request, s->got, "Content-Length: ", 16);
    unsigned n = 0;

    if (!end)
        return false;
    if (length)
        (void)sscanf(length + 16, "%u", &n);
    return s->got >= (size_t)(end - s->request) + 4 + n;
}

static void *serve(void *arg)
{
    struct server *s = arg;
    int fd = accept(s->fd, NULL, NULL);
    ssize_t n = 0;

    if (fd < 0)
        return NULL;
    while (!whole(s) && s->got < REQUEST - 1 &&
           (n = recv(fd, s->request + s->got, REQUEST - 1 - s->got, 0)) > 0)
        s->got += (size_t)n;
    s->request[s->got] = '\0';
    (void)send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL);
    (void)close(fd);
    return NULL;
}

static void server_start(struct server *s, const char *answer)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);

    s->answer = answer;
    s->got = 0;
    s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(s->fd >= 0);
    assert_int_equal(bind(s->fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(s->fd, 8), 0);
    assert_int_equal(getsockname(s->fd, (struct sockaddr *)&address, &len), 0);
    s->port = ntohs(address.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
    (void)shutdown(s->fd, SHUT_RDWR); /* wakes accept */
    assert_int_equal(pthread_join(s->thread, NULL), 0);
    (void)close(s->fd);
}

struct exchange {
    const char *kind;
    const char *preset;
    const char *body;
    const char *answer;
    const char *observed; /* canonical; NULL: refused */
    uint64_t n;
    const char *why;
};

static void run_exchange(size_t i, const struct exchange *row, bool alone)
{
    static struct server s;
    struct redan_probed probed = {0};
    struct redan_ctx ctx;
    char url[64];

    server_start(&s, row->answer);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/v1/models/m:predict", s.port);
    const struct redan_probe probe = {.id = REDAN_S("shape"),
                                      .kind = redan_slice_of(row->kind),
                                      .preset = redan_slice_of(row->preset),
                                      .url = redan_slice_of(url),
                                      .body = redan_slice_of(row->body)};
    redan_ctx_init(&ctx, NULL);
    if (alone)
        ctx.mem.fail_at = i + 1;
    enum redan_status status = redan_probe_run(&ctx, &probe, &probed);
    server_stop(&s);
    if (alone) {
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
    } else if ((status == REDAN_OK) != (row->observed != NULL)) {
        fail_msg("row %zu: %s (%s)", i, redan_status_name(status), ctx.failure.text);
    } else if (row->observed) {
        assert_string_equal(canonical(&ctx, probed.observed), row->observed);
        assert_int_equal(probed.n, row->n);
        assert_int_equal(strncmp(s.request, row->body ? "POST " : "GET ", row->body ? 5 : 4), 0);
        if (row->body) {
            assert_non_null(strstr(s.request, "\r\nContent-Type: application/json\r\n"));
            assert_non_null(strstr(s.request, row->body));
        }
    } else if (!strstr(ctx.failure.text, row->why)) {
        fail_msg("row %zu: %s", i, ctx.failure.text);
    }
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
}

#define OK_ "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
#define KSERVE "response-shape", "kserve-v1", "{\"instances\":[[1,2]]}"
#define OIP "response-shape", "oip-v2", "{\"inputs\":[]}"
#define SHAPE(fields, score, decimals) \
    "{\"decimals\":" #decimals ",\"fields\":[" fields "],\"raw_score\":" #score ",\"status\":200}"
#define TENSOR(type, data)                                                                \
    OK_ "{\"model_name\":\"m\",\"model_version\":\"1.0\",\"outputs\":[{\"name\":\"out\"," \
        "\"shape\":[2],"                                                                  \
        "\"datatype\":\"" type "\",\"data\":[" data "]}]}"

static void test_exchange(void **state)
{
    static const struct exchange rows[] = {
        {"http", NULL, NULL, OK_ "{\"up\":1}",
         "{\"bytes\":8,\"content_type\":\"application/json\",\"status\":200}", 1, NULL},
        {"http", NULL, NULL, "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n",
         "{\"bytes\":0,\"content_type\":\"\",\"status\":404}", 1, NULL},
        {"http", NULL, "{\"q\":1}",
         "HTTP/1.1 503 No\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno",
         "{\"bytes\":2,\"content_type\":\"text/plain\",\"status\":503}", 1, NULL},
        {"http", NULL, NULL, "this is not HTTP at all\r\n\r\n", NULL, 0, ""},
        /* labels */
        {KSERVE, OK_ "{\"predictions\":[0,1,1]}", SHAPE("\"predictions\"", 0, 0), 3, NULL},
        {KSERVE, OK_ "{\"predictions\":[\"fraud\",\"ok\"]}", SHAPE("\"predictions\"", 0, 0), 2,
         NULL},
        {KSERVE, OK_ "{\"predictions\":[{\"decision\":\"deny\",\"reason_code\":7}]}",
         SHAPE("\"decision\",\"reason_code\"", 0, 0), 1, NULL},
        {OIP, TENSOR("INT64", "0,1"), SHAPE("\"out\"", 0, 0), 2, NULL},
        {OIP, TENSOR("BYTES", "\"a\",\"b\""), SHAPE("\"out\"", 0, 0), 2, NULL},
        /* scores, however they are dressed */
        {KSERVE, OK_ "{\"predictions\":[0.25,0.5]}", SHAPE("\"predictions\"", 1, 2), 2, NULL},
        {KSERVE, OK_ "{\"predictions\":[1.0,0.0]}", SHAPE("\"predictions\"", 1, 0), 2, NULL},
        {KSERVE, OK_ "{\"predictions\":[1e0]}", SHAPE("\"predictions\"", 1, 0), 1, NULL},
        {KSERVE, OK_ "{\"predictions\":[\"0.91\"]}", SHAPE("\"predictions\"", 1, 0), 1, NULL},
        {KSERVE, OK_ "{\"predictions\":[1],\"debug\":{\"margin\":-1.125}}",
         SHAPE("\"predictions\",\"debug\"", 1, 0), 1, NULL},
        {KSERVE, OK_ "{\"predictions\":[{\"decision\":\"deny\"},{\"decision\":\"ok\",\"p\":0.5}]}",
         SHAPE("\"decision\",\"p\"", 1, 0), 2, NULL},
        {OIP, TENSOR("FP32", "0,1"), SHAPE("\"out\"", 1, 0), 2, NULL},
        {OIP, TENSOR("FP64", "0.125,0.5"), SHAPE("\"out\"", 1, 3), 2, NULL},
        {OIP, TENSOR("BF16", "0,1"), SHAPE("\"out\"", 1, 0), 2, NULL},
        /* nothing was predicted: n is 0, and such a record never passes */
        {KSERVE, OK_ "{\"error\":\"no such model\"}", SHAPE("", 0, 0), 0, NULL},
        {KSERVE, OK_ "{\"predictions\":[]}", SHAPE("\"predictions\"", 0, 0), 0, NULL},
        {KSERVE, "HTTP/1.1 400 Bad\r\nConnection: close\r\n\r\n{\"error\":\"a row is empty\"}",
         "{\"decimals\":0,\"fields\":[],\"raw_score\":0,\"status\":400}", 0, NULL},
        {KSERVE, "HTTP/1.1 502 Bad\r\nConnection: close\r\n\r\n<html>upstream</html>",
         "{\"decimals\":0,\"fields\":[],\"raw_score\":0,\"status\":502}", 0, NULL},
        {KSERVE, "HTTP/1.1 500 Bad\r\nConnection: close\r\n\r\n{\"predictions\":[1]}",
         "{\"decimals\":0,\"fields\":[\"predictions\"],\"raw_score\":0,\"status\":500}", 0, NULL},
        /* what is no answer of the format */
        {KSERVE, OK_ "<html/>", NULL, 0, "the answer is not kserve-v1"},
        {KSERVE, OK_ "{\"results\":[]}", NULL, 0, "the answer is not kserve-v1"},
        {OIP, OK_ "{\"predictions\":[1]}", NULL, 0, "the answer is not oip-v2"},
        {OIP, OK_ "[1]", NULL, 0, "the answer is not oip-v2"},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        run_exchange(i, &rows[i], false);
    static const struct exchange one = {KSERVE, OK_ "{\"predictions\":[{\"a\":1,\"b\":0.5}]}", NULL,
                                        0, NULL};
    for (size_t n = 0; n < 40; n++)
        run_exchange(n, &one, true);
}

static void test_nobody_there(void **state)
{
    static struct server s;
    struct redan_probed probed;
    struct redan_ctx ctx;
    char url[64];

    (void)state;
    server_start(&s, "");
    server_stop(&s); /* its port is free now */
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", s.port);
    const struct redan_probe probe = {
        .id = REDAN_S("gone"), .kind = REDAN_S("http"), .url = redan_slice_of(url), .timeout = 5};
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(redan_probe_run(&ctx, &probe, &probed), REDAN_E_IO);
    assert_string_equal(ctx.failure.name, "probe gone");
    redan_ctx_done(&ctx);
}

static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; redan_probe_kinds[i]; i++) {
        const struct redan_probe_kind *kind = redan_probe_kinds[i];
        assert_ptr_equal(redan_probe_kind_named(redan_slice_of(kind->name)), kind);
        assert_true(i == 0 || strcmp(redan_probe_kinds[i - 1]->name, kind->name) < 0);
        assert_true(strlen(kind->title) > 0);
    }
    assert_null(redan_probe_kind_named(REDAN_S("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command),      cmocka_unit_test(test_command_timeout),
        cmocka_unit_test(test_memory),       cmocka_unit_test(test_command_long_complaint),
        cmocka_unit_test(test_lint),         cmocka_unit_test(test_exchange),
        cmocka_unit_test(test_nobody_there), cmocka_unit_test(test_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
