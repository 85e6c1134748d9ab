"""The verification cases of sigstore-conformance, each by path and by digest, in a network namespace with nothing in it. A case passes when its
bundle is believed, or refused where its name ends in _fail. Then cases of our own for the two that upstream tests weakly.
Usage: sigstore_conformance.py CLIENT [-v] [--loose] [--json]     (--loose: CPU is told and not judged, as under sanitizers)
Samples are found through REDAN_SAMPLES, default ../shared/samples; without them the test is skipped (77)."""
import hashlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = pathlib.Path(os.environ.get("REDAN_SAMPLES", ROOT.parent / "shared" / "samples")) / "signing" / "sigstore-conformance"
IDENTITY = ("https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/"
            "extremely-dangerous-oidc-beacon.yml@refs/heads/main")
ISSUER = "https://token.actions.githubusercontent.com"
CPU = 0.025  # seconds for one verification, start of the process and all
TRIES = 3    # of a run that took longer: other work on the machine costs it caches
INSIDE = "REDAN_CONFORMANCE_ALONE"


def alone():
    """Runs this script again where there is no network. Says so when the machine does not allow that."""
    if INSIDE in os.environ:
        return os.environ[INSIDE]
    for how in (["unshare", "-n"], ["unshare", "-rn"]):
        if shutil.which("unshare") and subprocess.run(how + ["true"], capture_output=True).returncode == 0:
            os.execvpe(how[0], how + [sys.executable] + sys.argv, dict(os.environ, **{INSIDE: " ".join(how)}))
    return None


def networks():
    with open("/proc/net/dev", encoding="ascii") as table:
        return [line.split(":")[0].strip() for line in table if ":" in line]


def run(command):
    """Exit code, what was said, and CPU seconds of one child."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        return child.returncode, said.read().decode(errors="replace").strip(), usage.ru_utime + usage.ru_stime


def arguments(case, bundle=None, key=None):
    def word(name, default):
        file = case / name
        return file.read_text(encoding="utf-8").strip() if file.exists() else default

    key = key or (case / "key.pub" if (case / "key.pub").exists() else None)
    root = case / "trusted_root.json"
    made = ["verify-bundle", "--bundle", str(bundle or case / "bundle.sigstore.json")]
    if key:
        made += ["--key", str(key)]
    else:
        made += ["--certificate-identity", word("identity", IDENTITY), "--certificate-oidc-issuer", word("issuer", ISSUER)]
    return made + ["--trusted-root", str(root if root.exists() else SAMPLES / "roots" / "trusted_root.json")]


def forms(case):
    file = case / "artifact"
    file = file if file.exists() else SAMPLES / "assets" / "a.txt"
    return [str(file), "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest()]


def upstream(client, cases, verbose):
    right, cpu, wrong = 0, [], []
    for case in cases:
        for form in forms(case):
            code, said, seconds = run([client] + arguments(case) + [form])
            for _ in range(TRIES - 1):
                if seconds <= CPU:
                    break
                seconds = min(seconds, run([client] + arguments(case) + [form])[2])
            cpu.append(seconds)
            if code == (1 if case.name.endswith("_fail") else 0):
                right += 1
            else:
                wrong.append(f"{case.name} ({form[:7]}): exit {code} {said}")
            if verbose:
                print(f"{case.name:56} {code} {seconds * 1000:5.1f} ms  {said}")
    return right, cpu, wrong


def own(client, cases, folder):
    """Upstream's wrong key is no key at all, and its stamp of a wrong time is not even base64: here they are a key and a stamp."""
    cases = {case.name: case for case in cases}
    right, wrong = 0, []

    def expect(name, case, bundle, key, words):
        nonlocal right
        code, said, _ = run([client] + arguments(case, bundle, key) + forms(case)[:1])
        if code == 1 and all(word in said for word in words):
            right += 1
        else:
            wrong.append(f"{name}: exit {code}, \"{said}\" says nothing of {words}")

    case = cases["managed-key-happy-path"]
    key = folder / "stranger.pub"
    key.write_bytes(subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"], check=True,
                                   capture_output=True).stdout)
    key.write_bytes(subprocess.run(["openssl", "pkey", "-in", str(key), "-pubout"], check=True, capture_output=True).stdout)
    bundle = json.loads((case / "bundle.sigstore.json").read_text(encoding="utf-8"))
    expect("another key, by its hint", case, None, key, ["another key", "hint"])
    del bundle["verificationMaterial"]["publicKey"]["hint"]
    bare = folder / "bare.json"
    bare.write_text(json.dumps(bundle), encoding="utf-8")
    code, said, _ = run([client] + arguments(case, bare) + forms(case)[:1])
    right, wrong = (right + 1, wrong) if code == 0 else (right, wrong + [f"the right key without its hint: {said}"])
    expect("another key, by the signature", case, bare, key, ["not signed by this key"])

    case = cases["rekor2-timestamp-with-incorrect-time_fail"]
    bundle = json.loads((case / "bundle.sigstore.json").read_text(encoding="utf-8"))
    for stamp in bundle["verificationMaterial"]["timestampVerificationData"]["rfc3161Timestamps"]:
        stamp["signedTimestamp"] = "".join(stamp["signedTimestamp"].split())
    whole = folder / "whole.json"
    whole.write_text(json.dumps(bundle), encoding="utf-8")
    expect("a stamp of a wrong time, in clean base64", case, whole, None, ["the certificate is valid from", "2025-07-15"])
    return right, wrong


def main():
    where = alone()
    client = os.path.abspath(sys.argv[1])
    cases = sorted(p for p in (SAMPLES / "assets" / "bundle-verify").iterdir() if p.is_dir()) \
        if (SAMPLES / "assets" / "bundle-verify").is_dir() else []
    if not cases:
        print(f"sigstore-conformance: no samples in {SAMPLES}; set REDAN_SAMPLES")
        return 77
    if where:
        print(f"network: none ({where}; interfaces: {', '.join(networks()) or 'none'})")
        if set(networks()) - {"lo"}:
            return 1
    else:
        print("network: this machine does not let us be without (unshare -n); the client opens no socket, but nothing here proves it")
    right, cpu, wrong = upstream(client, cases, "-v" in sys.argv)
    with tempfile.TemporaryDirectory() as folder:
        ours, more = own(client, cases, pathlib.Path(folder))
    for line in wrong + more:
        print("wrong: " + line)
    median, most = statistics.median(cpu), max(cpu)
    print(f"conformance: {right}/{2 * len(cases)}; of our own: {ours}/{ours + len(more)}")
    print(f"CPU of one verification: median {median * 1000:.1f} ms, most {most * 1000:.1f} ms (bar {CPU * 1000:.0f} ms)")
    if "--json" in sys.argv:
        print(json.dumps({"believed or refused as upstream says": {"good": right, "of": 2 * len(cases)}, "our own cases": {"good": ours, "of": ours + len(more)},
                          "without a network": {"good": int(bool(where)), "of": 1}, "CPU, median, ms": median * 1000, "CPU, most, ms": most * 1000}))
    if "--loose" not in sys.argv and max(median, most) > CPU:
        print("too slow")
        return 1
    return 1 if wrong or more else 0


sys.exit(main())
