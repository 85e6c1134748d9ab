/* Reports of other tools as they come; the first byte chooses the importer. */
#include "record/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct redan_release_item subject = {.name = {"model", 5}}; /* digest: zeros */
    const struct redan_importer *importer = redan_importers[size ? data[0] % 4 : 0];
    const char *type = importer->type ? importer->type : "tests";
    struct redan_query query = {.subject = &subject,
                                .type = redan_evidence_type_named(redan_slice_of(type))};
    struct redan_slice text =
        redan_slice_sub((struct redan_slice){(const char *)data, size}, 1, size);
    struct redan_keyring ring = {.version = 0};
    struct redan_imported imported;
    struct redan_ctx ctx;
    redan_ctx_init(&ctx, NULL);
    (void)importer->read(&ctx, &ring, &query, text, &imported);
    redan_ctx_done(&ctx);
    return 0;
}
