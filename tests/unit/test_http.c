/* The HTTP client against a server of the test's own, on loopback, in a thread. */
#include "test.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "io/http.h"

enum { REQUEST = 65536, OVER = 4 << 20 };

/* Answers connections one after another, each with the same bytes. */
struct server {
    int fd;
    unsigned port;
    pthread_t thread;
    const char *answer;
    size_t body; /* so many 'x' after it */
    bool silent; /* accept, and say nothing */
    bool rude;   /* answer the first bytes, whatever they are */
    atomic_int connections;
    char request[REQUEST]; /* the last one; read after server_stop */
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

static void answer(struct server *s, int fd)
{
    char block[4096];
    ssize_t n = 0;

    memset(block, 'x', sizeof(block));
    s->got = 0;
    while (!whole(s) && s->got < REQUEST - 1 &&
           (n = recv(fd, s->request + s->got, REQUEST - 1 - s->got, 0)) > 0) {
        s->got += (size_t)n;
        if (s->rude)
            break;
    }
    s->request[s->got] = '\0';
    if (s->silent) {
        char byte;
        (void)recv(fd, &byte, 1, 0); /* until the client gives up */
        return;
    }
    (void)send(fd, s->answer, strlen(s->answer), MSG_NOSIGNAL);
    for (size_t sent = 0; sent < s->body; sent += (size_t)n) {
        size_t left = s->body - sent;
        n = send(fd, block, left < sizeof(block) ? left : sizeof(block), MSG_NOSIGNAL);
        if (n <= 0)
            break;
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;
    int fd = -1;

    while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
        (void)atomic_fetch_add(&s->connections, 1);
        answer(s, fd);
        (void)close(fd);
    }
    return NULL;
}

static void server_start(struct server *s, const char *text, size_t body)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);

    s->answer = text;
    s->body = body;
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

static enum redan_status get(struct redan_ctx *ctx, const char *host, unsigned port,
                             unsigned seconds, struct redan_http_response *response)
{
    char url[256];

    (void)snprintf(url, sizeof(url), "http://%s:%u/a/../b?c=d", host, port);
    const struct redan_http_request request = {
        .method = REDAN_S("GET"), .url = redan_slice_of(url), .seconds = seconds};
    return redan_http_send(ctx, &request, response);
}

static void test_get(void **state)
{
    static struct server s;
    struct redan_http_response response;
    struct redan_ctx ctx;

    (void)state;
    server_start(&s,
                 "HTTP/1.1 201 Created\r\nContent-Type: text/x; a=b\r\nSet-Cookie: a=b\r\n"
                 "Content-Length: 4\r\n\r\nbody",
                 0);
    redan_ctx_init(&ctx, NULL);
    for (int i = 0; i < 2; i++) { /* once by number, once by name; no cookie comes back */
        assert_ok(get(&ctx, i ? "localhost" : "127.0.0.1", s.port, 20, &response));
        assert_int_equal(response.status, 201);
        assert_slice(response.content_type, "text/x; a=b");
        assert_slice(response.body, "body");
    }
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
    server_stop(&s);
    assert_ptr_equal(strstr(s.request, "GET /a/../b?c=d HTTP/1.1\r\n"), s.request);
    assert_null(strstr(s.request, "Cookie"));
    assert_int_equal(atomic_load(&s.connections), 2);
}

static void test_post(void **state)
{
    static struct server s;
    static char body[30000];
    struct redan_http_response response;
    struct redan_ctx ctx;

    (void)state;
    memset(body, 'b', sizeof(body));
    server_start(&s, "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n", 0);
    redan_ctx_init(&ctx, NULL);
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", s.port);
    const struct redan_http_request request = {.method = REDAN_S("POST"),
                                               .url = redan_slice_of(url),
                                               .content_type = REDAN_S("application/json"),
                                               .body = {body, sizeof(body)},
                                               .seconds = 20};
    assert_ok(redan_http_send(&ctx, &request, &response)); /* an answer, whatever its status */
    assert_int_equal(response.status, 400);
    assert_slice(response.body, "");
    assert_slice(response.content_type, "");
    redan_ctx_done(&ctx);
    server_stop(&s);
    assert_ptr_equal(strstr(s.request, "POST / HTTP/1.1\r\n"), s.request);
    assert_non_null(strstr(s.request, "\r\nContent-Type: application/json\r\n"));
    assert_non_null(strstr(s.request, "\r\nContent-Length: 30000\r\n"));
    assert_null(strstr(s.request, "Expect"));
    assert_memory_equal(s.request + s.got - sizeof(body), body, sizeof(body));
}

