/* Identities: the subject alternative names and the OIDC issuer of a certificate against the operator's words. */
#include "sign/identity.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

enum { PATTERN = 512, COPIES = 1024 };

/* A name as a message may show it: a whole URI of a workflow, and nothing that moves a terminal's cursor. */
struct shown {
    char text[176];
};

static struct shown show(struct redan_slice name)
{
    struct shown made = {{0}};
    size_t len = redan_min_size(name.len, sizeof(made.text) - sizeof("..."));

    for (size_t i = 0; i < len; i++)
        made.text[i] = (unsigned char)name.at[i] < 0x20 || name.at[i] == 0x7f ? '?' : name.at[i];
    if (len < name.len)
        memcpy(made.text + len, "...", sizeof("..."));
    return made;
}

static void drop_regex(regex_t **regex)
{
    if (*regex)
        regfree(*regex);
}

/* One past the bracket expression that begins at `i` (XBD 9.3.5). */
static size_t past_bracket(struct redan_slice pattern, size_t i)
{
    i += i + 1 < pattern.len && pattern.at[i + 1] == '^' ? 2 : 1;
    if (i < pattern.len && pattern.at[i] == ']')
        i++;
    while (i < pattern.len && pattern.at[i] != ']')
        i++;
    return i + 1;
}

/* The most that "{3}", "{2,}" or "{2,7}" at `i` repeats; saturated. */
static size_t most_of(struct redan_slice pattern, size_t i)
{
    size_t most = 1;
    size_t number = 0;

    for (i++; i < pattern.len && pattern.at[i] != '}'; i++) {
        bool digit = pattern.at[i] >= '0' && pattern.at[i] <= '9';
        number = digit ? redan_min_size(number * 10 + (size_t)(pattern.at[i] - '0'), COPIES) : 0;
        most = number > most ? number : most;
    }
    return most + 1;
}

/* The C library copies what is repeated while it compiles, copies of copies too, and takes a back-reference as an invitation to try
 * everything: a pattern may come from a pull request. */
static enum redan_status check_pattern(struct redan_ctx *ctx, struct redan_slice pattern)
{
    size_t copies = 1;

    for (size_t i = 0; i < pattern.len && copies <= COPIES;) {
        char c = pattern.at[i];
        char after = i + 1 < pattern.len ? pattern.at[i + 1] : 0;

        if (c == '\\' && after >= '1' && after <= '9')
            return redan_fail(ctx, REDAN_E_USAGE, 0,
                              "\"%s\" has a back-reference, which names do not need",
                              show(pattern).text);
        copies *= c == '+' ? 2 : c == '{' ? most_of(pattern, i) : 1;
        i = c == '[' ? past_bracket(pattern, i) : i + (c == '\\' ? 2 : 1);
    }
    if (copies <= COPIES && pattern.len <= PATTERN)
        return REDAN_OK;
    return redan_fail(ctx, REDAN_E_USAGE, 0,
                      "\"%s\" is too large a pattern: at most %d bytes, and few repetitions (\"+\" "
                      "and \"{n}\") of repetitions",
                      show(pattern).text, PATTERN);
}

enum redan_status redan_identity_match(struct redan_ctx *ctx, struct redan_slice pattern,
                                       struct redan_slice text, bool *matches)
{
    struct redan_slice copy = {0};
    regmatch_t whole = {0};
    regex_t compiled;

    if (memchr(pattern.at, 0, pattern.len))
        return redan_fail(ctx, REDAN_E_USAGE, 0, "a pattern with a NUL in it");
    REDAN_TRY(check_pattern(ctx, pattern));
    *matches = false;
    if (text.len == 0 || text.len > REDAN_IDENTITY_MAX || memchr(text.at, 0, text.len))
        return REDAN_OK;
    REDAN_TRY(redan_copy(ctx, pattern, &copy));
    int failed = regcomp(&compiled, copy.at, REG_EXTENDED);
    if (failed) {
        char why[128];

        regerror(failed, &compiled, why, sizeof(why));
        return redan_fail(ctx, REDAN_E_USAGE, 0,
                          "\"%s\" is not a POSIX extended regular expression: %s",
                          show(pattern).text, why);
    }
    regex_t *REDAN_DEFER(drop_regex) regex = &compiled;
    REDAN_TRY(redan_copy(ctx, text, &copy));
    /* The leftmost and longest match (XBD 9.1) is the whole text whenever the whole text matches. */
    failed = regexec(regex, copy.at, 1, &whole, 0);
    if (failed && failed != REG_NOMATCH)
        return redan_fail(ctx, REDAN_E_MEMORY, 0, "no memory to match a pattern");
    *matches = !failed && whole.rm_so == 0 && (size_t)whole.rm_eo == text.len;
    return REDAN_OK;
}

