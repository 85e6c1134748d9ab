/* Inside the room: one place where two documents differ, and how that is judged and said. */
#ifndef REDAN_THREAT_DIFF_RULES_H
#define REDAN_THREAT_DIFF_RULES_H

#include "record/catalog.h"
#include "threat/diff.h"

/* One step of a path: a key, or the id of a list's item; an item of a set has no name. */
struct redan_diff_part {
    struct redan_slice name;
    bool item;
};

/* What judging one document needs more than once, made when it is asked for. */
struct redan_diff_memo {
    struct redan_catalog *catalog;
    struct redan_digest *revoked; /* ids of the keys that were revoked before */
    size_t revoked_count;
    const struct redan_node *query; /* of this one `tests` says whether both its types are tests */
    bool tests;
};

/* Where two trees differ. `befores[i]` and `afters[i]` are what the first i parts lead to; NULL where there is nothing. */
struct redan_diff_site {
    struct redan_ctx *ctx;
    struct redan_diff_memo *memo;
    enum redan_diff_document document;
    const struct redan_diff_part *parts;
    const struct redan_node *const *befores;
    const struct redan_node *const *afters;
    size_t count;
};

/* What values are, where they have an order. */
enum redan_diff_scale {
    REDAN_DIFF_PLAIN,
    REDAN_DIFF_WORD, /* its place in a list of words */
    REDAN_DIFF_DATE,
    REDAN_DIFF_SPAN, /* "release" is longer than any */
    REDAN_DIFF_NUMBER,
    REDAN_DIFF_TRUTH,
};

struct redan_diff_rule;
typedef enum redan_status redan_diff_judge(const struct redan_diff_site *site,
                                           const struct redan_diff_rule *rule,
                                           enum redan_diff_effect *effect);

/* What a change at a path means. The first that fits counts. */
struct redan_diff_rule {
    unsigned documents;  /* bits: 1 << enum redan_diff_document */
    const char *pattern; /* keys, "*" for any one, "[]" for an item of a set, parted by dots */
    enum redan_diff_effect added;
    enum redan_diff_effect removed;
    enum redan_diff_effect altered; /* also where the values have no order that is known */
    enum redan_diff_scale scale;    /* with one, the two below count, and only scalars fit */
    enum redan_diff_effect rises;
    enum redan_diff_effect falls;
    const char *usual;        /* what absence stands for; NULL: nothing */
    const char *const *words; /* of a WORD, the lowest first */
    redan_diff_judge *judge;  /* instead of all that; may be NULL */
};

extern redan_diff_judge redan_diff_judge_kind, redan_diff_judge_evidence, redan_diff_judge_expect,
    redan_diff_judge_expect_item, redan_diff_judge_bound, redan_diff_judge_bound_item,
    redan_diff_judge_duties, redan_diff_judge_bodies, redan_diff_judge_quorum,
    redan_diff_judge_floor, redan_diff_judge_key;

extern const struct redan_diff_rule redan_diff_rules[]; /* ended by a NULL pattern */

/* The rule for a place, or NULL: then a container is judged by what is in it, and a scalar is CHANGED. */
const struct redan_diff_rule *redan_diff_rule_for(const struct redan_diff_site *site);
/* How a place with a rule is judged. */
REDAN_NODISCARD enum redan_status redan_diff_rule_judge(const struct redan_diff_site *site,
                                                        const struct redan_diff_rule *rule,
                                                        enum redan_diff_effect *effect);
const struct redan_node *redan_diff_before(const struct redan_diff_site *site);
const struct redan_node *redan_diff_after(const struct redan_diff_site *site);
/* What the row says of something that was added, removed or altered. */
enum redan_diff_effect redan_diff_by_change(const struct redan_diff_site *site,
                                            const struct redan_diff_rule *rule);
bool redan_diff_word(struct redan_slice text, const char *const *words, int64_t *value);
bool redan_diff_scalar(const struct redan_node *node);
/* -1, 0 or 1 as the value fell, stayed or rose; false where one of the two is not on the scale. */
bool redan_diff_order(const struct redan_diff_site *site, const struct redan_diff_rule *rule,
                      int *order);
/* The sentence for people. `rule` may be NULL. */
void redan_diff_sentence(struct redan_buf *out, const struct redan_diff_site *site,
                         const struct redan_diff_rule *rule, enum redan_diff_effect effect);

#endif
