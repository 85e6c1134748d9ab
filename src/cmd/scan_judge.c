/* One worker's answer: read with distrust, judged by policy and baseline, counted, reported. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cmd/scan_answer.h"
#include "cmd/scan_run.h"
#include "io/file.h"

enum { TEXT_MOST = 16 << 20 };

/* The artefact of a worker that was stopped by it. */
static enum redan_status stopped(struct redan_ctx *ctx, struct redan_scan_artefact *artefact,
                                 const char *what, int number)
{
    char why[160];

    *artefact = (struct redan_scan_artefact){.coverage = REDAN_COVERAGE_INCOMPLETE};
    redan_findings_init(&artefact->findings, ctx);
    if (number)
        (void)snprintf(why, sizeof(why), "%s: %d", what, number);
    else
        (void)snprintf(why, sizeof(why), "%s", what);
    REDAN_TRY(redan_copy(ctx, redan_slice_of(why), &artefact->reason));
    artefact->verdict = REDAN_SCAN_SUSPICIOUS;
    const struct redan_scan_rule *rule = redan_scan_rule_named(REDAN_S("COV902"));
    return redan_finding_add(&artefact->findings, &rule->card, REDAN_LEVEL_WARN,
                             (struct redan_slice){"", 0}, "%s", why)
               ? REDAN_OK
               : REDAN_E_MEMORY;
}

static enum redan_status read_result(struct redan_scan_run *run, struct redan_crew *crew,
                                     const struct redan_crew_result *result,
                                     struct redan_scan_artefact *artefact)
{
    struct redan_ctx *ctx = &run->turn;

    switch (result->end) {
    case REDAN_CREW_SKIPPED:
        *artefact = (struct redan_scan_artefact){.coverage = REDAN_COVERAGE_UNINSPECTED};
        redan_findings_init(&artefact->findings, ctx);
        REDAN_TRY(redan_copy(ctx, redan_slice_of(result->tag), &artefact->reason));
        redan_mem_give(&run->cli->ctx.mem, result->tag, strlen(result->tag) + 1);
        return REDAN_OK;
    case REDAN_CREW_DIED:
        return result->signal
                   ? stopped(ctx, artefact, "the process that read it died of a signal",
                             result->signal)
                   : stopped(ctx, artefact, "the process that read it ended without an answer", 0);
    case REDAN_CREW_HUNG:
        return stopped(ctx, artefact, "it took longer than the seconds that one file may take",
                       (int)run->seconds);
    case REDAN_CREW_ANSWERED:
        break;
    }
    enum redan_status status = redan_scan_answer_read(ctx, result->answer, artefact);
    if (status != REDAN_E_SYNTAX)
        return status;
    redan_fail_clear(ctx);
    redan_crew_distrust(crew, result->worker);
    return stopped(ctx, artefact, "the process that read it answered nonsense", 0);
}

/* Room for one more that outlives the turn. */
static enum redan_status remember(struct redan_scan_run *run, const struct redan_finding *f,
                                  struct redan_slice fingerprint)
{
    struct redan_ctx *ctx = &run->cli->ctx;
    struct redan_cli *cli = run->cli;
    struct redan_scan_accepted *items = run->found.items;

    if (!redan_cli_has(cli, "update-baseline") ||
        redan_slice_starts(redan_slice_of(f->rule->id), REDAN_S("COV")))
        return REDAN_OK;
    if (run->found.count == run->found_room) {
        size_t wider = run->found_room ? run->found_room * 2 : 64;
        struct redan_scan_accepted *grown = redan_take_array(ctx, wider, sizeof(*grown));
        if (!grown)
            return REDAN_E_MEMORY;
        if (run->found.count)
            memcpy(grown, items, run->found.count * sizeof(*grown));
        run->found.items = items = grown;
        run->found_room = wider;
    }
    struct redan_scan_accepted made = {.rule = redan_slice_of(f->rule->id),
                                       .reason = redan_cli_value(cli, "reason"),
                                       .by = redan_cli_value(cli, "by")};
    REDAN_TRY(redan_copy(ctx, fingerprint, &made.fingerprint));
    REDAN_TRY(redan_copy(ctx, f->file, &made.path));
    items[run->found.count++] = made;
    return REDAN_OK;
}

static enum redan_status judge(struct redan_scan_run *run, struct redan_scan_artefact *artefact,
                               struct redan_scan_judged *judged)
{
    struct redan_ctx *ctx = &run->turn;
    bool quiet = false;

