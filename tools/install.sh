#!/bin/sh
# Installs the Debian packages of some sections of tools/packages.txt, and only those that are missing.
# Usage: tools/install.sh SECTION...
set -eu
table=$(dirname "$0")/packages.txt

wanted() {
    awk -v sections=" $* " '
        /^\[/ { on = index(sections, " " substr($0, 2, length($0) - 2) " ") > 0; next }
        on && NF && !/^#/ && !seen[$1]++ { print $1 }' "$table"
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "install: this is not a Debian system, so nothing is installed; needed are:" >&2
    wanted "$@" | tr '\n' ' ' >&2
    echo >&2
    exit 0
fi

missing=
for package in $(wanted "$@"); do
    case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
    ii*) ;;
    *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "install: these packages are missing and neither root nor sudo is at hand; as root run:" >&2
        echo "    apt-get install$missing" >&2
        exit 1
    fi
    as_root=sudo
fi

echo "installing:$missing"
apt() {
    # shellcheck disable=SC2086 # a list of words
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 "$@" </dev/null
}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
if ! apt install -y --no-install-recommends $missing >"$log" 2>&1; then
    # the lists are absent or old
    if ! { apt update && apt install -y --no-install-recommends $missing; } >"$log" 2>&1; then
        tail -n 20 "$log" >&2
        echo "install: apt-get failed; see above, mend the package sources, then try again" >&2
        exit 1
    fi
fi
