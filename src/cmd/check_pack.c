/* redan check --pack: an auditor's bundle, unpacked where nobody else can reach and judged as any system. */
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/check.h"
#include "io/file.h"
#include "io/scratch.h"
#include "threat/pack.h"

/* The working folder will be another one: what was named relative to this one gets its whole path. */
static enum redan_status fix_artefacts(struct redan_check_ask *ask)
{
    struct redan_ctx *ctx = &ask->cli->ctx;
    char here[4096];

    if (ask->artefact_count == 0)
        return REDAN_OK;
    if (!getcwd(here, sizeof(here)))
        return redan_fail(ctx, REDAN_E_IO, 0, "the working folder has no name");
    for (size_t i = 0; i < ask->artefact_count; i++)
        REDAN_TRY(redan_path_join(ctx, redan_slice_of(here), ask->artefacts[i].path,
                                  &ask->artefacts[i].path));
    return REDAN_OK;
}

static struct redan_slice temporary(void)
{
    struct redan_slice base = redan_slice_of(getenv("TMPDIR"));

    return base.len > 0 && base.at[0] == '/' ? base : REDAN_S("/tmp");
}

static enum redan_status judge(struct redan_check_ask *ask, const struct redan_pack *pack,
                               struct redan_cli_system *loaded, struct redan_verdict *verdict)
{
    struct redan_ctx *ctx = &ask->cli->ctx;
    const struct redan_threat_model *model = &loaded->system.model;

    REDAN_TRY(redan_system_load(ctx, NULL, REDAN_S("."), &ask->pin, &loaded->system));
    if (loaded->system.problems.count == 0 && (!redan_slice_eq(model->id, pack->claim.system) ||
                                               !redan_digest_eq(&model->root, &pack->claim.root)))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "this is no sound pack: its manifest names another threat model than it "
                          "holds");
    return redan_check_judge(ctx, ask, &loaded->system, verdict);
}

static enum redan_status claim_of(struct redan_ctx *ctx, const struct redan_pack *pack,
                                  const struct redan_verdict *verdict,
                                  struct redan_check_claim *claim)
{
    char time[REDAN_TIME_TEXT];

    redan_time_text(pack->claim.made, time);
    *claim = (struct redan_check_claim){
        .tool = pack->claim.tool,
        .verdict = pack->claim.verdict,
        .differs = !redan_slice_is(pack->claim.verdict, redan_word_words[verdict->word]),
        .catalog = redan_pack_same_catalog(pack),
    };
    return redan_copy(ctx, redan_slice_of(time), &claim->made);
}

int redan_check_pack(struct redan_check_ask *ask)
{
    struct redan_ctx *ctx = &ask->cli->ctx;
    struct redan_scratch REDAN_DEFER(redan_scratch_done) folder = {.fd = -1};
    struct redan_cli_system REDAN_DEFER(redan_cli_system_done) loaded = {0};
    struct redan_slice path = redan_cli_value(ask->cli, "pack");
    struct redan_slice text = {0};
    struct redan_pack pack;
    struct redan_verdict verdict = {.word = REDAN_WORD_INDETERMINATE};
    struct redan_check_claim claim;

    if (fix_artefacts(ask) != REDAN_OK ||
        redan_file_read(ctx, path, REDAN_PACK_MOST, true, &text) != REDAN_OK)
        return redan_check_failed(ask);
    if (redan_pack_read(ctx, text, &pack) != REDAN_OK) {
        redan_fail_name(ctx, path);
        return redan_check_failed(ask);
    }
    if (redan_scratch_make(ctx, temporary(), pack.judged, pack.judged_count, &folder) != REDAN_OK ||
        redan_scratch_enter(ctx, &folder) != REDAN_OK ||
        judge(ask, &pack, &loaded, &verdict) != REDAN_OK ||
        claim_of(ctx, &pack, &verdict, &claim) != REDAN_OK)
        return redan_check_failed(ask);
    return redan_check_report(ask, &verdict, &claim);
}
