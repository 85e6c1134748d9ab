/* Reads the key that signs, whatever its form, and signs with it here or through ssh-keygen. */
#include "cmd/cli_sign.h"

#include <stdlib.h>

#include "attest/sshsig.h"
#include "crypto/pkcs11.h"
#include "io/file.h"
#include "io/process.h"
#include "io/scratch.h"

enum { KEY_MAX = 65536, PATIENCE = 180 }; /* seconds for a person to find the security key */

#define STATEMENT "statement.pae"

void redan_cli_signer_done(struct redan_cli_signer *signer)
{
    redan_key_free(signer->key);
    signer->key = NULL;
}

static enum redan_status unlock(struct redan_cli *cli, struct redan_slice text,
                                const struct redan_cli_signer *signer, struct redan_key **key)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) secret = {0};
    struct redan_slice what = {0};

    REDAN_TRY(redan_format(&cli->ctx, &what, "of %.*s", REDAN_FMT(signer->shown)));
    REDAN_TRY(redan_cli_secret(cli, what, false, &secret));
    return redan_key_unlock(&cli->ctx, text, redan_buf_view(&secret), key);
}

static enum redan_status read_key(struct redan_cli *cli, struct redan_slice text,
                                  struct redan_cli_signer *signer)
{
    struct redan_ctx *ctx = &cli->ctx;
    enum redan_key_lock lock = redan_key_lock(ctx, text);

    signer->keygen = signer->keygen || lock == REDAN_KEY_KEYGEN || lock == REDAN_KEY_PUBLIC;
    if (signer->keygen)
        return redan_key_parse_half(ctx, text, &signer->key);
    if (lock == REDAN_KEY_PASSPHRASE)
        return unlock(cli, text, signer, &signer->key);
    return redan_key_parse_private(ctx, text, &signer->key);
}

enum redan_status redan_cli_key_token(struct redan_cli *cli, struct redan_slice address,
                                      struct redan_slice module, struct redan_key **key)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) pin = {0};
    struct redan_slice what = {0};
    struct redan_slice shown = {0};
    struct redan_slice rest = {0};
    enum redan_status status =
        redan_pkcs11_open(&cli->ctx, address, module, (struct redan_slice){0}, key);

    if (status == REDAN_E_USAGE) { /* it wants a PIN, and the address has none */
        redan_fail_clear(&cli->ctx);
        (void)redan_slice_cut(address, '?', &shown, &rest);
        REDAN_TRY(redan_format(&cli->ctx, &what, "(PIN) of %.*s", REDAN_FMT(shown)));
        REDAN_TRY(redan_cli_secret(cli, what, false, &pin));
        status = redan_pkcs11_open(&cli->ctx, address, module, redan_buf_view(&pin), key);
    }
    redan_fail_name(&cli->ctx, address);
    return status;
}

/* Without the query of the address, which may hold a PIN. */
static enum redan_status read_token(struct redan_cli *cli, struct redan_slice address,
                                    struct redan_cli_signer *signer)
{
    struct redan_cli_signer made = {0};
    struct redan_slice rest = {0};

    (void)redan_slice_cut(address, '?', &made.path, &rest);
    REDAN_TRY(redan_copy(&cli->ctx, made.path, &made.shown));
    redan_cli_clean((char *)(uintptr_t)made.shown.at, made.shown.len);
    REDAN_TRY(redan_cli_key_token(cli, address, (struct redan_slice){0}, &made.key));
    *signer = made;
    return REDAN_OK;
}

enum redan_status redan_cli_signer_read(struct redan_cli *cli, struct redan_slice path, bool keygen,
                                        struct redan_cli_signer *signer)
{
    struct redan_cli_signer made = {.path = path, .keygen = keygen};
    struct redan_slice text = {0};

    if (redan_pkcs11_is(path) && !keygen)
        return read_token(cli, path, signer);
    REDAN_TRY(redan_copy(&cli->ctx, path, &made.shown));
    redan_cli_clean((char *)(uintptr_t)made.shown.at, made.shown.len);
    REDAN_TRY(redan_file_read(&cli->ctx, path, KEY_MAX, true, &text));
    enum redan_status status = read_key(cli, text, &made);
    redan_mem_cleanse((void *)(uintptr_t)text.at, text.len);
    redan_fail_name(&cli->ctx, path);
    if (status == REDAN_OK)
        *signer = made;
    return status;
}

static enum redan_status find_entry(struct redan_cli *cli, const struct redan_keyring *ring,
                                    struct redan_cli_signer *signer)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_digest id;

    redan_key_id(signer->key, &id);
    const struct redan_keyring_key *entry = redan_keyring_find(ring, &id);
    enum redan_key_state state = entry ? redan_keyring_state(entry, ctx->now) : REDAN_KEY_VALID;
    signer->by = entry;
    if (entry && state == REDAN_KEY_VALID)
        return REDAN_OK;
    if (!entry)
        (void)redan_fail(ctx, REDAN_E_SCHEMA, 0,
                         "this key is not in keys.yaml; enrol it: redan keys add --help");
    else
        (void)redan_fail(ctx, REDAN_E_SCHEMA, 0, "the key %.*s of %.*s is %s", REDAN_FMT(entry->id),
                         REDAN_FMT(entry->holder), redan_key_state_name(state));
    redan_fail_name(ctx, signer->path);
    return REDAN_E_SCHEMA;
}

