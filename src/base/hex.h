/* Hexadecimal, base64 (RFC 4648, strict) and PEM armour (RFC 7468). */
#ifndef REDAN_BASE_HEX_H
#define REDAN_BASE_HEX_H

#include "base/buf.h"
#include "base/ctx.h"

/* Exactly `len` bytes from 2*len digits of either case; false otherwise. */
bool redan_hex_parse(struct redan_slice text, void *bytes, size_t len);
/* The same of lower-case digits alone: one text per value. */
bool redan_hex_parse_lower(struct redan_slice text, void *bytes, size_t len);
/* 2*len lower-case digits and a NUL. */
void redan_hex_put(char *text, const void *bytes, size_t len);

/* Base64 with padding, one line. */
void redan_base64_add(struct redan_buf *out, struct redan_slice bytes);
/* Standard alphabet, padding required, unused bits zero, no blanks: one text per value. Into the arena;
 * REDAN_E_SYNTAX with the offset. */
REDAN_NODISCARD enum redan_status redan_base64_parse(struct redan_ctx *ctx, struct redan_slice text,
                                                     struct redan_slice *bytes);
/* The same in either alphabet of RFC 4648 (4, 5), but not in both at once. */
REDAN_NODISCARD enum redan_status redan_base64_parse_either(struct redan_ctx *ctx,
                                                            struct redan_slice text,
                                                            struct redan_slice *bytes);

/* The URL's alphabet without padding (RFC 7515, appendix C), unused bits zero, no blanks. */
REDAN_NODISCARD enum redan_status
redan_base64url_parse(struct redan_ctx *ctx, struct redan_slice text, struct redan_slice *bytes);

/* The first block "-----BEGIN label-----"; `label` and `bytes` in the arena. */
REDAN_NODISCARD enum redan_status redan_pem_parse(struct redan_ctx *ctx, struct redan_slice text,
                                                  struct redan_slice *label,
                                                  struct redan_slice *bytes);
/* `width` characters a line (64 for RFC 7468, 70 for OpenSSH). */
void redan_pem_add(struct redan_buf *out, const char *label, struct redan_slice bytes,
                   size_t width);

#endif
