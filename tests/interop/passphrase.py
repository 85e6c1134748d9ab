"""Passphrases at a terminal of our own: nothing is echoed, signals leave the terminal as it was, nothing waits where nobody
can answer, and colours are left out where they are not wanted. Usage: passphrase.py REDAN; exit code 77 when there are no pseudo-terminals."""
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time

try:
    import pty
    os.close(os.openpty()[0])
except (ImportError, OSError):
    print("skipped: there are no pseudo-terminals here")
    sys.exit(77)

REDAN = os.path.abspath(sys.argv[1])
checks = 0


def check(truth, what):
    global checks
    checks += 1
    if not truth:
        sys.exit(f"{what}")


def echo(fd):
    return bool(termios.tcgetattr(fd)[3] & termios.ECHO)


class Terminal:
    def __init__(self, folder, *args):
        self.text = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execv(REDAN, [REDAN, *args])

    def read(self, seconds):
        ready, _, _ = select.select([self.fd], [], [], seconds)
        if not ready:
            return True
        try:
            bytes_read = os.read(self.fd, 4096)
        except OSError:
            return False
        self.text += bytes_read
        return bytes_read != b""

    def wait_for(self, word, silent=True):
        end = time.time() + 20
        while not self.text.endswith(word) or (silent and echo(self.fd)):
            check(time.time() < end and self.read(0.05), f"never asked {word!r}: {self.text!r}")
        self.text = b""

    def type(self, text):
        os.write(self.fd, text)

    def end(self):
        """What was said, how it ended, and whether the terminal echoes again."""
        end = time.time() + 20
        while time.time() < end and self.read(0.2):
            if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                while select.select([self.fd], [], [], 0)[0] and self.read(0):
                    pass
                break
        again = echo(self.fd)
        _, status = os.waitpid(self.pid, 0)
        os.close(self.fd)
        return self.text, status, again


def run(folder, *args, stdin=b"", pass_fds=()):
    # a session of its own has no terminal
    done = subprocess.run([REDAN, *args], input=stdin, cwd=folder, capture_output=True, check=False,
                          start_new_session=True, pass_fds=pass_fds)
    return done.returncode, done.stderr


