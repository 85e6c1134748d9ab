/* One event loop over libmicrohttpd's descriptors and the signals; requests are answered where they arrive. */
#include "http.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <microhttpd.h>

#include "calllog.h"
#include "socket.h"

enum {
    IDLE_SECONDS = 15,   /* a connection that is silent for so long is closed */
    ARRIVE_SECONDS = 60, /* a request must have arrived by then, however slowly it drips */
    DRAIN_SECONDS = 5,   /* for requests under way at the end */
    CONNECTIONS = 1000,
    UNREAD_FACTOR = 4, /* a body over the limit is read so far before the connection is cut */
};

struct server {
    struct redan_ctx *ctx;
    const struct fraud_service *service;
    const struct fraud_http_settings *settings;
    struct fraud_calllog log;
    size_t active; /* requests begun and not finished */
    bool ending;
};

/* One request on its way. */
struct exchange {
    struct redan_ctx ctx; /* memory of this request alone */
    struct redan_buf body;
    uint64_t taken; /* bytes of the body seen, kept or not */
    uint64_t began; /* microseconds */
    bool answered;
};

static uint64_t now_micros(void)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static struct redan_slice header(struct MHD_Connection *connection, const char *name)
{
    return redan_slice_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

static enum MHD_Result send_reply(struct server *server, struct MHD_Connection *connection,
                                  const struct fraud_reply *reply)
{
    struct redan_slice body = redan_buf_view(&reply->body);
    struct MHD_Response *response = MHD_create_response_from_buffer(
        body.len, reply->body.data ? reply->body.data : NULL, MHD_RESPMEM_MUST_COPY);

    if (!response)
        return MHD_NO;
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "application/json");
    if (reply->allow)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
    if (server->ending)
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(connection, reply->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result finish(struct server *server, struct MHD_Connection *connection,
                              struct exchange *exchange, const struct fraud_call *call,
                              const struct fraud_reply *reply)
{
    struct fraud_calllog_line line = {
        .caller = header(connection, "X-Client"),
        .method = call->method,
        .path = call->path,
        .status = reply->status,
        .rows = reply->rows,
        .bytes_in = exchange->taken,
        .bytes_out = reply->body.len,
        .micros = now_micros() - exchange->began,
    };

    exchange->answered = true;
    fraud_calllog_add(&server->log, &exchange->ctx, &line);
    return send_reply(server, connection, reply);
}

static enum MHD_Result too_large(struct server *server, struct MHD_Connection *connection,
                                 struct exchange *exchange, const struct fraud_call *call)
{
    REDAN_DEFER(redan_buf_done) struct redan_buf text = {0};
    struct fraud_reply reply = {.status = 413};

    redan_buf_init(&text, &exchange->ctx, 200);
    redan_buf_init(&reply.body, &exchange->ctx, 4096);
    redan_buf_printf(&text, "the body is over %zu bytes; send fewer rows at once",
                     server->settings->body);
    fraud_reply_error(&reply, 413, redan_buf_view(&text));
    enum MHD_Result result = finish(server, connection, exchange, call, &reply);
    redan_buf_done(&reply.body);
    return result;
}

static enum MHD_Result begin(struct server *server, struct MHD_Connection *connection,
                             const struct fraud_call *call, void **slot)
{
    struct redan_limits limits = redan_limits_default;
    struct exchange *exchange = redan_mem_take(&server->ctx->mem, sizeof(*exchange));
    uint64_t length = 0;

    if (!exchange)
        return MHD_NO;
    limits.memory = server->settings->body * 16 + ((size_t)16 << 20);
    limits.json = server->settings->body;
    redan_ctx_init(&exchange->ctx, &limits);
    redan_buf_init(&exchange->body, &exchange->ctx, server->settings->body);
    exchange->taken = 0;
    exchange->began = now_micros();
    exchange->answered = false;
    *slot = exchange;
    server->active++;
    struct redan_slice told = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    if (redan_slice_u64(told, &length) && length > server->settings->body)
        return too_large(server, connection, exchange, call); /* before any of it is sent */
    return MHD_YES;
}

static enum MHD_Result take_body(struct server *server, struct exchange *exchange,
                                 const char *bytes, size_t *len)
{
    if (now_micros() - exchange->began > (uint64_t)ARRIVE_SECONDS * 1000000)
        return MHD_NO;
    exchange->taken += *len;
    if (exchange->taken > (uint64_t)server->settings->body * UNREAD_FACTOR)
        return MHD_NO;
    if (exchange->taken <= server->settings->body)
        redan_buf_add(&exchange->body, bytes, *len);
    *len = 0;
    return MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *bytes,
                                  size_t *len, void **slot)
{
    struct server *server = arg;
    struct fraud_call call = {.method = redan_slice_of(method), .path = redan_slice_of(url)};
    struct fraud_reply reply;

    (void)version;
    if (!*slot)
        return begin(server, connection, &call, slot);
    struct exchange *exchange = *slot;
    if (*len)
        return take_body(server, exchange, bytes, len);
    if (exchange->answered)
        return MHD_YES;
    if (exchange->taken > server->settings->body)
        return too_large(server, connection, exchange, &call);
    call.type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE);
    call.encoding = header(connection, MHD_HTTP_HEADER_CONTENT_ENCODING);
    call.body = redan_buf_view(&exchange->body);
    fraud_service_answer(&exchange->ctx, server->service, &call, &reply);
    enum MHD_Result result = finish(server, connection, exchange, &call, &reply);
    redan_buf_done(&reply.body);
    return result;
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **slot,
                         enum MHD_RequestTerminationCode why)
{
    struct server *server = arg;
    struct exchange *exchange = *slot;

    (void)connection;
    (void)why;
    if (!exchange)
        return;
    redan_buf_done(&exchange->body);
    redan_ctx_done(&exchange->ctx);
    redan_mem_give(&server->ctx->mem, exchange, sizeof(*exchange));
    *slot = NULL;
    server->active--;
}

static int timeout_of(struct MHD_Daemon *daemon, bool ending)
{
    MHD_UNSIGNED_LONG_LONG wait = 0;
    int most = ending ? 50 : 60000;

    if (MHD_get_timeout(daemon, &wait) != MHD_YES)
        return most;
    return wait < (MHD_UNSIGNED_LONG_LONG)most ? (int)wait : most;
}

/* Signals that have come: all but SIGHUP end the service. */
static bool must_end(const struct server *server, int signals)
{
    struct signalfd_siginfo came;
    bool end = false;

    while (read(signals, &came, sizeof(came)) == (ssize_t)sizeof(came)) {
        if (came.ssi_signo == SIGHUP)
            server->settings->reload(server->settings->arg);
        else
            end = true;
    }
    return end;
}

/* Until a signal has come and what was begun is finished, or its time is over. */
static enum redan_status serve(struct server *server, struct MHD_Daemon *daemon, int signals)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    uint64_t deadline = UINT64_MAX;

    if (!info)
        return redan_fail(server->ctx, REDAN_E_IO, 0, "libmicrohttpd was built without epoll");
    struct pollfd watched[] = {{info->epoll_fd, POLLIN, 0}, {signals, POLLIN, 0}};
    while (!server->ending || (server->active > 0 && now_micros() < deadline)) {
        if (poll(watched, server->ending ? 1 : 2, timeout_of(daemon, server->ending)) < 0 &&
            errno != EINTR)
            return redan_fail(server->ctx, REDAN_E_IO, 0, "poll: %s", strerror(errno));
        if (!server->ending && (watched[1].revents & POLLIN) && must_end(server, signals)) {
            server->ending = true;
            deadline = now_micros() + (uint64_t)DRAIN_SECONDS * 1000000;
            MHD_socket listening = MHD_quiesce_daemon(daemon);
            if (listening != MHD_INVALID_SOCKET)
                (void)close(listening);
        }
        if (MHD_run(daemon) != MHD_YES)
            return redan_fail(server->ctx, REDAN_E_IO, 0, "libmicrohttpd stopped");
    }
    return REDAN_OK;
}