/* Both the exact word and the pattern, as far as they are asked for. */
static enum redan_status fits(struct redan_ctx *ctx, struct redan_slice text,
                              struct redan_slice exact, struct redan_slice pattern, bool *fitting)
{
    *fitting = exact.len == 0 || redan_slice_eq(text, exact);
    if (*fitting && pattern.len)
        return redan_identity_match(ctx, pattern, text, fitting);
    return REDAN_OK;
}

/* Sigstore certifies e-mail addresses, URIs and user names (Fulcio's OID documentation, 1.7); hosts are for other authorities. */
static bool counts(const struct redan_san *san, enum redan_sign_method method)
{
    return san->kind != REDAN_SAN_DNS || method != REDAN_SIGN_SIGSTORE;
}

static enum redan_status judge_name(struct redan_ctx *ctx,
                                    const struct redan_certificate_facts *facts,
                                    const struct redan_signer_wanted *wanted,
                                    struct redan_slice *name)
{
    struct redan_slice first = {0};
    size_t others = 0;

    for (size_t i = 0; i < facts->name_count; i++) {
        const struct redan_san *san = &facts->names[i];
        bool fitting = false;

        if (!counts(san, wanted->method))
            continue;
        REDAN_TRY(fits(ctx, san->value, wanted->identity, wanted->identity_regex, &fitting));
        if (fitting) {
            *name = san->value;
            return REDAN_OK;
        }
        if (first.len == 0)
            first = san->value;
        else
            others++;
    }
    if (wanted->identity.len == 0 && wanted->identity_regex.len == 0)
        return REDAN_OK;
    struct redan_slice asked = wanted->identity.len ? wanted->identity : wanted->identity_regex;
    const char *how = wanted->identity.len ? "" : "a name like ";
    if (first.len == 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the certificate names nobody; wanted is %s\"%s\"", how,
                          show(asked).text);
    char more[40] = "";
    if (others)
        (void)snprintf(more, sizeof(more), " (and %zu more)", others);
    return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                      "the certificate is of \"%s\"%s; wanted is %s\"%s\"", show(first).text, more,
                      how, show(asked).text);
}

static enum redan_status judge_issuer(struct redan_ctx *ctx,
                                      const struct redan_certificate_facts *facts,
                                      const struct redan_signer_wanted *wanted)
{
    struct redan_slice asked = wanted->issuer.len ? wanted->issuer : wanted->issuer_regex;
    bool fitting = false;

    if (facts->oidc_conflict)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the certificate names two different identity providers");
    if (asked.len == 0)
        return REDAN_OK;
    if (facts->oidc_issuer.len == 0)
        return redan_fail(ctx, REDAN_E_SIGNATURE, 0,
                          "the certificate names no identity provider; wanted is \"%s\"",
                          show(asked).text);
    REDAN_TRY(fits(ctx, facts->oidc_issuer, wanted->issuer, wanted->issuer_regex, &fitting));
    if (!fitting)
        return redan_fail(
            ctx, REDAN_E_SIGNATURE, 0, "the identity provider is \"%s\"; wanted is %s\"%s\"",
            show(facts->oidc_issuer).text, wanted->issuer.len ? "" : "one like ", show(asked).text);
    return REDAN_OK;
}

enum redan_status redan_identity_judge(struct redan_ctx *ctx,
                                       const struct redan_certificate_facts *facts,
                                       const struct redan_signer_wanted *wanted,
                                       struct redan_slice *name)
{
    *name = (struct redan_slice){0};
    REDAN_TRY(judge_name(ctx, facts, wanted, name));
    return judge_issuer(ctx, facts, wanted);
}
