/* Reads the options that say who signs, and signs with a key, a certificate or an identity. */
#include "cmd/sign_how.h"

#include "cmd/cli_sign.h"
#include "crypto/pkcs11.h"
#include "io/file.h"
#include "sign/manifest.h"

enum { PEM_MAX = 1 << 20, CONFIG_MAX = 1 << 20 };

void redan_sign_how_done(struct redan_sign_how *how)
{
    redan_key_drop(&how->key);
    redan_spki_drop(&how->spki);
    for (size_t i = 0; i < how->own_count; i++)
        redan_certificate_free(how->own[i]);
    how->own_count = 0;
    redan_mem_cleanse((char *)(uintptr_t)how->token.at, how->token.len);
    how->token = (struct redan_slice){0};
    redan_cli_trust_done(&how->trust);
}

/* Exactly one way, and only the options that go with it. */
static enum redan_status choose(struct redan_cli *cli, struct redan_sign_how *how)
{
    static const char *const keyless[] = {"identity",       "identity-token", "identity-token-file",
                                          "signing-config", "fulcio",         "rekor"};
    struct redan_ctx *ctx = &cli->ctx;
    bool key = redan_cli_has(cli, "key");
    bool cert = redan_cli_has(cli, "cert");
    bool identity = redan_cli_has(cli, "keyless");

    if (key == identity)
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "who signs? --key KEY, --cert FILE --key KEY, or --keyless");
    if (identity && (cert || redan_cli_has(cli, "cert-chain")))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--keyless makes a certificate of its own");
    if (!cert && redan_cli_has(cli, "cert-chain"))
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "--cert-chain goes with --cert, the certificate of the key");
    for (size_t i = 0; i < REDAN_COUNT(keyless) && !identity; i++) {
        if (redan_cli_has(cli, keyless[i]))
            return redan_fail(ctx, REDAN_E_USAGE, 0, "--%s goes with --keyless", keyless[i]);
    }
    how->method = identity ? REDAN_SIGN_SIGSTORE : cert ? REDAN_SIGN_CERTIFICATE : REDAN_SIGN_KEY;
    return REDAN_OK;
}

static enum redan_status open_key(struct redan_cli *cli, bool dry, struct redan_sign_how *how)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_cli_signer signer = {0};
    struct redan_slice rest = {0};

    how->key_path = redan_cli_value(cli, "key");
    if (how->key_path.len == 0)
        return redan_fail(ctx, REDAN_E_USAGE, 0, "--key is empty: is the variable set?");
    if (!redan_pkcs11_is(how->key_path))
        REDAN_TRY(redan_cli_signer_read(cli, how->key_path, false, &signer));
    else if (!dry)
        REDAN_TRY(redan_cli_key_token(cli, how->key_path, redan_cli_value(cli, "pkcs11-module"),
                                      &how->key));
    if (redan_pkcs11_is(how->key_path)) /* what follows may be a PIN, and this is shown */
        (void)redan_slice_cut(how->key_path, '?', &how->key_path, &rest);
    if (signer.keygen) {
        redan_cli_signer_done(&signer);
        (void)redan_fail(ctx, REDAN_E_UNSUPPORTED, 0,
                         "only ssh-keygen can use this key, and it signs in OpenSSH's own form, "
                         "which no model signature has; use a PEM key: ssh-keygen -p -m PKCS8 -f "
                         "COPY-OF-THE-KEY");
        redan_fail_name(ctx, how->key_path);
        return REDAN_E_UNSUPPORTED;
    }
    if (signer.key)
        how->key = signer.key;
    if (!how->key)
        return REDAN_OK; /* a token, in a dry run */
    enum redan_status status = redan_spki_of_key(ctx, how->key, &how->spki);
    if (status == REDAN_OK && redan_spki_kind(how->spki) == REDAN_SPKI_ED25519 &&
        !redan_cli_has(cli, "ed25519"))
        status =
            redan_fail(ctx, REDAN_E_USAGE, 0,
                       "an Ed25519 key: the reference client refuses its signatures; --ed25519 "
                       "signs all the same, redan verifies it");
    redan_fail_name(ctx, how->key_path);
    return status;
}

