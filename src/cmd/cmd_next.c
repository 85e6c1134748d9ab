/* redan next: the one most useful thing to do now. */
#include "base/clock.h"
#include "cmd/cli_system.h"
#include "cmd/command.h"
#include "codec/json.h"
#include "threat/verdict.h"

static const struct redan_option options[] = {
    {"root", 0, "FINGERPRINT", "the root of trust; else REDAN_ROOT, else /etc/redan/root"},
    {"at", 0, "TIME", "judge as if it were this time"},
    {NULL, 0, NULL, NULL},
};

static int run(struct redan_cli *cli)
{
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    struct redan_verdict v;

    if (redan_cli_load(cli, &loaded) != REDAN_OK ||
        redan_system_verdict(&cli->ctx, &loaded.system, NULL, 0, cli->simulated, &v) != REDAN_OK)
        return redan_cli_failed(cli);
    const struct redan_finding *next = v.next;
    char time[REDAN_TIME_TEXT];
    redan_time_text(v.at, time);
    if (v.simulated && !cli->json)
        redan_buf_printf(&cli->out, "SIMULATED at %s\n", time);
    if (cli->json) {
        redan_buf_text(&cli->out, "{\"next\": ");
        if (next) {
            redan_json_string_add(&cli->out, next->action);
            redan_buf_text(&cli->out, ", \"because\": ");
            redan_json_string_add(&cli->out, next->detail);
            redan_buf_printf(&cli->out, ", \"rule\": \"%s\"}\n", next->rule->id);
        } else {
            redan_buf_text(&cli->out, "null}\n");
        }
    } else if (next) {
        redan_buf_printf(&cli->out, "%.*s\n  because %.*s%s%.*s\n", REDAN_FMT(next->action),
                         REDAN_FMT(next->subject), next->subject.len ? ": " : "",
                         REDAN_FMT(next->detail));
    } else if (v.deadline_count > 0) {
        redan_date_text(v.deadlines[0].at, time);
        redan_buf_printf(&cli->out, "nothing now; on %s, %.*s\n", time,
                         REDAN_FMT(v.deadlines[0].what));
    } else {
        redan_buf_text(&cli->out, v.waiver_count ? "nothing: every claim is proved or signed for\n"
                                                 : "nothing: every claim is proved\n");
    }
    return redan_word_exit(v.word);
}

const struct redan_command redan_cmd_next = {
    .name = "next",
    .args = "",
    .summary = "the one most useful thing to do now, with its command",
    .options = options,
    .run = run,
};
