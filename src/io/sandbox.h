/* Giving up, for good, what a process that reads hostile bytes has no need of: other files, other programs, the network, more memory. */
#ifndef REDAN_IO_SANDBOX_H
#define REDAN_IO_SANDBOX_H

#include "base/base.h"

struct redan_sandbox {
    uint64_t memory; /* bytes of address space beyond what is held now; 0 for no bound */
    unsigned files;  /* descriptors that may be open at once, received ones among them */
};

/* What holds afterwards: 0, or the errno with which the kernel refused. */
struct redan_sandbox_state {
    int limits;   /* rlimits, no new privileges, no core */
    int landlock; /* no path of any file system */
    int seccomp; /* only the calls that computing and the open descriptors need; another ends the process */
};

/* For a process of one thread that opens nothing any more. Every part that the kernel grants stays until the process ends; one that it refuses
 * does not keep the others away. In a build with a sanitizer, whose runtime needs more, seccomp and the bound on memory are left out
 * (ENOTSUP). */
void redan_sandbox_enter(const struct redan_sandbox *wanted, struct redan_sandbox_state *state);
/* Close every descriptor from `first` on. False where the kernel cannot. */
bool redan_sandbox_close_from(int first);

#endif
