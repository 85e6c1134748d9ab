/* Does this bundle say what is wanted, by whom it is wanted from? One signature judged, offline, before any file is read. */
#ifndef REDAN_SIGN_JUDGE_H
#define REDAN_SIGN_JUDGE_H

#include "sign/bundle.h"
#include "sign/trust_root.h"

enum redan_sign_method { REDAN_SIGN_KEY, REDAN_SIGN_CERTIFICATE, REDAN_SIGN_SIGSTORE };
extern const char *const redan_sign_method_words[]; /* "key", "certificate", "sigstore", NULL */

/* Who must have signed. Exactly what `method` needs is set. */
struct redan_signer_wanted {
    enum redan_sign_method method;
    const struct redan_spki
        *key; /* KEY; in a Sigstore bundle with a log entry `root` is consulted too */
    struct redan_certificate *const *anchors; /* CERTIFICATE: the only roots believed */
    size_t anchor_count;
    struct redan_slice
        identity; /* SIGSTORE: must; CERTIFICATE: may be empty. Exact, one of the subject alternative names */
    struct redan_slice identity_regex; /* instead: POSIX extended, the whole name */
    struct redan_slice issuer;         /* SIGSTORE: must, unless `issuer_regex` */
    struct redan_slice issuer_regex;
    const struct redan_trust_root *root; /* SIGSTORE: must; else may be NULL */
    bool no_ct;      /* certificates without an SCT are accepted (a private Fulcio) */
    bool need_log;   /* a verified log entry, whatever the method */
    bool need_stamp; /* a verified RFC 3161 timestamp, whatever the method */
};

/* What was established; everything in it was verified. In the arena. */
struct redan_signer_facts {
    enum redan_sign_method method;
    struct redan_slice
        signer; /* for people and policies: "key sha256:...", the certificate's subject, or the identity */
    struct redan_slice identity; /* the name that was matched, or the first one; empty for keys */
    struct redan_slice issuer;
    struct redan_digest key;         /* id of the key that made the signature */
    struct redan_digest certificate; /* fingerprint of the leaf; zero for keys */
    int64_t
        time; /* seconds: the earliest verified time; 0 when nothing but the signer vouches for one */
    size_t stamps; /* verified RFC 3161 timestamps */
    size_t logs;   /* verified log entries */
    uint64_t log_index;
    struct redan_slice log; /* url */
    bool
        old_form; /* a key in the bundle instead of a hint, an old media type, DSSE of OMS 0.2 ... */
};

/* The thing that was signed, as far as the caller knows it. For a DSSE bundle the payload is what is signed; of a statement `digest` must be a subject's, when it is set. */
struct redan_signed_thing {
    bool has_digest;
    struct redan_digest digest; /* SHA-256 */
    bool has_bytes;             /* needed for Ed25519 over a message */
    struct redan_slice bytes;
    bool oms; /* the payload's form is judged by the caller (manifest.h) */
};

/* REDAN_OK and facts; REDAN_E_SIGNATURE, _SCHEMA or _SYNTAX, recorded, with the one reason for which it is refused. Never reads a file or the network. `ctx->now` is the time for
 * certificates of the method "certificate" that have no verified stamp. */
REDAN_NODISCARD enum redan_status redan_sign_judge(struct redan_ctx *ctx,
                                                   const struct redan_bundle *bundle,
                                                   const struct redan_signer_wanted *wanted,
                                                   const struct redan_signed_thing *thing,
                                                   struct redan_signer_facts *facts);

#endif
