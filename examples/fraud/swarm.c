/* One epoll loop; a lane is a connection with at most one request under way. */
#include "swarm.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "answer.h"
#include "socket.h"

enum { EVENTS = 256, READ_SIZE = 16384, ANSWER_LIMIT = 1 << 24, SWEEP_MS = 100 };

#define NEVER UINT64_MAX

struct lane {
    int fd;                 /* -1: none yet */
    bool busy, over, fresh; /* fresh: nothing was answered on this connection */
    size_t written;
    uint64_t sent;
    struct fraud_ask ask;
    struct redan_buf in;
    struct fraud_answer answer;
};

struct swarm {
    struct redan_ctx *ctx;
    const struct fraud_swarm_rules *rules;
    const struct fraud_driver *driver;
    struct lane *lanes;
    uint64_t began;
    size_t busy, over;
    uint64_t next_due; /* of a lane that waits for its time */
    int epoll;
};

static uint64_t clock_now(const struct swarm *s)
{
    struct timespec t = {0, 0};

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec - s->began;
}

static void lane_close(struct lane *lane)
{
    if (lane->fd >= 0)
        (void)close(lane->fd);
    lane->fd = -1;
    lane->fresh = true;
}

static void swarm_done(struct swarm *s)
{
    for (size_t i = 0; s->lanes && i < s->rules->lanes; i++) {
        lane_close(&s->lanes[i]);
        redan_buf_done(&s->lanes[i].in);
    }
    if (s->epoll >= 0)
        (void)close(s->epoll);
}

static void answered(struct swarm *s, size_t index, const char *broken)
{
    struct lane *lane = &s->lanes[index];
    struct fraud_told told = {.broken = broken, .sent = lane->sent, .now = clock_now(s)};

    lane->busy = false;
    s->busy--;
    if (!broken) {
        told.status = lane->answer.status;
        told.body = fraud_answer_body(&lane->answer);
        lane->fresh = false;
    }
    if (broken || lane->answer.closes || lane->answer.to_end)
        lane_close(lane);
    s->driver->told(s->driver->arg, index, &lane->ask, &told);
}

static void lane_write(struct swarm *s, size_t index)
{
    struct lane *lane = &s->lanes[index];

    while (lane->written < lane->ask.bytes.len) {
        ssize_t n = send(lane->fd, lane->ask.bytes.at + lane->written,
                         lane->ask.bytes.len - lane->written, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return; /* epoll says when */
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            answered(s, index,
                     lane->fresh && errno == ECONNREFUSED ? "connect"
                     : errno == EPIPE                     ? "closed"
                                                          : "reset");
            return;
        }
        lane->written += (size_t)n;
    }
}