static void test_redirect_is_an_answer(void **state)
{
    static struct server target;
    static struct server s;
    struct redan_http_response response;
    struct redan_ctx ctx;
    char text[256];

    (void)state;
    server_start(&target, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0);
    (void)snprintf(text, sizeof(text),
                   "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%u/\r\n"
                   "Content-Length: 0\r\n\r\n",
                   target.port);
    server_start(&s, text, 0);
    redan_ctx_init(&ctx, NULL);
    assert_ok(get(&ctx, "127.0.0.1", s.port, 20, &response));
    assert_int_equal(response.status, 302);
    redan_ctx_done(&ctx);
    server_stop(&s);
    server_stop(&target);
    assert_int_equal(atomic_load(&target.connections), 0);
}

static void test_proxy_is_not_used(void **state)
{
    static struct server proxy;
    static struct server s;
    struct redan_http_response response;
    struct redan_ctx ctx;
    char text[64];

    (void)state;
    server_start(&proxy, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 0);
    server_start(&s, "HTTP/1.1 204 None\r\n\r\n", 0);
    (void)snprintf(text, sizeof(text), "http://127.0.0.1:%u", proxy.port);
    assert_int_equal(setenv("http_proxy", text, 1), 0);
    assert_int_equal(setenv("all_proxy", text, 1), 0);
    redan_ctx_init(&ctx, NULL);
    assert_ok(get(&ctx, "127.0.0.1", s.port, 20, &response));
    assert_int_equal(response.status, 204);
    redan_ctx_done(&ctx);
    (void)unsetenv("http_proxy");
    (void)unsetenv("all_proxy");
    server_stop(&s);
    server_stop(&proxy);
    assert_int_equal(atomic_load(&proxy.connections), 0);
}

/* With a declared length and without: the reading stops at the limit. */
static void test_oversize(void **state)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 4194304\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(answers); i++) {
        static struct server servers[REDAN_COUNT(answers)];
        struct redan_limits limits = redan_limits_default;
        struct redan_http_response response;
        struct redan_ctx ctx;
        limits.output = 100000;
        server_start(&servers[i], answers[i], OVER);
        redan_ctx_init(&ctx, &limits);
        assert_int_equal(get(&ctx, "127.0.0.1", servers[i].port, 20, &response), REDAN_E_LIMIT);
        assert_non_null(strstr(ctx.failure.text, "longer than 100000 bytes"));
        assert_true(ctx.mem.peak < 400000);
        redan_ctx_done(&ctx);
        server_stop(&servers[i]);
    }
}

static void test_slow(void **state)
{
    static struct server s;
    struct redan_http_response response;
    struct redan_ctx ctx;
    struct timespec from;
    struct timespec to;

    (void)state;
    s.silent = true;
    server_start(&s, "", 0);
    redan_ctx_init(&ctx, NULL);
    (void)clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(get(&ctx, "127.0.0.1", s.port, 1, &response), REDAN_E_IO);
    (void)clock_gettime(CLOCK_MONOTONIC, &to);
    assert_true(to.tv_sec - from.tv_sec <= 3);
    assert_non_null(strstr(ctx.failure.text, "did not answer within 1 seconds"));
    redan_ctx_done(&ctx);
    server_stop(&s);
}

static void test_nobody_there(void **state)
{
    static struct server s;
    struct redan_http_response response;
    struct redan_ctx ctx;

    (void)state;
    server_start(&s, "", 0);
    server_stop(&s); /* its port is free now */
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(get(&ctx, "127.0.0.1", s.port, 5, &response), REDAN_E_IO);
    assert_non_null(strstr(ctx.failure.text, "cannot reach http://127.0.0.1:"));
    assert_non_null(strstr(ctx.failure.text, "nothing answers there"));
    redan_ctx_done(&ctx);
}

