/* Sockets from text: one that listens, one that connects. */
#ifndef FRAUD_SOCKET_H
#define FRAUD_SOCKET_H

#include "base/ctx.h"

enum { FRAUD_ADDRESS_TEXT = 80 };

/* Listen on "ADDRESS:PORT"; numbers only, no names. `address` receives what it became, with the port chosen. The failure
 * says why: taken, not allowed, not an address. */
REDAN_NODISCARD enum redan_status fraud_listen(struct redan_ctx *ctx, const char *text, int *fd,
                                               char address[FRAUD_ADDRESS_TEXT]);
/* Connect to "ADDRESS:PORT" without waiting. REDAN_E_USAGE for what is no address; otherwise `*fd` is the socket, or -1 with errno. */
REDAN_NODISCARD enum redan_status fraud_connect(struct redan_ctx *ctx, const char *text, int *fd);

#endif
