/* The words for severities. */
#include "record/rule.h"

const char *const redan_severity_words[] = {"low", "medium", "high", "critical", NULL};
