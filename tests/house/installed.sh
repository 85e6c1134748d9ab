#!/bin/sh
# Installs the program and the library into a folder of its own, moves it, and builds a loader of verified bytes with nothing but what is there.
# Usage: installed.sh BUILD-FOLDER CC
set -eu
build=$1
cc=$2
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT
cmake --install "$build" --prefix "$top/first" >/dev/null
mv "$top/first" "$top/moved"
cd "$top"
PKG_CONFIG_PATH=$(dirname "$(find "$top/moved" -name redan.pc)")
export PKG_CONFIG_PATH
cat >load.c <<'C'
#include <redan/model.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    static char pem[4096];
    char byte = 0;
    int fd = -1;
    FILE *file = argc == 3 ? fopen(argv[2], "r") : NULL;
    size_t size = file ? fread(pem, 1, sizeof(pem), file) : 0;
    struct redan_trust *trust = redan_trust_new();
    struct redan_model *model = NULL;

    if (redan_trust_key(trust, pem, size) && redan_model_open(argv[1], NULL, trust, &model) == REDAN_MODEL_VERIFIED &&
        redan_model_fd(model, "weights", &fd) == REDAN_MODEL_VERIFIED && read(fd, &byte, 1) == 1)
        printf("loaded %c\n", byte);
    else
        printf("refused: %s\n", redan_model_error(model));
    redan_model_free(model);
    redan_trust_free(trust);
    return byte == 0;
}
C
# shellcheck disable=SC2046 # words are meant
"$cc" -Wall -Wextra -Werror load.c -o load $(pkg-config --cflags --libs redan)
LD_LIBRARY_PATH=$(pkg-config --variable=libdir redan)
export LD_LIBRARY_PATH
redan=$(find "$top/moved" -name redan -type f -perm -u+x)
mkdir model
echo 1 >model/weights
openssl ecparam -name prime256v1 -genkey -noout -out k.pem
openssl pkey -in k.pem -pubout -out k.pub
"$redan" sign model --key k.pem >/dev/null
[ "$(./load model k.pub)" = "loaded 1" ]
echo 2 >model/weights
said=$(./load model k.pub) && exit 1
case $said in
"refused: "*weights*) ;;
*) echo "unclear: $said" && exit 1 ;;
esac
echo "what was installed and moved builds a loader: $said"
