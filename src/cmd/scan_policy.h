/* What an organisation says about findings: its policy, and the ones it has accepted for a while. */
#ifndef REDAN_CMD_SCAN_POLICY_H
#define REDAN_CMD_SCAN_POLICY_H

#include "codec/bind.h"
#include "crypto/digest.h"
#include "scan/scan.h"

/* A name that pickles may import although the tables do not list it, or must not. */
struct redan_scan_global {
    struct redan_slice global; /* "module.name" */
    struct redan_slice reason;
    struct redan_slice by;
    int64_t expires;
    const struct redan_node *node;
};

/* What a rule's findings count as. */
struct redan_scan_rule_level {
    struct redan_slice id;
    int level; /* 0 off, then the words of a finding's level: 1 note, 2 suspicious, 3 malicious */
    struct redan_slice reason;
    struct redan_slice by;
    int64_t expires;
    const struct redan_node *node;
};

struct redan_scan_policy_limits {
    struct redan_slice unpacked;
    struct redan_slice memory;
    uint64_t members;
    uint64_t depth;
    int64_t timeout;
};

struct redan_scan_policy {
    struct redan_slice schema;
    int fail_on;             /* 0 not said, then 1 note, 2 suspicious, 3 malicious */
    struct redan_list allow; /* of redan_scan_global */
    struct redan_list deny;
    struct redan_list rules; /* of redan_scan_rule_level */
    struct redan_texts exclude;
    struct redan_scan_policy_limits *limits; /* NULL when not said */
    const struct redan_node *node;
    struct redan_digest digest; /* of the text */
};

struct redan_scan_accepted {
    struct redan_slice fingerprint;
    struct redan_slice rule;
    struct redan_slice path; /* empty: wherever it is */
    struct redan_slice reason;
    struct redan_slice by;
    int64_t expires;
    const struct redan_node *node;
};

struct redan_scan_baseline {
    struct redan_slice schema;
    struct redan_list accepted; /* of redan_scan_accepted */
    const struct redan_node *node;
};

/* YAML. What is wrong becomes problems; the status is for memory and for what is no YAML at all. */
REDAN_NODISCARD enum redan_status redan_scan_policy_parse(struct redan_problems *problems,
                                                          struct redan_slice text,
                                                          struct redan_scan_policy *policy);
REDAN_NODISCARD enum redan_status redan_scan_baseline_parse(struct redan_problems *problems,
                                                            struct redan_slice text,
                                                            struct redan_scan_baseline *baseline);
void redan_scan_baseline_add_yaml(struct redan_buf *out,
                                  const struct redan_scan_baseline *baseline);

/* The level of a finding under the policy at this time; false when it does not count at all. Nothing changes what the scanner says of its own reach (COV). */
bool redan_scan_policy_level(const struct redan_scan_policy *policy,
                             const struct redan_finding *finding, int64_t now,
                             enum redan_level *level);
/* The entry that accepts a finding at this time, or NULL. */
const struct redan_scan_accepted *
redan_scan_baseline_find(const struct redan_scan_baseline *baseline,
                         const struct redan_finding *finding, struct redan_slice path,
                         struct redan_slice fingerprint, int64_t now);
/* A whole number of bytes, or with K, M, G or T behind it (and B or iB): powers of 1,024. */
bool redan_scan_size(struct redan_slice text, uint64_t *size);

#endif
