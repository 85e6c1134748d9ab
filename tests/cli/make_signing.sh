#!/bin/sh
# Makes fixtures/signing/: keys, certificates, a small model, and bundles that redan itself would never write. make_fixture.sh calls it.
# The private keys are made here, for these tests only, and protect nothing. Usage: make_signing.sh FIXTURES
set -eu
rm -rf "$1/signing"
mkdir -p "$1/signing/model/weights"
cd "$1/signing"
printf 'weights, part 1\n' >model/weights/part-1.bin
printf 'weights, part 2\n' >model/weights/part-2.bin
printf '{"layers": 2}\n' >model/config.json
: >model/empty.txt
printf 'a tool\n' >tool.bin

for who in signer second; do
    openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out $who.pem
    openssl pkey -in $who.pem -pubout -out $who.pub
done
openssl genpkey -algorithm ed25519 -out ed25519.pem
openssl pkey -in ed25519.pem -pubout -out ed25519.pub

# a root, an authority under it, and two leaves: one that is good for 75 years, one that has ended
openssl ecparam -name prime256v1 -genkey -noout -out ca.key
openssl ecparam -name prime256v1 -genkey -noout -out between.key
cat >ca.cnf <<'TEXT'
[req]
distinguished_name = dn
[dn]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
[between]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
subjectAltName = email:release@bank.example
[ca]
default_ca = own
[own]
new_certs_dir = .
database = index
serial = serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
organizationName = optional
TEXT
: >index
echo 01 >serial
issue() { # KEY SUBJECT EXTENSIONS FROM UNTIL OUT [CA-KEY CA-CERT]
    openssl req -new -config ca.cnf -key "$1" -subj "$2" -out request
    if [ $# -gt 6 ]; then
        openssl ca -config ca.cnf -batch -notext -in request -extensions "$3" -startdate "$4" -enddate "$5" \
            -keyfile "$7" -cert "$8" -out "$6" 2>/dev/null
    else
        openssl ca -config ca.cnf -batch -notext -in request -extensions "$3" -startdate "$4" -enddate "$5" \
            -keyfile "$1" -selfsign -out "$6" 2>/dev/null
    fi
}
issue ca.key "/O=Bank/CN=root" root 20200101000000Z 20991231000000Z roots.pem
issue between.key "/O=Bank/CN=signing" between 20200101000000Z 20991231000000Z between.pem ca.key roots.pem
issue signer.pem "/O=Bank/CN=release" leaf 20200101000000Z 20991231000000Z leaf.pem between.key between.pem
issue second.pem "/O=Bank/CN=old release" leaf 20200101000000Z 20210101000000Z ended.pem between.key between.pem
issue second.pem "/O=Elsewhere/CN=root" root 20200101000000Z 20991231000000Z other-roots.pem
rm -f request index* serial* ca.cnf ??.pem ca.key between.key

# DSSE by hand: what redan would not sign
sum() { printf "$1" | openssl dgst -sha256 -r | cut -d ' ' -f 1; }
seal() { # PAYLOAD-FILE OUT
    { printf 'DSSEv1 28 application/vnd.in-toto+json %s ' "$(wc -c <"$1")"; cat "$1"; } >pae
    cat >"$2" <<TEXT
{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
 "verificationMaterial": {"publicKey": {"hint": "$(openssl dgst -sha256 -r signer.pub | cut -d ' ' -f 1)"}, "tlogEntries": []},
 "dsseEnvelope": {"payload": "$(base64 -w0 <"$1")", "payloadType": "application/vnd.in-toto+json",
  "signatures": [{"sig": "$(openssl dgst -sha256 -sign signer.pem pae | base64 -w0)", "keyid": ""}]}}
TEXT
}
claim() { # NAME OUT: a manifest of one file of this name
    one=$(sum 'a tool\n')
    root=$(printf '%s' "$one" | sed 's/../\\x&/g')
    root=$(printf '%b' "$root" | openssl dgst -sha256 -r | cut -d ' ' -f 1)
    printf '{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"model","digest":{"sha256":"%s"}}],"predicateType":"https://model_signing/signature/v1.0","predicate":{"serialization":{"method":"files","hash_type":"sha256","allow_symlinks":false},"resources":[{"name":"%s","algorithm":"sha256","digest":"%s"}]}}' \
        "$root" "$1" "$one" >payload
    seal payload "$2"
}
claim ../tool.bin traversal.sig
printf '{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"tool.bin","digest":{"sha256":"%s"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{"note":"built"}}' \
    "$(sum 'a tool\n')" >payload
seal payload provenance.sigstore.json
cat >tool.sigstore.json <<TEXT
{"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
 "verificationMaterial": {"publicKey": {"hint": "$(openssl dgst -sha256 -r signer.pub | cut -d ' ' -f 1)"}, "tlogEntries": []},
 "messageSignature": {"messageDigest": {"algorithm": "SHA2_256", "digest": "$(openssl dgst -sha256 -binary tool.bin | base64 -w0)"},
  "signature": "$(openssl dgst -sha256 -sign signer.pem tool.bin | base64 -w0)"}}
TEXT
rm -f payload pae
cat >who.yaml <<'TEXT'
schema: redan/verify-policy/1
quorum: 2
signers:
  - {id: release, method: key, key: signer.pub}
  - {id: second, method: key, key: second.pub, models: "mod*"}
TEXT

# two private trust roots: the second has another log, and an end for the first
spki() { openssl pkey -pubin -in "$1" -outform DER; }
log() { # PUBLIC-KEY URL START [END]
    printf '{"baseUrl": "%s", "hashAlgorithm": "SHA2_256", "publicKey": {"rawBytes": "%s", "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": "%s"%s}}, "logId": {"keyId": "%s"}}' \
        "$2" "$(spki "$1" | base64 -w0)" "$3" "${4:+, \"end\": \"$4\"}" "$(spki "$1" | openssl dgst -sha256 -binary | base64 -w0)"
}
trust() { # LOGS
    cat <<TEXT
{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
 "tlogs": [$1],
 "certificateAuthorities": [{"subject": {"organization": "Bank", "commonName": "root"}, "uri": "https://ca.bank.example",
  "certChain": {"certificates": [{"rawBytes": "$(openssl x509 -in roots.pem -outform DER | base64 -w0)"}]}, "validFor": {"start": "2020-01-01T00:00:00Z"}}],
 "ctlogs": [], "timestampAuthorities": []}
TEXT
}
trust "$(log signer.pub https://log-1.bank.example 2026-01-01T00:00:00Z)" >root-1.json
trust "$(log signer.pub https://log-1.bank.example 2026-01-01T00:00:00Z 2026-06-30T00:00:00Z), $(log second.pub https://log-2.bank.example 2026-06-01T00:00:00Z)" >root-2.json
