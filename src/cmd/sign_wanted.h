/* Who must have signed: the options that say so, for every command that verifies, and the keys, roots and policies they name. */
#ifndef REDAN_CMD_SIGN_WANTED_H
#define REDAN_CMD_SIGN_WANTED_H

#include "cmd/cli_trust.h"
#include "sign/judge.h"
#include "sign/policy.h"

/* The rows; exactly one of --key, --cert-chain, --identity (or -regex) and --policy must be given. */
#define REDAN_WANTED_OPTIONS                                                                   \
    {"key", 'k', "FILE", "the public key that must have signed (PEM, or an OpenSSH line)"},    \
        {"cert-chain", 0, "FILE",                                                              \
         "the roots that the signer's certificate must lead to (PEM); may be repeated"},       \
        {"cert-identity", 0, "NAME", "the same as --identity, beside --cert-chain"},           \
        {"identity", 0, "NAME",                                                                \
         "the signer's name in its certificate; without --cert-chain one of Sigstore's"},      \
        {"identity-regex", 0, "RE", "the same as a pattern (POSIX extended, the whole name)"}, \
        {"issuer", 0, "URL", "who vouched for that name (Sigstore)"},                          \
        {"issuer-regex", 0, "RE", "the same as a pattern"},                                    \
        {"policy", 0, "FILE", "who may sign what (redan/verify-policy/1)"},                    \
        {"no-ct", 0, NULL, "accept certificates that no transparency log promised (private)"}, \
        {"require-log", 0, NULL, "refuse what no transparency log holds"},                     \
        {"require-timestamp", 0, NULL, "refuse what no timestamp authority saw"},              \
        REDAN_TRUST_OPTION

struct redan_sign_wanted {
    struct redan_signer_wanted signer; /* without a policy */
    bool by_policy;
    struct redan_verify_policy policy;
    struct redan_slice policy_file;
    struct redan_cli_trust trust;
    struct redan_spki *key;
    struct redan_certificate *anchors[REDAN_CERTIFICATES_MAX];
    size_t anchor_count;
};

/* Reads the rows. REDAN_E_USAGE, recorded, when they say too little or contradict each other. The struct stays where it is until _done. */
REDAN_NODISCARD enum redan_status redan_sign_wanted_open(struct redan_cli *cli,
                                                         struct redan_sign_wanted *wanted);
void redan_sign_wanted_done(struct redan_sign_wanted *wanted); /* for REDAN_DEFER */

#endif