static void lane_read(struct swarm *s, size_t index)
{
    struct lane *lane = &s->lanes[index];

    while (lane->busy && lane->fd >= 0) {
        char *room = redan_buf_room(&lane->in, READ_SIZE);
        ssize_t n = room ? recv(lane->fd, room, READ_SIZE, 0) : -1;
        if (room && n < 0 && errno == EINTR)
            continue;
        if (room && n < 0 && errno == EAGAIN)
            return;
        if (n < 0) {
            answered(s, index, lane->fresh && errno == ECONNREFUSED ? "connect" : "reset");
            return;
        }
        redan_buf_grew(&lane->in, (size_t)n);
        enum fraud_answer_state state = fraud_answer_read(&lane->answer, n == 0);
        if (state == FRAUD_ANSWER_WHOLE)
            answered(s, index, NULL);
        else if (state == FRAUD_ANSWER_MALFORMED)
            answered(s, index, lane->in.len == 0 ? "closed" : "malformed");
    }
    char byte = 0; /* closed while idle: no request was under way, so nothing was lost */
    if (!lane->busy && lane->fd >= 0 && recv(lane->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
        lane_close(lane);
}

static enum redan_status lane_open(struct swarm *s, size_t index)
{
    struct lane *lane = &s->lanes[index];
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data = {.u64 = index}};

    lane->fresh = true;
    REDAN_TRY(fraud_connect(s->ctx, s->rules->address, &lane->fd));
    if (lane->fd >= 0 && epoll_ctl(s->epoll, EPOLL_CTL_ADD, lane->fd, &event) != 0)
        return redan_fail(s->ctx, REDAN_E_IO, 0, "epoll: %s", strerror(errno));
    return REDAN_OK;
}

static enum redan_status lane_send(struct swarm *s, size_t index)
{
    struct lane *lane = &s->lanes[index];

    lane->busy = true;
    s->busy++;
    lane->written = 0;
    lane->sent = clock_now(s);
    fraud_answer_begin(&lane->answer, &lane->in);
    if (lane->fd < 0)
        REDAN_TRY(lane_open(s, index));
    if (lane->fd < 0)
        answered(s, index, "connect");
    else
        lane_write(s, index);
    return REDAN_OK;
}

/* Ask every idle lane, until none sends. */
static enum redan_status ask_all(struct swarm *s)
{
    s->next_due = NEVER;
    for (size_t i = 0; i < s->rules->lanes; i++) {
        struct lane *lane = &s->lanes[i];
        while (!lane->busy && !lane->over) {
            uint64_t now = clock_now(s);
            enum fraud_turn turn = FRAUD_OVER;
            lane->ask = (struct fraud_ask){.due = now};
            if (!s->rules->until || now < s->rules->until)
                turn = s->driver->next(s->driver->arg, i, now, &lane->ask);
            if (turn == FRAUD_SEND) {
                REDAN_TRY(lane_send(s, i));
                continue;
            }
            if (turn == FRAUD_OVER) {
                lane->over = true;
                s->over++;
            } else if (turn == FRAUD_LATER && lane->ask.due < s->next_due) {
                s->next_due = lane->ask.due;
            }
            break;
        }
    }
    return REDAN_OK;
}

static void sweep(struct swarm *s, uint64_t now)
{
    uint64_t patience = (uint64_t)s->rules->patience_ms * 1000000u;

    for (size_t i = 0; i < s->rules->lanes; i++) {
        if (s->lanes[i].busy && now - s->lanes[i].sent > patience)
            answered(s, i, "timeout");
    }
}

static enum redan_status wait_events(struct swarm *s, uint64_t *swept)
{
    struct epoll_event events[EVENTS];
    uint64_t now = clock_now(s);
    uint64_t wait = (uint64_t)SWEEP_MS * 1000000u;

    if (s->next_due != NEVER)
        wait = s->next_due > now ? s->next_due - now : 0;
    if (wait > (uint64_t)SWEEP_MS * 1000000u)
        wait = (uint64_t)SWEEP_MS * 1000000u;
    struct timespec timeout = {0, (long)wait};
    int n = epoll_pwait2(s->epoll, events, EVENTS, &timeout, NULL);
    if (n < 0 && errno != EINTR)
        return redan_fail(s->ctx, REDAN_E_IO, 0, "epoll: %s", strerror(errno));
    for (int i = 0; i < n; i++) {
        size_t index = (size_t)events[i].data.u64;
        if (s->lanes[index].busy && s->lanes[index].fd >= 0 && (events[i].events & EPOLLOUT))
            lane_write(s, index);
        lane_read(s, index);
    }
    now = clock_now(s);
    if (now - *swept > (uint64_t)SWEEP_MS * 1000000u) {
        sweep(s, now);
        *swept = now;
    }
    return REDAN_OK;
}

enum redan_status fraud_swarm_run(struct redan_ctx *ctx, const struct fraud_swarm_rules *rules,
                                  const struct fraud_driver *driver)
{
    REDAN_DEFER(swarm_done)
    struct swarm s = {.ctx = ctx, .rules = rules, .driver = driver, .epoll = -1};
    uint64_t swept = 0;

    s.lanes = redan_take_array(ctx, rules->lanes, sizeof(*s.lanes));
    if (!s.lanes)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < rules->lanes; i++) {
        s.lanes[i].fd = -1;
        redan_buf_init(&s.lanes[i].in, ctx, ANSWER_LIMIT);
    }
    s.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (s.epoll < 0)
        return redan_fail(ctx, REDAN_E_IO, 0, "epoll: %s", strerror(errno));
    s.began = clock_now(&s);
    for (;;) {
        REDAN_TRY(ask_all(&s));
        if (s.busy == 0 && s.over == rules->lanes)
            return REDAN_OK;
        REDAN_TRY(wait_events(&s, &swept));
    }
}

void fraud_swarm_post(struct redan_buf *out, const char *host, const char *path,
                      struct redan_slice headers, struct redan_slice body)
{
    redan_buf_printf(out,
                     "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                     "Content-Length: %zu\r\n",
                     path, host, body.len);
    redan_buf_slice(out, headers);
    redan_buf_text(out, "\r\n");
    redan_buf_slice(out, body);
}
