/* What a fallible function can answer. A bad input is a finding; these are for what could not be done. */
#ifndef REDAN_BASE_STATUS_H
#define REDAN_BASE_STATUS_H

enum redan_status {
    REDAN_OK = 0,
    REDAN_E_MEMORY,      /* the machine or the context's memory limit refused */
    REDAN_E_LIMIT,       /* the input is larger, deeper or longer than the limits allow */
    REDAN_E_SYNTAX,      /* the input does not follow its format */
    REDAN_E_SCHEMA,      /* the format is followed, the meaning is not: type, name, value */
    REDAN_E_ABSENT,      /* a named thing does not exist */
    REDAN_E_EXISTS,      /* a thing that must be new is already there */
    REDAN_E_IO,          /* the operating system or the network refused */
    REDAN_E_CRYPTO,      /* the cryptographic library refused: key, algorithm */
    REDAN_E_SIGNATURE,   /* a signature does not verify */
    REDAN_E_UNSUPPORTED, /* known, and deliberately not handled */
    REDAN_E_USAGE,       /* the caller's arguments are wrong */
};

/* A stable lower-case word for a status ("memory", "syntax"). Never NULL; the text is static. */
const char *redan_status_name(enum redan_status status);

#endif
