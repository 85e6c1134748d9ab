/* DSSE v1.0.2: reading, signing and writing envelopes. */
#include "attest/dsse.h"

#include <string.h>

#include "attest/sshsig.h"
#include "base/hex.h"
#include "codec/json.h"

static enum redan_status need_text(struct redan_ctx *ctx, const struct redan_node *map,
                                   const char *key, struct redan_slice *text)
{
    const struct redan_node *node = redan_node_get(map, key);

    if (!node || node->kind != REDAN_NODE_TEXT)
        return redan_fail(ctx, REDAN_E_SCHEMA, node ? node->offset : map->offset,
                          "\"%s\" of the DSSE envelope must be a string, found %s", key,
                          node ? redan_node_kind_name(node->kind) : "nothing");
    *text = node->text;
    return REDAN_OK;
}

static enum redan_status read_signature(struct redan_ctx *ctx, const struct redan_node *node,
                                        struct redan_dsse_signature *signature)
{
    struct redan_slice text = {0};

    if (node->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SCHEMA, node->offset,
                          "a signature of the DSSE envelope must be a map, found %s",
                          redan_node_kind_name(node->kind));
    REDAN_TRY(need_text(ctx, node, "sig", &text));
    if (text.len == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, node->offset, "an empty signature");
    /* DSSE protocol.md: verifiers accept both alphabets */
    REDAN_TRY(redan_base64_parse_either(ctx, text, &signature->bytes));
    REDAN_TRY(redan_copy(ctx, redan_node_text(node, "keyid"), &signature->keyid));
    return redan_base64_parse_either(ctx, redan_node_text(node, "timestamp"),
                                     &signature->timestamp);
}

enum redan_status redan_dsse_parse(struct redan_ctx *ctx, struct redan_slice text,
                                   struct redan_dsse *envelope)
{
    const struct redan_node *root = NULL;
    struct redan_dsse made = {0};
    struct redan_slice field = {0};

    REDAN_TRY(redan_json_parse(ctx, text, &root));
    if (root->kind != REDAN_NODE_MAP)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "a DSSE envelope is a map, this is %s",
                          redan_node_kind_name(root->kind));
    REDAN_TRY(need_text(ctx, root, "payloadType", &field));
    REDAN_TRY(redan_copy(ctx, field, &made.payload_type));
    REDAN_TRY(need_text(ctx, root, "payload", &field));
    REDAN_TRY(redan_base64_parse_either(ctx, field, &made.payload));
    const struct redan_node *list = redan_node_get(root, "signatures");
    if (!list || list->kind != REDAN_NODE_LIST || list->count == 0 ||
        list->count > REDAN_DSSE_SIGNATURES)
        return redan_fail(ctx, REDAN_E_SCHEMA, list ? list->offset : 0,
                          "\"signatures\" of the DSSE envelope must be a list of 1 to %d",
                          REDAN_DSSE_SIGNATURES);
    made.signatures = redan_take_array(ctx, list->count, sizeof(*made.signatures));
    if (!made.signatures)
        return REDAN_E_MEMORY;
    for (const struct redan_node *node = list->first; node; node = node->next)
        REDAN_TRY(read_signature(ctx, node, &made.signatures[made.count++]));
    *envelope = made;
    return REDAN_OK;
}

/* DSSE protocol.md: "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body */
void redan_dsse_add_head(struct redan_buf *out, const struct redan_dsse *envelope)
{
    redan_buf_printf(out, "DSSEv1 %zu ", envelope->payload_type.len);
    redan_buf_slice(out, envelope->payload_type);
    redan_buf_printf(out, " %zu ", envelope->payload.len);
}

/* Payloads may be large: one copy, no more. */
enum redan_status redan_dsse_pae(struct redan_ctx *ctx, const struct redan_dsse *envelope,
                                 struct redan_slice *pae)
{
    struct redan_buf head REDAN_DEFER(redan_buf_done) = {0};
    size_t len = 0;

    redan_buf_init(&head, ctx, SIZE_MAX);
    redan_dsse_add_head(&head, envelope);
    REDAN_TRY(redan_buf_ok(ctx, &head, "a signed payload"));
    if (!redan_add_size(head.len, envelope->payload.len, &len))
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "a payload too large to be signed");
    char *made = redan_take(ctx, len);
    if (!made)
        return REDAN_E_MEMORY;
    memcpy(made, head.data, head.len);
    if (envelope->payload.len)
        memcpy(made + head.len, envelope->payload.at, envelope->payload.len);
    *pae = (struct redan_slice){made, len};
    return REDAN_OK;
}

