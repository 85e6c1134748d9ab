/* Reads who must have signed, and refuses combinations that would say less than they seem to. */
#include "cmd/sign_wanted.h"

#include "io/file.h"

enum { KEY_TEXT = 64 << 10, CHAIN_TEXT = 1 << 20 };

static enum redan_status usage(struct redan_cli *cli, const char *text)
{
    return redan_fail(&cli->ctx, REDAN_E_USAGE, 0, "%s", text);
}

/* An option that was given empty is a variable that was not set, and must not read as "anybody". */
static enum redan_status none_empty(struct redan_cli *cli)
{
    static const char *const names[] = {"key",    "cert-chain",   "identity", "identity-regex",
                                        "issuer", "issuer-regex", "policy",   "cert-identity"};
    struct redan_slice value = {0};

    for (size_t i = 0; i < REDAN_COUNT(names); i++) {
        for (size_t n = 0; redan_cli_value_at(cli, names[i], n, &value); n++) {
            if (value.len == 0)
                return redan_fail(&cli->ctx, REDAN_E_USAGE, 0,
                                  "--%s is empty: is the variable set?", names[i]);
        }
    }
    return REDAN_OK;
}

static enum redan_status contradictions(struct redan_cli *cli)
{
    bool key = redan_cli_has(cli, "key");
    bool chain = redan_cli_has(cli, "cert-chain");
    bool exact = redan_cli_has(cli, "identity");
    bool pattern = redan_cli_has(cli, "identity-regex");
    bool policy = redan_cli_has(cli, "policy");
    bool issuer = redan_cli_has(cli, "issuer");
    bool issuers = redan_cli_has(cli, "issuer-regex");
    bool sigstore = (exact || pattern) && !chain;

    REDAN_TRY(none_empty(cli));
    if (redan_cli_has(cli, "cert-identity") && (!chain || exact || pattern))
        return usage(cli, "--cert-identity goes with --cert-chain, and stands for --identity");
    if (key + chain + sigstore + policy == 0)
        return usage(cli, "say who must have signed: --key FILE, --cert-chain FILE, --identity "
                          "NAME --issuer URL, or --policy FILE");
    if (key + chain + sigstore + policy > 1)
        return usage(cli, "--key, --cert-chain, --identity and --policy each say who must have "
                          "signed; give one (--cert-chain may have an --identity)");
    if ((exact && pattern) || (issuer && issuers))
        return usage(cli, "give a name or a pattern, not both");
    if (sigstore && !issuer && !issuers)
        return usage(cli, "a Sigstore identity needs its --issuer: anybody may have that name "
                          "elsewhere");
    if (!sigstore && (issuer || issuers))
        return usage(cli, "--issuer belongs to a Sigstore --identity");
    if (policy && (redan_cli_has(cli, "no-ct") || redan_cli_has(cli, "require-log") ||
                   redan_cli_has(cli, "require-timestamp") || redan_cli_has(cli, "trust-root")))
        return usage(cli,
                     "with --policy the file says it: need: [log, stamp] for all, trust-root and "
                     "no-ct for each signer");
    return REDAN_OK;
}

static enum redan_status read_key(struct redan_cli *cli, struct redan_sign_wanted *w)
{
    struct redan_slice path = redan_cli_value(cli, "key");
    struct redan_slice text = {0};

    REDAN_TRY(redan_file_read(&cli->ctx, path, KEY_TEXT, true, &text));
    enum redan_status status = redan_spki_parse_text(&cli->ctx, text, &w->key);
    redan_fail_name(&cli->ctx, path);
    REDAN_TRY(status);
    w->signer.method = REDAN_SIGN_KEY;
    w->signer.key = w->key;
    return REDAN_OK;
}

static enum redan_status read_chain(struct redan_cli *cli, struct redan_sign_wanted *w)
{
    struct redan_slice path = {0};
    struct redan_slice text = {0};