enum redan_status redan_cli_signer_open_by(struct redan_cli *cli, const struct redan_keyring *ring,
                                           const char *key, const char *ssh_key,
                                           struct redan_cli_signer *signer)
{
    struct redan_slice path = redan_cli_value(cli, key);
    struct redan_slice ssh = redan_cli_value(cli, ssh_key);
    struct redan_cli_signer made = {0};

    if (path.len == 0 && ssh.len == 0)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                          "--%s FILE is needed: who signs? (--%s FILE for a key in an agent)", key,
                          ssh_key);
    if (path.len && ssh.len)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "give either --%s or --%s", key, ssh_key);
    REDAN_TRY(redan_cli_signer_read(cli, path.len ? path : ssh, path.len == 0, &made));
    enum redan_status status = find_entry(cli, ring, &made);
    if (status == REDAN_OK)
        *signer = made;
    else
        redan_cli_signer_done(&made);
    return status;
}

enum redan_status redan_cli_signer_open(struct redan_cli *cli, const struct redan_keyring *ring,
                                        struct redan_cli_signer *signer)
{
    return redan_cli_signer_open_by(cli, ring, "key", "ssh-key", signer);
}

static struct redan_slice temporary(void)
{
    const char *folder = getenv("TMPDIR");

    return redan_slice_of(folder && folder[0] == '/' ? folder : "/tmp");
}

/* ssh-keygen asks for passphrases only when its input is a terminal, so that what is signed must be a file. */
static enum redan_status run_keygen(struct redan_cli *cli, const struct redan_cli_signer *signer,
                                    struct redan_slice folder)
{
    struct redan_process_result result = {0};
    struct redan_slice statement = {0};
    struct redan_slice key = {0};

    REDAN_TRY(redan_copy(&cli->ctx, signer->path, &key));
    REDAN_TRY(redan_path_join(&cli->ctx, folder, REDAN_S(STATEMENT), &statement));
    /* of a security key it is to say that it waits for a touch */
    const char *how = redan_key_kind(signer->key) == REDAN_KEY_SK_ED25519 ? "-Y" : "-qY";
    const char *const argv[] = {"ssh-keygen", how,    "sign",       "-n", REDAN_SSHSIG_NAMESPACE,
                                "-f",         key.at, statement.at, NULL};
    struct redan_process process = {.argv = argv, .seconds = PATIENCE, .terminal = true};
    REDAN_TRY(redan_process_run(&cli->ctx, &process, &result));
    if (result.timed_out)
        return redan_fail(&cli->ctx, REDAN_E_IO, 0, "ssh-keygen did not sign within %d seconds",
                          PATIENCE);
    if (result.exit_code != 0)
        return redan_fail(&cli->ctx, REDAN_E_CRYPTO, 0,
                          "ssh-keygen did not sign (exit code %d); it says why above",
                          result.exit_code);
    return REDAN_OK;
}

static enum redan_status keygen_sign(struct redan_cli *cli, const struct redan_cli_signer *signer,
                                     struct redan_slice pae, struct redan_slice *blob)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_ustar_file files[] = {{.name = REDAN_S(STATEMENT), .bytes = pae},
                                       {.name = REDAN_S(STATEMENT ".sig")}};
    struct redan_scratch REDAN_DEFER(redan_scratch_done) scratch = {.fd = -1};
    struct redan_slice path = {0};
    struct redan_slice text = {0};

    REDAN_TRY(redan_scratch_make(ctx, temporary(), files, 1, &scratch));
    scratch.count = REDAN_COUNT(files); /* what ssh-keygen writes beside it goes with it */
    REDAN_TRY(run_keygen(cli, signer, scratch.path));
    REDAN_TRY(redan_path_join(ctx, scratch.path, files[1].name, &path));
    REDAN_TRY(redan_file_read(ctx, path, KEY_MAX, false, &text));
    return redan_sshsig_parse_armour(ctx, text, blob);
}

enum redan_status redan_cli_signer_sign(struct redan_cli *cli,
                                        const struct redan_cli_signer *signer,
                                        struct redan_dsse *envelope)
{
    struct redan_slice pae = {0};
    struct redan_slice blob = {0};

    if (!signer->keygen)
        return redan_dsse_sign(&cli->ctx, envelope, signer->key);
    REDAN_TRY(redan_dsse_pae(&cli->ctx, envelope, &pae));
    enum redan_status status = keygen_sign(cli, signer, pae, &blob);
    redan_fail_name(&cli->ctx, signer->path);
    REDAN_TRY(status);
    return redan_dsse_attach(&cli->ctx, envelope, signer->key, blob);
}