    *judged = (struct redan_scan_judged){.artefact = artefact};
    judged->told = redan_take_array(ctx, artefact->findings.count + 1, sizeof(*judged->told));
    if (!judged->told)
        return REDAN_E_MEMORY;
    for (struct redan_finding *f = artefact->findings.first; f; f = f->next) {
        struct redan_scan_told told = {.finding = f};
        f->file = artefact->path;
        if (!redan_scan_policy_level(run->policy, f, ctx->now, &told.level)) {
            run->tally.off++;
            quiet = true;
            continue;
        }
        REDAN_TRY(redan_scan_fingerprint(ctx, f, &told.fingerprint));
        told.accepted =
            redan_scan_baseline_find(run->baseline, f, artefact->path, told.fingerprint, ctx->now);
        enum redan_scan_word word = redan_scan_word_of(told.level);
        quiet |= told.accepted != NULL || told.level < f->level;
        if (told.accepted) {
            run->tally.accepted++;
        } else {
            run->tally.levels[word]++;
            judged->verdict = word > judged->verdict ? word : judged->verdict;
            REDAN_TRY(remember(run, f, told.fingerprint));
        }
        judged->told[judged->count++] = told;
    }
    /* what nobody was told of cannot have been accepted */
    if (artefact->more && quiet && artefact->coverage == REDAN_COVERAGE_COMPLETE) {
        artefact->coverage = REDAN_COVERAGE_INCOMPLETE;
        artefact->reason = REDAN_S("more findings than are told, and some of those told are off "
                                   "or accepted");
    }
    return REDAN_OK;
}

static void emit(struct redan_scan_run *run, const struct redan_scan_judged *judged)
{
    bool first = run->tally.artefacts == 1;

    switch (run->form) {
    case REDAN_SCAN_TEXT:
        if (run->text.len < TEXT_MOST)
            redan_scan_text(&run->text, judged, &run->explained, run->verbose, run->colour);
        else if (judged->count || judged->artefact->coverage != REDAN_COVERAGE_COMPLETE)
            run->hidden++;
        break;
    case REDAN_SCAN_JSON:
        redan_scan_json(&run->text, judged, first);
        break;
    case REDAN_SCAN_SARIF:
        redan_scan_sarif(&run->text, &run->sarif, judged);
        break;
    }
    if (run->with_sarif)
        redan_scan_sarif(&run->sarif_text, &run->sarif, judged);
}

static enum redan_status one_result(struct redan_scan_run *run, struct redan_crew *crew,
                                    const struct redan_crew_result *result)
{
    struct redan_scan_artefact artefact;
    struct redan_scan_judged judged;

    REDAN_TRY(read_result(run, crew, result, &artefact));
    artefact.path = result->name;
    artefact.size = result->size;
    REDAN_TRY(judge(run, &artefact, &judged));
    run->tally.artefacts++;
    run->tally.bytes += artefact.size;
    run->tally.verdicts[judged.verdict]++;
    run->tally.coverages[artefact.coverage]++;
    emit(run, &judged);
    return REDAN_OK;
}

enum redan_status redan_scan_result(struct redan_scan_run *run, struct redan_crew *crew,
                                    const struct redan_crew_result *result)
{
    struct redan_arena_mark mark = redan_arena_mark(&run->turn.arena);
    enum redan_status status = one_result(run, crew, result);

    redan_arena_reset(&run->turn.arena, mark);
    if (status != REDAN_OK)
        (void)redan_fail(&run->cli->ctx, status, 0, "%s", run->turn.failure.text);
    return status;
}

enum redan_status redan_scan_baseline_write(struct redan_scan_run *run)
{
    struct redan_ctx *ctx = &run->cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) text = {0};
    struct redan_scan_baseline made = {0};
    struct redan_scan_accepted *fresh = run->found.items;
    const struct redan_scan_accepted *old = run->baseline->accepted.items;
    int64_t expires = 0;

    (void)redan_date_parse(redan_cli_value(run->cli, "expires"), &expires);
    struct redan_scan_accepted *all =
        redan_take_array(ctx, run->found.count + run->baseline->accepted.count + 1, sizeof(*all));
    if (!all)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < run->baseline->accepted.count; i++) {
        if (ctx->now < old[i].expires)
            all[made.accepted.count++] = old[i];
    }
    size_t kept = made.accepted.count;
    for (size_t i = 0; i < run->found.count; i++) {
        fresh[i].expires = expires;
        all[made.accepted.count++] = fresh[i];
    }
    made.accepted.items = all;
    redan_buf_init(&text, ctx, ctx->limits.yaml);
    redan_scan_baseline_add_yaml(&text, &made);
    REDAN_TRY(redan_buf_ok(ctx, &text, "the baseline"));
    REDAN_TRY(redan_file_replace(ctx, run->baseline_path, 0644, redan_buf_view(&text)));
    redan_cli_say(run->cli, "%zu finding%s accepted in %.*s (%zu before)", run->found.count,
                  run->found.count == 1 ? "" : "s", REDAN_FMT(run->baseline_path), kept);
    return REDAN_OK;
}
