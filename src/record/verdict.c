/* The words of a verdict. */
#include "record/verdict.h"

const char *const redan_word_words[] = {"pass",          "warn",       "fail",
                                        "indeterminate", "unverified", NULL};

int redan_word_exit(enum redan_word word)
{
    switch (word) {
    case REDAN_WORD_PASS:
    case REDAN_WORD_WARN:
        return 0;
    case REDAN_WORD_FAIL:
        return 1;
    case REDAN_WORD_INDETERMINATE:
    case REDAN_WORD_UNVERIFIED:
        break;
    }
    return 3;
}