def make_locked(folder):
    terminal = Terminal(folder, "org", "new", "bank", "--holder", "a.root", "--out", "../root.pem",
                        "--passphrase")
    terminal.wait_for(b"Passphrase for ../root.pem: ")
    terminal.type(b"correct horse\n")
    terminal.wait_for(b"The same again: ")
    terminal.type(b"correct horse\n")
    text, status, again = terminal.end()
    check(status == 0 and again and b"horse" not in text, f"org new --passphrase: {text!r}")
    with open(os.path.join(folder, "..", "root.pem"), encoding="ascii") as file:
        check(file.readline() == "-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "the key is not encrypted")


def use_locked(folder):
    args = ("keys", "sign", "org.yaml", "--key", "../root.pem")
    for typed, code in ((b"correct horse\n", 0), (b"wrong\n", 3), (b"\n", 2), (b"\x04", 2)):
        terminal = Terminal(folder, *args)
        terminal.wait_for(b"Passphrase of ../root.pem: ")
        terminal.type(typed)
        text, status, again = terminal.end()
        check(os.waitstatus_to_exitcode(status) == code and again and b"horse" not in text,
              f"{typed!r}: {text!r}, {status}")
    for what, number in ((b"half a secret\x03", signal.SIGINT), (signal.SIGTERM, signal.SIGTERM),
                         (signal.SIGHUP, signal.SIGHUP)):
        terminal = Terminal(folder, *args)
        terminal.wait_for(b"Passphrase of ../root.pem: ")
        if isinstance(what, bytes):
            terminal.type(what)
        else:
            os.kill(terminal.pid, what)
        text, status, again = terminal.end()
        check(os.waitstatus_to_exitcode(status) == -number and again and b"half" not in text,
              f"signal {number}: {text!r}, {status}, {again}")


def differ(folder):
    terminal = Terminal(folder, "keys", "new", "x", "--holder", "x", "--passphrase", "--out", "../x.pem")
    terminal.wait_for(b"Passphrase for ../x.pem: ")
    terminal.type(b"one\n")
    terminal.wait_for(b"The same again: ")
    terminal.type(b"two\n")
    text, status, again = terminal.end()
    check(os.waitstatus_to_exitcode(status) == 2 and again and b"differ" in text, f"two differ: {text!r}")
    check(not os.path.exists(os.path.join(folder, "..", "x.pem")), "a key was left behind")


def without_terminal(folder):
    args = ("keys", "sign", "org.yaml", "--key", "../root.pem")
    code, error = run(folder, *args)
    check(code == 2 and b"no terminal" in error, f"no terminal: {code} {error!r}")
    code, error = run(folder, *args, "--passphrase-fd", "0", stdin=b"correct horse\n")
    check(code == 0, f"--passphrase-fd 0: {error!r}")
    code, error = run(folder, *args, "--passphrase-fd", "0", stdin=b"wrong\n")
    check(code == 3 and b"does not open" in error, f"a wrong one: {error!r}")
    code, error = run(folder, *args, "--passphrase-fd", "0", stdin=b"")
    check(code == 2 and b"no line left" in error, f"an empty descriptor: {error!r}")
    for number in ("1", "77", "x", "-1", ""):
        code, error = run(folder, *args, "--passphrase-fd", number)
        check(code == 2 and b"takes the number" in error, f"descriptor {number}: {error!r}")
    reading, writing = os.pipe()
    os.write(writing, b"correct horse\nbattery staple\n")
    code, error = run(folder, "keys", "new", "second", "--holder", "b", "--passphrase", "--out",
                      "../second.pem", "--sign-with", "../root.pem", "--passphrase-fd", str(reading),
                      pass_fds=(reading,))
    check(code == 0, f"two from one descriptor: {error!r}")
    os.close(reading)
    os.close(writing)


def openssh(folder):
    """A key that ssh-keygen encrypted is ssh-keygen's to open, at the same terminal."""
    if not shutil.which("ssh-keygen"):
        print("without ssh-keygen: its prompt is not tested")
        return
    key = os.path.join(folder, "..", "locked")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "open sesame", "-f", key], check=True)
    code, error = run(folder, "keys", "add", "c=../locked.pub", "--role", "ml-lead", "--sign-with",
                      "../root.pem", "--passphrase-fd", "0", stdin=b"correct horse\n")
    check(code == 0, f"keys add: {error!r}")
    code, error = run(folder, "org", "new", "other", "--dir", "../other", "--public", "c=../locked.pub",
                      "--sign-with", "../locked")
    check(code == 3 and b"ssh-keygen did not sign" in error, f"no terminal: {error!r}")
    check(not os.path.exists(os.path.join(folder, "..", "other")), "something was left behind")
    terminal = Terminal(folder, "org", "new", "other", "--dir", "../other", "--public",
                        "c=../locked.pub", "--sign-with", "../locked")
    for _ in range(2):  # keys.yaml and org.yaml
        terminal.wait_for(b": ")
        terminal.type(b"open sesame\n")
        time.sleep(0.2)
    text, status, again = terminal.end()
    check(status == 0 and again and b"sesame" not in text, f"ssh-keygen at a terminal: {text!r}")


def colours(folder):
    """At a terminal the verdict has a colour, unless NO_COLOR is set; into a pipe it has none."""
    key, model = os.path.join(folder, "..", "signer.pem"), os.path.join(folder, "..", "model")
    os.mkdir(model)
    with open(os.path.join(model, "weights"), "wb") as file:
        file.write(b"1")
    for words in (["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key], ["pkey", "-in", key, "-pubout", "-out", key + ".pub"]):
        subprocess.run(["openssl", *words], check=True, stderr=subprocess.DEVNULL)
    code, error = run(folder, "sign", model, "--key", key)
    check(code == 0, f"sign: {error!r}")
    for value, painted in ((None, True), ("", True), ("1", False)):
        os.environ.pop("NO_COLOR", None)
        if value is not None:
            os.environ["NO_COLOR"] = value
        text, status, _ = Terminal(folder, "verify", model, "--key", key + ".pub").end()
        check(status == 0 and (b"\x1b[" in text) == painted, f"NO_COLOR={value}: {text!r}")
    os.environ.pop("NO_COLOR", None)
    done = subprocess.run([REDAN, "verify", model, "--key", key + ".pub"], capture_output=True, check=False)
    check(done.returncode == 0 and b"\x1b" not in done.stdout, f"into a pipe: {done.stdout!r}")


def main():
    with tempfile.TemporaryDirectory(prefix="redan-interop-") as top:
        folder = os.path.join(top, "repo")
        os.mkdir(folder)
        make_locked(folder)
        use_locked(folder)
        differ(folder)
        without_terminal(folder)
        openssh(folder)
        colours(folder)
        print(f"{checks} checks hold")


main()
