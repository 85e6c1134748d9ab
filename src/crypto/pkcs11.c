/* Opens the token that an address names: module, slot, session, PIN. */
#include "crypto/pkcs11.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/pkcs11_parts.h"

enum { SLOTS_MAX = 256, TOLD = 400 };

/* RFC 7512 2.3 leaves it open where modules lie; these are the places of the distributions. */
static const char *const folders[] = {
#if defined(__x86_64__)
    "/usr/lib/x86_64-linux-gnu/pkcs11/",
#elif defined(__aarch64__)
    "/usr/lib/aarch64-linux-gnu/pkcs11/",
#endif
    "/usr/lib64/pkcs11/",
    "/usr/lib/pkcs11/",
    "/usr/lib/softhsm/",
    "",
};

void redan_pkcs11_token_free(void *object)
{
    struct redan_pkcs11_token *token = object;

    if (!token)
        return;
    if (token->open)
        (void)token->calls->C_CloseSession(token->session);
    (void)pthread_mutex_destroy(&token->using);
    redan_dl_done(&token->module);
    OPENSSL_clear_free(token, sizeof(*token));
}

void redan_pkcs11_token_drop(struct redan_pkcs11_token **token)
{
    redan_pkcs11_token_free(*token);
    *token = NULL;
}

enum redan_status redan_pkcs11_refused(struct redan_ctx *ctx, const char *what, CK_RV rv)
{
    static const struct {
        CK_RV rv;
        const char *name;
    } rows[] = {
        {CKR_HOST_MEMORY, "CKR_HOST_MEMORY"},
        {CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR"},
        {CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED"},
        {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD"},
        {CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID"},
        {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR"},
        {CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY"},
        {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED"},
        {CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED"},
        {CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED"},
        {CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT"},
        {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID"},
        {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED"},
        {CKR_SESSION_COUNT, "CKR_SESSION_COUNT"},
        {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT"},
        {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED"},
        {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN"},
    };

    for (size_t i = 0; i < REDAN_COUNT(rows); i++)
        if (rows[i].rv == rv)
            return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the token cannot %s: %s", what,
                              rows[i].name);
    return redan_fail(ctx, REDAN_E_CRYPTO, 0, "the token cannot %s: error 0x%lx", what,
                      (unsigned long)rv);
}

struct redan_slice redan_pkcs11_field(const unsigned char *field, size_t len)
{
    while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0'))
        len--;
    return (struct redan_slice){(const char *)field, len};
}

/* One try; the loader's reason is kept for the last one. */
static bool load(struct redan_ctx *ctx, const char *path, char why[TOLD],
                 struct redan_pkcs11_token *token)
{
    const char *const names[] = {path, NULL};

    if (redan_dl_open(ctx, names, "", &token->module) == REDAN_OK)
        return true;
    redan_fail_clear(ctx);
    const char *said = dlerror();
    (void)snprintf(why, TOLD, "%s", said ? said : path);
    return false;
}

static enum redan_status load_path(struct redan_ctx *ctx, struct redan_slice path,
                                   struct redan_pkcs11_token *token)
{
    struct redan_slice copy = {0};
    char why[TOLD];

    if (path.len == 0 || path.at[0] != '/')
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the path of a PKCS #11 module must be absolute, found \"%.*s\"",
                          REDAN_FMT(redan_slice_sub(path, 0, 200)));
    REDAN_TRY(redan_copy(ctx, path, &copy));
    if (load(ctx, copy.at, why, token))
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_ABSENT, 0, "cannot load the PKCS #11 module: %s", why);
}

/* A name that is no path: "softhsm2" is libsofthsm2.so, "opensc-pkcs11" opensc-pkcs11.so, and a file's name is itself. */
static enum redan_status load_name(struct redan_ctx *ctx, struct redan_slice name,
                                   struct redan_pkcs11_token *token)
{
    static const struct {
        const char *before;
        const char *after;
    } shapes[] = {{"lib", ".so"}, {"", ".so"}, {"", ""}};
    struct redan_slice path = {0};
    char why[TOLD];

    if (name.len == 0 || memchr(name.at, '/', name.len))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "the name of a PKCS #11 module is no path: give that as module-path");
    for (size_t f = 0; f < REDAN_COUNT(folders); f++) {
        for (size_t s = 0; s < REDAN_COUNT(shapes); s++) {
            REDAN_TRY(redan_format(ctx, &path, "%s%s%.*s%s", folders[f], shapes[s].before,
                                   REDAN_FMT(name), shapes[s].after));
            if (load(ctx, path.at, why, token))
                return REDAN_OK;
        }
    }
    return redan_fail(ctx, REDAN_E_ABSENT, 0,
                      "there is no PKCS #11 module \"%.*s\" in the folders for them; name its file "
                      "with module-path=/... after the \"?\" of the address",
                      REDAN_FMT(redan_slice_sub(name, 0, 64)));
}

static enum redan_status load_module(struct redan_ctx *ctx, const struct redan_pkcs11_uri *uri,
                                     struct redan_slice module, struct redan_pkcs11_token *token)
{
    if (redan_pkcs11_uri_has(uri, REDAN_PKCS11_MODULE_PATH))
        return load_path(ctx, uri->value[REDAN_PKCS11_MODULE_PATH], token);
    if (redan_pkcs11_uri_has(uri, REDAN_PKCS11_MODULE_NAME))
        return load_name(ctx, uri->value[REDAN_PKCS11_MODULE_NAME], token);
    if (module.len && memchr(module.at, '/', module.len))
        return load_path(ctx, module, token);
    return load_name(ctx, module.len ? module : REDAN_S("p11-kit-proxy"), token);
}

static bool says(const struct redan_pkcs11_uri *uri, enum redan_pkcs11_attribute what,
                 const unsigned char *field, size_t len)
{
    return !redan_pkcs11_uri_has(uri, what) ||
           redan_slice_eq(uri->value[what], redan_pkcs11_field(field, len));
}

static enum redan_status start_module(struct redan_ctx *ctx, const struct redan_pkcs11_uri *uri,
                                      struct redan_pkcs11_token *token)
{
    CK_C_INITIALIZE_ARGS args = {.flags = CKF_OS_LOCKING_OK};
    CK_C_GetFunctionList list = NULL;
    const struct redan_dl_symbol table[] = {{"C_GetFunctionList", &list}, {NULL, NULL}};
    CK_INFO info = {0};
    char version[16];

    REDAN_TRY(redan_dl_bind(ctx, &token->module, table));
    CK_RV rv = list(&token->calls);
    if (rv != CKR_OK || !token->calls)
        return redan_pkcs11_refused(ctx, "say what it can do", rv);
    rv = token->calls->C_Initialize(&args);
    if (rv != CKR_OK && rv != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return redan_pkcs11_refused(ctx, "begin", rv);
    rv = token->calls->C_GetInfo(&info);
    if (rv != CKR_OK)
        return redan_pkcs11_refused(ctx, "say what it is", rv);
    int len = snprintf(version, sizeof(version), "%u.%u", (unsigned)info.libraryVersion.major,
                       (unsigned)info.libraryVersion.minor);
    if (!says(uri, REDAN_PKCS11_LIBRARY_MANUFACTURER, info.manufacturerID,
              sizeof(info.manufacturerID)) ||
        !says(uri, REDAN_PKCS11_LIBRARY_DESCRIPTION, info.libraryDescription,
              sizeof(info.libraryDescription)) ||
        !says(uri, REDAN_PKCS11_LIBRARY_VERSION, (const unsigned char *)version, (size_t)len))
        return redan_fail(ctx, REDAN_E_ABSENT, 0,
                          "the PKCS #11 module is not the one that the address of the key names");
    return REDAN_OK;
}

static bool slot_fits(const struct redan_pkcs11_token *token, const struct redan_pkcs11_uri *uri,
                      CK_SLOT_ID slot, CK_TOKEN_INFO *info)
{
    CK_SLOT_INFO where = {0};

    if (redan_pkcs11_uri_has(uri, REDAN_PKCS11_SLOT_ID) && uri->slot != slot)
        return false;
    if (token->calls->C_GetTokenInfo(slot, info) != CKR_OK ||
        !(info->flags & CKF_TOKEN_INITIALIZED))
        return false;
    if (!says(uri, REDAN_PKCS11_TOKEN, info->label, sizeof(info->label)) ||
        !says(uri, REDAN_PKCS11_MANUFACTURER, info->manufacturerID, sizeof(info->manufacturerID)) ||
        !says(uri, REDAN_PKCS11_SERIAL, info->serialNumber, sizeof(info->serialNumber)) ||
        !says(uri, REDAN_PKCS11_MODEL, info->model, sizeof(info->model)))
        return false;
    if (!redan_pkcs11_uri_has(uri, REDAN_PKCS11_SLOT_MANUFACTURER) &&
        !redan_pkcs11_uri_has(uri, REDAN_PKCS11_SLOT_DESCRIPTION))
        return true;
    return token->calls->C_GetSlotInfo(slot, &where) == CKR_OK &&
           says(uri, REDAN_PKCS11_SLOT_MANUFACTURER, where.manufacturerID,
                sizeof(where.manufacturerID)) &&
           says(uri, REDAN_PKCS11_SLOT_DESCRIPTION, where.slotDescription,
                sizeof(where.slotDescription));
}

/* "; "token" (serial 1234)" for a message. */
static void tell(char told[TOLD], size_t *len, const CK_TOKEN_INFO *info)
{
    struct redan_slice label = redan_pkcs11_field(info->label, sizeof(info->label));
    struct redan_slice serial = redan_pkcs11_field(info->serialNumber, sizeof(info->serialNumber));

    if (*len >= TOLD)
        return;
    int n = snprintf(told + *len, TOLD - *len, "%s\"%.*s\" (serial %.*s)", *len ? ", " : "",
                     REDAN_FMT(label), REDAN_FMT(serial));
    *len += n > 0 ? (size_t)n : 0;
}

/* A PIN that is tried on the wrong token locks it, so that there must be one token only. */
static enum redan_status find_token(struct redan_ctx *ctx, const struct redan_pkcs11_uri *uri,
                                    struct redan_pkcs11_token *token)
{
    CK_SLOT_ID slots[SLOTS_MAX];
    CK_ULONG count = SLOTS_MAX;
    char fit[TOLD] = "";
    char all[TOLD] = "";
    size_t fit_len = 0;
    size_t all_len = 0;
    size_t found = 0;
    const struct redan_pkcs11_uri any = {0};

    CK_RV rv = token->calls->C_GetSlotList(CK_TRUE, slots, &count);
    if (rv != CKR_OK)
        return redan_pkcs11_refused(ctx, "list its slots", rv);
    for (CK_ULONG i = 0; i < count && i < SLOTS_MAX; i++) {
        CK_TOKEN_INFO info = {0};
        if (!slot_fits(token, &any, slots[i], &info))
            continue;
        tell(all, &all_len, &info);
        if (!slot_fits(token, uri, slots[i], &info))
            continue;
        tell(fit, &fit_len, &info);
        token->slot = slots[i];
        token->info = info;
        found++;
    }
    if (found == 1)
        return REDAN_OK;
    if (found > 1)
        return redan_fail(
            ctx, REDAN_E_SCHEMA, 0,
            "the address fits %zu tokens: %s; say which with token= or serial=", found, fit);
    return redan_fail(ctx, REDAN_E_ABSENT, 0, "no token fits the address; %s%s",
                      all_len ? "there are: " : "the module has none", all);
}

static enum redan_status read_pin_file(struct redan_ctx *ctx, struct redan_slice source,
                                       struct redan_pkcs11_token *token)
{
    struct redan_slice path = {0};
    struct stat st;
    char bytes[REDAN_PKCS11_PIN_MAX];

    if (redan_slice_starts(source, REDAN_S("file:")))
        source = redan_slice_sub(source, 5, source.len);
    if (redan_slice_starts(source, REDAN_S("//")))
        source = redan_slice_sub(source, 2, source.len);
    if (source.len == 0 || source.at[0] != '/')
        return redan_fail(ctx, REDAN_E_SCHEMA, 0,
                          "\"pin-source\" must be a file: file:/path; commands are not run");
    REDAN_TRY(redan_copy(ctx, source, &path));
    int fd = open(path.at, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return redan_fail(ctx, REDAN_E_IO, 0, "cannot open the file of \"pin-source\": %s",
                          strerrordesc_np(errno));
    ssize_t n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, bytes, sizeof(bytes)) : -1;
    (void)close(fd);
    if (n > 0 && bytes[n - 1] == '\n')
        n--;
    if (n > 0 && bytes[n - 1] == '\r')
        n--;
    bool good = n > 0 && (size_t)n < sizeof(bytes);
    if (good) {
        memcpy(token->pin, bytes, (size_t)n);
        token->pin_len = (size_t)n;
    }
    OPENSSL_cleanse(bytes, sizeof(bytes));
    if (!good)
        return redan_fail(ctx, REDAN_E_IO, 0,
                          "the file of \"pin-source\" must be a regular file with a PIN of less "
                          "than %d bytes on its only line",
                          REDAN_PKCS11_PIN_MAX);
    return REDAN_OK;
}

static enum redan_status take_pin(struct redan_ctx *ctx, const struct redan_pkcs11_uri *uri,
                                  struct redan_slice pin, struct redan_pkcs11_token *token)
{
    if (redan_pkcs11_uri_has(uri, REDAN_PKCS11_PIN_SOURCE))
        return read_pin_file(ctx, uri->value[REDAN_PKCS11_PIN_SOURCE], token);
    if (redan_pkcs11_uri_has(uri, REDAN_PKCS11_PIN_VALUE))
        pin = uri->value[REDAN_PKCS11_PIN_VALUE];
    if (pin.len >= sizeof(token->pin))
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "a PIN of %zu bytes", pin.len);
    if (pin.len)
        memcpy(token->pin, pin.at, pin.len);
    token->pin_len = pin.len;
    return REDAN_OK;
}

/* Said with what is left: the token counts the failures. */
static enum redan_status wrong_pin(struct redan_ctx *ctx, struct redan_pkcs11_token *token)
{
    struct redan_slice label = redan_pkcs11_field(token->info.label, sizeof(token->info.label));
    CK_TOKEN_INFO info = {0};
    const char *left = "";

    if (token->calls->C_GetTokenInfo(token->slot, &info) == CKR_OK) {
        if (info.flags & CKF_USER_PIN_LOCKED)
            left = "; it is locked now";
        else if (info.flags & CKF_USER_PIN_FINAL_TRY)
            left = "; one try is left before it locks";
    }
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0, "this is not the PIN of the token \"%.*s\"%s",
                      REDAN_FMT(label), left);
}

static enum redan_status log_in(struct redan_ctx *ctx, struct redan_pkcs11_token *token)
{
    struct redan_slice label = redan_pkcs11_field(token->info.label, sizeof(token->info.label));
    bool keypad = (token->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;

    if (token->info.flags & CKF_USER_PIN_LOCKED)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the PIN of the token \"%.*s\" is locked after too many wrong ones",
                          REDAN_FMT(label));
    if (token->pin_len == 0 && !keypad)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "the token \"%.*s\" wants its PIN: pin-source=file:/path after the \"?\" "
                          "of the address, or type it",
                          REDAN_FMT(label));
    CK_RV rv =
        token->calls->C_Login(token->session, CKU_USER,
                              token->pin_len ? (unsigned char *)token->pin : NULL, token->pin_len);
    if (rv == CKR_OK || rv == CKR_USER_ALREADY_LOGGED_IN)
        return REDAN_OK;
    if (rv == CKR_PIN_INCORRECT || rv == CKR_PIN_LOCKED || rv == CKR_PIN_LEN_RANGE ||
        rv == CKR_PIN_INVALID)
        return wrong_pin(ctx, token);
    if (rv == CKR_USER_PIN_NOT_INITIALIZED)
        return redan_fail(ctx, REDAN_E_CRYPTO, 0,
                          "the token \"%.*s\" has no PIN yet: initialise it", REDAN_FMT(label));
    return redan_pkcs11_refused(ctx, "take its PIN", rv);
}

/* The PIN is asked for when the token wants it, and the key cannot be seen without. */
static enum redan_status find_key(struct redan_ctx *ctx, const struct redan_pkcs11_uri *uri,
                                  struct redan_pkcs11_token *token, struct redan_key_parts *parts)
{
    bool keypad = (token->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
    CK_RV rv =
        token->calls->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL, &token->session);

    if (rv != CKR_OK)
        return redan_pkcs11_refused(ctx, "open a session", rv);
    token->open = true;
    if (!(token->info.flags & CKF_LOGIN_REQUIRED))
        return redan_pkcs11_find(ctx, token, uri, parts);
    if (token->pin_len == 0 && !keypad) {
        enum redan_status status = redan_pkcs11_find(ctx, token, uri, parts);
        if (status != REDAN_E_ABSENT)
            return status;
        redan_fail_clear(ctx);
    }
    REDAN_TRY(log_in(ctx, token));
    return redan_pkcs11_find(ctx, token, uri, parts);
}

static enum redan_status open_token(struct redan_ctx *ctx, const struct redan_pkcs11_uri *uri,
                                    struct redan_slice module, struct redan_slice pin,
                                    struct redan_key **key)
{
    struct redan_pkcs11_token *token REDAN_DEFER(redan_pkcs11_token_drop) =
        OPENSSL_zalloc(sizeof(*token));
    struct redan_key_parts parts = {0};

    if (!token || pthread_mutex_init(&token->using, NULL) != 0)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory for a token");
    REDAN_TRY(load_module(ctx, uri, module, token));
    REDAN_TRY(start_module(ctx, uri, token));
    REDAN_TRY(find_token(ctx, uri, token));
    REDAN_TRY(take_pin(ctx, uri, pin, token));
    REDAN_TRY(find_key(ctx, uri, token, &parts));
    if (!token->always) {
        OPENSSL_cleanse(token->pin, sizeof(token->pin));
        token->pin_len = 0;
    }
    const struct redan_key_token hook = {
        .sign = redan_pkcs11_sign, .done = redan_pkcs11_token_free, .token = token};
    REDAN_TRY(redan_key_build_token(ctx, &parts, &hook, key));
    token = NULL;
    return REDAN_OK;
}

enum redan_status redan_pkcs11_open(struct redan_ctx *ctx, struct redan_slice uri,
                                    struct redan_slice module, struct redan_slice pin,
                                    struct redan_key **key)
{
    struct redan_pkcs11_uri parsed = {0};

    enum redan_status status = redan_pkcs11_uri_parse(ctx, uri, &parsed);
    if (status == REDAN_OK)
        status = open_token(ctx, &parsed, module, pin, key);
    redan_key_cleanse(&parsed.value[REDAN_PKCS11_PIN_VALUE]);
    return status;
}
