#!/bin/sh
# The gate of a pipeline, for any CI that has a shell. Keep it as ci/gate.sh; docs/ci.md explains it.
#
#   gate.sh merge                      a proposal: judged, nothing signed, nothing executed
#   gate.sh release [--artefact N=F]   on the protected branch: judged, and the verdict signed into $REDAN_VSA
#   gate.sh deploy DIGEST...           where it will run: every digest must have been gated
#   gate.sh pin                        after a release: the text that the protected variable should hold from now on
#
# REDAN_ROOT      the pin, from a protected variable or /etc/redan/root; without one the answer is never a pass
# REDAN_SYSTEM    the id of the system that is meant
# REDAN_GATE_KEY  release: the file with the key of a holder of the role gate
# REDAN_VSA       the signed verdict, by default redan-vsa.json
# REDAN_MAX_AGE   deploy: how old a verdict may be, by default 7d
# REDAN_KEYS      deploy: the folder with keys.yaml and keys.dsse.json, by default redan/
# 0 pass, 1 fail, 2 usage, 3 indeterminate or unverified: whoever calls this lets only 0 through.
set -eu
system=${REDAN_SYSTEM:?set it to the id of the system that is meant}
vsa=${REDAN_VSA:-redan-vsa.json}
log=
if [ "${GITHUB_ACTIONS:-}" = true ]; then
    log=--github
fi

word=${1:-}
[ $# -eq 0 ] || shift
case $word in
merge)
    exec redan check --system "$system" $log "$@"
    ;;
release)
    rm -f -- "$vsa" # one that lay in the tree is not ours
    exec redan check --system "$system" $log --vsa "$vsa" \
        --key "${REDAN_GATE_KEY:?set it to the file with the key that signs verdicts}" "$@"
    ;;
deploy)
    if [ $# -eq 0 ]; then
        echo "gate: name the digests of what is deployed: gate.sh deploy sha256:..." >&2
        exit 2
    fi
    n=$#
    while [ "$n" -gt 0 ]; do
        set -- "$@" --release "$1"
        shift
        n=$((n - 1))
    done
    exec redan check "$@" --vsa "$vsa" --system "$system" --max-age "${REDAN_MAX_AGE:-7d}" \
        -C "${REDAN_KEYS:-redan}" $log
    ;;
pin)
    exec redan pin --system "$system"
    ;;
*)
    echo "usage: gate.sh merge | release | deploy DIGEST... | pin" >&2
    exit 2
    ;;
esac
