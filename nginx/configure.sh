#!/bin/sh
# Prepares nginx's headers for a module that loads into the distribution's nginx: its sources from nginx-dev, configured with its own flags.
# Usage: configure.sh SOURCE MODULE OUT. Quiet when all goes well; offline.
set -eu
source=$1
module=$2
out=$3
rm -rf "$out.new"
mkdir -p "$out.new"
cp -R "$source/." "$out.new/"
cd "$out.new"
# conf_flags is a bash array
if ! REDAN_INC=. REDAN_LIB=-lredan bash -c '. ./conf_flags; exec ./configure "${NGX_CONF_FLAGS[@]}" --with-cc-opt="-O2 -fPIC" --add-dynamic-module="$0"' "$module" >configure.log 2>&1; then
    tail -n 20 configure.log >&2
    echo "nginx's configure failed; the whole of it is in $out.new/configure.log" >&2
    exit 1
fi
rm -rf "$out"
mv "$out.new" "$out"
