/* YAML: the parser, and setting one of two values, which then has to read back. */
#include <stdlib.h>

#include "codec/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const path[] = {"release", "model"};
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);
    struct redan_slice text = {(const char *)data, size};
    const struct redan_node *root = NULL;

    redan_ctx_init(&ctx, NULL);
    if (redan_yaml_parse(&ctx, text, &root) != REDAN_OK ||
        redan_yaml_set(&ctx, text, path, 1 + size % 2, REDAN_S("v: #"), &text) != REDAN_OK)
        return 0;
    if (redan_yaml_parse(&ctx, text, &root) != REDAN_OK)
        abort();
    const struct redan_node *map = size % 2 ? redan_node_get(root, path[0]) : root;
    if (!redan_slice_is(redan_node_text(map, path[size % 2]), "v: #"))
        abort();
    return 0;
}
