/* An open token, as the PKCS #11 files hand it to each other. Private to crypto/. */
#ifndef REDAN_CRYPTO_PKCS11_PARTS_H
#define REDAN_CRYPTO_PKCS11_PARTS_H

#include <p11-kit/pkcs11.h>
#include <pthread.h>

#include "base/dl.h"
#include "crypto/key_parts.h"
#include "crypto/pkcs11_uri.h"

enum { REDAN_PKCS11_PIN_MAX = 256 };

/* Owned by the key that is made of it; freed by redan_pkcs11_token_free. */
struct redan_pkcs11_token {
    struct redan_dl module;
    CK_FUNCTION_LIST *calls;
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    CK_SESSION_HANDLE session;
    bool open;
    CK_OBJECT_HANDLE key;
    enum redan_key_kind kind;
    bool always;           /* the token wants its PIN before each signature */
    pthread_mutex_t using; /* a session does one thing at a time; a key may be read by several threads */
    size_t pin_len;
    char pin[REDAN_PKCS11_PIN_MAX];
};

void redan_pkcs11_token_free(void *token);
void redan_pkcs11_token_drop(struct redan_pkcs11_token **token); /* for REDAN_DEFER */

/* A refusal of the module's: "cannot WHAT: CKR_...". */
enum redan_status redan_pkcs11_refused(struct redan_ctx *ctx, const char *what, CK_RV rv);
/* Without the blanks that PKCS #11 fills its fields with. */
struct redan_slice redan_pkcs11_field(const unsigned char *field, size_t len);

/* Find the one private key that the address names, and its public half. REDAN_E_ABSENT, recorded, when there is none. */
REDAN_NODISCARD enum redan_status redan_pkcs11_find(struct redan_ctx *ctx,
                                                    struct redan_pkcs11_token *token,
                                                    const struct redan_pkcs11_uri *uri,
                                                    struct redan_key_parts *parts);
/* redan_key_token.sign of a struct redan_pkcs11_token. */
REDAN_NODISCARD enum redan_status redan_pkcs11_sign(struct redan_ctx *ctx, void *token,
                                                    struct redan_slice message,
                                                    struct redan_slice *signature);

#endif
