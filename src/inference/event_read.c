/* Inference events in: one line, read strictly, with room for members of later editions. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "inference/event_members.h"
#include "inference/rows.h"

struct line {
    struct redan_json *json;
    struct redan_event event;
    bool schema, time, rows, features;
    size_t p, labels, scores; /* how many there were */
};

static enum redan_status refuse(struct line *line, const struct redan_json_token *token,
                                const char *what)
{
    return redan_fail(line->json->ctx, REDAN_E_SCHEMA, token->offset, "%s", what);
}

/* How many items the rest of the line can hold at most. */
static size_t items_at_most(const struct line *line, char sign)
{
    const char *at = line->json->at;
    size_t count = 1;

    while (at < line->json->end && (at = memchr(at, sign, (size_t)(line->json->end - at)))) {
        count++;
        at++;
    }
    return count;
}

static enum redan_status read_number(struct line *line, const struct redan_json_token *token,
                                     double *value)
{
    if (token->kind == REDAN_JSON_NULL) {
        *value = (double)NAN;
        return REDAN_OK;
    }
    if (token->kind != REDAN_JSON_NUMBER)
        return redan_rows_refuse(line->json->ctx, token, "a value", "a number or null");
    if (!redan_json_number(token, value))
        return refuse(line, token, "a number that is too large for a double");
    return REDAN_OK;
}