enum redan_status redan_dsse_verify(struct redan_ctx *ctx, const struct redan_key *key,
                                    struct redan_slice pae, struct redan_slice bytes)
{
    if (redan_sshsig_is(bytes))
        return redan_sshsig_verify(ctx, key, REDAN_S(REDAN_SSHSIG_NAMESPACE), pae, bytes);
    return redan_key_verify(ctx, key, pae, bytes);
}

/* Room for one more, which is not by this key yet. */
static enum redan_status check_new(struct redan_ctx *ctx, const struct redan_dsse *envelope,
                                   const struct redan_key *key, struct redan_slice pae)
{
    if (envelope->count >= REDAN_DSSE_SIGNATURES)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "the envelope has %zu signatures already",
                          envelope->count);
    for (size_t i = 0; i < envelope->count; i++) {
        enum redan_status status = redan_dsse_verify(ctx, key, pae, envelope->signatures[i].bytes);
        if (status == REDAN_OK)
            return redan_fail(ctx, REDAN_E_EXISTS, 0, "the envelope is signed by this key already");
        if (status != REDAN_E_SIGNATURE)
            return status;
    }
    return REDAN_OK;
}

static enum redan_status append(struct redan_ctx *ctx, struct redan_dsse *envelope,
                                const struct redan_key *key, struct redan_slice bytes)
{
    struct redan_dsse_signature made = {.bytes = bytes};
    struct redan_digest id;
    char hex[REDAN_DIGEST_HEX];

    redan_key_id(key, &id);
    redan_digest_hex(&id, hex);
    REDAN_TRY(redan_copy(ctx, redan_slice_of(hex), &made.keyid));
    struct redan_dsse_signature *more =
        redan_take_array(ctx, envelope->count + 1, sizeof(*envelope->signatures));
    if (!more)
        return REDAN_E_MEMORY;
    if (envelope->count)
        memcpy(more, envelope->signatures, envelope->count * sizeof(*more));
    more[envelope->count] = made;
    envelope->signatures = more;
    envelope->count++;
    return REDAN_OK;
}

enum redan_status redan_dsse_sign(struct redan_ctx *ctx, struct redan_dsse *envelope,
                                  const struct redan_key *key)
{
    struct redan_slice pae = {0};
    struct redan_slice bytes = {0};

    REDAN_TRY(redan_dsse_pae(ctx, envelope, &pae));
    REDAN_TRY(check_new(ctx, envelope, key, pae));
    if (redan_key_is_ssh(key))
        REDAN_TRY(redan_sshsig_sign(ctx, key, REDAN_S(REDAN_SSHSIG_NAMESPACE), pae, &bytes));
    else
        REDAN_TRY(redan_key_sign(ctx, key, pae, &bytes));
    return append(ctx, envelope, key, bytes);
}

enum redan_status redan_dsse_attach(struct redan_ctx *ctx, struct redan_dsse *envelope,
                                    const struct redan_key *key, struct redan_slice bytes)
{
    struct redan_slice pae = {0};

    REDAN_TRY(redan_dsse_pae(ctx, envelope, &pae));
    REDAN_TRY(check_new(ctx, envelope, key, pae));
    enum redan_status status = redan_dsse_verify(ctx, key, pae, bytes);
    if (status == REDAN_E_SIGNATURE)
        return redan_fail(ctx, status, 0, "the signature is not one by this key over this text");
    REDAN_TRY(status);
    return append(ctx, envelope, key, bytes);
}

static void add_field(struct redan_buf *out, const char *name, struct redan_slice bytes)
{
    redan_buf_printf(out, "\"%s\":\"", name);
    redan_base64_add(out, bytes);
    redan_buf_char(out, '"');
}

void redan_dsse_add(struct redan_buf *out, const struct redan_dsse *envelope)
{
    redan_buf_text(out, "{\"payloadType\":");
    redan_json_string_add(out, envelope->payload_type);
    redan_buf_char(out, ',');
    add_field(out, "payload", envelope->payload);
    redan_buf_text(out, ",\"signatures\":[");
    for (size_t i = 0; i < envelope->count; i++) {
        const struct redan_dsse_signature *signature = &envelope->signatures[i];
        redan_buf_text(out, i ? ",{" : "{");
        if (signature->keyid.len) {
            redan_buf_text(out, "\"keyid\":");
            redan_json_string_add(out, signature->keyid);
            redan_buf_char(out, ',');
        }
        add_field(out, "sig", signature->bytes);
        if (signature->timestamp.len) {
            redan_buf_char(out, ',');
            add_field(out, "timestamp", signature->timestamp);
        }
        redan_buf_char(out, '}');
    }
    redan_buf_text(out, "]}\n");
}
