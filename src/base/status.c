/* The words for statuses. */
#include "base/status.h"

const char *redan_status_name(enum redan_status status)
{
    switch (status) {
    case REDAN_OK:
        return "ok";
    case REDAN_E_MEMORY:
        return "memory";
    case REDAN_E_LIMIT:
        return "limit";
    case REDAN_E_SYNTAX:
        return "syntax";
    case REDAN_E_SCHEMA:
        return "schema";
    case REDAN_E_ABSENT:
        return "absent";
    case REDAN_E_EXISTS:
        return "exists";
    case REDAN_E_IO:
        return "io";
    case REDAN_E_CRYPTO:
        return "crypto";
    case REDAN_E_SIGNATURE:
        return "signature";
    case REDAN_E_UNSUPPORTED:
        return "unsupported";
    case REDAN_E_USAGE:
        return "usage";
    }
    return "unknown";
}
