/* Reads PKCS #11 addresses: attributes of the path, a question mark, attributes of the query, each percent-encoded. */
#include "crypto/pkcs11_uri.h"

#include <string.h>

#include "base/hex.h"
#include "crypto/key_parts.h"
#include "crypto/pkcs11.h"

enum { ADDRESS_MAX = 4096 };

static const char scheme[] = "pkcs11:";

static const char *const names[REDAN_PKCS11_ATTRIBUTES] = {
    [REDAN_PKCS11_TOKEN] = "token",
    [REDAN_PKCS11_MANUFACTURER] = "manufacturer",
    [REDAN_PKCS11_SERIAL] = "serial",
    [REDAN_PKCS11_MODEL] = "model",
    [REDAN_PKCS11_LIBRARY_MANUFACTURER] = "library-manufacturer",
    [REDAN_PKCS11_LIBRARY_DESCRIPTION] = "library-description",
    [REDAN_PKCS11_LIBRARY_VERSION] = "library-version",
    [REDAN_PKCS11_SLOT_MANUFACTURER] = "slot-manufacturer",
    [REDAN_PKCS11_SLOT_DESCRIPTION] = "slot-description",
    [REDAN_PKCS11_SLOT_ID] = "slot-id",
    [REDAN_PKCS11_OBJECT] = "object",
    [REDAN_PKCS11_ID] = "id",
    [REDAN_PKCS11_TYPE] = "type",
    [REDAN_PKCS11_MODULE_NAME] = "module-name",
    [REDAN_PKCS11_MODULE_PATH] = "module-path",
    [REDAN_PKCS11_PIN_VALUE] = "pin-value",
    [REDAN_PKCS11_PIN_SOURCE] = "pin-source",
};

bool redan_pkcs11_is(struct redan_slice uri)
{
    return redan_slice_starts(uri, REDAN_S("pkcs11:"));
}

bool redan_pkcs11_uri_has(const struct redan_pkcs11_uri *uri, enum redan_pkcs11_attribute what)
{
    return uri->value[what].at != NULL;
}

/* RFC 7512 2.3: unreserved characters and pk11-res-avail, and what only path or query may have. */
static bool plain(char c, bool query)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return redan_char_among("-._~:[]@!$'()*+,=", c) || redan_char_among(query ? "/?|" : "&", c);
}

static enum redan_status decode(struct redan_ctx *ctx, struct redan_slice text, size_t offset,
                                bool query, struct redan_slice *value)
{
    char *out = redan_take(ctx, text.len + 1);
    size_t len = 0;

    if (!out)
        return REDAN_E_MEMORY;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.at[i];
        if (c == '%') {
            if (text.len - i < 3 || !redan_hex_parse(redan_slice_sub(text, i + 1, 2), &c, 1))
                return redan_fail(ctx, REDAN_E_SYNTAX, offset + i,
                                  "a %% without two hexadecimal digits in the address of a key");
            i += 2;
        } else if (!plain(c, query)) {
            return redan_fail(ctx, REDAN_E_SYNTAX, offset + i,
                              "the character at %zu of a key's address must be percent-encoded "
                              "(RFC 7512)",
                              offset + i);
        }
        out[len++] = c;
    }
    *value = (struct redan_slice){out, len};
    return REDAN_OK;
}