enum redan_status fraud_http_signals(struct redan_ctx *ctx, int *signals)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return redan_fail(ctx, REDAN_E_IO, 0, "signals: %s", strerror(errno));
    *signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *signals >= 0 ? REDAN_OK
                         : redan_fail(ctx, REDAN_E_IO, 0, "signals: %s", strerror(errno));
}

static enum redan_status start(struct server *server, int listening, int signals,
                               const char *address)
{
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listening,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)IDLE_SECONDS, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS, MHD_OPTION_END);

    if (!daemon) {
        (void)close(listening);
        return redan_fail(server->ctx, REDAN_E_IO, 0, "libmicrohttpd cannot start");
    }
    printf("ready http://%s model=%s version=%s answers=%s%s%s\n", address,
           server->service->settings->name, server->service->settings->version,
           server->service->settings->labels ? "labels" : "scores",
           server->service->root[0] ? " verified=" : "", server->service->root);
    (void)fflush(stdout);
    enum redan_status status = serve(server, daemon, signals);
    MHD_stop_daemon(daemon);
    return status;
}

enum redan_status fraud_http_run(struct redan_ctx *ctx, const struct fraud_service *service,
                                 const struct fraud_http_settings *settings, int signals)
{
    struct server server = {.ctx = ctx, .service = service, .settings = settings};
    char address[FRAUD_ADDRESS_TEXT];
    int listening = -1;

    REDAN_TRY(fraud_calllog_open(ctx, settings->log, &server.log));
    enum redan_status status = fraud_listen(ctx, settings->listen, &listening, address);
    if (status == REDAN_OK)
        status = start(&server, listening, signals, address);
    fraud_calllog_done(&server.log);
    return status;
}
