/* The room's words, as people and JSON see them. */
#include "sign/judge.h"
#include "sign/manifest.h"

const char *const redan_sign_method_words[] = {"key", "certificate", "sigstore", NULL};

const char *const redan_manifest_fault_words[] = {"changed", "missing", "extra", NULL};