static enum redan_status read_certificates(struct redan_cli *cli, struct redan_slice path, bool one,
                                           struct redan_sign_how *how)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_certificate *list[REDAN_CERTIFICATES_MAX] = {NULL};
    struct redan_slice text = {0};
    size_t count = 0;
    size_t kept = 0;

    REDAN_TRY(redan_file_read(ctx, path, PEM_MAX, true, &text));
    enum redan_status status = redan_certificate_parse_pem(ctx, text, list, &count);
    redan_fail_name(ctx, path);
    REDAN_TRY(status);
    while (kept < count && how->own_count < REDAN_CERTIFICATES_MAX)
        how->own[how->own_count++] = list[kept++];
    for (size_t i = kept; i < count; i++)
        redan_certificate_free(list[i]);
    if (kept < count)
        return redan_fail(ctx, REDAN_E_LIMIT, 0, "more than %d certificates",
                          REDAN_CERTIFICATES_MAX);
    if (one && count > 1)
        redan_cli_say(cli,
                      "%.*s holds %zu certificates: the first is the key's, the others are "
                      "above it",
                      REDAN_FMT(path), count);
    return REDAN_OK;
}

/* Roots stay with those who believe them: only what leads there goes into the bundle. */
static enum redan_status open_chain(struct redan_cli *cli, struct redan_sign_how *how)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_slice path = {0};
    struct redan_certificate_facts facts = {0};

    REDAN_TRY(read_certificates(cli, redan_cli_value(cli, "cert"), true, how));
    for (size_t i = 0; redan_cli_value_at(cli, "cert-chain", i, &path); i++)
        REDAN_TRY(read_certificates(cli, path, false, how));
    for (size_t i = 0; i < how->own_count; i++) {
        REDAN_TRY(redan_certificate_facts(ctx, how->own[i], &facts));
        if (i == 0 || !facts.self_signed)
            how->chain[how->chain_count++] = how->own[i];
        if (facts.self_signed)
            how->anchors[how->anchor_count++] = how->own[i];
    }
    if (how->anchor_count == 0)
        how->anchors[how->anchor_count++] = how->own[how->own_count - 1];
    if (!how->spki || redan_spki_eq(how->spki, redan_certificate_key(how->own[0])))
        return REDAN_OK;
    (void)redan_fail(ctx, REDAN_E_SCHEMA, 0, "this is not the certificate of the key %.*s",
                     REDAN_FMT(how->key_path));
    redan_fail_name(ctx, redan_cli_value(cli, "cert"));
    return REDAN_E_SCHEMA;
}

/* The newest that counts now. */
static struct redan_slice newest_log(const struct redan_ctx *ctx,
                                     const struct redan_trust_root *root)
{
    const struct redan_trust_log *best = NULL;
    int64_t now = ctx->now * 1000;

    for (size_t i = 0; i < root->log_count; i++) {
        const struct redan_trust_log *log = &root->logs[i];
        if (log->from <= now && now <= log->until && (!best || log->from > best->from))
            best = log;
    }
    return best ? best->url : (struct redan_slice){"", 0};
}

static struct redan_slice newest_authority(const struct redan_ctx *ctx,
                                           const struct redan_trust_authority *list, size_t count)
{
    const struct redan_trust_authority *best = NULL;
    int64_t now = ctx->now * 1000;

    for (size_t i = 0; i < count; i++) {
        if (list[i].from <= now && now <= list[i].until && (!best || list[i].from > best->from))
            best = &list[i];
    }
    return best ? best->url : (struct redan_slice){"", 0};
}

/* Seconds for one exchange; 0 where nothing is said. */
static enum redan_status read_timeout(struct redan_cli *cli, unsigned *seconds)
{
    struct redan_slice text = redan_cli_value(cli, "timeout");
    uint64_t value = 0;

    if (!redan_cli_has(cli, "timeout"))
        return REDAN_OK;
    if (!redan_slice_u64(text, &value) || value == 0 || value > 3600)
        return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "--timeout takes 1 to 3600 seconds");
    *seconds = (unsigned)value;
    return REDAN_OK;
}

