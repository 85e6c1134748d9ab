/* The card of a check: what it is called, how grave it is, which framework entries it answers. */
#ifndef REDAN_RECORD_RULE_H
#define REDAN_RECORD_RULE_H

#include "base/base.h"

enum redan_severity {
    REDAN_SEVERITY_LOW,
    REDAN_SEVERITY_MEDIUM,
    REDAN_SEVERITY_HIGH,
    REDAN_SEVERITY_CRITICAL,
};

extern const char *const redan_severity_words[]; /* "low" ... "critical", NULL */

/* Every rule has one; ids are never reused. */
struct redan_rule {
    const char *id;    /* "TM003" */
    const char *title; /* what it says when it fires */
    enum redan_severity severity;
    const char *const *mappings; /* edition-qualified framework ids, NULL-terminated; may be NULL */
    const char *help;            /* what to do */
};

#endif
