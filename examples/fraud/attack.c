/* fraud-attack: what somebody with a merchant's account does to learn where the model draws its line; how many answers does he get? */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "history.h"
#include "rng.h"
#include "swarm.h"
#include "traffic.h"
#include "world.h"

enum { REQUEST = 4096, HEADERS = 256, LINES_OF_A_SEARCH = 12, SEEDS = 50 };

struct settings {
    struct fraud_traffic_rules traffic;
    const char *to;
    const char *path;
    const char *header;
    const char *name;
    const char *kind;
    uint64_t queries;
    uint64_t seed;
};

static const char *const kinds[] = {"ranges", "lines", NULL};

static const struct fraud_option options[] = {
    {"--kind", FRAUD_WORD, offsetof(struct settings, kind), 0, 0, kinds,
     "ranges: points all over the features' ranges; lines: from payments of his own, search for "
     "the "
     "line between two answers, feature by feature (lines)"},
    {"--queries", FRAUD_COUNT, offsetof(struct settings, queries), 1, 1e7, NULL,
     "how many he wants to make (3000)"},
    {"--to", FRAUD_TEXT, offsetof(struct settings, to), 0, 0, NULL,
     "ADDRESS:PORT of the service (127.0.0.1:8080)"},
    {"--path", FRAUD_TEXT, offsetof(struct settings, path), 0, 0, NULL,
     "of the requests (/v1/models/fraud:predict)"},
    {"--data", FRAUD_TEXT, offsetof(struct settings, traffic.data), 0, 0, NULL,
     "file of fraud-simulate: the payments he has seen (transactions.csv)"},
    {"--from", FRAUD_COUNT, offsetof(struct settings, traffic.from), 0, FRAUD_DAYS_MAX, NULL,
     "first day of them (53)"},
    {"--header", FRAUD_TEXT, offsetof(struct settings, header), 0, 0, NULL,
     "that says who calls (X-Client)"},
    {"--name", FRAUD_TEXT, offsetof(struct settings, name), 0, 0, NULL,
     "his account (merchant-99999)"},
    {"--seed", FRAUD_COUNT, offsetof(struct settings, seed), 0, 9e15, NULL,
     "number that decides everything drawn (1)"},
};

static const struct fraud_cli cli = {"fraud-attack",
                                     "queries that learn a model's decision line, from one account",
                                     options, REDAN_COUNT(options)};

struct attack {
    const struct settings *settings;
    struct fraud_rng rng;
    double seeds[SEEDS][FRAUD_FEATURES];
    size_t seed_count;
    double low[FRAUD_FEATURES];
    double high[FRAUD_FEATURES];
    double row[FRAUD_FEATURES]; /* asked now */
    struct redan_buf request;
    uint64_t asked;
    uint64_t answered;
    uint64_t points; /* of the line that were found */
    uint64_t fell;   /* query at which the first was refused; 0: none was */
    unsigned status; /* of it */
    uint64_t broken;
    /* one search */
    size_t feature;
    unsigned step;
    double from, to;
    bool label_from;
};

/* To what the feature's values are made of: cents, whole numbers. */
static double on_grid(size_t feature, double value)
{
    double scale = 1;

    for (unsigned i = 0; i < fraud_features[feature].decimals; i++)
        scale *= 10;
    return (double)(int64_t)(value * scale + 0.5) / scale;
}

static void draw_anywhere(struct attack *a)
{
    for (size_t f = 0; f < FRAUD_FEATURES; f++)
        a->row[f] = on_grid(f, fraud_rng_uniform(&a->rng, a->low[f], a->high[f]));
}

/* A payment of his own, one feature of which is moved: first as it is, then at the end of the range, then ever nearer to where the answer
 * changes. */
static void draw_line(struct attack *a)
{
    if (a->step == 0) {
        memcpy(a->row, a->seeds[fraud_rng_below(&a->rng, a->seed_count)], sizeof(a->row));
        a->feature = (size_t)fraud_rng_below(&a->rng, FRAUD_FEATURES);
        a->from = a->row[a->feature];
        a->to = a->high[a->feature];
    } else if (a->step == 1) {
        a->row[a->feature] = a->to;
    } else {
        a->row[a->feature] = on_grid(a->feature, (a->from + a->to) / 2);
    }
}

static void learn_line(struct attack *a, bool label)
{
    if (a->step == 0) {
        a->label_from = label;
    } else if (a->step == 1 && label == a->label_from) {
        a->step = 0; /* no line on this way */
        return;
    } else if (a->step > 1) {
        *(label == a->label_from ? &a->from : &a->to) = a->row[a->feature];
    }
    if (++a->step < LINES_OF_A_SEARCH)
        return;
    a->points++;
    a->step = 0;
}

static void spell(struct attack *a)
{
    char headers[HEADERS];
    char body[REQUEST / 2];
    size_t len = 0;

    for (size_t f = 0; f < FRAUD_FEATURES; f++) {
        int n = snprintf(body + len, sizeof(body) - len, "%s%.10g", f ? "," : "{\"instances\": [[",
                         a->row[f]);
        len += n > 0 ? (size_t)n : 0;
    }
    int n = snprintf(body + len, sizeof(body) - len, "]]}");
    len += n > 0 ? (size_t)n : 0;
    (void)snprintf(headers, sizeof(headers), "%s: %s\r\n", a->settings->header, a->settings->name);
    redan_buf_clear(&a->request);
    fraud_swarm_post(&a->request, "fraud", a->settings->path, redan_slice_of(headers),
                     (struct redan_slice){body, len});
}