/* The services: a configuration, addresses of the options over it, and for --keyless those of the trust root itself where neither says any. */
static enum redan_status open_services(struct redan_cli *cli, struct redan_sign_how *how)
{
    struct redan_ctx *ctx = &cli->ctx;
    const struct redan_trust_root *root = &how->trust.root;
    struct redan_keyless_services *s = &how->services;
    struct redan_slice config = redan_cli_value(cli, "signing-config");
    struct redan_slice text = {0};
    struct redan_slice *stampers = redan_take_array(ctx, cli->value_count + 1, sizeof(*stampers));
    size_t count = 0;

    if (!stampers)
        return REDAN_E_MEMORY;
    if (config.len) {
        REDAN_TRY(redan_file_read(ctx, config, CONFIG_MAX, true, &text));
        enum redan_status status = redan_keyless_config(ctx, text, s);
        redan_fail_name(ctx, config);
        REDAN_TRY(status);
    }
    REDAN_TRY(read_timeout(cli, &s->seconds));
    s->identity = redan_cli_value(cli, "identity");
    while (redan_cli_value_at(cli, "tsa", count, &stampers[count]))
        count++;
    if (redan_cli_has(cli, "fulcio"))
        s->fulcio = redan_cli_value(cli, "fulcio");
    if (redan_cli_has(cli, "rekor"))
        s->rekor = redan_cli_value(cli, "rekor");
    if (how->method == REDAN_SIGN_SIGSTORE && !config.len && s->fulcio.len == 0)
        s->fulcio = newest_authority(ctx, root->authorities, root->authority_count);
    if (how->method == REDAN_SIGN_SIGSTORE && !config.len && s->rekor.len == 0)
        s->rekor = newest_log(ctx, root);
    if (how->method == REDAN_SIGN_SIGSTORE && !config.len && count == 0) {
        stampers[0] = newest_authority(ctx, root->stampers, root->stamper_count);
        count = stampers[0].len ? 1 : 0;
    }
    if (count) {
        s->stampers = stampers;
        s->stamper_count = count;
    }
    return REDAN_OK;
}

static enum redan_status open_identity(struct redan_cli *cli, bool dry, struct redan_sign_how *how)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_keyless_token_from from = {.token = redan_cli_value(cli, "identity-token"),
                                            .file = redan_cli_value(cli, "identity-token-file"),
                                            .seconds = how->services.seconds};

    how->ambient = redan_keyless_asks(&from);
    if (dry && how->ambient)
        return REDAN_OK;
    REDAN_TRY(redan_keyless_token(ctx, &from, &how->token));
    return redan_keyless_claims(ctx, how->token, &how->claims);
}

enum redan_status redan_sign_how_open(struct redan_cli *cli, bool dry, struct redan_sign_how *how)
{
    REDAN_TRY(choose(cli, how));
    if (how->method != REDAN_SIGN_SIGSTORE)
        REDAN_TRY(open_key(cli, dry, how));
    if (how->method == REDAN_SIGN_CERTIFICATE)
        REDAN_TRY(open_chain(cli, how));
    if (how->method == REDAN_SIGN_SIGSTORE || redan_cli_has(cli, "tsa")) {
        REDAN_TRY(redan_cli_trust_open(cli, &how->trust));
        REDAN_TRY(open_services(cli, how));
    }
    if (how->method == REDAN_SIGN_SIGSTORE)
        REDAN_TRY(open_identity(cli, dry, how));
    return REDAN_OK;
}

enum redan_status redan_sign_how_who(struct redan_cli *cli, const struct redan_sign_how *how,
                                     struct redan_slice *who)
{
    struct redan_ctx *ctx = &cli->ctx;
    struct redan_certificate_facts facts = {0};
    struct redan_digest id;
    char hex[REDAN_DIGEST_HEX];

