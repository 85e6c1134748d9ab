/* The files at hand are the ones under review. */
#include "io/tree.h"
#include "threat/check_table.h"

static const char *const maps[] = {"atlas:2026.09/AML.T0018", "owasp-ml:2023/ML10", NULL};
static const struct redan_rule rule = {
    "TM002", "the artefact at hand is not the one under review", REDAN_SEVERITY_CRITICAL, maps,
    "ship the reviewed file, or pin the new one and review again: redan release pin NAME=PATH"};
static const struct redan_rule *const rules[] = {&rule, NULL};

static enum redan_status run_one(struct redan_check *check, const struct redan_artefact *a)
{
    const struct redan_release_item *item =
        redan_release_find(&check->system->model.release, a->name);
    struct redan_tree tree = {0};
    struct redan_slice detail = {0};
    char hex[REDAN_DIGEST_HEX];

    if (!item) {
        REDAN_TRY(redan_format(check->ctx, &detail, "the release pins nothing called \"%.*s\"",
                               REDAN_FMT(a->name)));
        return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                                 redan_slice_of(rule.help));
    }
    REDAN_TRY(redan_tree_walk(check->ctx, a->path, NULL, &tree));
    if (redan_digest_eq(&tree.digest, &item->digest))
        return REDAN_OK;
    redan_digest_hex(&tree.digest, hex);
    REDAN_TRY(redan_format(check->ctx, &detail,
                           "%.*s is sha256:%.12s..., release.%.*s is under review as %.*s...",
                           REDAN_FMT(a->path), hex, REDAN_FMT(a->name),
                           REDAN_FMT(redan_slice_sub(item->value, 0, 19))));
    return redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail,
                             redan_slice_of(rule.help));
}

/* The zeros that a new threat model begins with stand for no file. */
static enum redan_status check_placeholders(struct redan_check *check)
{
    const struct redan_release *release = &check->system->model.release;
    static const struct redan_digest none;

    for (size_t i = 0; i < release->count; i++) {
        struct redan_slice detail = {0};
        struct redan_slice action = {0};
        if (!redan_digest_eq(&release->items[i].digest, &none))
            continue;
        REDAN_TRY(redan_format(check->ctx, &detail, "release.%.*s pins nothing yet, only zeros",
                               REDAN_FMT(release->items[i].name)));
        REDAN_TRY(redan_format(check->ctx, &action, "pin it: redan release pin %.*s=PATH",
                               REDAN_FMT(release->items[i].name)));
        REDAN_TRY(redan_check_raise(check, &rule, REDAN_LEVEL_FAIL, NULL, detail, action));
    }
    return REDAN_OK;
}

static enum redan_status run(struct redan_check *check)
{
    REDAN_TRY(check_placeholders(check));
    for (size_t i = 0; i < check->artefact_count; i++)
        REDAN_TRY(run_one(check, &check->artefacts[i]));
    return REDAN_OK;
}

const struct redan_threat_check redan_check_artefact = {
    .name = "artefact", .rules = rules, .run = run};