static enum fraud_turn next(void *arg, size_t lane, uint64_t now, struct fraud_ask *ask)
{
    struct attack *a = arg;

    (void)lane;
    (void)now;
    if (a->asked == a->settings->queries || a->fell || a->broken)
        return FRAUD_OVER;
    if (strcmp(a->settings->kind, "ranges") == 0)
        draw_anywhere(a);
    else
        draw_line(a);
    spell(a);
    a->asked++;
    ask->bytes = redan_buf_view(&a->request);
    return a->request.fail == REDAN_OK ? FRAUD_SEND : FRAUD_OVER;
}

/* A label or a score of one row: the number behind the first bracket. */
static bool label_of(struct redan_slice body)
{
    char text[64];
    double value = 0;
    const char *at = memchr(body.at, '[', body.len);
    size_t len = at ? strspn(at + 1, "0123456789.eE+-") : 0; /* the body ends with a bracket */

    if (len == 0 || len >= sizeof(text))
        return false;
    memcpy(text, at + 1, len);
    text[len] = '\0';
    return fraud_cli_number(text, &value) && value >= 0.5;
}

static void told(void *arg, size_t lane, const struct fraud_ask *ask, const struct fraud_told *told)
{
    struct attack *a = arg;

    (void)lane;
    (void)ask;
    if (told->broken) {
        a->broken++;
    } else if (told->status != 200) {
        a->fell = a->asked;
        a->status = told->status;
    } else {
        a->answered++;
        if (strcmp(a->settings->kind, "lines") == 0)
            learn_line(a, label_of(told->body));
    }
}

static enum redan_status prepare(struct redan_ctx *ctx, struct attack *a)
{
    struct fraud_traffic traffic = {0};

    REDAN_TRY(fraud_traffic_read(ctx, &a->settings->traffic, &traffic));
    for (size_t i = 0; i < traffic.count; i++) {
        struct redan_slice rest = traffic.payments[i].features;
        double row[FRAUD_FEATURES] = {0};
        for (size_t f = 0; f < FRAUD_FEATURES; f++) {
            char text[32] = "";
            struct redan_slice field;
            (void)redan_slice_cut(rest, ',', &field, &rest);
            memcpy(text, field.at, redan_min_size(field.len, sizeof(text) - 1));
            if (!fraud_cli_number(text, &row[f]))
                return redan_fail(ctx, REDAN_E_SYNTAX, 0, "%s: not a number: %s",
                                  a->settings->traffic.data, text);
            if (i == 0 || row[f] < a->low[f])
                a->low[f] = row[f];
            if (i == 0 || row[f] > a->high[f])
                a->high[f] = row[f];
        }
        if (a->seed_count < SEEDS && !traffic.payments[i].fraud)
            memcpy(a->seeds[a->seed_count++], row, sizeof(row));
    }
    return a->seed_count ? REDAN_OK
                         : redan_fail(ctx, REDAN_E_USAGE, 0, "%s has no honest payment that day",
                                      a->settings->traffic.data);
}

static void print(const struct attack *a)
{
    if (a->fell)
        printf("%s: refused at query %ju (status %u): %ju answers, ", a->settings->kind,
               (uintmax_t)a->fell, a->status, (uintmax_t)a->answered);
    else
        printf("%s: never refused: %ju queries, %ju answers, ", a->settings->kind,
               (uintmax_t)a->asked, (uintmax_t)a->answered);
    printf("%ju points of the line found\n", (uintmax_t)a->points);
}

static enum redan_status run(struct redan_ctx *ctx, void *arg)
{
    const struct settings *s = arg;
    struct attack *a = redan_take(ctx, sizeof(*a));
    const struct fraud_swarm_rules rules = {s->to, 1, 30000, 0};
    const struct fraud_driver driver = {a, next, told};

    if (!a)
        return REDAN_E_MEMORY;
    a->settings = s;
    fraud_rng_init(&a->rng, s->seed, 100, 0);
    REDAN_TRY(prepare(ctx, a));
    redan_buf_init(&a->request, ctx, REQUEST);
    enum redan_status status = fraud_swarm_run(ctx, &rules, &driver);
    redan_buf_done(&a->request);
    REDAN_TRY(status);
    if (a->broken)
        return redan_fail(ctx, REDAN_E_IO, 0, "query %ju was not answered: is the service at %s?",
                          (uintmax_t)a->asked, s->to);
    print(a);
    return REDAN_OK;
}

int main(int argc, char **argv)
{
    struct settings settings = {.traffic = {"transactions.csv", 53, 1, 5, 0},
                                .to = "127.0.0.1:8080",
                                .path = "/v1/models/fraud:predict",
                                .header = "X-Client",
                                .name = "merchant-99999",
                                .kind = "lines",
                                .queries = 3000,
                                .seed = 1};

    return fraud_cli_main(&cli, argc, argv, (size_t)1 << 30, &settings, run);
}
