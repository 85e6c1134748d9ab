"""The Python client of Sigstore as a judge of a bundle. Run by the interpreter of its peer.
Usage: keyless_python.py BUNDLE TRUSTED-ROOT IDENTITY ISSUER; exit 0 when it verifies."""
import pathlib
import sys

from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy

bundle, root, identity, issuer = sys.argv[1:5]
verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
kind, payload = verifier.verify_dsse(Bundle.from_json(pathlib.Path(bundle).read_bytes()),
                                     policy.Identity(identity=identity, issuer=issuer))
assert kind == "application/vnd.in-toto+json" and payload
