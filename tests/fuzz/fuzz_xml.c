/* XML: the tree, or a defined failure. */
#include <stdlib.h>

#include "codec/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    const struct redan_node *root = NULL;

    redan_ctx_init(&ctx, NULL);
    enum redan_status status =
        redan_xml_parse(&ctx, (struct redan_slice){(const char *)data, size}, &root);
    if (status != ctx.failure.status || (status == REDAN_OK) != (root != NULL))
        abort();
    return 0;
}
