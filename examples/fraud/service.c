/* Routes, the predict call of both protocols, and metadata. */
#include "service.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "codec/json.h"
#include "inference/preset.h"
#include "signed.h"

enum { ANSWER_MAX = 1 << 26, ERROR_MAX = 2048 };

/* With a signature only what was signed reaches the library: never the file itself, which may have changed since. */
static enum redan_status load(struct redan_ctx *ctx, const struct fraud_service_settings *settings,
                              struct fraud_service *service)
{
    REDAN_DEFER(fraud_signed_done) struct fraud_signed verified = {.root = ""};

    if (!settings->signature)
        return fraud_booster_load(ctx, settings->model, &service->booster);
    REDAN_TRY(
        fraud_signed_open(ctx, settings->model, settings->signature, settings->key, &verified));
    memcpy(service->root, verified.root, sizeof(service->root));
    return fraud_booster_load_bytes(ctx, verified.bytes, settings->model, &service->booster);
}

enum redan_status fraud_service_open(struct redan_ctx *ctx,
                                     const struct fraud_service_settings *settings,
                                     struct fraud_service *service)
{
    REDAN_DEFER(fraud_service_done) struct fraud_service made = {.settings = settings};

    REDAN_TRY(load(ctx, settings, &made));
    REDAN_TRY(fraud_booster_columns(ctx, &made.booster, &made.names, &made.columns));
    if (made.columns == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the model has no columns");
    if (made.names[0].len == 0)
        made.names = NULL;
    float *row = redan_take_array(ctx, made.columns, sizeof(*row));
    float score = 0;
    if (!row)
        return REDAN_E_MEMORY;
    /* The first call configures the library, and shows whether this kind of model can be served at all. */
    REDAN_TRY(fraud_booster_score_now(ctx, &made.booster, row, 1, made.columns, &score));
    *service = made;
    made.booster.handle = NULL;
    return REDAN_OK;
}

void fraud_service_done(struct fraud_service *service)
{
    fraud_booster_done(&service->booster);
}

void fraud_reply_error(struct fraud_reply *reply, unsigned status, struct redan_slice text)
{
    char clean[ERROR_MAX] = {0};
    size_t len = redan_min_size(text.len, sizeof(clean));
    size_t bad = 0;

    if (len)
        memcpy(clean, text.at, len);
    while (!redan_utf8_check((struct redan_slice){clean, len}, &bad))
        clean[bad] = '?'; /* a name that was cut may end inside a character */
    reply->status = status;
    redan_buf_clear(&reply->body);
    redan_buf_text(&reply->body, "{\"error\":");
    redan_json_string_add(&reply->body, (struct redan_slice){clean, len});
    redan_buf_char(&reply->body, '}');
}

static void refuse(struct fraud_reply *reply, unsigned status, const char *text)
{
    fraud_reply_error(reply, status, redan_slice_of(text));
}

/* The failure of a call as HTTP: the caller's fault with its place, or ours without detail. */
static void refuse_failure(struct redan_ctx *ctx, struct fraud_reply *reply)
{
    char text[REDAN_FAILURE_TEXT + 40];
    const struct redan_failure *failure = &ctx->failure;
    bool theirs = failure->status == REDAN_E_SYNTAX || failure->status == REDAN_E_SCHEMA ||
                  failure->status == REDAN_E_LIMIT;

    if (failure->status == REDAN_E_MEMORY) {
        refuse(reply, 503, "out of memory");
    } else if (!theirs) {
        refuse(reply, 500, "the model could not be evaluated");
    } else {
        (void)snprintf(text, sizeof(text), "%s (byte %ju)", failure->text,
                       (uintmax_t)failure->offset);
        refuse(reply, 400, text);
    }
}

static const char *output_name(const struct fraud_service *service)
{
    return service->settings->labels ? "label" : "score";
}

static enum redan_status check_wanted(struct redan_ctx *ctx, const struct fraud_service *service,
                                      const struct redan_request *request)
{
    for (size_t i = 0; i < request->wanted_count; i++)
        if (!redan_slice_is(request->wanted[i], output_name(service)))
            return redan_fail(ctx, REDAN_E_SCHEMA, 0, "this model has no output '%.*s', only '%s'",
                              (int)redan_min_size(request->wanted[i].len, 64),
                              request->wanted[i].at, output_name(service));
    return REDAN_OK;
}

static enum redan_status score_rows(struct redan_ctx *ctx, const struct fraud_service *service,
                                    const struct redan_request *request, double *answers)
{
    size_t count = request->rows * request->columns; /* both were bounded by the body's length */
    float *values = redan_take_array(ctx, count, sizeof(*values));
    float *scores = redan_take_array(ctx, request->rows, sizeof(*scores));

    if (!values || !scores)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < count; i++) {
        if (fabs(request->values[i]) > (double)FLT_MAX)
            return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                              "row %zu, column %zu: the model takes single precision, up to 3.4e38",
                              i / request->columns, i % request->columns);
        values[i] = (float)request->values[i];
    }
    REDAN_TRY(fraud_booster_score_now(ctx, &service->booster, values, request->rows,
                                      request->columns, scores));
    for (size_t i = 0; i < request->rows; i++)
        answers[i] = service->settings->labels ? (double)scores[i] >= service->settings->threshold
                                               : (double)scores[i];
    return REDAN_OK;
}

