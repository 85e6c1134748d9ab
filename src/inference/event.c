/* Inference events out: one line of JSON, with short cuts for the numbers and texts that are common. */
#include "inference/event.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "codec/json.h"
#include "inference/event_members.h"

/* A whole number or one with two digits behind the point, as amounts are; false for any other. */
static bool number_plain(struct redan_buf *out, double value)
{
    char text[24];
    size_t at = sizeof(text);
    double size = fabs(value);
    double cents = size * 100;

    if (!(cents < 9e14))
        return false;
    uint64_t whole = (uint64_t)(cents + 0.5);
    double back = (double)whole / 100; /* both are exact, so this is the decimal's nearest double */
    if (back < size || back > size)
        return false;
    unsigned part = (unsigned)(whole % 100);
    uint64_t left = whole / 100;
    if (part) {
        if (part % 10)
            text[--at] = (char)('0' + part % 10);
        text[--at] = (char)('0' + part / 10);
        text[--at] = '.';
    }
    do {
        text[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (value < 0)
        text[--at] = '-';
    redan_buf_add(out, text + at, sizeof(text) - at);
    return true;
}

static void number_add(struct redan_buf *out, double value)
{
    if (!isfinite(value))
        redan_buf_add(out, "null", 4);
    else if (!number_plain(out, value))
        redan_json_number_add(out, value);
}

/* Six significant digits, for what is an estimate anyway. */
static double rounded(double value)
{
    if (!isfinite(value) || fabs(value) < 1e-15 || fabs(value) >= 1e6)
        return value;
    int scale = 5 - (int)floor(log10(fabs(value)));
    double ten = pow(10, scale < 0 ? -scale : scale);
    return scale < 0 ? round(value / ten) * ten : round(value * ten) / ten;
}

/* Most texts are, and then they are UTF-8 too. */
static bool ascii(struct redan_slice text)
{
    uint64_t all = 0;
    uint64_t word = 0;
    size_t i = 0;

    for (; i + sizeof(word) <= text.len; i += sizeof(word)) {
        memcpy(&word, text.at + i, sizeof(word));
        all |= word;
    }
    for (; i < text.len; i++)
        all |= (unsigned char)text.at[i];
    return (all & 0x8080808080808080U) == 0;
}

void redan_event_text(struct redan_buf *out, struct redan_slice text)
{
    size_t bad = 0;
    struct redan_slice rest = text;

    if (ascii(text) || redan_utf8_check(text, &bad)) {
        redan_json_string_add(out, text.at ? text : REDAN_S(""));
        return;
    }
    struct redan_buf good REDAN_DEFER(redan_buf_done) = {.mem = out->mem, .max = SIZE_MAX / 2};
    do {
        redan_buf_add(&good, rest.at, bad);
        redan_buf_add(&good, "\xef\xbf\xbd", 3);
        rest = redan_slice_sub(rest, bad + 1, SIZE_MAX);
    } while (!redan_utf8_check(rest, &bad));
    redan_buf_slice(&good, rest);
    if (good.fail != REDAN_OK) {
        out->fail = out->fail != REDAN_OK ? out->fail : good.fail;
        return;
    }
    redan_json_string_add(out, redan_buf_view(&good));
}

static void key_add(struct redan_buf *out, struct redan_slice key)
{
    redan_buf_slice(out, key);
}

static void time_add(struct redan_buf *out, uint64_t ms)
{
    char text[REDAN_TIME_TEXT];
    unsigned part = (unsigned)(ms % 1000);
    const char tail[] = {
        '.', (char)('0' + part / 100), (char)('0' + part / 10 % 10), (char)('0' + part % 10), 'Z',
        '"'};

    redan_time_text((int64_t)(ms / 1000), text);
    redan_buf_add(out, text, sizeof("2026-11-24T05:36:27") - 1);
    redan_buf_add(out, tail, sizeof(tail));
}

static void features_add(struct redan_buf *out, const struct redan_event *event)
{
    size_t cell = 0;

    key_add(out, REDAN_S(",\"redan.features\":["));
    for (size_t r = 0; r < event->rows; r++) {
        redan_buf_text(out, r ? ",[" : "[");
        for (size_t c = 0; c < event->columns; c++, cell++) {
            if (c)
                redan_buf_char(out, ',');
            if (event->texts && event->texts[cell].at)
                redan_event_text(out, event->texts[cell]);
            else
                number_add(out, event->values[cell]);
        }
        redan_buf_char(out, ']');
    }
    redan_buf_char(out, ']');
}

static void list_add(struct redan_buf *out, struct redan_slice key, const double *values,
                     size_t count, bool estimate)
{
    if (!values)
        return;
    key_add(out, key);
    for (size_t i = 0; i < count; i++) {
        redan_buf_char(out, i ? ',' : '[');
        number_add(out, estimate ? rounded(values[i]) : values[i]);
    }
    redan_buf_text(out, count ? "]" : "[]");
}

static void findings_add(struct redan_buf *out, const struct redan_event *event)
{
    if (!event->finding_count)
        return;
    key_add(out, REDAN_S(",\"redan.findings\":"));
    for (size_t i = 0; i < event->finding_count && i < REDAN_EVENT_FINDINGS; i++) {
        const struct redan_event_finding *finding = &event->findings[i];
        redan_buf_text(out, i ? ",{\"rule\":" : "[{\"rule\":");
        redan_event_text(out, finding->rule);
        redan_buf_text(out, ",\"action\":");
        redan_event_text(out, finding->action);
        if (finding->detail.len) {
            redan_buf_text(out, ",\"detail\":");
            redan_event_text(out, finding->detail);
        }
        redan_buf_char(out, '}');
    }
    redan_buf_char(out, ']');
}

static void count_add(struct redan_buf *out, struct redan_slice key, uint64_t value)
{
    char text[24];
    size_t at = sizeof(text);

    do {
        text[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    key_add(out, key);
    redan_buf_add(out, text + at, sizeof(text) - at);
}

void redan_event_write(struct redan_buf *out, const struct redan_event *event)
{
    key_add(out, REDAN_S("{\"schema\":\"" REDAN_EVENT_SCHEMA "\",\"time\":\""));
    time_add(out, event->time_ms);
    for (size_t i = 0; i < REDAN_COUNT(redan_event_members); i++) {
        const struct redan_event_member *member = &redan_event_members[i];
        const struct redan_slice *text =
            (const void *)((const char *)(const void *)event + member->offset);
        if (!text->len)
            continue;
        key_add(out, member->key);
        redan_event_text(out, redan_slice_sub(*text, 0, REDAN_EVENT_TEXT));
    }
    key_add(out, event->enforce ? REDAN_S(",\"redan.mode\":\"enforce\"")
                                : REDAN_S(",\"redan.mode\":\"observe\""));
    count_add(out, REDAN_S(",\"http.request.body.size\":"), event->bytes);
    if (event->status)
        count_add(out, REDAN_S(",\"http.response.status_code\":"), event->status);
    count_add(out, REDAN_S(",\"redan.rows\":"), event->rows);
    if (event->values)
        features_add(out, event);
    list_add(out, REDAN_S(",\"redan.p\":"), event->p, event->rows, true);
    list_add(out, REDAN_S(",\"redan.labels\":"), event->labels, event->rows, false);
    list_add(out, REDAN_S(",\"redan.scores\":"), event->scores, event->rows, false);
    findings_add(out, event);
    if (isfinite(event->log_e)) {
        key_add(out, REDAN_S(",\"redan.caller.log_e\":"));
        number_add(out, rounded(event->log_e));
    }
    count_add(out, REDAN_S(",\"redan.duration_us\":"), event->duration_us);
    redan_buf_add(out, "}\n", 2);
}