    for (size_t i = 0; redan_cli_value_at(cli, "cert-chain", i, &path); i++) {
        struct redan_certificate *list[REDAN_CERTIFICATES_MAX] = {NULL};
        size_t count = 0;
        REDAN_TRY(redan_file_read(&cli->ctx, path, CHAIN_TEXT, true, &text));
        enum redan_status status = redan_certificate_parse_pem(&cli->ctx, text, list, &count);
        redan_fail_name(&cli->ctx, path);
        REDAN_TRY(status);
        bool many = count > REDAN_CERTIFICATES_MAX - w->anchor_count;
        for (size_t k = 0; k < count; k++) {
            if (many)
                redan_certificate_free(list[k]);
            else
                w->anchors[w->anchor_count++] = list[k];
        }
        if (many)
            return redan_fail(&cli->ctx, REDAN_E_LIMIT, 0,
                              "--cert-chain names more than %d certificates",
                              REDAN_CERTIFICATES_MAX);
    }
    w->signer.method = REDAN_SIGN_CERTIFICATE;
    w->signer.anchors = w->anchors;
    w->signer.anchor_count = w->anchor_count;
    return REDAN_OK;
}

/* Signers that name no trust root stand on the one that is in force, as without a policy. */
static enum redan_status use_installed(struct redan_cli *cli, struct redan_sign_wanted *w)
{
    if (!w->policy.shipped)
        return REDAN_OK;
    REDAN_TRY(redan_cli_trust_present(cli, &w->trust));
    for (size_t i = 0; i < w->policy.signer_count; i++) {
        if (w->policy.signers[i].wanted.root == w->policy.shipped)
            w->policy.signers[i].wanted.root = &w->trust.root;
    }
    return REDAN_OK;
}

static enum redan_status read_policy(struct redan_cli *cli, struct redan_sign_wanted *w)
{
    struct redan_slice path = redan_cli_value(cli, "policy");
    struct redan_problems problems;

    w->policy_file = path;
    redan_problems_init(&problems, &cli->ctx, path);
    enum redan_status status = redan_verify_policy_read(&problems, path, &w->policy);
    w->by_policy = true;
    redan_fail_name(&cli->ctx, path);
    REDAN_TRY(status);
    if (problems.first) {
        (void)redan_fail_at(&cli->ctx, REDAN_E_SCHEMA, problems.first->line, problems.first->column,
                            "%.*s%s%.*s", REDAN_FMT(problems.first->text),
                            problems.first->fix.len ? "; " : "", REDAN_FMT(problems.first->fix));
        redan_fail_name(&cli->ctx, path);
        return REDAN_E_SCHEMA;
    }
    return use_installed(cli, w);
}

static enum redan_status read_all(struct redan_cli *cli, struct redan_sign_wanted *w)
{
    w->signer.identity =
        redan_cli_value(cli, redan_cli_has(cli, "cert-identity") ? "cert-identity" : "identity");
    w->signer.identity_regex = redan_cli_value(cli, "identity-regex");
    w->signer.issuer = redan_cli_value(cli, "issuer");
    w->signer.issuer_regex = redan_cli_value(cli, "issuer-regex");
    w->signer.no_ct = redan_cli_has(cli, "no-ct");
    w->signer.need_log = redan_cli_has(cli, "require-log");
    w->signer.need_stamp = redan_cli_has(cli, "require-timestamp");
    if (redan_cli_has(cli, "policy"))
        return read_policy(cli, w);
    if (redan_cli_has(cli, "key"))
        REDAN_TRY(read_key(cli, w));
    else if (redan_cli_has(cli, "cert-chain"))
        REDAN_TRY(read_chain(cli, w));
    else
        w->signer.method = REDAN_SIGN_SIGSTORE;
    /* keys and certificates may have been logged and stamped too */
    REDAN_TRY(redan_cli_trust_open(cli, &w->trust));
    w->signer.root = &w->trust.root;
    return REDAN_OK;
}

enum redan_status redan_sign_wanted_open(struct redan_cli *cli, struct redan_sign_wanted *wanted)
{
    *wanted = (struct redan_sign_wanted){.by_policy = false};
    REDAN_TRY(contradictions(cli));
    return read_all(cli, wanted);
}

void redan_sign_wanted_done(struct redan_sign_wanted *wanted)
{
    redan_spki_free(wanted->key);
    for (size_t i = 0; i < wanted->anchor_count; i++)
        redan_certificate_free(wanted->anchors[i]);
    if (wanted->by_policy)
        redan_verify_policy_done(&wanted->policy);
    redan_cli_trust_done(&wanted->trust);
    *wanted = (struct redan_sign_wanted){.by_policy = false};
}