static void test_refused_addresses(void **state)
{
    static const char *const urls[] = {
        "",
        "http://",
        "https://",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "HTTP://127.0.0.1/",
        "127.0.0.1",
        "http://192.0.2.1/",
        "http://example.test/",
        "http://127.0.0.1.example.test/",
        "http://localhost.example.test/",
        "http://localhost@192.0.2.1/",
        "http://127.0.0.1@192.0.2.1/",
        "http://127.0.0.1:80@192.0.2.1/",
        "https://user:pass@192.0.2.1/",
        "http://127.0.0.1\\@192.0.2.1/",
        "http://127.1/",
        "http://127.0.0.1.2/",
        "http://127.0.0.256/",
        "http://0x7f.0.0.1/",
        "http://2130706433/",
        "http://0.0.0.0/",
        "http://[::]/",
        "http://[::ffff:192.0.2.1]/",
        "http://[::1",
        "http://[::1]x/",
        "http://127.0.0.1:/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1:+80/",
        "http://127.0.0.1/ x",
        "http://127.0.0.1/\r\nHost: a",
        "http://127.0.0.1/\xc3\xa9",
        "http://%31%32%37.0.0.1/",
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(urls); i++) {
        const struct redan_http_request request = {
            .method = REDAN_S("GET"), .url = redan_slice_of(urls[i]), .seconds = 1};
        struct redan_http_response response;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        if (redan_http_send(&ctx, &request, &response) != REDAN_E_USAGE)
            fail_msg("%s was not refused: %s", urls[i], ctx.failure.text);
        redan_ctx_done(&ctx);
    }
}

static void test_refused_requests(void **state)
{
    static const struct {
        const char *method;
        const char *type;
        unsigned seconds;
    } rows[] = {{"PUT", "", 1}, {"", "", 1}, {"GET", "", 0}, {"POST", "a\r\nX: y", 1}};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        const struct redan_http_request request = {.method = redan_slice_of(rows[i].method),
                                                   .url = REDAN_S("http://127.0.0.1:1/"),
                                                   .content_type = redan_slice_of(rows[i].type),
                                                   .seconds = rows[i].seconds};
        struct redan_http_response response;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        assert_int_equal(redan_http_send(&ctx, &request, &response), REDAN_E_USAGE);
        redan_ctx_done(&ctx);
    }
}

