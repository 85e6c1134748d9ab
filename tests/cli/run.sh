#!/bin/sh
# Golden tests of the commands. Each case is a folder of cases/: `cmd` (shell lines), and what they must say: stdout, stderr, exit.
# A case runs in a folder of its own that holds a copy of fixtures/, with redan on its PATH, $ROOT and $AT from fixtures/.
# Usage: run.sh REDAN [--update] [CASE...]
set -u
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
redan=${1:?usage: run.sh REDAN [--update] [CASE...]}
shift
update=
if [ "${1:-}" = --update ]; then
    update=yes
    shift
fi
top=$(mktemp -d) || exit 3
trap 'rm -rf "$top"' EXIT
trap 'exit 130' INT TERM
mkdir "$top/bin" "$top/home" || exit 3
ln -s "$(CDPATH='' cd -- "$(dirname -- "$redan")" && pwd)/$(basename -- "$redan")" "$top/bin/redan" || exit 3
[ $# -gt 0 ] || set -- $(cd "$here/cases" && ls)

PATH=$top/bin:$PATH
HOME=$top/home
LC_ALL=C.UTF-8
ROOT=$(cat "$here/fixtures/root")
AT=$(cat "$here/fixtures/at")
export PATH HOME LC_ALL ROOT AT
unset REDAN_ROOT XDG_CONFIG_HOME XDG_CACHE_HOME SIGSTORE_ID_TOKEN ACTIONS_ID_TOKEN_REQUEST_URL GITHUB_EVENT_NAME GITHUB_EVENT_PATH GITHUB_STEP_SUMMARY CI_PIPELINE_SOURCE CI_PROJECT_ID CI_MERGE_REQUEST_SOURCE_PROJECT_ID CI_MERGE_REQUEST_PROJECT_ID
umask 022
ran=0
failed=0

# What the lines of a case may use besides redan itself.
cat >"$top/prelude" <<'PRELUDE'
try() { "$@"; echo "exit $?"; }
record() { redan evidence list -C scoring | sed -n "s|^\([0-9a-f]*\) .* $1\$|\1|p"; }
plain() { sed -e 's/[0-9a-f]\{64\}/HEX/g' -e 's/20[0-9][0-9]-[0-9][0-9]-[0-9][0-9]/DATE/g'; }
PRELUDE

differ() { # CASE FILE EXPECTED GOT
    if [ -n "$update" ]; then
        cp "$4" "$3"
    elif ! cmp -s "$3" "$4"; then
        echo "$1: $2 differs"
        diff -u "$3" "$4" | head -40
        return 1
    fi
}

for case in "$@"; do
    dir=$here/cases/$case
    if [ ! -f "$dir/cmd" ]; then
        echo "$case: there is no $dir/cmd"
        failed=$((failed + 1))
        continue
    fi
    rm -rf "$top/work"
    cp -R "$here/fixtures" "$top/work" || exit 3
    cat "$top/prelude" "$dir/cmd" >"$top/script"
    (cd "$top/work" && exec sh "$top/script") >"$top/stdout" 2>"$top/stderr" </dev/null
    echo $? >"$top/exit"
    ran=$((ran + 1))
    bad=0
    for file in stdout stderr exit; do
        differ "$case" "$file" "$dir/$file" "$top/$file" || bad=1
    done
    failed=$((failed + bad))
done
echo "$((ran - failed)) of $ran cases hold"
[ "$failed" -eq 0 ]
