/* Calibration from the command line: a profile and logs in, the profile with bounds out, and what they are worth. */
#include "cmd/guard_calibrate.h"

#include "cmd/cli_profile.h"
#include "codec/json.h"
#include "codec/json_pull.h"
#include "guard/history.h"
#include "io/file.h"

static const double alpha_default = 1e-4;

static enum redan_status between(struct redan_cli *cli, const char *option, double low, double high,
                                 double *value)
{
    if (!redan_cli_has(cli, option))
        return REDAN_OK;
    if (!redan_json_double(redan_cli_value(cli, option), value) || !(*value > low && *value < high))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--%s: a number between %g and %g", option,
                          low, high);
    return REDAN_OK;
}

static enum redan_status read_options(struct redan_cli *cli,
                                      struct redan_calibration_wanted *wanted,
                                      struct redan_slice **files, size_t *count)
{
    struct redan_slice text = {0};

    *wanted =
        (struct redan_calibration_wanted){.alpha = alpha_default, .threshold = 0.5, .seed = 1};
    if (cli->arg_count > 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "DATA and --history are two runs: learn first, then calibrate");
    if (redan_cli_value(cli, "from").len == 0 || redan_cli_value(cli, "history").len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--from PROFILE and --history LOGS go together");
    REDAN_TRY(between(cli, "alpha", 0, 1, &wanted->alpha));
    REDAN_TRY(between(cli, "threshold", -1e300, 1e300, &wanted->threshold));
    REDAN_TRY(between(cli, "held", 0, 1, &wanted->held));
    if (redan_cli_has(cli, "seed") && !redan_slice_u64(redan_cli_value(cli, "seed"), &wanted->seed))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--seed: a whole number");
    for (*count = 0; redan_cli_value_at(cli, "history", *count, &text);)
        (*count)++;
    *files = redan_take_array(&cli->ctx, *count + 1, sizeof(**files));
    if (!*files)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < *count; i++)
        (void)redan_cli_value_at(cli, "history", i, &(*files)[i]);
    return REDAN_OK;
}

static void numbers(struct redan_buf *out, const char *name, const double *values)
{
    redan_buf_printf(out, ", \"%s\": {", name);
    for (unsigned b = 0; b < REDAN_BITS; b++) {
        redan_buf_printf(out, "%s\"%s\": ", b ? ", " : "", redan_bit_words[b]);
        redan_json_number_add(out, values[b]);
    }
    redan_buf_char(out, '}');
}

static void number(struct redan_buf *out, const char *name, double value)
{
    redan_buf_printf(out, ", \"%s\": ", name);
    redan_json_number_add(out, value);
}

static void class_json(struct redan_buf *out, const struct redan_calibration_class *c)
{
    redan_buf_text(out, "  {\"class\": ");
    redan_json_string_add(out, c->bounds.id);
    number(out, "lives", (double)c->bounds.lives);
    number(out, "rows", (double)c->bounds.queries);
    number(out, "least-alpha", c->bounds.least_alpha);
    number(out, "lives-needed", (double)c->needed);
    number(out, "alpha", c->alpha);
    number(out, "held-out", (double)c->held);
    number(out, "held-out-rows", (double)c->held_queries);
    number(out, "accused", (double)c->accused);
    number(out, "low", c->rate.low);
    number(out, "high", c->rate.high);
    number(out, "log-e-most", c->held_most);
    numbers(out, "m0", c->bounds.m0);
    numbers(out, "mean", c->mean);
    numbers(out, "worst", c->worst);
    redan_buf_char(out, '}');
}

static void tell_json(struct redan_cli *cli, const struct redan_calibration_report *report,
                      struct redan_slice digest, bool is_signed)
{
    struct redan_buf *out = &cli->out;

    redan_buf_text(out, "{\"schema\": \"redan/guard-calibrated/1\", \"profile\": ");
    redan_json_string_add(out, redan_cli_value(cli, "out"));
    redan_buf_text(out, ", \"digest\": ");
    redan_json_string_add(out, digest);
    redan_buf_printf(out, ", \"signed\": %s", is_signed ? "true" : "false");
    number(out, "events", (double)report->events);
    number(out, "rows", (double)report->rows);
    number(out, "retries", (double)report->retries);
    number(out, "nameless", (double)report->nameless);
    number(out, "featureless", (double)report->featureless);
    number(out, "foreign", (double)report->foreign);
    number(out, "unreadable", (double)report->unreadable);
    number(out, "unanswered", (double)report->unanswered);
    redan_buf_text(out, ", \"classes\": [\n");
    for (size_t i = 0; i < report->count; i++) {
        redan_buf_text(out, i ? ",\n" : "");
        class_json(out, &report->classes[i]);
    }
    redan_buf_text(out, "\n]}\n");
}

enum redan_status redan_cli_guard_calibrate(struct redan_cli *cli)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_calibration_wanted wanted;
    struct redan_calibration_report report = {0};
    struct redan_profile profile = {0};
    struct redan_slice *files = NULL;
    struct redan_slice from = redan_cli_value(cli, "from");
    struct redan_slice text = {0};
    size_t count = 0;
    bool is_signed = false;

    REDAN_TRY(read_options(cli, &wanted, &files, &count));
    REDAN_TRY(redan_file_read(ctx, from, REDAN_PROFILE_BYTES, true, &text));
    enum redan_status status = redan_profile_read(ctx, text, NULL, &profile);
    if (status != REDAN_OK) {
        redan_fail_name(ctx, from);
        return status;
    }
    REDAN_TRY(redan_calibration_learn(ctx, &wanted, files, count, &profile, &report));
    REDAN_TRY(redan_cli_profile_save(cli, &profile, &is_signed));
    REDAN_TRY(redan_digest_text(ctx, &profile.digest, &text));
    if (report.unreadable)
        redan_cli_say(cli, "%.*s", REDAN_FMT(report.first_unreadable));
    if (cli->json) {
        tell_json(cli, &report, text, is_signed);
        return REDAN_OK;
    }
    redan_buf_printf(&cli->out, "%.*s: calibrated%s\n", REDAN_FMT(redan_cli_value(cli, "out")),
                     is_signed ? "; signed" : "");
    redan_calibration_text(&cli->out, &report, &wanted);
    return REDAN_OK;
}
