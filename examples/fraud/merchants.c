/* fraud-merchants: the simulator's merchants as callers of the running service, each payment asked about in its turn; who was refused? */
#include <stddef.h>
#include <stdio.h>

#include "cli.h"
#include "stats/interval.h"
#include "swarm.h"
#include "traffic.h"
#include "world.h"

enum { STATUSES = 600, REQUEST = 4096, HEADERS = 256 };

struct settings {
    struct fraud_traffic_rules traffic;
    const char *to;
    const char *path;
    const char *header;
    const char *name;
    uint64_t connections;
    double rate;
    uint64_t requests;
};

static const struct fraud_option options[] = {
    {"--to", FRAUD_TEXT, offsetof(struct settings, to), 0, 0, NULL,
     "ADDRESS:PORT of the service (127.0.0.1:8080)"},
    {"--path", FRAUD_TEXT, offsetof(struct settings, path), 0, 0, NULL,
     "of the requests (/v1/models/fraud:predict)"},
    {"--data", FRAUD_TEXT, offsetof(struct settings, traffic.data), 0, 0, NULL,
     "file of fraud-simulate (transactions.csv)"},
    {"--from", FRAUD_COUNT, offsetof(struct settings, traffic.from), 0, FRAUD_DAYS_MAX, NULL,
     "first day (53)"},
    {"--days", FRAUD_COUNT, offsetof(struct settings, traffic.days), 1, FRAUD_DAYS_MAX, NULL,
     "how many days (7)"},
    {"--group", FRAUD_COUNT, offsetof(struct settings, traffic.group), 1, FRAUD_PEOPLE_MAX, NULL,
     "terminals of one merchant (3)"},
    {"--half", FRAUD_COUNT, offsetof(struct settings, traffic.half), 0, 2, NULL,
     "1: merchants of even number alone, 2: of odd number (0: all)"},
    {"--header", FRAUD_TEXT, offsetof(struct settings, header), 0, 0, NULL,
     "that says who calls (X-Client)"},
    {"--name", FRAUD_TEXT, offsetof(struct settings, name), 0, 0, NULL,
     "what callers are called, before their number (merchant-)"},
    {"--connections", FRAUD_COUNT, offsetof(struct settings, connections), 1, 1000, NULL,
     "kept alive; a merchant stays on one (32)"},
    {"--rate", FRAUD_NUMBER, offsetof(struct settings, rate), 0, 1e6, NULL,
     "requests a second (0: as fast as they are answered)"},
    {"--requests", FRAUD_COUNT, offsetof(struct settings, requests), 0, 1e9, NULL,
     "at most so many (0: all)"},
};

static const struct fraud_cli cli = {
    "fraud-merchants",
    "merchants ask the service about their customers' payments, in order of time", options,
    REDAN_COUNT(options)};

struct lane {
    const struct fraud_payment **payments; /* in order of time */
    size_t count;
    size_t at;
    struct redan_buf request;
};

struct play {
    const struct settings *settings;
    struct lane *lanes;
    uint64_t begun;
    uint64_t answered;
    uint64_t broken;
    uint64_t last;
    uint64_t statuses[STATUSES];
    bool *asked, *refused; /* by merchant */
    size_t asked_count, refused_count;
};

static enum fraud_turn next(void *arg, size_t index, uint64_t now, struct fraud_ask *ask)
{
    struct play *p = arg;
    struct lane *lane = &p->lanes[index];
    char text[HEADERS];
    char body[REQUEST / 2];

    if (lane->at == lane->count)
        return FRAUD_OVER;
    ask->due = p->settings->rate > 0 ? (uint64_t)((double)p->begun * 1e9 / p->settings->rate) : now;
    if (ask->due > now)
        return FRAUD_LATER;
    const struct fraud_payment *payment = lane->payments[lane->at++];
    (void)snprintf(text, sizeof(text), "%s: %s%05u\r\n", p->settings->header, p->settings->name,
                   payment->merchant);
    int len =
        snprintf(body, sizeof(body), "{\"instances\": [[%.*s]]}", REDAN_FMT(payment->features));
    if (len < 0 || (size_t)len >= sizeof(body))
        return FRAUD_OVER;
    redan_buf_clear(&lane->request);
    fraud_swarm_post(&lane->request, "fraud", p->settings->path, redan_slice_of(text),
                     (struct redan_slice){body, (size_t)len});
    ask->bytes = redan_buf_view(&lane->request);
    ask->tag = payment->merchant;
    p->begun++;
    p->asked_count += !p->asked[payment->merchant];
    p->asked[payment->merchant] = true;
    return lane->request.fail == REDAN_OK ? FRAUD_SEND : FRAUD_OVER;
}

