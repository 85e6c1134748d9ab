/* libredan: the bytes of a model that were signed, and no others, for a program that loads it.
 *
 *     struct redan_trust *trust = redan_trust_new();
 *     struct redan_model *model = NULL;
 *     int fd = -1;
 *     if (redan_trust_key(trust, pem, pem_size) && redan_model_open("model/", NULL, trust, &model) == REDAN_MODEL_VERIFIED
 *         && redan_model_fd(model, "weights.bin", &fd) == REDAN_MODEL_VERIFIED) load(fd); // holds what was signed, for good
 *     else fputs(redan_model_error(model), stderr);
 *
 * Signatures are those of OpenSSF Model Signing, in Sigstore bundles, judged offline. Opening judges the signature; every file is verified when it is asked for, while it is copied to memory that the
 * kernel lets nobody write to any more, the caller included. What happens to the files afterwards, or meanwhile, changes nothing in what was given.
 *
 * Nothing outside the arguments is consulted: no environment, no network. A trust is set up by one thread, and may then be used by several at once. A model belongs to one thread at a time; it may be used
 * after its trust is gone. Descriptors belong to the caller: closed on exec, positioned at 0.
 */
#ifndef REDAN_MODEL_H
#define REDAN_MODEL_H

#include <stddef.h>

#include "redan/version.h"

#ifdef __cplusplus
extern "C" {
#endif

enum redan_model_answer {
    REDAN_MODEL_VERIFIED = 0, /* it is what was signed, by whom it should be */
    REDAN_MODEL_REFUSED = 1,  /* it is not: load nothing */
    REDAN_MODEL_MISUSED = 2,  /* an argument makes no sense */
    REDAN_MODEL_UNDONE = 3    /* memory or the system refused: treat it as a refusal */
};

/* Who must have signed. */
struct redan_trust; /* opaque */

struct redan_trust *redan_trust_new(void); /* NULL when memory is refused; trusts nobody yet */
void redan_trust_free(struct redan_trust *trust); /* NULL is accepted */

/* Exactly one of these four says who. Each gives 1, or 0 and then redan_trust_error says why; a trust of which one failed opens nothing.
 * A public key (PEM, or one line of OpenSSH): EC P-256, P-384, P-521, Ed25519. */
int redan_trust_key(struct redan_trust *trust, const void *pem, size_t size);
/* Root certificates (PEM), the only ones believed; the signer's must lead to one of them, and have the name `identity`, unless that is NULL. */
int redan_trust_roots(struct redan_trust *trust, const void *pem, size_t size,
                      const char *identity);
/* A name in Sigstore and who vouches for it. `root` is a trusted_root.json; NULL for the one that this library brings along. */
int redan_trust_identity(struct redan_trust *trust, const char *identity, const char *issuer,
                         const void *root, size_t size);
/* A policy file: who may sign what, how many must, how old it may be, what is revoked. */
int redan_trust_policy(struct redan_trust *trust, const char *path);
/* What is demanded beside that, of all but policies, which say it themselves: not 0 for yes. */
int redan_trust_demand(struct redan_trust *trust, int log_entry, int timestamp);
const char *redan_trust_error(const struct redan_trust *trust); /* never NULL */

/* A model whose signature holds. */
struct redan_model; /* opaque */

/* A folder or a file, and its signature; NULL for PATH/model.sig, or FILE.sig. `*model` is set unless memory is refused, for redan_model_error too, and must be freed. */
enum redan_model_answer redan_model_open(const char *path, const char *signature,
                                         const struct redan_trust *trust,
                                         struct redan_model **model);
/* The same with several signatures, which a policy counts. */
enum redan_model_answer redan_model_open_many(const char *path, const char *const *signatures,
                                              size_t count, const struct redan_trust *trust,
                                              struct redan_model **model);
void redan_model_free(struct redan_model *model); /* NULL is accepted */

/* The signed files, sorted by name. Texts are valid until the model is freed. */
size_t redan_model_count(const struct redan_model *model);
const char *redan_model_name(const struct redan_model *model,
                             size_t index); /* NULL past the last */

/* A file as a sealed memfd with exactly the signed bytes. `name` is a path below the model with "/" between; NULL for the one file of a model that is one. A name that was not signed is
 * REDAN_MODEL_MISUSED; a file that is not there, or is something else, REDAN_MODEL_REFUSED. */
enum redan_model_answer redan_model_fd(struct redan_model *model, const char *name, int *fd);
/* Up to `size` bytes from `offset`; fewer only at the end. Of a model signed in shards no more is read and verified than the shards that are touched, of which the latest are kept. */
enum redan_model_answer redan_model_read(struct redan_model *model, const char *name,
                                         unsigned long long offset, void *bytes, size_t size,
                                         size_t *got);

/* Valid until the model is freed, never NULL; empty for a model that was refused. */
const char *redan_model_signer(const struct redan_model *model); /* "key sha256:...", a name */
const char *redan_model_root(const struct redan_model *model);   /* "sha256:...", over all of it */
/* Why the last call on this model gave what it gave; empty when it was REDAN_MODEL_VERIFIED. Never NULL; valid until the next call. */
const char *redan_model_error(const struct redan_model *model);

#ifdef __cplusplus
}
#endif

#endif
