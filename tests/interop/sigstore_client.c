/* The command line that sigstore-conformance speaks (its cli_protocol.md), and a server of the same for tests that judge thousands of bundles.
 *   verify-bundle [--staging] --bundle F (--certificate-identity I --certificate-oidc-issuer U | --key K) [--trusted-root R] FILE|sha256:HEX
 *   sign-bundle [--staging] [--in-toto] --identity-token T --bundle F [--trusted-root R] [--signing-config S] FILE
 *   serve    lines "BYTES<tab>ARGUMENT<tab>...", each followed by that many bytes of a bundle; answers "yes" or "no STATUS: WHY", one line each
 * Beyond the protocol: --anchors PEM (the method "certificate"), --oms (a model's signature), --now SECONDS. Exit code 0 or 1; 2 for usage. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/file.h"
#include "sign/keyless.h"

enum { ARGUMENTS = 32, LINE = 8192 };

struct options {
    const char *bundle;
    const char *identity;
    const char *issuer;
    const char *key;
    const char *root;
    const char *anchors;
    const char *now;
    const char *token;
    const char *config;
    const char *thing;
    bool staging;
    bool in_toto;
    bool oms;
};

/* The trust root of the last bundle, which is likely that of the next. */
struct held {
    struct redan_ctx ctx;
    struct redan_trust_root root;
    char name[LINE];
    bool used;
};

static enum redan_status usage(struct redan_ctx *ctx, const char *what)
{
    return redan_fail(ctx, REDAN_E_USAGE, 0, "%s", what);
}

static enum redan_status parse(struct redan_ctx *ctx, char **argv, size_t argc,
                               struct options *options)
{
    const struct {
        const char *name;
        const char **value;
        bool *flag;
    } table[] = {
        {"--bundle", &options->bundle, NULL},
        {"--certificate-identity", &options->identity, NULL},
        {"--certificate-oidc-issuer", &options->issuer, NULL},
        {"--key", &options->key, NULL},
        {"--trusted-root", &options->root, NULL},
        {"--anchors", &options->anchors, NULL},
        {"--now", &options->now, NULL},
        {"--identity-token", &options->token, NULL},
        {"--signing-config", &options->config, NULL},
        {"--staging", NULL, &options->staging},
        {"--in-toto", NULL, &options->in_toto},
        {"--oms", NULL, &options->oms},
    };

    for (size_t i = 0; i < argc; i++) {
        size_t k = 0;

        while (k < REDAN_COUNT(table) && strcmp(argv[i], table[k].name) != 0)
            k++;
        if (k == REDAN_COUNT(table)) {
            if (options->thing || strncmp(argv[i], "--", 2) == 0)
                return usage(ctx, "an argument too many");
            options->thing = argv[i];
        } else if (table[k].flag) {
            *table[k].flag = true;
        } else if (++i < argc) {
            *table[k].value = argv[i];
        } else {
            return usage(ctx, "an option without its value");
        }
    }
    return REDAN_OK;
}

static enum redan_status read_text(struct redan_ctx *ctx, const char *path,
                                   struct redan_slice *text)
{
    return redan_file_read(ctx, redan_slice_of(path), REDAN_BUNDLE_MAX, true, text);
}

static void let_go(struct held *held)
{
    if (held->used) {
        redan_trust_root_done(&held->root);
        redan_ctx_done(&held->ctx);
    }
    held->used = false;
}

static enum redan_status hold(struct redan_ctx *ctx, const struct options *options,
                              struct held *held)
{
    const char *name = options->root ? options->root : "";
    struct redan_slice text = {0};

    if (options->staging && !options->root)
        return usage(ctx, "the staging instance needs --trusted-root");
    if (held->used && strcmp(held->name, name) == 0)
        return REDAN_OK;
    let_go(held);
    redan_ctx_init(&held->ctx, NULL);
    held->used = true;
    held->root = (struct redan_trust_root){0};
    held->name[0] = 1; /* no path */
    enum redan_status status = *name ? read_text(&held->ctx, name, &text) : REDAN_OK;
    if (status == REDAN_OK)
        status = *name ? redan_trust_root_parse(&held->ctx, text, &held->root)
                       : redan_trust_root_builtin(&held->ctx, &held->root);
    if (status != REDAN_OK)
        return redan_fail(ctx, status, 0, "trust root: %s", held->ctx.failure.text);
    (void)snprintf(held->name, sizeof(held->name), "%s", name);
    return REDAN_OK;
}

/* A file, or its digest where there is no file of that name. */
static enum redan_status find_thing(struct redan_ctx *ctx, const struct options *options,
                                    struct redan_signed_thing *thing)
{
    thing->oms = options->oms;
    if (options->oms)
        return REDAN_OK;
    if (!options->thing)
        return usage(ctx, "no file to verify");
    struct redan_slice name = redan_slice_of(options->thing);
    thing->has_digest = true;
    if (!redan_file_exists(ctx, name) && redan_digest_parse(name, &thing->digest))
        return REDAN_OK;
    REDAN_TRY(read_text(ctx, options->thing, &thing->bytes));
    thing->has_bytes = true;
    return redan_sha256(ctx, thing->bytes, &thing->digest);
}

struct owned {
    struct redan_spki *key;
    struct redan_certificate *anchors[REDAN_CERTIFICATES_MAX];
    size_t count;
};

static void owned_done(struct owned *owned)
{
    redan_spki_free(owned->key);
    for (size_t i = 0; i < owned->count; i++)
        redan_certificate_free(owned->anchors[i]);
}

static enum redan_status find_signer(struct redan_ctx *ctx, const struct options *options,
                                     struct owned *owned, struct redan_signer_wanted *wanted)
{
    struct redan_slice text = {0};