static void told(void *arg, size_t lane, const struct fraud_ask *ask, const struct fraud_told *told)
{
    struct play *p = arg;

    (void)lane;
    p->last = told->now;
    if (told->broken) {
        p->broken++;
        return;
    }
    p->answered++;
    p->statuses[told->status < STATUSES ? told->status : 0]++;
    if (told->status >= 400 && !p->refused[ask->tag]) {
        p->refused[ask->tag] = true;
        p->refused_count++;
    }
}

/* Each merchant's payments to one connection, so that they are asked about in order. */
static enum redan_status deal(struct redan_ctx *ctx, const struct fraud_traffic *traffic,
                              const struct settings *s, struct play *play)
{
    size_t count = traffic->count;

    if (s->requests && s->requests < count)
        count = (size_t)s->requests;
    play->lanes = redan_take_array(ctx, s->connections, sizeof(*play->lanes));
    play->asked = redan_take_array(ctx, FRAUD_PEOPLE_MAX, sizeof(*play->asked));
    play->refused = redan_take_array(ctx, FRAUD_PEOPLE_MAX, sizeof(*play->refused));
    if (!play->lanes || !play->asked || !play->refused)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++)
        play->lanes[traffic->payments[i].merchant % s->connections].count++;
    for (size_t k = 0; k < s->connections; k++) {
        struct lane *lane = &play->lanes[k];
        redan_buf_init(&lane->request, ctx, REQUEST);
        lane->payments = redan_take_array(ctx, lane->count + 1, sizeof(*lane->payments));
        if (!lane->payments)
            return REDAN_E_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        struct lane *lane = &play->lanes[traffic->payments[i].merchant % s->connections];
        lane->payments[lane->at++] = &traffic->payments[i];
    }
    for (size_t k = 0; k < s->connections; k++)
        play->lanes[k].at = 0;
    return REDAN_OK;
}

static void print(const struct play *p)
{
    double seconds = (double)p->last / 1e9;
    struct redan_interval share = redan_interval_exact(p->refused_count, p->asked_count, 0.95);

    printf("%ju payments of %zu merchants in %.1f s (%.0f a second):", (uintmax_t)p->begun,
           p->asked_count, seconds, (double)p->begun / (seconds > 0 ? seconds : 1));
    for (unsigned i = 0; i < STATUSES; i++) {
        if (p->statuses[i])
            printf(" %ju were answered %u,", (uintmax_t)p->statuses[i], i);
    }
    printf(" %ju not at all\n", (uintmax_t)p->broken);
    printf("merchants refused anything: %zu of %zu (95 %% interval %.3f %% to %.3f %%)\n",
           p->refused_count, p->asked_count, 100 * share.low, 100 * share.high);
}

static enum redan_status run(struct redan_ctx *ctx, void *arg)
{
    const struct settings *s = arg;
    struct play play = {.settings = s};
    struct fraud_traffic traffic = {0};
    const struct fraud_driver driver = {&play, next, told};
    const struct fraud_swarm_rules rules = {s->to, s->connections, 30000, 0};

    REDAN_TRY(fraud_traffic_read(ctx, &s->traffic, &traffic));
    REDAN_TRY(deal(ctx, &traffic, s, &play));
    enum redan_status status = fraud_swarm_run(ctx, &rules, &driver);
    for (size_t k = 0; k < s->connections; k++)
        redan_buf_done(&play.lanes[k].request);
    REDAN_TRY(status);
    print(&play);
    if (play.broken)
        return redan_fail(ctx, REDAN_E_IO, 0,
                          "%ju requests were not answered: is the service at %s?",
                          (uintmax_t)play.broken, s->to);
    return REDAN_OK;
}

int main(int argc, char **argv)
{
    struct settings settings = {.traffic = {"transactions.csv", 53, 7, 3, 0},
                                .to = "127.0.0.1:8080",
                                .path = "/v1/models/fraud:predict",
                                .header = "X-Client",
                                .name = "merchant-",
                                .connections = 32};

    return fraud_cli_main(&cli, argc, argv, (size_t)2 << 30, &settings, run);
}