static enum redan_status read_attribute(struct redan_ctx *ctx, struct redan_slice text,
                                        size_t offset, bool query, struct redan_pkcs11_uri *uri)
{
    size_t first = query ? REDAN_PKCS11_MODULE_NAME : REDAN_PKCS11_TOKEN;
    size_t end = query ? REDAN_PKCS11_ATTRIBUTES : REDAN_PKCS11_MODULE_NAME;
    struct redan_slice name = {0};
    struct redan_slice value = {0};
    size_t which = first;

    if (!redan_slice_cut(text, '=', &name, &value))
        return redan_fail(ctx, REDAN_E_SYNTAX, offset,
                          "the address of a key is pkcs11:NAME=VALUE;...?NAME=VALUE&...; at %zu "
                          "there is no \"=\"",
                          offset);
    while (which < end && !redan_slice_is(name, names[which]))
        which++;
    if (which == end)
        return redan_fail(ctx, REDAN_E_SYNTAX, offset,
                          "an unknown attribute %s the \"?\" at %zu of the address of a key; "
                          "%s are known",
                          query ? "after" : "before", offset,
                          query ? "module-path, module-name, pin-value and pin-source"
                                : "token, serial, manufacturer, model, slot-id, object, id, type");
    if (uri->value[which].at)
        return redan_fail(ctx, REDAN_E_SYNTAX, offset,
                          "the attribute \"%s\" is twice in the address of a key", names[which]);
    REDAN_TRY(decode(ctx, value, offset + name.len + 1, query, &uri->value[which]));
    if (which != REDAN_PKCS11_ID && value.len &&
        memchr(uri->value[which].at, '\0', uri->value[which].len))
        return redan_fail(ctx, REDAN_E_SYNTAX, offset,
                          "a NUL in the attribute \"%s\" of the address of a key", names[which]);
    return REDAN_OK;
}

static enum redan_status read_part(struct redan_ctx *ctx, struct redan_slice part, size_t offset,
                                   bool query, struct redan_pkcs11_uri *uri)
{
    struct redan_slice head = {0};
    struct redan_slice rest = part;
    bool more = part.len > 0;

    while (more) {
        size_t at = offset + part.len - rest.len;
        more = redan_slice_cut(rest, query ? '&' : ';', &head, &rest);
        REDAN_TRY(read_attribute(ctx, head, at, query, uri));
    }
    return REDAN_OK;
}

static enum redan_status check(struct redan_ctx *ctx, struct redan_pkcs11_uri *uri)
{
    if (redan_pkcs11_uri_has(uri, REDAN_PKCS11_SLOT_ID) &&
        !redan_slice_u64(uri->value[REDAN_PKCS11_SLOT_ID], &uri->slot))
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "\"slot-id\" of a key's address is a number");
    if (redan_pkcs11_uri_has(uri, REDAN_PKCS11_TYPE) &&
        !redan_slice_is(uri->value[REDAN_PKCS11_TYPE], "private"))
        return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                          "the address is not of a private key: its \"type\" must be \"private\" "
                          "or absent");
    if (redan_pkcs11_uri_has(uri, REDAN_PKCS11_PIN_VALUE) &&
        redan_pkcs11_uri_has(uri, REDAN_PKCS11_PIN_SOURCE))
        return redan_fail(ctx, REDAN_E_SYNTAX, 0,
                          "give either \"pin-value\" or \"pin-source\" in the address of a key");
    return REDAN_OK;
}

enum redan_status redan_pkcs11_uri_parse(struct redan_ctx *ctx, struct redan_slice text,
                                         struct redan_pkcs11_uri *uri)
{
    struct redan_pkcs11_uri made = {0};
    struct redan_slice path = {0};
    struct redan_slice query = {0};
    size_t start = sizeof(scheme) - 1;

    if (!redan_pkcs11_is(text))
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "the address of a key begins with \"%s\"",
                          scheme);
    if (text.len > ADDRESS_MAX)
        return redan_fail(ctx, REDAN_E_SYNTAX, 0, "the address of a key has at most %d bytes",
                          ADDRESS_MAX);
    (void)redan_slice_cut(redan_slice_sub(text, start, text.len), '?', &path, &query);
    enum redan_status status = read_part(ctx, path, start, false, &made);
    if (status == REDAN_OK)
        status = read_part(ctx, query, start + path.len + 1, true, &made);
    if (status == REDAN_OK)
        status = check(ctx, &made);
    if (status == REDAN_OK)
        *uri = made;
    else
        redan_key_cleanse(&made.value[REDAN_PKCS11_PIN_VALUE]);
    return status;
}
