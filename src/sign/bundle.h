/* The Sigstore bundle (protobuf-specs, sigstore_bundle.proto) as it was written: facts, no judgement beyond its form. */
#ifndef REDAN_SIGN_BUNDLE_H
#define REDAN_SIGN_BUNDLE_H

#include "attest/dsse.h"
#include "base/buf.h"
#include "crypto/hash.h"

enum {
    REDAN_BUNDLE_MAX = 256 << 20, /* bytes of one bundle */
    REDAN_BUNDLE_CHAIN = 32,
    REDAN_BUNDLE_LOGS = 32,
    REDAN_BUNDLE_STAMPS = 32,
};

enum redan_bundle_version { REDAN_BUNDLE_V01, REDAN_BUNDLE_V02, REDAN_BUNDLE_V03 };

enum redan_bundle_material {
    REDAN_BUNDLE_KEY,         /* publicKey: a hint, or (before OMS 1.1.0) the PEM itself */
    REDAN_BUNDLE_CERTIFICATE, /* certificate: the leaf alone */
    REDAN_BUNDLE_CHAINED,     /* x509CertificateChain: leaf first */
};

/* transparency_log_entry; what is absent is empty or false. */
struct redan_bundle_log {
    uint64_t index;
    struct redan_slice log_id;
    struct redan_slice kind; /* "dsse", "hashedrekord", "intoto" */
    struct redan_slice version;
    bool has_time;              /* integratedTime, not 0 */
    int64_t time;               /* seconds */
    struct redan_slice promise; /* signedEntryTimestamp */
    bool has_proof;
    uint64_t proof_index;
    uint64_t proof_size;
    struct redan_digest proof_root;
    struct redan_digest *proof_path;
    size_t proof_count;
    struct redan_slice checkpoint; /* text */
    struct redan_slice body;       /* canonicalizedBody, decoded */
};

/* Everything borrows from the text or lies in the arena. */
struct redan_bundle {
    enum redan_bundle_version version;
    enum redan_bundle_material material;
    struct redan_slice hint;
    struct redan_slice key_pem;       /* publicKey.rawBytes of old bundles */
    struct redan_slice *certificates; /* DER */
    size_t certificate_count;
    struct redan_bundle_log *logs;
    size_t log_count;
    struct redan_slice *stamps; /* TimeStampResp, DER */
    size_t stamp_count;
    bool is_dsse;
    struct redan_slice signature; /* of the one there is */
    struct redan_dsse dsse;       /* is_dsse: one signature */
    enum redan_hash digest_hash;  /* messageSignature.messageDigest, when `has_digest` */
    bool has_digest;
    struct redan_sum digest;
};

/* "SHA2_256", "SHA2_384", "SHA2_512" (sigstore_common.proto, HashAlgorithm); NULL for the others. */
const char *redan_bundle_hash_name(enum redan_hash hash);

/* Strict: the media types of 0.1, 0.2 and 0.3 (in both spellings) only; unknown or duplicate fields, both contents, two signatures, none, base64 that is not canonical (both alphabets in the envelope,
 * the standard one elsewhere), numbers that are not int64, trailing text, a chain in 0.3 from Sigstore is left to the judge: x509CertificateChain is read in every version. null and absence are the same.
 * REDAN_E_SYNTAX, _SCHEMA, _LIMIT with the place. */
REDAN_NODISCARD enum redan_status redan_bundle_parse(struct redan_ctx *ctx, struct redan_slice text,
                                                     struct redan_bundle *bundle);
/* One TransparencyLogEntry by itself, as Rekor v2 answers; as strict. */
REDAN_NODISCARD enum redan_status redan_bundle_parse_log(struct redan_ctx *ctx,
                                                         struct redan_slice text,
                                                         struct redan_bundle_log *log);
/* One JSON object and a newline, media type v0.3. What parse reads back as the same bundle. */
void redan_bundle_add(struct redan_buf *out, const struct redan_bundle *bundle);

#endif
