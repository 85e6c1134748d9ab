/* The guard's policy (redan/guard/1): one YAML file that says who may ask what, what is judged, and what follows. */
#ifndef REDAN_GUARD_POLICY_H
#define REDAN_GUARD_POLICY_H

#include "codec/bind.h"
#include "crypto/digest.h"
#include "inference/preset.h"

/* From the mildest; the strongest of all rules that speak wins. */
enum redan_action {
    REDAN_ACTION_ALLOW,
    REDAN_ACTION_MARK,
    REDAN_ACTION_DEGRADE,
    REDAN_ACTION_REFUSE
};
extern const char *const redan_action_words[]; /* "allow", "mark", "degrade", "refuse", NULL */

/* What a rule does when it cannot be applied (memory, no profile, deadline): refuse, let through, or let through marked. */
enum redan_on_error { REDAN_ON_ERROR_CLOSED, REDAN_ON_ERROR_OPEN, REDAN_ON_ERROR_FLAG };
extern const char *const redan_on_error_words[]; /* "closed", "open", "flag", NULL */

enum redan_identity_kind {
    REDAN_IDENTITY_PLAIN,
    REDAN_IDENTITY_SUBJECT,
    REDAN_IDENTITY_JWT,
    REDAN_IDENTITY_API_KEY
};

struct redan_policy_identity {
    enum redan_identity_kind
        kind; /* PLAIN: a header that a trusted proxy sets; SUBJECT: of an mTLS certificate, RFC 4514 */
    bool required; /* 401 without one */
    struct redan_slice
        keys; /* JWT: a JWKS file; API_KEY: a file of "sha256:HEX NAME" lines; relative to the policy */
    struct redan_slice
        algorithm; /* JWT: the one that is accepted: ES256, ES384, EdDSA, RS256, PS256 (HS256 only with `oct` keys) */
    struct redan_slice issuer;   /* JWT */
    struct redan_slice audience; /* JWT */
    struct redan_slice claim;    /* JWT: who calls; "sub" when not said */
    int64_t leeway;              /* JWT: seconds */
};

/* A class of callers, for budgets and calibrated bounds. The first whose glob matches; callers of none are of class "". */
struct redan_policy_class {
    struct redan_slice id;
    struct redan_slice match; /* glob over the established name (text/glob.h) */
};

/* How an answer is made coarser. */
struct redan_policy_shape {
    bool labels;       /* only labels leave */
    unsigned decimals; /* scores are rounded to so many; REDAN_DECIMALS_ALL: not */
    uint64_t top;      /* of scores per class only the k highest leave; 0: all */
    int64_t delay_ms;
};

struct redan_stage; /* guard/stage.h */

/* One rule over requests. What its stage needs beside the common words is in the numbers; what is not said is the stage's default. */
struct redan_policy_rule {
    struct redan_slice id;
    const struct redan_stage *stage;
    enum redan_action action;
    enum redan_on_error on_error;
    struct redan_slice caller_class; /* only for callers of this class; empty: all */
    double
        alpha; /* out-of-distribution: false rejects among honest rows; caller: accusations per caller's lifetime */
    uint64_t requests; /* budget: so many, or so many rows, */
    uint64_t rows;
    int64_t per;                     /* in so many seconds */
    struct redan_policy_shape shape; /* of DEGRADE */
    size_t index;                    /* among the rules: of its counters */
};

struct redan_answer_schema; /* guard/answer_schema.h */

enum redan_answer_check { REDAN_CHECK_FIELDS, REDAN_CHECK_RANGE, REDAN_CHECK_SCHEMA };

/* One rule over answers. */
struct redan_policy_answer_rule {
    struct redan_slice id;
    enum redan_answer_check check;
    enum redan_answer_action { REDAN_ANSWER_MASK, REDAN_ANSWER_REFUSE, REDAN_ANSWER_MARK } action;
    enum redan_on_error on_error;
    struct redan_texts
        fields;       /* FIELDS: never to leave: names, at any depth, or JSON pointers ("/debug") */
    double low, high; /* RANGE: of every score */
    const struct redan_node *
        schema; /* SCHEMA: the tree of a JSON schema, in the subset that guard/answer_schema.h names */
    const struct redan_answer_schema *
        compiled; /* SCHEMA: the same by redan_answer_schema_compile; NULL: each answer compiles it anew */
    struct redan_slice
        file; /* SCHEMA: read from here when the policy is opened; empty: it stands in the policy */
    size_t index;
};

struct redan_policy_answers {
    size_t bytes;                    /* of one answer, or of one event of a stream */
    struct redan_policy_shape shape; /* always */
    double threshold;                /* a score from here on is label 1; 0.5 when not said */
    struct redan_slice
        score;            /* name of the output or member that is the score; empty: the only one */
    uint64_t score_class; /* of a list of scores per row, which one is the score; 1 when not said */
    struct redan_policy_answer_rule *rules;
    size_t rule_count;
};

enum redan_features { REDAN_FEATURES_STORE, REDAN_FEATURES_HASH, REDAN_FEATURES_DROP };

struct redan_policy {
    struct redan_digest digest; /* of the file */
    struct redan_slice id;
    struct redan_slice system; /* of the threat model; may be empty */
    struct redan_slice folder; /* what files are relative to */
    bool enforce;

    struct redan_slice profile;        /* file; empty: none */
    struct redan_slice profile_digest; /* "sha256:...": the only one accepted; empty: any */
    struct redan_slice
        profile_key; /* public key file that must have signed it; empty: nobody must */

    const struct redan_preset **presets;    /* accepted; ends with NULL */
    struct redan_preset_pointers *pointers; /* of the preset "pointers"; NULL when it is not used */
    struct redan_texts models;              /* that a path may name; none: any */
    struct redan_texts
        by; /* globs of paths that pass unjudged, GET and HEAD only ("/v2/health/" and a star) */
    size_t bytes, depth, rows;

    struct redan_policy_identity identity;
    struct redan_policy_class *classes;
    size_t class_count;
    struct redan_policy_rule *rules;
    size_t rule_count;
    struct redan_policy_answers answers;

    struct redan_slice events; /* file or, with "unix:" before it, a stream socket; empty: none */
    enum redan_features features;
    struct redan_slice features_key; /* HASH: file of at least 16 secret bytes, for HMAC-SHA-256 */
};

enum { REDAN_POLICY_RULES = 64, REDAN_POLICY_CLASSES = 32 };

/* Problems are collected. Nothing that the policy names is opened here. */
REDAN_NODISCARD enum redan_status redan_policy_parse(struct redan_problems *problems,
                                                     struct redan_slice folder,
                                                     struct redan_slice text,
                                                     struct redan_policy *policy);

#endif
