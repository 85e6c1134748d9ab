/* Names of members: what makes one dangerous to those who write it out, or a puzzle to those who look it up. */
#ifndef REDAN_FORMAT_MEMBER_NAME_H
#define REDAN_FORMAT_MEMBER_NAME_H

#include "base/slice.h"

/* The defects of names; containers list them among their own. */
#define REDAN_NAME_ABSOLUTE "name-absolute"   /* starts at a root, a drive or a share */
#define REDAN_NAME_CLIMBS "name-climbs"       /* ".." leads out of the folder it is written to */
#define REDAN_NAME_BACKSLASH "name-backslash" /* a folder to some, a letter to others */
#define REDAN_NAME_NUL "name-nul"             /* ends there for some */
#define REDAN_NAME_CONTROL "name-control"     /* control characters */

/* The gravest of them, or NULL. */
const char *redan_member_name_defect(struct redan_slice name);
/* Whether following `target` from the folder of member `name` leads out of the container's root. */
bool redan_member_link_leaves(struct redan_slice name, struct redan_slice target);

#endif
