/* A reader of tokens with one secret, and tokens that are sealed with it. */
#ifndef REDAN_TESTS_TOKEN_SEAL_H
#define REDAN_TESTS_TOKEN_SEAL_H

#include "guard/identity_parts.h"

/* Establishes the bytes as a token, and, cut at the first newline into header and claims, as one that is sealed with the secret. */
void token_seal_both(struct redan_slice bytes);

#endif
