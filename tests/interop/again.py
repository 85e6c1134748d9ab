"""Signing a large folder again: 20,000 files, of which none, one, and one behind its own times changed; part of it verified; and a cache that
somebody wrote in, exchanged or robbed of its key, which never ends in a signature over other bytes. Then the
same signing of a dataset and of a threat model's folder. Usage: again.py REDAN [FILES]"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

REDAN = os.path.abspath(sys.argv[1])
EXAMPLE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", "examples", "fraud", "redan"))
FILES = int(sys.argv[2]) if len(sys.argv) > 2 else 20000
SETTLED = 3.1  # files touched within two seconds of a signing are read anew
if not shutil.which("openssl"):
    print("again: no openssl to make a key with")
    sys.exit(77)
failures = checks = 0


def check(what, good, detail=""):
    global failures, checks
    checks += 1
    if not good:
        failures += 1
        print(f"FAILED: {what}\n{detail}")


def redan(*args):
    done = subprocess.run([REDAN, *args], capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def name(i):
    return f"model/{i // 1000:03}/part-{i:05}.bin"


def sign(taken, what):
    """Sign with the cache, of which `taken` digests are used. The signature must hold."""
    code, said = redan("sign", "model", "--key", "key.pem", "--cache=digests", "--sample", "0")
    check(f"{what}: signed, with {taken} digests of the cache", code == 0 and f"cache: {taken} of {FILES} digests taken" in said, said)
    code, said = redan("verify", "model", "--key", "key.pub", "--json")
    check(f"{what}: verified", code == 0, said[-2000:])


def refused(what):
    """A cache that is not as it was written: nothing is signed, and the signature that was there stays."""
    with open("model/model.sig", "rb") as file:
        before = file.read()
    code, said = redan("sign", "model", "--key", "key.pem", "--cache=digests", "--sample", "0")
    check(f"{what}: nothing is signed", code == 3 and "cache" in said and "remove" in said, said)
    with open("model/model.sig", "rb") as file:
        check(f"{what}: the signature is untouched", file.read() == before)


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)


def main():
    for command in ("openssl ecparam -name prime256v1 -genkey -noout -out key.pem", "openssl pkey -in key.pem -pubout -out key.pub"):
        subprocess.run(command.split(), check=True, capture_output=True)
    for i in range(FILES):
        os.makedirs(os.path.dirname(name(i)), exist_ok=True)
        write(name(i), b"%d\n" % i)
    time.sleep(SETTLED)
    sign(0, "the first time")
    sign(FILES, "nothing changed")
    code, said = redan("sign", "model", "--key", "key.pem", "--cache=digests")
    check("a sample is tried", code == 0 and re.search(r" [1-9]\d* more tried and found right", said), said)
    write(name(FILES // 2), b"touched\n")
    sign(FILES - 1, "one file touched")
    # the same size, and its times set back: its change time tells
    victim, before = name(FILES // 3), os.stat(name(FILES // 3))
    with open(victim, "r+b") as file:
        file.write(b"X")
    os.utime(victim, ns=(before.st_atime_ns, before.st_mtime_ns))
    time.sleep(SETTLED)
    sign(FILES - 2, "changed behind its own times")  # the one touched before was read within the two seconds
    sign(FILES, "settled")

    part = os.path.relpath(name(FILES // 2), "model")
    code, said = redan("verify", "model", "--key", "key.pub", "--only", part)
    check("a part is verified", code == 0 and "verified: model, 1 file" in said, said)
    write(name(1), b"not what was signed\n")
    code, said = redan("verify", "model", "--key", "key.pub", "--only", part)
    check("what is beside it does not matter to it", code == 0, said)
    code, said = redan("verify", "model", "--key", "key.pub", "--only", os.path.dirname(os.path.relpath(name(1), "model")))
    check("it does to its folder", code == 1 and "changed: 000/part-00001.bin" in said, said)
    code, said = redan("verify", "model", "--key", "key.pub", "--only", "000/part-99999.bin")
    check("what was not signed is not verified", code != 0, said)
    write(name(1), b"1\n")
    time.sleep(SETTLED)
    sign(FILES - 1, "as it was")
    sign(FILES, "settled again")

    # a cache in which somebody wrote: never believed, whatever byte it is
    with open("digests", "rb") as file:
        whole = file.read()
    beside = [n for n in os.listdir(".") if n.startswith("digests") and n != "digests"]
    check("the cache's key lies beside it", len(beside) == 1, str(os.listdir(".")))
    changes = [(f"byte {place} changed", whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
               for place in (0, 40, len(whole) // 2, len(whole) - 1)]
    for what, forged in changes + [("cut", whole[: len(whole) // 2]), ("longer", whole + b"\n"), ("empty", b"")]:
        write("digests", forged)
        refused(f"the cache, {what}")
    write("digests", whole)
    with open(beside[0], "rb") as file:
        key = file.read()
    write(beside[0], bytes(b ^ 1 for b in key))
    refused("the cache under another key")
    os.unlink(beside[0])
    code, said = redan("sign", "model", "--key", "key.pem", "--cache=digests", "--sample", "0")
    check("the cache without its key is not believed", code == 3 or "cache: 0 of" in said, said)


def dataset():
    """Many CSV files and some larger ones, in pieces; and the folder of a threat model, whose evidence goes on growing."""
    for day in (1, 2):
        os.makedirs(f"data/day={day}")
        for i in range(40):
            write(f"data/day={day}/part-{i:03}.csv", b"a,b\n" + b"1,2\n" * (i * 50))
        write(f"data/day={day}/all.parquet", b"PAR1" + bytes(range(256)) * 20000 + b"PAR1")
    code, said = redan("sign", "data", "--key", "key.pem", "--shards=1M")
    check("a dataset is signed", code == 0 and "signed: data, 82 files" in said, said)
    code, said = redan("verify", "data", "--key", "key.pub")
    check("and verified", code == 0 and "pieces of 1048576 bytes" in said, said)
    with open("data/day=2/all.parquet", "r+b") as file:
        file.seek(3000000)
        file.write(b"x")
    os.unlink("data/day=2/part-007.csv")
    code, said = redan("verify", "data", "--key", "key.pub")
    check("a row changed and a file gone", code == 1 and "changed: day=2/all.parquet" in said and "of the bytes 2097152 to 3145728" in
          said and "missing: day=2/part-007.csv" in said, said)
    code, said = redan("verify", "data", "--key", "key.pub", "--only", "day=1")
    check("one day of it is as it was", code == 0 and "verified: data, 41 files" in said, said)

    shutil.copytree(EXAMPLE, "redan")
    os.makedirs("redan/evidence/x")
    code, said = redan("sign", "redan", "--key", "key.pem", "--ignore-paths", "redan/evidence")
    check("a threat model's folder is signed", code == 0, said)
    write("redan/evidence/x/y.json", b"{}")
    code, said = redan("verify", "redan", "--key", "key.pub")
    check("evidence may come", code == 0 and "not signed: evidence" in said, said)
    code, said = redan("lint", "redan/threatmodel.yaml")
    check("the signature is no fault of form", code == 0, said)
    with open("redan/threatmodel.yaml", "ab") as file:
        file.write(b"# a comment\n")
    code, said = redan("verify", "redan", "--key", "key.pub")
    check("a changed threat model", code == 1 and "changed: threatmodel.yaml" in said, said)


with tempfile.TemporaryDirectory(prefix="redan-again-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as box:
    os.chdir(box)
    main()
    dataset()
    os.chdir("/")
print(f"again: {checks} checks, {failures} failed")
sys.exit(1 if failures else 0)
