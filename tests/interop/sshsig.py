"""SSH signatures crossed both ways with the installed ssh-keygen: by themselves, and in a system that people with SSH keys
begin, sign and hand to an auditor. Usage: sshsig.py TOOL REDAN; exit code 77 when ssh-keygen is absent."""
import base64
import os
import random
import shutil
import subprocess
import sys
import tempfile

TYPES = [("ed25519", "256"), ("ecdsa", "256"), ("ecdsa", "384"), ("ecdsa", "521")]


class Test:
    def __init__(self, tool, redan, folder):
        self.tool, self.redan, self.folder, self.checks = tool, redan, folder, 0
        self.random = random.Random(20261124)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        with open(self.path(name), "wb") as out:
            out.write(data)
        return self.path(name)

    def run(self, *args, stdin=b"", cwd=None, env=None):
        done = subprocess.run(args, input=stdin, capture_output=True, check=False,
                              cwd=cwd or self.folder, env=env)
        return done.returncode, done.stdout, done.stderr.decode()

    def same(self, got, want, what):
        self.checks += 1
        if got != want:
            sys.exit(f"{what}: got {got!r}, expected {want!r}")

    def fails(self, code, what):
        self.checks += 1
        if code == 0:
            sys.exit(f"{what}: accepted")

    def keygen(self, name, kind, bits, passphrase=""):
        self.same(self.run("ssh-keygen", "-q", "-t", kind, "-b", bits, "-N", passphrase, "-C", name,
                           "-f", self.path(name))[0], 0, "ssh-keygen")
        return self.path(name)

    def theirs(self, key, message, space="redan", *options):
        if os.path.exists(message + ".sig"):
            os.remove(message + ".sig")
        self.same(self.run("ssh-keygen", "-Y", "sign", "-q", "-n", space, *options, "-f", key, message)[0],
                  0, "ssh-keygen -Y sign")
        return message + ".sig"

    def they_verify(self, allowed, who, space, signature, message):
        with open(message, "rb") as file:
            return self.run("ssh-keygen", "-Y", "verify", "-f", allowed, "-I", who, "-n", space, "-s",
                            signature, stdin=file.read())[0]

    def signatures(self, kind, bits, rounds):
        key = self.keygen(f"key-{kind}{bits}", kind, bits)
        other = self.keygen(f"other-{kind}{bits}", kind, bits)
        lines = b""
        for who, path in (("key", key), ("other", other)):
            with open(path + ".pub", "rb") as file:
                lines += who.encode() + b' namespaces="redan" ' + file.read()
        allowed = self.write("allowed", lines)
        for number in range(rounds):
            size = [0, 1, 63, 64, 1000, 100000][number % 6]
            message = self.write("message", self.random.randbytes(size))
            tampered = self.write("tampered", self.random.randbytes(size + 1))
            # ours -> theirs
            code, text, error = self.run(self.tool, "sign", key, "redan", message)
            self.same(code, 0, f"{kind} sign: {error}")
            ours = self.write("ours.sig", text)
            self.same(self.they_verify(allowed, "key", "redan", ours, message), 0, f"{kind} ours")
            with open(message, "rb") as file:
                self.same(self.run("ssh-keygen", "-Y", "check-novalidate", "-n", "redan", "-s", ours,
                                   stdin=file.read())[0], 0, f"{kind} check-novalidate")
            self.fails(self.they_verify(allowed, "other", "redan", ours, message), "another's name")
            self.fails(self.they_verify(allowed, "key", "git", ours, message), "another namespace")
            self.fails(self.they_verify(allowed, "key", "redan", ours, tampered), "another message")
            code, text, _ = self.run(self.tool, "sign", key, "git", message)
            foreign = self.write("foreign.sig", text)
            self.fails(self.they_verify(allowed, "key", "redan", foreign, message), "made for git")
            # theirs -> ours
            for options in ((), ("-O", "hashalg=sha256"), ("-O", "hashalg=sha512")):
                theirs = self.theirs(key, message, "redan", *options)
                self.same(self.run(self.tool, "verify", key + ".pub", "redan", message, theirs)[0], 0,
                          f"{kind} theirs {options}")
            self.same(self.run(self.tool, "verify", other + ".pub", "redan", message, theirs)[0], 1,
                      "another's key")
            self.same(self.run(self.tool, "verify", key + ".pub", "git", message, theirs)[0], 1,
                      "another namespace")
            self.same(self.run(self.tool, "verify", key + ".pub", "redan", tampered, theirs)[0], 1,
                      "another message")
            if number == 0:
                code, text, error = self.run(self.tool, "cut", key + ".pub", "redan", message, theirs)
                self.same((code, text.split()[0]), (0, b"0"), f"cut at every byte: {error}")
            foreign = self.theirs(key, message, "git")
            self.same(self.run(self.tool, "verify", key + ".pub", "redan", message, foreign)[0], 1,
                      "made for git")
            with open(self.theirs(key, message), "rb") as file:
                lines = file.read().split(b"\n")
            blob = bytearray(base64.b64decode(b"".join(lines[1:-2])))
            blob[self.random.randrange(len(blob))] ^= 1 << self.random.randrange(8)
            text = base64.b64encode(blob)
            damaged = self.write("damaged.sig", b"\n".join(
                [lines[0]] + [text[i:i + 70] for i in range(0, len(text), 70)] + lines[-2:]))
            self.fails(self.run(self.tool, "verify", key + ".pub", "redan", message, damaged)[0],
                       f"{kind} damaged")
            self.fails(self.they_verify(allowed, "key", "redan", damaged, message), "damaged, theirs")

    def refused(self):
        rsa = self.keygen("rsa", "rsa", "2048")
        message = self.write("message", b"text")
        self.same(self.run(self.tool, "verify", rsa + ".pub", "redan", message, self.theirs(rsa, message))[0],
                  3, "an RSA key")

    def agent(self):
        """An agent of our own, or None; who asked for it ends it."""
        if not shutil.which("ssh-agent") or not shutil.which("ssh-add"):
            return None
        code, text, _ = self.run("ssh-agent", "-s", "-a", self.path("agent"))
        if code != 0:
            return None
        words = dict(part.split("=") for part in text.decode().replace("\n", "").split(";") if "=" in part)
        return {**os.environ, "SSH_AUTH_SOCK": self.path("agent"), "SSH_AGENT_PID": words["SSH_AGENT_PID"]}

    def system(self):
        """People with SSH keys of their own begin a system, and an auditor verifies what they signed."""
        repo = self.path("repo")
        os.mkdir(repo)
        keys = {who: self.keygen(who, *TYPES[i % 3]) for i, who in enumerate(
            ("root", "okafor", "lindqvist", "haas", "ngo"))}

        def redan(*args, want=0, env=None):
            code, out, error = self.run(self.redan, *args, cwd=repo, env=env)
            self.same(code, want, f"redan {' '.join(args)}: {error}{out.decode()}")
            return out.decode()

        root = redan("org", "new", "bank", "--public", "a.root=../root.pub", "--sign-with", "../root").strip()
        redan("keys", "add", "r.okafor=../okafor.pub", "--role", "ml-lead", "--sign-with", "../root")
        redan("keys", "add", "h.lindqvist=../lindqvist.pub", "--role", "security-lead", "--sign-with",
              "../root.pub")  # a public line: ssh-keygen finds the private half beside it
        redan("keys", "add", "b.haas=../haas.pub", "c.ngo=../ngo.pub", "--role", "risk-board", "--quorum",
              "2", "--sign-with", "../root")
        redan("new", "scoring", "--ml-lead", "r.okafor", "--security-lead", "h.lindqvist", "--flag",
              "trains")
        redan("release", "pin", "model=../okafor.pub")  # any file will do
        redan("approve", "--role", "ml-lead", "--key", "../okafor")
        redan("approve", "--role", "ml-lead", "--key", "../lindqvist", want=3)
        env = self.agent()
        if env:
            try:
                self.same(self.run("ssh-add", "-q", keys["lindqvist"], env=env)[0], 0, "ssh-add")
                os.rename(keys["lindqvist"], keys["lindqvist"] + ".away")
                redan("approve", "--role", "security-lead", "--ssh-key", "../lindqvist.pub", env=env)
            finally:
                self.run("ssh-agent", "-k", env=env)
        else:
            redan("approve", "--role", "security-lead", "--ssh-key", "../lindqvist")
        self.same(redan("check", "--root", root).split()[0], "PASS", "the verdict")
        for number, name in enumerate(sorted(os.listdir(os.path.join(repo, "redan", "approvals")))):
            folder = self.path(f"audit{number}")
            how = redan("keys", "extract", os.path.join("redan", "approvals", name), "--out", folder)
            self.same(how.count("\n"), 1, "one signature")
            code, out, error = self.run("sh", "-c", how, cwd=folder)
            self.same((code, out[:4]), (0, b"Good"), f"{how}{error}")
            self.fails(self.run("sh", "-c", how.replace("-n redan", "-n git"), cwd=folder)[0], how)
            with open(os.path.join(folder, "statement.pae"), "ab") as file:
                file.write(b" ")
            self.fails(self.run("sh", "-c", how, cwd=folder)[0], "a changed statement")


def main():
    if not shutil.which("ssh-keygen"):
        print("skipped: ssh-keygen is not installed (Debian: openssh-client)")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="redan-interop-") as folder:
        test = Test(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), folder)
        for kind, bits in TYPES:
            test.signatures(kind, bits, 6)
        test.refused()
        test.system()
        print(f"{test.checks} comparisons agree")


main()
