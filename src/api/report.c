/* The exported symbols: a thin face over the threat engine. */
#include "redan/check.h"

#include "codec/json.h"
#include "threat/verdict.h"

struct redan_report {
    struct redan_ctx ctx;
    enum redan_answer answer;
    struct redan_buf json;
    struct redan_buf text;
};

/* The handle itself is not part of what the context counts. */
static const struct redan_mem handle_memory = {.max = sizeof(struct redan_report)};

static enum redan_status pin_of(struct redan_ctx *ctx, const char *root, struct redan_pin *pin)
{
    struct redan_slice text = redan_slice_of(root);

    *pin = (struct redan_pin){.source = REDAN_S("the caller")};
    if (text.len == 0)
        return REDAN_OK;
    pin->set = redan_digest_parse(text, &pin->root);
    return pin->set ? REDAN_OK
                    : redan_fail(ctx, REDAN_E_USAGE, 0,
                                 "a root fingerprint is sha256: and 64 hexadecimal digits");
}

static enum redan_status judge(struct redan_report *r, const char *folder, const char *root,
                               struct redan_system *system, enum redan_word *word)
{
    struct redan_ctx *ctx = &r->ctx;
    struct redan_slice found = {0};
    struct redan_verdict verdict;
    struct redan_node *tree = NULL;
    struct redan_pin pin;

    if (!folder || !folder[0])
        return redan_fail(ctx, REDAN_E_USAGE, 0, "no folder was given");
    REDAN_TRY(pin_of(ctx, root, &pin));
    REDAN_TRY(redan_system_find(ctx, redan_slice_of(folder), &found));
    REDAN_TRY(redan_system_load(ctx, NULL, found, &pin, system));
    REDAN_TRY(redan_system_verdict(ctx, system, NULL, 0, false, &verdict));
    REDAN_TRY(redan_verdict_tree(ctx, &verdict, &tree));
    redan_json_tree_add(&r->json, tree);
    redan_verdict_text(&r->text, &verdict, false);
    REDAN_TRY(redan_buf_ok(ctx, &r->json, "the verdict"));
    REDAN_TRY(redan_buf_ok(ctx, &r->text, "the verdict"));
    *word = verdict.word;
    return REDAN_OK;
}

enum redan_answer redan_report_check(const char *folder, const char *root,
                                     struct redan_report **report)
{
    struct redan_mem memory = handle_memory;
    struct redan_report *r = redan_mem_take(&memory, sizeof(*r));
    struct redan_system system = {0};
    enum redan_word word = REDAN_WORD_INDETERMINATE;

    if (report)
        *report = r;
    if (!r || !report) {
        redan_mem_give(&memory, r, sizeof(*r));
        return report ? REDAN_UNDECIDED : REDAN_MISUSED;
    }
    *r = (struct redan_report){.answer = REDAN_UNDECIDED};
    redan_ctx_init(&r->ctx, NULL);
    redan_buf_init(&r->json, &r->ctx, r->ctx.limits.json);
    redan_buf_init(&r->text, &r->ctx, r->ctx.limits.json);
    enum redan_status status = judge(r, folder, root, &system, &word);
    redan_system_done(&system);
    if (status == REDAN_OK) {
        r->answer = (enum redan_answer)redan_word_exit(word);
    } else { /* nothing half-said */
        redan_buf_clear(&r->json);
        redan_buf_clear(&r->text);
        r->answer = status == REDAN_E_USAGE ? REDAN_MISUSED : REDAN_UNDECIDED;
    }
    return r->answer;
}

enum redan_answer redan_report_answer(const struct redan_report *report)
{
    return report ? report->answer : REDAN_UNDECIDED;
}

const char *redan_report_json(const struct redan_report *report)
{
    return report ? redan_buf_view(&report->json).at : "";
}

const char *redan_report_text(const struct redan_report *report)
{
    return report ? redan_buf_view(&report->text).at : "";
}

const char *redan_report_error(const struct redan_report *report)
{
    return report ? report->ctx.failure.text : "out of memory";
}

void redan_report_free(struct redan_report *report)
{
    struct redan_mem memory = handle_memory;

    if (!report)
        return;
    redan_buf_done(&report->json);
    redan_buf_done(&report->text);
    redan_ctx_done(&report->ctx);
    memory.used = sizeof(*report);
    redan_mem_give(&memory, report, sizeof(*report));
}

const char *redan_library_version(void)
{
    return REDAN_VERSION;
}