    if (how->method == REDAN_SIGN_SIGSTORE && how->ambient && how->claims.issuer.len == 0)
        return redan_format(ctx, who, "as the workflow that GitHub Actions says this is");
    if (how->method == REDAN_SIGN_SIGSTORE)
        return redan_format(
            ctx, who, "as %.*s, vouched for by %.*s",
            REDAN_FMT(how->claims.name_count ? how->claims.names[0] : how->claims.subject),
            REDAN_FMT(how->claims.connector.len ? how->claims.connector : how->claims.issuer));
    if (how->method == REDAN_SIGN_CERTIFICATE) {
        REDAN_TRY(redan_certificate_facts(ctx, how->own[0], &facts));
        return redan_format(ctx, who, "with the certificate %.*s", REDAN_FMT(facts.subject));
    }
    if (!how->spki)
        return redan_format(ctx, who, "with a key on a token");
    redan_spki_id(how->spki, &id);
    redan_digest_hex(&id, hex);
    return redan_format(ctx, who, "with the key sha256:%s (%s)", hex, redan_spki_name(how->spki));
}

/* Whoever receives the signature will want this. */
static enum redan_status expect(struct redan_ctx *ctx, const struct redan_sign_how *how,
                                const struct redan_bundle *bundle, struct redan_certificate **leaf,
                                struct redan_signer_wanted *wanted)
{
    struct redan_certificate_facts facts = {0};

    *wanted = (struct redan_signer_wanted){.method = how->method,
                                           .root = how->trust.loaded ? &how->trust.root : NULL,
                                           .need_stamp = how->services.stamper_count > 0};
    if (how->method == REDAN_SIGN_KEY)
        wanted->key = how->spki;
    if (how->method == REDAN_SIGN_CERTIFICATE) {
        wanted->anchors = how->anchors;
        wanted->anchor_count = how->anchor_count;
    }
    if (how->method != REDAN_SIGN_SIGSTORE)
        return REDAN_OK;
    if (bundle->certificate_count == 0)
        return redan_fail(ctx, REDAN_E_SCHEMA, 0, "the new signature has no certificate");
    REDAN_TRY(redan_certificate_parse(ctx, bundle->certificates[0], leaf));
    REDAN_TRY(redan_certificate_facts(ctx, *leaf, &facts));
    wanted->need_log = how->services.rekor.len > 0;
    wanted->identity = facts.name_count ? facts.names[0].value : (struct redan_slice){"", 0};
    wanted->issuer = facts.oidc_issuer;
    wanted->no_ct = how->trust.root.ct_log_count == 0;
    return REDAN_OK;
}

/* What is about to be written is read anew and judged; a signature that only its maker believes is never left behind. */
static enum redan_status prove(struct redan_ctx *ctx, const struct redan_sign_how *how,
                               struct redan_slice text, struct redan_signer_facts *facts)
{
    struct redan_certificate *REDAN_DEFER(redan_certificate_drop) leaf = NULL;
    struct redan_signed_thing thing = {.oms = true};
    struct redan_signer_wanted wanted = {0};
    struct redan_manifest manifest = {0};
    struct redan_bundle bundle = {0};

    REDAN_TRY(redan_bundle_parse(ctx, text, &bundle));
    REDAN_TRY(expect(ctx, how, &bundle, &leaf, &wanted));
    REDAN_TRY(redan_sign_judge(ctx, &bundle, &wanted, &thing, facts));
    return redan_manifest_parse(ctx, bundle.dsse.payload, &manifest);
}

enum redan_status redan_sign_how_sign(struct redan_cli *cli, const struct redan_sign_how *how,
                                      struct redan_slice payload, struct redan_buf *text,
                                      struct redan_signer_facts *facts)
{
    struct redan_ctx *ctx = &cli->ctx;
    const struct redan_trust_root *root = how->trust.loaded ? &how->trust.root : NULL;
    struct redan_sign_with with = {.key = how->key,
                                   .chain = how->chain,
                                   .chain_count = how->chain_count,
                                   .ed25519 = redan_cli_has(cli, "ed25519")};
    struct redan_bundle bundle = {0};

    if (how->method == REDAN_SIGN_SIGSTORE) {
        REDAN_TRY(redan_keyless_sign(ctx, &how->services, how->token, payload, root, &bundle));
    } else {
        REDAN_TRY(redan_sign_statement(ctx, &with, payload, &bundle));
        if (how->services.stamper_count)
            REDAN_TRY(redan_keyless_stamp(ctx, &how->services, root, &bundle));
    }
    redan_bundle_add(text, &bundle);
    REDAN_TRY(redan_buf_ok(ctx, text, "the signature"));
    return prove(ctx, how, redan_buf_view(text), facts);
}
