#!/bin/sh
# The two house rules must fail where something is wrong: each row plants one thing in an empty house.
# Usage: selftest.sh ROOT
set -u
tools=$1/tools
house=$(mktemp -d) || exit 2
trap 'rm -rf "$house"' EXIT INT TERM
rows=0
failed=0

# try SCRIPT EXPECTED-CODE FILE TEXT: an empty house with this one file
try() {
    rows=$((rows + 1))
    rm -rf "$house/tree"
    mkdir -p "$house/tree/src/base" "$house/tree/src/io" "$house/tree/$(dirname "$3")"
    printf '#include "base/b.h"\n#include <stdio.h>\n' >"$house/tree/src/io/a.c"
    : >"$house/tree/src/base/b.h"
    printf '%b\n' "$4" >"$house/tree/$3"
    said=$("$tools/$1.sh" "$house/tree" 2>&1)
    code=$?
    if [ $code -ne "$2" ]; then
        failed=$((failed + 1))
        printf '%s exits %s, not %s, on %s:\n%s\n%s\n' "$1" "$code" "$2" "$3" "$4" "$said"
    elif [ $code -eq 1 ] && ! printf '%s' "$said" | grep -q -F "$3:"; then
        failed=$((failed + 1))
        printf '%s does not name %s: %s\n' "$1" "$3" "$said"
    fi
}

try floors 0 src/base/x.c '#include <string.h>'
try floors 0 src/io/x.c '#include "a.c"\n#include <curl/curl.h>\n#include <sys/stat.h>'
try floors 1 src/base/x.c '#include "io/file.h"'
try floors 1 src/base/x.c '#  include  "io/file.h"'
try floors 1 src/codec/x.c '#include "crypto/digest.h"'
try floors 1 src/threat/x.c '#include "scan/table.h"'
try floors 1 src/cmd/x.c '#include "api/x.h"'
try floors 1 src/base/x.c '#include "../io/file.h"'
try floors 1 src/base/x.c '#include "nowhere.h"'
try floors 1 src/base/x.c '#include NAME'
try floors 1 src/record/x.c '#include <openssl/evp.h>'
try floors 1 src/io/x.c '#include <yaml.h>'
try floors 1 src/io/x.c '#include <unheard/of.h>'
try floors 1 src/scan/x.c '#include "redan/redan.h"'
try floors 1 src/scan/x.c '#include <redan/redan.h>'
try floors 0 src/cmd/x.c '#include "redan/version.h"'
try floors 1 src/attic/x.c '#include <stdio.h>'
try floors 0 src/api/x.c '#include "redan/redan.h"\n#include "scan/scan.h"'
try floors 0 examples/fraud/x.c '#include "codec/json.h"\n#include <xgboost/c_api.h>\n#include <microhttpd.h>'
try floors 1 examples/fraud/x.c '#include "threat/model.h"'
try floors 1 examples/fraud/x.c '#include <openssl/evp.h>'
try floors 0 nginx/x.c '#include <ngx_core.h>\n#include <redan/redan.h>'
try floors 1 nginx/x.c '#include "base/ctx.h"'
try floors 1 python/x.c '#include "io/file.h"'
try floors 1 include/redan/x.h '#include "base/ctx.h"'

try words 0 src/base/x.c 'int x(void); /* strcpy( in a comment */\nconst char *s = "system(";'
try words 0 src/base/x.c '/* a long\n   comment with abort() in it */'
try words 0 src/base/x.c 'redan_mem_free(x); fsnprintf(x); api->free(x); api.exit(1); operand(1);'
try words 0 src/base/mem.c 'void *f(void) { return malloc(1); }'
try words 0 src/cmd/x.c 'void f(void) { printf("x"); exit(0); }'
try words 0 tests/unit/x.c 'void f(void) { free(malloc(1)); printf("x"); }'
try words 0 tests/unit/x.c 'char t[] = "a-XXXXXX";'
try words 1 src/base/x.c 'void f(void) { strcpy(a, b); }'
try words 1 src/base/x.c 'void f(void) { if (x)strcat (a, b); }'
try words 1 src/base/x.c 'void f(void) { sprintf(a, "x"); }'
try words 1 src/base/x.c 'char c = 0x27; /* " */ int x = atoi(s); /* " */'
try words 1 src/base/x.c "char c = '\"'; int x = atoi(s);"
try words 1 src/cmd/x.c 'void f(void) { (void)system("x"); }'
try words 1 examples/fraud/x.c 'int f(void) { return rand(); }'
try words 1 tests/unit/x.c 'char *f(void) { return gets(s); }'
try words 1 src/base/x.c 'void *f(void) { return malloc(1); }'
try words 1 src/cmd/x.c 'void f(void) { free(x); }'
try words 1 src/io/x.c 'void f(void) { mmap(0, 1, 2, 3, 4, 5); }'
try words 1 src/io/x.c 'void f(void) { fprintf(stderr, "x"); }'
try words 1 src/io/x.c 'void f(void) { abort(); }'
try words 1 src/io/x.c '/* TOD''O: later */'
try words 1 tools/x.sh '# FIXM''E'
try words 1 docs/x.md 'see /hom''e/someone/notes'

echo "$((rows - failed)) of $rows rows hold"
[ "$failed" -eq 0 ]
