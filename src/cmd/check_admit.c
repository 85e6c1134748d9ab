/* redan check --release: admission by a signed summary, where the threat model is not at hand. */
#include "base/clock.h"
#include "cmd/check.h"
#include "codec/json.h"
#include "io/file.h"
#include "record/report_github.h"
#include "threat/admission.h"

enum { MAX_AGE_DAYS = 7, DAY = 86400 };

/* --dir, or here: the folder with keys.yaml itself, or the one that holds it as redan/. */
static enum redan_status keys_folder(struct redan_cli *cli, struct redan_slice *folder)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice dir = redan_cli_value(cli, "dir");
    struct redan_slice below = {0};
    struct redan_slice path = {0};

    if (dir.len == 0)
        dir = REDAN_S(".");
    *folder = dir;
    REDAN_TRY(redan_path_join(ctx, dir, REDAN_S("redan"), &below));
    REDAN_TRY(redan_path_join(ctx, dir, REDAN_S("keys.yaml"), &path));
    if (redan_file_exists(ctx, path))
        return REDAN_OK;
    REDAN_TRY(redan_path_join(ctx, below, REDAN_S("keys.yaml"), &path));
    if (redan_file_exists(ctx, path)) {
        *folder = below;
        return REDAN_OK;
    }
    return redan_fail(ctx, REDAN_E_ABSENT, 0,
                      "no keys.yaml in %.*s; --dir names the folder that holds keys.yaml and "
                      "keys.dsse.json",
                      REDAN_FMT(dir));
}

static enum redan_status read_ask(struct redan_cli *cli, struct redan_digest *releases,
                                  struct redan_admission_ask *ask)
{
    struct redan_slice text = {0};
    struct redan_slice age = redan_cli_value(cli, "max-age");

    ask->system = redan_cli_value(cli, "system");
    ask->max_age = (int64_t)MAX_AGE_DAYS * DAY;
    if (redan_cli_has(cli, "max-age") && !redan_span_parse(age, &ask->max_age))
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--max-age takes a span, 12h or 7d");
    for (size_t n = 0; redan_cli_value_at(cli, "release", n, &text); n++) {
        if (!redan_digest_parse(text, &releases[n]))
            return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                              "--release takes sha256: and 64 hexadecimal digits, found \"%.*s\"",
                              REDAN_FMT(redan_slice_sub(text, 0, 100)));
        ask->release_count = n + 1;
    }
    ask->releases = releases;
    return REDAN_OK;
}

static enum redan_status judge(const struct redan_check_ask *ask, struct redan_admission *admission)
{
    struct redan_cli *cli = ask->cli;
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) keys = {0};
    struct redan_digest *releases = redan_take_array(ctx, cli->value_count, sizeof(*releases));
    struct redan_admission_ask what = {0};
    struct redan_slice folder = {0};
    struct redan_slice text = {0};

    if (!releases)
        return REDAN_E_MEMORY;
    REDAN_TRY(read_ask(cli, releases, &what));
    REDAN_TRY(keys_folder(cli, &folder));
    REDAN_TRY(redan_system_load_keys(ctx, folder, &ask->pin, &keys.system));
    REDAN_TRY(redan_file_read(ctx, redan_cli_value(cli, "vsa"), ctx->limits.json, true, &text));
    REDAN_TRY(redan_admission_judge(ctx, &keys.system, &what, text, admission));
    if (admission->signer.len) /* it goes with the keys */
        REDAN_TRY(redan_copy(ctx, admission->signer, &admission->signer));
    return REDAN_OK;
}

static void say_json(struct redan_cli *cli, const struct redan_admission *a)
{
    struct redan_buf *out = &cli->out;
    struct redan_slice release = {0};
    char time[REDAN_TIME_TEXT];

    redan_buf_printf(out,
                     "{\"schema\": \"redan/admission/1\", \"verdict\": \"%s\", \"exit\": %d, "
                     "\"simulated\": %s, \"releases\": [",
                     redan_word_words[a->word], redan_word_exit(a->word),
                     cli->simulated ? "true" : "false");
    for (size_t n = 0; redan_cli_value_at(cli, "release", n, &release); n++) {
        redan_buf_text(out, n ? ", " : "");
        redan_json_string_add(out, release);
    }
    redan_buf_text(out, "], \"headline\": ");
    redan_json_string_add(out, a->headline);
    if (a->action.len) {
        redan_buf_text(out, ", \"action\": ");
        redan_json_string_add(out, a->action);
    }
    if (a->signer.len) {
        redan_buf_text(out, ", \"system\": ");
        redan_json_string_add(out, a->system);
        redan_buf_text(out, ", \"signer\": ");
        redan_json_string_add(out, a->signer);
        redan_time_text(a->verified, time);
        redan_buf_printf(out, ", \"verified\": \"%s\"", time);
    }
    redan_time_text(a->until, time);
    if (a->until != 0)
        redan_buf_printf(out, ", \"until\": \"%s\"", time);
    redan_buf_text(out, "}\n");
}

static void say_text(const struct redan_check_ask *ask, const struct redan_admission *a)
{
    static const char *const shout[] = {"PASS", "PASS", "FAIL", "INDETERMINATE", "UNVERIFIED"};
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    char time[REDAN_TIME_TEXT];

    redan_buf_init(&text, &ask->cli->ctx, (size_t)1 << 20);
    redan_buf_printf(&text, "%s  ", shout[a->word]);
    redan_time_text(ask->cli->ctx.now, time);
    if (ask->cli->simulated)
        redan_buf_printf(&text, "SIMULATED at %s  ", time);
    if (a->system.len)
        redan_buf_printf(&text, "%.*s  ", REDAN_FMT(a->system));
    redan_buf_slice(&text, a->headline);
    redan_time_text(a->verified, time);
    if (a->word == REDAN_WORD_PASS)
        redan_buf_printf(&text, " at %s", time);
    redan_time_text(a->until, time);
    if (a->word == REDAN_WORD_PASS && a->until != 0)
        redan_buf_printf(&text, ", good until %s", time);
    redan_buf_char(&text, '\n');
    if (a->action.len)
        redan_buf_printf(&text, "do: %.*s\n", REDAN_FMT(a->action));
    redan_check_log(ask, &text);
    if (ask->github && a->word != REDAN_WORD_PASS)
        redan_github_annotate(&ask->cli->out, "error", "redan check --release", a->headline);
}

int redan_check_admit(const struct redan_check_ask *ask)
{
    struct redan_admission admission = {0};

    if (!redan_cli_has(ask->cli, "vsa"))
        return redan_cli_usage(ask->cli, "--release is held against a signed summary: --vsa FILE");
    if (judge(ask, &admission) != REDAN_OK)
        return redan_check_failed(ask);
    if (ask->fork.is && admission.word == REDAN_WORD_PASS) {
        admission.word = REDAN_WORD_UNVERIFIED;
        admission.action = REDAN_S("admit releases from the house's own pipelines");
        if (redan_format(&ask->cli->ctx, &admission.headline, "%.*s is not believed",
                         REDAN_FMT(ask->fork.why)) != REDAN_OK)
            return redan_check_failed(ask);
    }
    if (ask->cli->json)
        say_json(ask->cli, &admission);
    else
        say_text(ask, &admission);
    return redan_word_exit(admission.word);
}