static enum redan_status read_list(struct line *line, const char *name, const double **values,
                                   size_t *count)
{
    struct redan_json_token token;
    size_t n = 0;

    REDAN_TRY(redan_rows_expect(line->json, REDAN_JSON_ARRAY, name, "an array", &token));
    double *made = redan_take_array(line->json->ctx, items_at_most(line, ','), sizeof(*made));
    if (!made)
        return REDAN_E_MEMORY;
    for (;;) {
        REDAN_TRY(redan_json_next(line->json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        REDAN_TRY(read_number(line, &token, &made[n++]));
    }
    *values = made;
    *count = n;
    return REDAN_OK;
}

struct cells {
    double *values;
    struct redan_slice *texts;
    size_t most, count;
};

static enum redan_status read_cell(struct line *line, const struct redan_json_token *token,
                                   struct cells *cells)
{
    size_t at = cells->count++;

    if (token->kind != REDAN_JSON_TEXT)
        return read_number(line, token, &cells->values[at]);
    if (!cells->texts)
        cells->texts = redan_take_array(line->json->ctx, cells->most, sizeof(*cells->texts));
    if (!cells->texts)
        return REDAN_E_MEMORY;
    cells->texts[at] = (struct redan_slice){token->text.at ? token->text.at : "", token->text.len};
    cells->values[at] = (double)NAN;
    return REDAN_OK;
}

static enum redan_status read_features(struct line *line)
{
    struct redan_ctx *ctx = line->json->ctx;
    struct redan_json_token token;
    size_t rows = 0;

    REDAN_TRY(
        redan_rows_expect(line->json, REDAN_JSON_ARRAY, "redan.features", "an array", &token));
    struct cells cells = {.most = items_at_most(line, ',')};
    cells.values = redan_take_array(ctx, cells.most, sizeof(*cells.values));
    if (!cells.values)
        return REDAN_E_MEMORY;
    for (;; rows++) {
        REDAN_TRY(redan_json_next(line->json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        if (token.kind != REDAN_JSON_ARRAY)
            return redan_rows_refuse(ctx, &token, "a row of redan.features", "an array");
        size_t from = cells.count;
        size_t offset = token.offset;
        for (;;) {
            REDAN_TRY(redan_json_next(line->json, &token));
            if (token.kind == REDAN_JSON_ARRAY_END)
                break;
            REDAN_TRY(read_cell(line, &token, &cells));
        }
        if (rows == 0)
            line->event.columns = cells.count;
        if (cells.count == from || cells.count - from != line->event.columns)
            return redan_fail(ctx, REDAN_E_SCHEMA, offset, "row %zu has %zu values, the first %zu",
                              rows, cells.count - from, line->event.columns);
    }
    if (line->rows && line->event.rows != rows)
        return refuse(line, &token, "redan.features has not as many rows as redan.rows says");
    line->features = true;
    line->event.rows = rows;
    line->event.values = cells.values;
    line->event.texts = cells.texts;
    return REDAN_OK;
}

static enum redan_status read_text(struct line *line, struct redan_slice *text)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(line->json, &token));
    if (token.kind != REDAN_JSON_TEXT)
        return redan_rows_refuse(line->json->ctx, &token, "a value", "a string");
    *text = token.text;
    return REDAN_OK;
}

static enum redan_status read_finding(struct line *line, struct redan_event_finding *finding)
{
    static const struct {
        const char *name;
        size_t offset;
    } members[] = {{"rule", offsetof(struct redan_event_finding, rule)},
                   {"action", offsetof(struct redan_event_finding, action)},
                   {"detail", offsetof(struct redan_event_finding, detail)}};
    struct redan_json_token token;

    for (;;) {
        size_t i = 0;
        REDAN_TRY(redan_json_next(line->json, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            return REDAN_OK;
        while (i < REDAN_COUNT(members) && !redan_slice_is(token.text, members[i].name))
            i++;
        if (i == REDAN_COUNT(members))
            REDAN_TRY(redan_json_skip(line->json));
        else
            REDAN_TRY(read_text(line, (void *)((char *)(void *)finding + members[i].offset)));
    }
}

static enum redan_status read_findings(struct line *line)
{
    struct redan_json_token token;
    size_t count = 0;

    REDAN_TRY(
        redan_rows_expect(line->json, REDAN_JSON_ARRAY, "redan.findings", "an array", &token));
    size_t most = redan_min_size(items_at_most(line, '{'), REDAN_EVENT_FINDINGS);
    struct redan_event_finding *made = redan_take_array(line->json->ctx, most, sizeof(*made));
    if (!made)
        return REDAN_E_MEMORY;
    for (;; count++) {
        REDAN_TRY(redan_json_next(line->json, &token));
        if (token.kind == REDAN_JSON_ARRAY_END)
            break;
        if (token.kind != REDAN_JSON_OBJECT)
            return redan_rows_refuse(line->json->ctx, &token, "a finding", "an object");
        if (count == most)
            return redan_fail(line->json->ctx, REDAN_E_LIMIT, token.offset, "more than %d findings",
                              REDAN_EVENT_FINDINGS);
        REDAN_TRY(read_finding(line, &made[count]));
    }
    line->event.findings = made;
    line->event.finding_count = count;
    return REDAN_OK;
}

static enum redan_status read_schema(struct line *line)
{
    struct redan_slice text = {0};

    REDAN_TRY(read_text(line, &text));
    if (!redan_slice_is(text, REDAN_EVENT_SCHEMA))
        return redan_fail(line->json->ctx, REDAN_E_SCHEMA, 0,
                          "this is not an inference event: its schema is not " REDAN_EVENT_SCHEMA);
    line->schema = true;
    return REDAN_OK;
}

static enum redan_status read_time(struct line *line)
{
    struct redan_slice text = {0};
    struct redan_slice part = {0};
    int64_t seconds = 0;
    uint64_t ms = 0;

    REDAN_TRY(read_text(line, &text));
    if (text.len <= 10 || !redan_time_parse(text, &seconds))
        return redan_fail(line->json->ctx, REDAN_E_SCHEMA, 0, "time is not an RFC 3339 time");
    if (text.at[19] == '.') {
        part = redan_slice_sub(text, 20, 3);
        for (size_t i = 0, scale = 100; i < part.len && part.at[i] >= '0' && part.at[i] <= '9';
             i++, scale /= 10)
            ms += (uint64_t)(part.at[i] - '0') * scale;
    }
    line->event.time_ms = (uint64_t)seconds * 1000 + ms;
    line->time = true;
    return REDAN_OK;
}

static enum redan_status read_mode(struct line *line)
{
    struct redan_slice text = {0};

    REDAN_TRY(read_text(line, &text));
    line->event.enforce = redan_slice_is(text, "enforce");
    if (!line->event.enforce && !redan_slice_is(text, "observe"))
        return redan_fail(line->json->ctx, REDAN_E_SCHEMA, 0,
                          "redan.mode is neither observe nor enforce");
    return REDAN_OK;
}

static enum redan_status read_count(struct line *line, uint64_t most, uint64_t *value)
{
    struct redan_json_token token;
    int64_t number = 0;

    REDAN_TRY(redan_json_next(line->json, &token));
    if (token.kind != REDAN_JSON_NUMBER || !redan_json_i64(token.text, &number) || number < 0 ||
        (uint64_t)number > most)
        return refuse(line, &token, "a whole number that is not negative belongs there");
    *value = (uint64_t)number;
    return REDAN_OK;
}

static enum redan_status read_bytes(struct line *line)
{
    return read_count(line, UINT64_MAX, &line->event.bytes);
}

static enum redan_status read_duration(struct line *line)
{
    return read_count(line, UINT64_MAX, &line->event.duration_us);
}

static enum redan_status read_status(struct line *line)
{
    uint64_t value = 0;

    REDAN_TRY(read_count(line, 999, &value));
    line->event.status = (unsigned)value;
    return REDAN_OK;
}

static enum redan_status read_rows(struct line *line)
{
    uint64_t value = 0;

    REDAN_TRY(read_count(line, REDAN_EVENT_ROWS, &value));
    if (line->features && line->event.rows != value)
        return redan_fail(line->json->ctx, REDAN_E_SCHEMA, 0,
                          "redan.features has not as many rows as redan.rows says");
    line->rows = true;
    line->event.rows = (size_t)value;
    return REDAN_OK;
}

static enum redan_status read_p(struct line *line)
{
    return read_list(line, "redan.p", &line->event.p, &line->p);
}

static enum redan_status read_labels(struct line *line)
{
    return read_list(line, "redan.labels", &line->event.labels, &line->labels);
}

static enum redan_status read_scores(struct line *line)
{
    return read_list(line, "redan.scores", &line->event.scores, &line->scores);
}

static enum redan_status read_log_e(struct line *line)
{
    struct redan_json_token token;

    REDAN_TRY(redan_json_next(line->json, &token));
    return read_number(line, &token, &line->event.log_e);
}

static enum redan_status read_member(struct line *line, struct redan_slice key)
{
    static const struct {
        const char *name;
        enum redan_status (*read)(struct line *line);
    } members[] = {
        {"schema", read_schema},
        {"time", read_time},
        {"redan.mode", read_mode},
        {"http.request.body.size", read_bytes},
        {"http.response.status_code", read_status},
        {"redan.rows", read_rows},
        {"redan.features", read_features},
        {"redan.p", read_p},
        {"redan.labels", read_labels},
        {"redan.scores", read_scores},
        {"redan.findings", read_findings},
        {"redan.caller.log_e", read_log_e},
        {"redan.duration_us", read_duration},
    };

    for (size_t i = 0; i < REDAN_COUNT(redan_event_members); i++) {
        struct redan_slice name = redan_event_members[i].key;
        if (redan_slice_eq(key, redan_slice_sub(name, 2, name.len - 4)))
            return read_text(
                line, (void *)((char *)(void *)&line->event + redan_event_members[i].offset));
    }
    for (size_t i = 0; i < REDAN_COUNT(members); i++) {
        if (redan_slice_is(key, members[i].name))
            return members[i].read(line);
    }
    return redan_json_skip(line->json);
}

static enum redan_status judge_whole(const struct line *line)
{
    const struct redan_event *event = &line->event;
    const char *wrong = !line->schema ? "this is not an inference event: it has no schema"
                        : !line->time ? "the event has no time"
                        : !line->rows && !line->features ? "the event has no redan.rows"
                        : (event->p && line->p != event->rows) ||
                                (event->labels && line->labels != event->rows) ||
                                (event->scores && line->scores != event->rows)
                            ? "redan.p, redan.labels or redan.scores has not one value per row"
                            : NULL;

    return wrong ? redan_fail(line->json->ctx, REDAN_E_SCHEMA, 0, "%s", wrong) : REDAN_OK;
}

enum redan_status redan_event_read(struct redan_json *reader, struct redan_slice text,
                                   struct redan_event *event)
{
    struct line line = {.json = reader, .event = {.log_e = (double)NAN}};
    struct redan_json_token token;
    struct redan_slice kept = {0};

    REDAN_TRY(redan_copy(reader->ctx, text, &kept)); /* one copy, from which the texts borrow */
    redan_json_reset(reader, kept);
    reader->keep = true;
    REDAN_TRY(redan_rows_expect(reader, REDAN_JSON_OBJECT, "the event", "an object", &token));
    for (;;) {
        REDAN_TRY(redan_json_next(reader, &token));
        if (token.kind == REDAN_JSON_OBJECT_END)
            break;
        REDAN_TRY(read_member(&line, token.text));
    }
    REDAN_TRY(redan_json_next(reader, &token)); /* nothing may follow */
    REDAN_TRY(judge_whole(&line));
    *event = line.event;
    return REDAN_OK;
}