static enum redan_status predict_rows(struct redan_ctx *ctx, const struct fraud_service *service,
                                      const struct redan_preset *preset,
                                      const struct fraud_call *call, struct fraud_reply *reply)
{
    const struct fraud_service_settings *settings = service->settings;
    struct redan_request_rules rules = {
        .names = service->names, .columns = service->columns, .rows = settings->rows};
    struct redan_request request;

    REDAN_TRY(preset->decode_request(ctx, call->body, &rules, &request));
    REDAN_TRY(check_wanted(ctx, service, &request));
    double *answers = redan_take_array(ctx, request.rows, sizeof(*answers));
    if (!answers)
        return REDAN_E_MEMORY;
    REDAN_TRY(score_rows(ctx, service, &request, answers));
    struct redan_answer answer = {
        .model = redan_slice_of(settings->name),
        .version = redan_slice_of(settings->version),
        .id = request.id,
        .output = redan_slice_of(output_name(service)),
        .labels = settings->labels,
        .decimals = settings->decimals,
        .values = answers,
        .rows = request.rows,
    };
    preset->encode_response(&answer, &reply->body);
    REDAN_TRY(redan_buf_ok(ctx, &reply->body, "the answer"));
    reply->rows = request.rows;
    return REDAN_OK;
}

static bool is_json(struct redan_slice type)
{
    struct redan_slice name;
    struct redan_slice rest;

    (void)redan_slice_cut(type, ';', &name, &rest);
    name = redan_slice_trim(name);
    return type.len == 0 || (name.len == strlen("application/json") &&
                             strncasecmp(name.at, "application/json", name.len) == 0);
}

static void predict(struct redan_ctx *ctx, const struct fraud_service *service,
                    const struct fraud_call *call, const char *preset, struct fraud_reply *reply)
{
    /* A type that a web page may not send unasked keeps a browser on this machine from calling. */
    if (!is_json(call->type))
        refuse(reply, 415, "send Content-Type: application/json");
    else if (call->encoding.len && !redan_slice_is(call->encoding, "identity"))
        refuse(reply, 415, "send the body without Content-Encoding");
    else if (predict_rows(ctx, service, redan_preset_find(redan_slice_of(preset)), call, reply) !=
             REDAN_OK)
        refuse_failure(ctx, reply);
}

static void predict_v1(struct redan_ctx *ctx, const struct fraud_service *service,
                       const struct fraud_call *call, struct fraud_reply *reply)
{
    predict(ctx, service, call, "kserve-v1", reply);
}

static void predict_v2(struct redan_ctx *ctx, const struct fraud_service *service,
                       const struct fraud_call *call, struct fraud_reply *reply)
{
    predict(ctx, service, call, "oip-v2", reply);
}

static void live(struct redan_ctx *ctx, const struct fraud_service *service,
                 const struct fraud_call *call, struct fraud_reply *reply)
{
    (void)ctx;
    (void)service;
    (void)call;
    redan_buf_text(&reply->body, "{\"live\":true}");
}

/* The model is loaded before the port is opened, so whoever asks is told yes. */
static void ready(struct redan_ctx *ctx, const struct fraud_service *service,
                  const struct fraud_call *call, struct fraud_reply *reply)
{
    (void)ctx;
    (void)call;
    redan_buf_printf(&reply->body, "{\"name\":\"%s\",\"ready\":true}", service->settings->name);
}

static void models(struct redan_ctx *ctx, const struct fraud_service *service,
                   const struct fraud_call *call, struct fraud_reply *reply)
{
    (void)ctx;
    (void)call;
    redan_buf_printf(&reply->body, "{\"models\":[\"%s\"]}", service->settings->name);
}

