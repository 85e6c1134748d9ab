/* The text of the tables of names, and the envelope in which another comes. */
#ifndef REDAN_CMD_SCAN_TABLES_H
#define REDAN_CMD_SCAN_TABLES_H

#include "base/buf.h"

#define REDAN_SCAN_TABLES_TYPE "application/vnd.redan.scan-tables"
#define REDAN_SCAN_TABLES_ROLE "security-lead" /* who may sign them, beside the root */

enum { REDAN_SCAN_TABLES_MOST = 16 << 20 };

/* The text that is built in. */
void redan_scan_tables_add(struct redan_buf *out);

#endif
