/* API keys: a file of digests and names, and a search that takes as long for a key that is known as for one that is not. */
#include <string.h>

#include "base/map.h"
#include "guard/identity_parts.h"

static enum redan_status read_line(struct redan_identity *id, struct redan_map *seen,
                                   struct redan_slice line, unsigned number)
{
    struct redan_identity_key *key = &id->keys[id->key_count];
    struct redan_slice digest = {0};
    struct redan_slice name = {0};

    (void)redan_slice_cut(line, ' ', &digest, &name);
    name = redan_slice_trim(name);
    if (!redan_digest_parse(digest, &key->digest))
        return redan_fail_at(
            &id->ctx, REDAN_E_SCHEMA, number, 1,
            "a line is \"sha256:HEX NAME\"; make the digest with: printf %%s KEY | "
            "sha256sum");
    if (!redan_identity_name(name))
        return redan_fail_at(&id->ctx, REDAN_E_SCHEMA, number, 1,
                             "behind the digest belongs a name of 1 to 256 bytes without control "
                             "characters");
    enum redan_status status = redan_map_put(seen, digest, key);
    if (status == REDAN_E_EXISTS)
        return redan_fail_at(&id->ctx, REDAN_E_SCHEMA, number, 1, "this key is there twice");
    REDAN_TRY(status);
    key->name = name;
    id->key_count++;
    return REDAN_OK;
}

enum redan_status redan_api_keys_read(struct redan_identity *id, struct redan_slice text)
{
    struct redan_map seen;
    struct redan_slice rest = text;
    unsigned number = 0;

    redan_map_init(&seen, &id->ctx);
    id->keys = redan_take_array(&id->ctx, REDAN_IDENTITY_KEYS, sizeof(*id->keys));
    if (!id->keys)
        return REDAN_E_MEMORY;
    while (rest.len) {
        struct redan_slice line = {0};
        (void)redan_slice_cut(rest, '\n', &line, &rest);
        line = redan_slice_trim(line);
        number++;
        if (!line.len || line.at[0] == '#')
            continue;
        if (id->key_count == REDAN_IDENTITY_KEYS)
            return redan_fail_at(&id->ctx, REDAN_E_LIMIT, number, 1, "more than %d keys",
                                 REDAN_IDENTITY_KEYS);
        REDAN_TRY(read_line(id, &seen, line, number));
    }
    return id->key_count ? REDAN_OK
                         : redan_fail(&id->ctx, REDAN_E_SCHEMA, 0, "the file has no keys");
}

/* Every key is compared, and which one it was is chosen by arithmetic. */
struct redan_slice redan_api_keys_find(const struct redan_identity *id,
                                       const struct redan_digest *digest)
{
    static const struct redan_slice none = {"", 0};
    uint64_t wanted[REDAN_DIGEST_LEN / 8];
    uint64_t found = 0; /* one more than the index */

    memcpy(wanted, digest->bytes, sizeof(wanted));
    for (size_t i = 0; i < id->key_count; i++) {
        uint64_t have[REDAN_DIGEST_LEN / 8];
        uint64_t differ = 0;
        memcpy(have, id->keys[i].digest.bytes, sizeof(have));
        for (size_t k = 0; k < REDAN_COUNT(have); k++)
            differ |= have[k] ^ wanted[k];
        uint64_t same = ((differ | (0 - differ)) >> 63) - 1; /* all ones when nothing differs */
        found |= same & (uint64_t)(i + 1);
    }
    return found ? id->keys[found - 1].name : none;
}
