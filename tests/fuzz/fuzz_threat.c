/* Threat models: form, queries and digests. Twice the same text has the same root. */
#include <stdlib.h>

#include "threat/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool root_of(const uint8_t *data, size_t size, struct redan_digest *root)
{
    static const struct redan_catalog none = {0};
    struct redan_ctx ctx;
    struct redan_problems problems;
    struct redan_org org = {0};
    struct redan_threat_model model = {0};
    struct redan_slice org_text = REDAN_S("schema: redan/org/1\norg: none\n");

    redan_ctx_init(&ctx, NULL);
    redan_problems_init(&problems, &ctx, REDAN_S("input"));
    if (redan_org_parse(&problems, org_text, &org) != REDAN_OK || problems.count > 0)
        abort();
    enum redan_status status = redan_threat_model_parse(
        &problems, &none, &org, (struct redan_slice){(const char *)data, size}, &model);
    bool sound = status == REDAN_OK && problems.count == 0;
    *root = model.root;
    redan_ctx_done(&ctx);
    return sound;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_digest a;
    struct redan_digest b;

    if (root_of(data, size, &a) && (!root_of(data, size, &b) || !redan_digest_eq(&a, &b)))
        abort();
    return 0;
}