    wanted->method = REDAN_SIGN_SIGSTORE;
    wanted->identity = redan_slice_of(options->identity);
    wanted->issuer = redan_slice_of(options->issuer);
    if (options->key) {
        wanted->method = REDAN_SIGN_KEY;
        REDAN_TRY(read_text(ctx, options->key, &text));
        REDAN_TRY(redan_spki_parse_text(ctx, text, &owned->key));
        wanted->key = owned->key;
    } else if (options->anchors) {
        wanted->method = REDAN_SIGN_CERTIFICATE;
        REDAN_TRY(read_text(ctx, options->anchors, &text));
        REDAN_TRY(redan_certificate_parse_pem(ctx, text, owned->anchors, &owned->count));
        wanted->anchors = owned->anchors;
        wanted->anchor_count = owned->count;
    }
    return REDAN_OK;
}

static enum redan_status verify(struct redan_ctx *ctx, const struct options *options,
                                struct redan_slice text, struct held *held)
{
    struct owned REDAN_DEFER(owned_done) owned = {0};
    struct redan_signer_wanted wanted = {0};
    struct redan_signed_thing thing = {0};
    struct redan_signer_facts facts = {0};
    struct redan_bundle bundle = {0};

    REDAN_TRY(find_signer(ctx, options, &owned, &wanted));
    REDAN_TRY(hold(ctx, options, held));
    wanted.root = &held->root;
    REDAN_TRY(find_thing(ctx, options, &thing));
    if (options->now)
        ctx->now = strtoll(options->now, NULL, 10);
    REDAN_TRY(redan_bundle_parse(ctx, text, &bundle));
    return redan_sign_judge(ctx, &bundle, &wanted, &thing, &facts);
}

static enum redan_status sign(struct redan_ctx *ctx, const struct options *options,
                              struct held *held)
{
    struct redan_buf REDAN_DEFER(redan_buf_done) out = {0};
    struct redan_keyless_services services = {0};
    struct redan_bundle bundle = {0};
    struct redan_slice payload = {0};
    struct redan_slice text = {0};

    if (!options->config || !options->token || !options->bundle || !options->thing)
        return usage(ctx, "--signing-config, --identity-token, --bundle and FILE are needed");
    REDAN_TRY(hold(ctx, options, held));
    REDAN_TRY(read_text(ctx, options->config, &text));
    REDAN_TRY(redan_keyless_config(ctx, text, &services));
    REDAN_TRY(read_text(ctx, options->thing, &payload));
    REDAN_TRY((options->in_toto ? redan_keyless_sign : redan_keyless_sign_message)(
        ctx, &services, redan_slice_of(options->token), payload, &held->root, &bundle));
    redan_buf_init(&out, ctx, REDAN_BUNDLE_MAX);
    redan_bundle_add(&out, &bundle);
    REDAN_TRY(redan_buf_ok(ctx, &out, "a bundle"));
    return redan_file_replace(ctx, redan_slice_of(options->bundle), 0644, redan_buf_view(&out));
}

/* One request: its line is cut into arguments where it lies. */
static enum redan_status answer(struct redan_ctx *ctx, char *line, struct held *held)
{
    char *arguments[ARGUMENTS];
    struct options options = {0};
    size_t count = 0;
    char *rest = line;

    line[strcspn(line, "\n")] = '\0';
    for (char *tab = NULL; rest && count < ARGUMENTS; rest = tab) {
        tab = strchr(rest, '\t');
        if (tab)
            *tab++ = '\0';
        arguments[count++] = rest;
    }
    size_t len = count ? strtoul(arguments[0], NULL, 10) : 0;
    char *bytes = len <= REDAN_BUNDLE_MAX ? redan_take(ctx, len + 1) : NULL;
    if (!bytes || fread(bytes, 1, len, stdin) != len)
        exit(3);
    REDAN_TRY(parse(ctx, arguments + 1, count - 1, &options));
    return verify(ctx, &options, (struct redan_slice){bytes, len}, held);
}

static int serve(struct held *held)
{
    static char line[LINE];

    while (fgets(line, sizeof(line), stdin)) {
        struct redan_ctx REDAN_DEFER(redan_ctx_done) ctx;

        redan_ctx_init(&ctx, NULL);
        enum redan_status status = answer(&ctx, line, held);
        if (status == REDAN_OK)
            (void)puts("yes");
        else
            (void)printf("no %s: %s\n", redan_status_name(status), ctx.failure.text);
        (void)fflush(stdout);
    }
    return 0;
}

static enum redan_status run(struct redan_ctx *ctx, int argc, char **argv, struct held *held)
{
    struct options options = {0};
    struct redan_slice text = {0};

    REDAN_TRY(parse(ctx, argv + 2, (size_t)argc - 2, &options));
    if (strcmp(argv[1], "sign-bundle") == 0)
        return sign(ctx, &options, held);
    if (strcmp(argv[1], "verify-bundle") != 0 || !options.bundle)
        return usage(ctx, "verify-bundle or sign-bundle, with --bundle");
    REDAN_TRY(read_text(ctx, options.bundle, &text));
    return verify(ctx, &options, text, held);
}

int main(int argc, char **argv)
{
    struct held REDAN_DEFER(let_go) held = {.used = false};
    struct redan_ctx ctx REDAN_DEFER(redan_ctx_done);

    redan_ctx_init(&ctx, NULL);
    if (argc < 2)
        return 2;
    if (strcmp(argv[1], "serve") == 0)
        return serve(&held);
    enum redan_status status = run(&ctx, argc, argv, &held);
    if (status != REDAN_OK)
        (void)fprintf(stderr, "%s: %s\n", redan_status_name(status), ctx.failure.text);
    return status == REDAN_OK ? 0 : status == REDAN_E_USAGE ? 2 : 1;
}
