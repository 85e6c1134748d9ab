/* How redan check speaks: on the screen, as JSON, into a GitHub log and a step's summary. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd/check.h"
#include "codec/json.h"
#include "io/file.h"
#include "record/report_github.h"

enum { REPORT_MOST = 64 << 20 };

static enum redan_status unverified(struct redan_ctx *ctx, const struct redan_fork *fork,
                                    struct redan_verdict *v)
{
    if (!fork->is || v->word == REDAN_WORD_FAIL)
        return REDAN_OK;
    v->word = REDAN_WORD_UNVERIFIED;
    return redan_format(ctx, &v->headline, "%.*s is not believed here; as it stands: %.*s",
                        REDAN_FMT(fork->why), REDAN_FMT(v->headline));
}

enum redan_status redan_check_judge(struct redan_ctx *ctx, const struct redan_check_ask *ask,
                                    const struct redan_system *system,
                                    struct redan_verdict *verdict)
{
    REDAN_TRY(redan_system_verdict(ctx, system, ask->artefacts, ask->artefact_count,
                                   ask->cli->simulated, verdict));
    return unverified(ctx, &ask->fork, verdict);
}

static enum redan_status add_claim(struct redan_ctx *ctx, struct redan_node *tree,
                                   const struct redan_check_claim *claim)
{
    struct redan_node *pack = redan_node_add_kind(ctx, tree, "pack", REDAN_NODE_MAP);

    if (!pack || !redan_node_add_text(ctx, pack, "made", claim->made) ||
        !redan_node_add_text(ctx, pack, "tool", claim->tool) ||
        !redan_node_add_text(ctx, pack, "verdict", claim->verdict) ||
        !redan_node_add_bool(ctx, pack, "differs", claim->differs) ||
        !redan_node_add_bool(ctx, pack, "same-catalog", claim->catalog))
        return REDAN_E_MEMORY;
    return REDAN_OK;
}

void redan_check_json(struct redan_ctx *ctx, const struct redan_verdict *verdict,
                      const struct redan_check_claim *claim, struct redan_buf *out,
                      enum redan_status *status)
{
    struct redan_node *tree = NULL;

    *status = redan_verdict_tree(ctx, verdict, &tree);
    if (*status == REDAN_OK && claim)
        *status = add_claim(ctx, tree, claim);
    if (*status == REDAN_OK)
        redan_json_tree_add(out, tree);
}

static void claim_text(struct redan_buf *out, const struct redan_verdict *v,
                       const struct redan_check_claim *claim)
{
    redan_buf_printf(out, "\npack    made %.*s by %.*s, which said %.*s then\n",
                     REDAN_FMT(claim->made), REDAN_FMT(claim->tool), REDAN_FMT(claim->verdict));
    if (claim->differs)
        redan_buf_printf(out, "        the verdict is %s now; as of its making: --at %.*s\n",
                         redan_word_words[v->word], REDAN_FMT(claim->made));
    if (!claim->catalog)
        redan_buf_text(out, "        warning: it was judged by another catalogue than this "
                            "program's; the verdict above is by this program's\n");
}

void redan_check_log(const struct redan_check_ask *ask, const struct redan_buf *text)
{
    if (ask->github)
        redan_github_log(&ask->cli->out, redan_buf_view(text));
    else
        redan_buf_slice(&ask->cli->out, redan_buf_view(text));
    if (text->fail != REDAN_OK && ask->cli->out.fail == REDAN_OK)
        ask->cli->out.fail = text->fail; /* half a report is none */
}

void redan_check_step_summary(const struct redan_check_ask *ask, const struct redan_buf *text)
{
    struct redan_slice path = redan_slice_of(getenv("GITHUB_STEP_SUMMARY"));

    if (path.len == 0 || text->fail != REDAN_OK)
        return;
    if (redan_file_append(&ask->cli->ctx, path, redan_buf_view(text)) == REDAN_OK)
        return;
    redan_cli_say(ask->cli, "the step's summary is not written: %s", ask->cli->ctx.failure.text);
    redan_fail_clear(&ask->cli->ctx);
}

int redan_check_report(const struct redan_check_ask *ask, const struct redan_verdict *verdict,
                       const struct redan_check_claim *claim)
{
    struct redan_cli *cli = ask->cli;
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    enum redan_status status = REDAN_OK;

    if (cli->json) {
        redan_check_json(&cli->ctx, verdict, claim, &cli->out, &status);
        return status == REDAN_OK ? redan_word_exit(verdict->word) : redan_check_failed(ask);
    }
    redan_buf_init(&text, &cli->ctx, REPORT_MOST);
    if (redan_cli_has(cli, "waivers"))
        redan_verdict_waivers_text(&text, verdict, cli->colour);
    else
        redan_verdict_text(&text, verdict, cli->colour);
    if (claim)
        claim_text(&text, verdict, claim);
    redan_check_log(ask, &text);
    cli->painted = cli->colour;
    if (ask->github) {
        redan_verdict_github(&cli->out, verdict);
        redan_buf_clear(&text);
        redan_verdict_markdown(&text, verdict, REDAN_CHECK_SUMMARY_FINDINGS);
        redan_check_step_summary(ask, &text);
    }
    return redan_word_exit(verdict->word);
}

/* In place: what a runner could take for a command on standard error. */
static void calm(char *text)
{
    for (char *c = text; *c; c++) {
        if (*c == '\n' || *c == '\r' || (c[0] == '#' && c[1] == '#' && c[2] == '['))
            *c = ' ';
    }
}

int redan_check_failed(const struct redan_check_ask *ask)
{
    struct redan_failure *f = &ask->cli->ctx.failure;

    if (ask->github) {
        char line[REDAN_FAILURE_NAME + REDAN_FAILURE_TEXT + 4];
        (void)snprintf(line, sizeof(line), "%s%s%s", f->name, f->name[0] ? ": " : "",
                       f->text[0] ? f->text : redan_status_name(f->status));
        redan_github_annotate(&ask->cli->out, "error", "redan check", redan_slice_of(line));
        calm(f->text);
        calm(f->name);
    }
    return redan_cli_failed(ask->cli);
}