static void test_out_of_memory(void **state)
{
    static struct server s;
    enum redan_status status = REDAN_E_MEMORY;

    (void)state;
    server_start(&s, "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 4\r\n\r\nbody", 0);
    for (uint64_t n = 1; status != REDAN_OK; n++) {
        struct redan_http_response response;
        struct redan_ctx ctx;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = n;
        status = get(&ctx, "127.0.0.1", s.port, 20, &response);
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_true(n < 50);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
    server_stop(&s);
}

#define SECRET "c2VjcmV0LXRva2Vu"

static enum redan_status post(struct redan_ctx *ctx, unsigned port, const struct redan_slice *lines,
                              size_t count, struct redan_http_response *response)
{
    char url[64];

    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", port);
    const struct redan_http_request request = {.method = REDAN_S("POST"),
                                               .url = redan_slice_of(url),
                                               .content_type = REDAN_S("a/b"),
                                               .headers = lines,
                                               .header_count = count,
                                               .seconds = 20};
    return redan_http_send(ctx, &request, response);
}

static void test_headers(void **state)
{
    static struct server s;
    const struct redan_slice lines[] = {REDAN_S("Authorization: Bearer " SECRET),
                                        REDAN_S("Accept: application/json")};
    struct redan_http_response response;
    struct redan_ctx ctx;

    (void)state;
    server_start(&s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0);
    redan_ctx_init(&ctx, NULL);
    assert_ok(post(&ctx, s.port, lines, 2, &response));
    redan_ctx_done(&ctx);
    assert_int_equal(ctx.mem.used, 0);
    server_stop(&s);
    assert_non_null(strstr(s.request, "\r\nAuthorization: Bearer " SECRET "\r\n"));
    assert_non_null(strstr(s.request, "\r\nAccept: application/json\r\n"));
    assert_non_null(strstr(s.request, "\r\nContent-Type: a/b\r\n"));
}

/* Nothing that splits or frames a message, and no failure says what was in it. */
static void test_refused_headers(void **state)
{
    static const char *const rows[] = {
        "",
        "Authorization",
        "Authorization:",
        "Authorization: ",
        "Authorization:" SECRET,
        "Authorization: " SECRET "\r\nX: y",
        "Authorization: " SECRET "\n",
        "Authorization:  " SECRET,
        "Authorization: " SECRET " ",
        "Authorization: " SECRET "\x7f",
        "Authorization: \xc3\xa9" SECRET,
        "Author ization: " SECRET,
        "Authorization : " SECRET,
        "Authorization; " SECRET,
        ": " SECRET,
        "Host: " SECRET,
        "content-LENGTH: 0",
        "Transfer-Encoding: chunked",
        "Content-Type: " SECRET,
        "Connection: close",
        "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: b",
    };
    struct redan_slice many[17];

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows) + 1; i++) {
        struct redan_http_response response;
        struct redan_ctx ctx;
        struct redan_slice line = redan_slice_of(i < REDAN_COUNT(rows) ? rows[i] : "A: b");
        bool all = i == REDAN_COUNT(rows);
        for (size_t k = 0; k < REDAN_COUNT(many); k++)
            many[k] = line;
        redan_ctx_init(&ctx, NULL);
        enum redan_status status = post(&ctx, 1, many, all ? REDAN_COUNT(many) : 1, &response);
        if (status != REDAN_E_USAGE)
            fail_msg("row %zu was not refused: %s", i, ctx.failure.text);
        assert_null(strstr(ctx.failure.text, SECRET));
        redan_ctx_done(&ctx);
    }
    char nul[] = "A: b\0c";
    struct redan_slice hidden = {nul, sizeof(nul) - 1};
    struct redan_http_response response;
    struct redan_ctx ctx;
    redan_ctx_init(&ctx, NULL);
    assert_int_equal(post(&ctx, 1, &hidden, 1, &response), REDAN_E_USAGE);
    redan_ctx_done(&ctx);
}

/* Each trouble has words of its own. */
static void test_troubles(void **state)
{
    static const struct {
        const char *answer;
        const char *scheme;
        const char *words;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", "http", "it broke off"},
        {"", "http", "it broke off"},
        {"no TLS is spoken here", "https", ": TLS: "},
    };
    static struct server servers[REDAN_COUNT(rows)];

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_http_response response;
        struct redan_ctx ctx;
        char url[96];
        servers[i].rude = true;
        server_start(&servers[i], rows[i].answer, 0);
        (void)snprintf(url, sizeof(url), "%s://127.0.0.1:%u/", rows[i].scheme, servers[i].port);
        const struct redan_http_request request = {
            .method = REDAN_S("GET"), .url = redan_slice_of(url), .seconds = 3};
        redan_ctx_init(&ctx, NULL);
        assert_int_equal(redan_http_send(&ctx, &request, &response), REDAN_E_IO);
        if (!strstr(ctx.failure.text, rows[i].words) &&
            i != 3) /* a resolver may be slow to say no */
            fail_msg("row %zu: %s", i, ctx.failure.text);
        redan_ctx_done(&ctx);
        server_stop(&servers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_refused_headers),
        cmocka_unit_test(test_troubles),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_post),
        cmocka_unit_test(test_redirect_is_an_answer),
        cmocka_unit_test(test_proxy_is_not_used),
        cmocka_unit_test(test_oversize),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_nobody_there),
        cmocka_unit_test(test_refused_addresses),
        cmocka_unit_test(test_refused_requests),
        cmocka_unit_test(test_out_of_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