static void server_metadata(struct redan_ctx *ctx, const struct fraud_service *service,
                            const struct fraud_call *call, struct fraud_reply *reply)
{
    (void)ctx;
    (void)service;
    (void)call;
    redan_buf_text(&reply->body, "{\"name\":\"fraud-serve\",\"version\":\"1\",\"extensions\":[]}");
}

static void model_metadata(struct redan_ctx *ctx, const struct fraud_service *service,
                           const struct fraud_call *call, struct fraud_reply *reply)
{
    const struct fraud_service_settings *settings = service->settings;
    struct redan_buf *out = &reply->body;

    (void)ctx;
    (void)call;
    redan_buf_printf(out, "{\"name\":\"%s\",\"versions\":[", settings->name);
    redan_json_string_add(out, redan_slice_of(settings->version));
    redan_buf_printf(out,
                     "],\"platform\":\"xgboost\",\"inputs\":[{\"name\":\"input\",\"datatype\":"
                     "\"FP32\",\"shape\":[-1,%zu]}],\"outputs\":[{\"name\":\"%s\",\"datatype\":"
                     "\"%s\",\"shape\":[-1]}]",
                     service->columns, output_name(service), settings->labels ? "INT64" : "FP32");
    if (service->names) {
        redan_buf_text(out, ",\"parameters\":{\"columns\":[");
        for (size_t i = 0; i < service->columns; i++) {
            if (i)
                redan_buf_char(out, ',');
            redan_json_string_add(out, service->names[i]);
        }
        redan_buf_text(out, "]}");
    }
    redan_buf_char(out, '}');
}

/* Paths, most specific first. `after` NULL: `before` is the whole path; otherwise the model's name is between. */
static const struct route {
    const char *before;
    const char *after;
    bool post;
    void (*answer)(struct redan_ctx *ctx, const struct fraud_service *service,
                   const struct fraud_call *call, struct fraud_reply *reply);
} routes[] = {
    {"/v2/health/live", NULL, false, live},
    {"/v2/health/ready", NULL, false, ready},
    {"/v2", NULL, false, server_metadata},
    {"/v1/models", NULL, false, models},
    {"/v2/models/", "/infer", true, predict_v2},
    {"/v2/models/", "/ready", false, ready},
    {"/v1/models/", ":predict", true, predict_v1},
    {"/v2/models/", "", false, model_metadata},
    {"/v1/models/", "", false, ready},
};

/* The route of a path; `model` is what stands where its name belongs. */
static const struct route *find_route(struct redan_slice path, struct redan_slice *model)
{
    *model = (struct redan_slice){"", 0};
    for (size_t i = 0; i < REDAN_COUNT(routes); i++) {
        const struct route *route = &routes[i];
        struct redan_slice before = redan_slice_of(route->before);
        struct redan_slice after = redan_slice_of(route->after);
        if (!route->after && redan_slice_eq(path, before))
            return route;
        if (!route->after || path.len <= before.len + after.len ||
            !redan_slice_starts(path, before) || !redan_slice_ends(path, after))
            continue;
        *model = redan_slice_sub(path, before.len, path.len - before.len - after.len);
        if (!memchr(model->at, '/', model->len))
            return route;
    }
    return NULL;
}

void fraud_service_answer(struct redan_ctx *ctx, const struct fraud_service *service,
                          const struct fraud_call *call, struct fraud_reply *reply)
{
    struct redan_slice model;
    const struct route *route = find_route(call->path, &model);

    *reply = (struct fraud_reply){.status = 200};
    redan_buf_init(&reply->body, ctx, ANSWER_MAX);
    if (!route) {
        refuse(reply, 404,
               "no such path; see /v2/health/live, /v2/models/NAME and "
               "/v1/models/NAME:predict");
        return;
    }
    bool post = redan_slice_is(call->method, "POST");
    bool get = redan_slice_is(call->method, "GET") || redan_slice_is(call->method, "HEAD");
    if (route->post ? !post : !get) {
        reply->allow = route->post ? "POST" : "GET, HEAD";
        refuse(reply, 405, route->post ? "use POST" : "use GET");
    } else if (route->after && !redan_slice_is(model, service->settings->name)) {
        refuse(reply, 404, "no such model; /v1/models lists what is here");
    } else {
        route->answer(ctx, service, call, reply);
    }
}
