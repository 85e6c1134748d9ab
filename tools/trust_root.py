#!/usr/bin/env python3
"""Renders a published Sigstore trust root as catalog/sigstore.json: tools/trust_root.py PUBLISHED > catalog/sigstore.json

PUBLISHED is trusted_root.json of the public-good instance, as its TUF repository (github.com/sigstore/root-signing) signs it. Only
what verifying needs is kept, as canonical JSON (RFC 8785) without a newline: the SHA-256 of the file is the name of the root.
"""
import json
import sys

LOG = {"baseUrl": str, "hashAlgorithm": str, "logId": {"keyId": str}, "checkpointKeyId": {"keyId": str},
       "publicKey": {"rawBytes": str, "keyDetails": str, "validFor": {"start": str, "end": str}}}
AUTHORITY = {"subject": {"organization": str, "commonName": str}, "uri": str,
             "certChain": {"certificates": [{"rawBytes": str}]}, "validFor": {"start": str, "end": str}}
ROOT = {"mediaType": str, "tlogs": [LOG], "ctlogs": [LOG], "certificateAuthorities": [AUTHORITY],
        "timestampAuthorities": [AUTHORITY]}


def keep(shape, value):
    """The part of a value that has a shape."""
    if isinstance(shape, dict):
        return {name: keep(shape[name], value[name]) for name in shape if value.get(name) is not None}
    if isinstance(shape, list):
        return [keep(shape[0], item) for item in value]
    if not isinstance(value, shape) or not value.isascii():
        sys.exit(f"trust_root: {value!r} is no plain text")
    return value


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        root = keep(ROOT, json.load(file))
    # all names are ASCII and there are no numbers: sorted and without blanks is RFC 8785
    sys.stdout.write(json.dumps(root, sort_keys=True, separators=(",", ":")))


main()
