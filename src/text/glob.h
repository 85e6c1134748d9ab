/* Path patterns: which files a `touches` of a threat means. */
#ifndef REDAN_TEXT_GLOB_H
#define REDAN_TEXT_GLOB_H

#include "base/slice.h"

/* Whether a pattern fits a path (relative, with "/"): "*" is any run of characters but "/", "?" one of them, "**" any run at all, and a
 * "**" with "/" behind it any folders or none. A pattern that fits a folder fits everything below it. Leading "./" and "/" and a trailing
 * "/" say nothing. An empty pattern fits nothing. Time is bounded by the product of the lengths, squared at worst in the path. */
bool redan_glob_fits(struct redan_slice pattern, struct redan_slice path);
/* The same of the whole path as it stands: what lies below it does not fit, and neither does what takes too long to say. */
bool redan_glob_whole(struct redan_slice pattern, struct redan_slice path);
/* Of a name that is no path: "*" is any run of characters, "?" any one. */
bool redan_glob_name(struct redan_slice pattern, struct redan_slice name);

#endif
