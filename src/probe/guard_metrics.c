/* Reads the Prometheus text format 0.0.4, as much of it as a guard writes. */
#include "probe/guard_metrics.h"

#include "codec/json_pull.h"

struct sample {
    struct redan_slice name;
    struct redan_slice labels; /* between the braces */
    struct redan_slice value;
};

/* One line: name{labels} value. Comments and empty lines are none. */
static bool sample_of(struct redan_slice line, struct sample *s)
{
    size_t end = 0;
    bool quoted = false;

    if (line.len == 0 || line.at[0] == '#')
        return false;
    while (end < line.len && line.at[end] != '{' && line.at[end] != ' ')
        end++;
    *s = (struct sample){.name = redan_slice_sub(line, 0, end)};
    if (end < line.len && line.at[end] == '{') {
        size_t from = ++end;
        for (; end < line.len && (quoted || line.at[end] != '}'); end++) {
            if (quoted && line.at[end] == '\\')
                end++;
            else if (line.at[end] == '"')
                quoted = !quoted;
        }
        if (end >= line.len)
            return false;
        s->labels = redan_slice_sub(line, from, end - from);
        end++;
    }
    s->value = redan_slice_trim(redan_slice_sub(line, end, line.len));
    return s->value.len > 0;
}

/* The value of a label; a guard's hold no escapes that matter here. */
static bool label_of(struct redan_slice labels, const char *name, struct redan_slice *value)
{
    while (labels.len) {
        struct redan_slice key;
        struct redan_slice rest;
        if (!redan_slice_cut(labels, '=', &key, &rest) || rest.len < 2 || rest.at[0] != '"')
            return false;
        size_t end = 1;
        while (end < rest.len && rest.at[end] != '"')
            end += rest.at[end] == '\\' ? 2 : 1;
        if (end >= rest.len)
            return false;
        if (redan_slice_is(redan_slice_trim(key), name)) {
            *value = redan_slice_sub(rest, 1, end - 1);
            return true;
        }
        labels = redan_slice_sub(rest, end + 1, rest.len);
        if (labels.len && labels.at[0] == ',')
            labels = redan_slice_sub(labels, 1, labels.len);
    }
    return false;
}

bool redan_guard_metric(struct redan_slice text, const char *name, const char *label,
                        struct redan_slice value, double *sum)
{
    struct redan_slice line;
    struct redan_slice got = {0};
    struct sample s;
    double number = 0;
    bool any = false;

    *sum = 0;
    while (text.len) {
        (void)redan_slice_cut(text, '\n', &line, &text);
        if (!sample_of(line, &s) || !redan_slice_is(s.name, name) ||
            !redan_json_double(s.value, &number))
            continue;
        if (label && (!label_of(s.labels, label, &got) || !redan_slice_eq(got, value)))
            continue;
        *sum += number;
        any = true;
    }
    return any;
}

bool redan_guard_read(struct redan_slice text, struct redan_guard_seen *seen)
{
    const struct redan_slice any = {0};
    struct redan_slice line;
    struct redan_slice policy = {0};
    struct redan_slice profile = {0};
    struct redan_slice mode = {0};
    struct sample s;
    size_t found = 0;
    double up = 0;

    *seen = (struct redan_guard_seen){.text = text};
    while (text.len) {
        (void)redan_slice_cut(text, '\n', &line, &text);
        if (!sample_of(line, &s) || !redan_slice_is(s.name, "redan_guard_policy_info"))
            continue;
        found++;
        if (!label_of(s.labels, "policy", &policy) || !label_of(s.labels, "mode", &mode) ||
            !redan_digest_parse(policy, &seen->policy))
            return false;
        seen->has_profile = label_of(s.labels, "profile", &profile) && profile.len > 0;
        if (seen->has_profile && !redan_digest_parse(profile, &seen->profile))
            return false;
        (void)label_of(s.labels, "id", &seen->id);
        seen->enforces = redan_slice_is(mode, "enforce");
    }
    seen->up = redan_guard_metric(seen->text, "redan_guard_up", NULL, any, &up) && up > 0;
    return found == 1 &&
           redan_guard_metric(seen->text, "redan_guard_generation", NULL, any, &seen->generation);
}

enum redan_status redan_guard_look(struct redan_ctx *ctx, const struct redan_probe *probe,
                                   struct redan_guard_seen *seen)
{
    const struct redan_http_request request = {
        .method = REDAN_S("GET"), .url = probe->metrics, .seconds = redan_probe_seconds(probe)};
    struct redan_http_response response;

    REDAN_TRY(redan_http_send(ctx, &request, &response));
    if (response.status == 200 && redan_guard_read(response.body, seen))
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                      "%.*s does not say which policy is in force: is it where the guard has its "
                      "metrics?",
                      REDAN_FMT(probe->metrics));
}
