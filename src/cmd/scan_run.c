/* The run: files to workers, results to reports, in the order of the walk. */
#include "cmd/scan_run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/scan_answer.h"
#include "format/format.h"
#include "io/os.h"

enum { FLUSH = 64 << 10, SPARE = 64 << 20, EVERY = 16 };

/* In the worker: everything hostile happens here. */
static void work(void *arg, int fd, struct redan_slice name, struct redan_buf *out)
{
    const struct redan_scan_run *run = arg;
    struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;
    struct redan_source REDAN_DEFER(redan_source_done) source = {.fd = -1};
    struct redan_scan_artefact artefact = {.path = name};

    redan_ctx_init(&ctx, &run->limits);
    enum redan_status status = redan_source_file(&ctx, fd, &source);
    if (status == REDAN_OK)
        status = redan_scan_source(&ctx, &run->engine, &source, name, &artefact);
    if (ctx.lacks && !run->prepared)
        return;
    if (status == REDAN_OK)
        redan_scan_answer_add(out, &artefact);
    else
        redan_scan_answer_add_failure(out, ctx.failure.text[0]
                                               ? redan_slice_of(ctx.failure.text)
                                               : redan_slice_of(redan_status_name(status)));
}

/* Some archives are read by a library that brings many others along. */
static void prepare(void *arg)
{
    struct redan_scan_run *run = arg;

    redan_unpack_prepare(&run->cli->ctx);
    run->prepared = true;
}

static void progress(struct redan_scan_run *run)
{
    double now = 0;

    if (!run->watched)
        return;
    now = redan_os_clock();
    if (now - run->shown < 0.1)
        return;
    run->shown = now;
    (void)fprintf(stderr, "\r%llu scanned, %llu malicious, %llu suspicious\x1b[K",
                  (unsigned long long)run->tally.artefacts,
                  (unsigned long long)run->tally.verdicts[REDAN_SCAN_MALICIOUS],
                  (unsigned long long)run->tally.verdicts[REDAN_SCAN_SUSPICIOUS]);
}

static enum redan_status send_out(struct redan_scan_run *run, size_t over)
{
    struct redan_ctx *ctx = &run->cli->ctx;

    REDAN_TRY(redan_buf_ok(ctx, &run->text, "the report"));
    REDAN_TRY(redan_buf_ok(ctx, &run->sarif_text, "the report"));
    if (run->form != REDAN_SCAN_TEXT && run->text.len > over) {
        REDAN_TRY(redan_growing_add(ctx, &run->out, redan_buf_view(&run->text)));
        redan_buf_clear(&run->text);
    }
    if (run->with_sarif && run->sarif_text.len > over) {
        REDAN_TRY(redan_growing_add(ctx, &run->sarif_file, redan_buf_view(&run->sarif_text)));
        redan_buf_clear(&run->sarif_text);
    }
    return REDAN_OK;
}

/* Results that are there, oldest first; with `wait` at least one. */
static enum redan_status report(struct redan_scan_run *run, struct redan_crew *crew, bool wait)
{
    struct redan_crew_result result;
    bool got = true;

    while (!redan_crew_idle(crew)) {
        REDAN_TRY(redan_crew_take(crew, wait, &result, &got));
        if (!got)
            return REDAN_OK;
        wait = false;
        REDAN_TRY(redan_scan_result(run, crew, &result));
        redan_crew_drop(crew);
        REDAN_TRY(send_out(run, FLUSH));
        progress(run);
    }
    return REDAN_OK;
}

/* What a record will be about must be the very files that were opened. */
static enum redan_status remember(struct redan_scan_run *run, const struct redan_scan_item *item)
{
    struct redan_ctx *ctx = &run->cli->ctx;
    struct redan_scan_opened *items = run->opened.items;

    if (!redan_cli_has(run->cli, "for") || item->fd < 0)
        return REDAN_OK;
    if (run->opened.count == run->opened_room) {
        size_t wider = run->opened_room ? run->opened_room * 2 : 64;
        items = redan_take_array(ctx, wider, sizeof(*items));
        if (!items)
            return REDAN_E_MEMORY;
        if (run->opened.count)
            memcpy(items, run->opened.items, run->opened.count * sizeof(*items));
        run->opened.items = items;
        run->opened_room = wider;
    }
    items[run->opened.count].st = item->st;
    REDAN_TRY(redan_copy(ctx, item->path, &items[run->opened.count].path));
    run->opened.count++;
    return REDAN_OK;
}

/* Why a thing is not read outlives its turn in the walk. */
static enum redan_status put(struct redan_scan_run *run, struct redan_crew *crew,
                             const struct redan_scan_item *item)
{
    struct redan_mem *mem = &run->cli->ctx.mem;
    char *why = NULL;

    if (item->fd < 0) {
        why = redan_mem_take(mem, item->why.len + 1);
        if (!why)
            return redan_fail(&run->cli->ctx, REDAN_E_MEMORY, 0, "no memory for a reason");
        memcpy(why, item->why.at, item->why.len);
        why[item->why.len] = '\0';
    }
    return redan_crew_put(crew, item->fd, item->fd < 0 ? 0 : (uint64_t)item->st.st_size, item->path,
                          why);
}

static enum redan_status walk_all(struct redan_scan_run *run, struct redan_scan_walk *walk,
                                  struct redan_crew *crew)
{
    struct redan_scan_item item;
    unsigned since = 0;
    bool got = false;

