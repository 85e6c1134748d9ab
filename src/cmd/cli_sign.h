/* Signing, in one place: with a key file, a passphrase where it has one, or through ssh-keygen for agents and security keys. */
#ifndef REDAN_CMD_CLI_SIGN_H
#define REDAN_CMD_CLI_SIGN_H

#include "attest/keyring.h"
#include "cmd/cli.h"
#include "cmd/cli_secret.h"

/* The rows of every command that signs. */
#define REDAN_SIGN_OPTIONS                                                                      \
    {"key", 'k', "FILE", "the private key that signs: PEM, OpenSSH, or pkcs11:... on a token"}, \
        {"ssh-key", 0, "FILE", "or the key, public or private, that ssh-keygen signs with"},    \
        REDAN_SECRET_OPTION

/* Who is about to sign; redan_cli_signer_done is for REDAN_DEFER. */
struct redan_cli_signer {
    struct redan_key *key;    /* the public half alone when ssh-keygen signs */
    struct redan_slice path;  /* of the key file */
    struct redan_slice shown; /* that path without control characters */
    bool keygen;
    const struct redan_keyring_key *by; /* its entry in keys.yaml; NULL when nobody looked */
};
void redan_cli_signer_done(struct redan_cli_signer *signer);

/* A key on a token ("pkcs11:...", RFC 7512); its PIN is asked for as passphrases are when the address has none. `module` may be empty. */
REDAN_NODISCARD enum redan_status redan_cli_key_token(struct redan_cli *cli,
                                                      struct redan_slice address,
                                                      struct redan_slice module,
                                                      struct redan_key **key);
/* A key on a token, or a key file of any form: PEM or OpenSSH, under a passphrase (asked for now, or by ssh-keygen when it signs), or a public line whose private
 * half an agent or a security key has. `keygen` leaves it to ssh-keygen whatever the form. */
REDAN_NODISCARD enum redan_status redan_cli_signer_read(struct redan_cli *cli,
                                                        struct redan_slice path, bool keygen,
                                                        struct redan_cli_signer *signer);
/* The signer that --key or --ssh-key names, who must be in keys.yaml with a key that is valid now. */
REDAN_NODISCARD enum redan_status redan_cli_signer_open(struct redan_cli *cli,
                                                        const struct redan_keyring *ring,
                                                        struct redan_cli_signer *signer);
/* The same where the options have other names, because the command's own --key is something else. */
REDAN_NODISCARD enum redan_status redan_cli_signer_open_by(struct redan_cli *cli,
                                                           const struct redan_keyring *ring,
                                                           const char *key, const char *ssh_key,
                                                           struct redan_cli_signer *signer);
REDAN_NODISCARD enum redan_status redan_cli_signer_sign(struct redan_cli *cli,
                                                        const struct redan_cli_signer *signer,
                                                        struct redan_dsse *envelope);

#endif