    for (;;) {
        REDAN_TRY(redan_scan_walk_next(walk, &item, &got));
        if (!got)
            break;
        REDAN_TRY(remember(run, &item)); /* its descriptor is open until the task has it */
        REDAN_TRY(put(run, crew, &item));
        if (redan_crew_full(crew) || ++since == EVERY) {
            REDAN_TRY(report(run, crew, redan_crew_full(crew)));
            since = 0;
        }
    }
    redan_crew_hurry(crew);
    while (!redan_crew_idle(crew))
        REDAN_TRY(report(run, crew, true));
    run->tally.excluded = walk->excluded;
    return REDAN_OK;
}

static void settle(struct redan_scan_tally *tally)
{
    for (int i = REDAN_SCAN_CLEAN; i <= REDAN_SCAN_MALICIOUS; i++) {
        if (tally->verdicts[i])
            tally->verdict = (enum redan_scan_word)i;
    }
    tally->coverage = REDAN_COVERAGE_INCOMPLETE;
    for (int i = REDAN_COVERAGE_COMPLETE; i <= REDAN_COVERAGE_UNINSPECTED; i++) {
        if (tally->artefacts && tally->coverages[i] == tally->artefacts)
            tally->coverage = (enum redan_coverage)i;
    }
}

static enum redan_status finish(struct redan_scan_run *run)
{
    struct redan_ctx *ctx = &run->cli->ctx;
    struct redan_buf REDAN_DEFER(redan_buf_done) head = {0};

    settle(&run->tally);
    if (run->with_sarif)
        redan_scan_sarif_end(&run->sarif_text, &run->sarif);
    if (run->form == REDAN_SCAN_JSON)
        redan_scan_json_end(&run->text, &run->tally);
    if (run->form == REDAN_SCAN_SARIF)
        redan_scan_sarif_end(&run->text, &run->sarif);
    REDAN_TRY(send_out(run, 0));
    if (run->with_sarif) /* first: whoever reads the text may have seen enough, and end us */
        REDAN_TRY(redan_growing_keep(ctx, &run->sarif_file));
    if (run->form == REDAN_SCAN_TEXT) {
        redan_buf_init(&head, ctx, FLUSH);
        redan_scan_text_head(&head, &run->tally, run->colour);
        redan_scan_text_tail(&run->text, &run->explained, run->colour);
        if (run->hidden)
            redan_buf_printf(&run->text, "and %llu more artefacts; --json has all\n",
                             (unsigned long long)run->hidden);
        REDAN_TRY(redan_growing_add(ctx, &run->out, redan_buf_view(&head)));
        REDAN_TRY(redan_growing_add(ctx, &run->out, redan_buf_view(&run->text)));
    }
    return redan_growing_keep(ctx, &run->out);
}

/* What a worker may still do although it should not; said once, to whoever asks. */
static void say_confinement(const struct redan_scan_run *run, const struct redan_crew *crew)
{
    const struct {
        const char *what;
        int error;
    } rows[] = {{"resource limits", crew->state.limits},
                {"landlock", crew->state.landlock},
                {"seccomp", crew->state.seccomp}};

    for (size_t i = 0; run->verbose && crew->told && i < REDAN_COUNT(rows); i++) {
        const char *reason = strerrordesc_np(rows[i].error);
        if (rows[i].error)
            redan_cli_say(run->cli, "not confined: %s: %s", rows[i].what,
                          reason ? reason : "unknown error");
    }
}

enum redan_status redan_scan_run_all(struct redan_scan_run *run)
{
    struct redan_cli *cli = run->cli;
    struct redan_scan_walk REDAN_DEFER(redan_scan_walk_done) walk;
    struct redan_crew REDAN_DEFER(redan_crew_done) crew = {0};
    struct redan_crew_options options = {
        .workers = run->jobs,
        .seconds = run->seconds,
        .sandbox = {.memory = (uint64_t)run->limits.memory + SPARE},
        .work = work,
        .prepare = prepare,
        .arg = run,
    };

    run->watched = !redan_cli_has(cli, "quiet") && isatty(STDERR_FILENO) == 1;
    REDAN_TRY(redan_scan_walk_init(&cli->ctx, &run->walk, cli->args, cli->arg_count, &walk));
    REDAN_TRY(redan_crew_open(&cli->ctx, &options, &crew));
    if (run->form == REDAN_SCAN_JSON)
        redan_scan_json_begin(&run->text);
    if (run->form == REDAN_SCAN_SARIF || run->with_sarif)
        REDAN_TRY(redan_scan_sarif_begin(&cli->ctx, run->with_sarif ? &run->sarif_text : &run->text,
                                         run->allow_uninspected, &run->sarif));
    enum redan_status status = walk_all(run, &walk, &crew);
    if (run->shown > 0)
        (void)fprintf(stderr, "\r\x1b[K");
    REDAN_TRY(status);
    say_confinement(run, &crew);
    return finish(run);
}

int redan_scan_exit(const struct redan_scan_run *run)
{
    const struct redan_scan_tally *t = &run->tally;

    for (int i = (int)run->fail_on; i <= REDAN_SCAN_MALICIOUS; i++) {
        if (t->levels[i])
            return REDAN_EXIT_FINDINGS;
    }
    if (t->coverage != REDAN_COVERAGE_COMPLETE && !run->allow_uninspected)
        return REDAN_EXIT_UNDONE;
    return REDAN_EXIT_CLEAN;
}
