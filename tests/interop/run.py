"""redan run from the outside: folders in a place of their own, other users, signals, and where the system allows no such place."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

REDAN = os.path.abspath(sys.argv[1])
KEY = ["--key", "k.pub"]


def redan(*args, **more):
    return subprocess.run([REDAN, *args], capture_output=True, text=True, timeout=60, **more)


class Run(unittest.TestCase):
    def setUp(self):
        self.box = tempfile.TemporaryDirectory(prefix="redan-run-")
        os.chmod(self.box.name, 0o755)
        os.chdir(self.box.name)
        os.makedirs("m/sub")
        for name, text in (("m/weights", "weights, version 1\n"), ("m/sub/config.json", "{}\n"), ("m/empty", ""), ("one.bin", "alone\n")):
            with open(name, "w", encoding="ascii") as file:
                file.write(text)
        subprocess.run("openssl ecparam -name prime256v1 -genkey -noout -out k.pem".split(), check=True, capture_output=True)
        subprocess.run("openssl pkey -in k.pem -pubout -out k.pub".split(), check=True, capture_output=True)
        for name in ("m", "one.bin"):
            self.assertEqual(redan("sign", name, "--key", "k.pem").returncode, 0)

    def tearDown(self):
        os.chdir("/")
        self.box.cleanup()

    def folder(self, *command, **more):
        """A run on the folder; skipped, and said, where this system allows no mount namespace."""
        done = redan("run", "--quiet", "--verify", "m", *KEY, "--", *command, **more)
        if done.returncode == 125 and ("nobody else can change" in done.stderr or "no folder to put" in done.stderr):
            self.skipTest(done.stderr)
        return done

    def test_folder(self):
        done = self.folder("sh", "-c", 'cat "$1/weights" "$1/sub/config.json" "$REDAN_MODEL/weights" "$2"; find "$1" | wc -l; echo "$1"', "sh",
                           "m", "m/weights")
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:5], ["weights, version 1", "{}", "weights, version 1", "weights, version 1", "5"])
        self.assertNotIn(self.box.name, lines[5])
        self.assertFalse(os.path.exists(lines[5])) # gone with the program
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_other_spellings(self):
        """What leads to the model by any path is the copy: nothing unverified is loaded because of a "./"."""
        os.symlink("m", "same")
        os.symlink("one.bin", "one.link")
        names = ("./m", f"{self.box.name}/m/", "same/weights", "m//sub/../weights", "--model=./m")
        done = self.folder("sh", "-c", 'for i in "$@"; do case ${i#--model=} in "$REDAN_MODEL"*) echo yes;; *) echo "$i";; esac; done', "sh", *names)
        self.assertEqual(done.stdout.split(), ["yes"] * len(names))
        names = ("./one.bin", f"{self.box.name}/one.bin", "one.link", "--model=./one.bin")
        done = redan("run", "--quiet", "--verify", "one.bin", *KEY, "--", "sh", "-c", 'for i in "$@"; do echo "${i#--model=}"; done', "sh", *names, "./k.pub", "../m")
        self.assertTrue(all(i.startswith("/proc/self/fd/") for i in done.stdout.split()[:4]), done.stdout)
        self.assertEqual(done.stdout.split()[4:], ["./k.pub", "../m"])

    def test_nothing_can_be_changed(self):
        done = self.folder("sh", "-c", '(echo x >>"$1/weights"; echo x >"$1/new"; rm "$1/weights"; mv "$1/sub" "$1/gone"; ln -s / "$1/link"; '
                                       'touch "$1/../other") 2>/dev/null; cat "$1/weights"; find "$1" | wc -l', "sh", "{}")
        self.assertEqual(done.stdout, "weights, version 1\n5\n")

    def test_changed_meanwhile(self):
        done = self.folder("sh", "-c", 'echo swapped >m/weights; mv m away; mkdir m; echo swapped >m/weights; cat "$1/weights"', "sh", "m")
        self.assertEqual(done.stdout, "weights, version 1\n")

    def test_another_process_cannot(self):
        """Not even one of the same user, through /proc, into the namespace of the running program."""
        if not hasattr(os, "memfd_create"):
            self.skipTest("an old Python")
        self.folder("true")
        with subprocess.Popen([REDAN, "run", "--quiet", "--verify", "m", *KEY, "--", "sh", "-c", 'echo "$REDAN_MODEL"; read line; cat "$REDAN_MODEL/weights"'],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            place = f"/proc/{process.pid}/root" + process.stdout.readline().strip()
            for attempt in (lambda: open(place + "/weights", "w", encoding="ascii").close(), lambda: os.unlink(place + "/weights"),
                            lambda: os.rename("one.bin", place + "/weights")):
                with self.assertRaises(OSError):
                    attempt()
            out, _ = process.communicate("go\n", timeout=20)
            self.assertEqual(out, "weights, version 1\n")

    def test_refused_folders(self):
        self.folder("true")

        def change():
            with open("m/sub/config.json", "a", encoding="ascii") as file:
                file.write("x")

        def link():
            os.rename("m/weights", "w")
            os.symlink("../w", "m/weights")

        def folder_link():
            os.rename("m/sub", "s")
            os.symlink("../s", "m/sub")

        def pipe():
            os.unlink("m/empty")
            os.mkfifo("m/empty")

        for change, words in ((change, "sub/config.json"), (lambda: os.unlink("m/empty"), "empty was signed and is not there"),
                              (link, "symbolic link"), (folder_link, "symbolic link"), (pipe, "is a pipe")):
            with self.subTest(words):
                shutil.copytree("m", "keep", symlinks=True)
                change()
                done = self.folder("echo", "CMD was run")
                self.assertEqual((done.returncode, done.stdout), (125, ""), done.stderr)
                self.assertIn(words, done.stderr)
                shutil.rmtree("m")
                os.rename("keep", "m")
        # what was not signed is not there for CMD
        with open("m/unsigned", "w", encoding="ascii") as file:
            file.write("x")
        self.assertEqual(self.folder("ls", "{}").stdout.split(), ["empty", "sub", "weights"])

    def test_as(self):
        done = redan("run", "--quiet", "--verify", "one.bin", "--as", "two.json", *KEY, "--", "sh", "-c", 'cat "$1"; basename "$1"; readlink -f "$1" | grep -c two.json',
                     "sh", "one.bin")
        if done.returncode == 125:
            self.skipTest(done.stderr)
        self.assertEqual(done.stdout, "alone\ntwo.json\n1\n")

    def test_no_place(self):
        """Where there are no namespaces a folder is refused with what would help, and a file still runs."""
        cage = ["unshare", "-Ur", "sh", "-c", 'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "$@"', "sh"]
        if subprocess.run([*cage, "true"], capture_output=True).returncode:
            self.skipTest("unshare and setpriv cannot make such a cage here")
        done = subprocess.run([*cage, REDAN, "run", "--verify", "m", *KEY, "--", "echo", "CMD was run"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (125, ""))
        self.assertIn("user.max_user_namespaces", done.stderr)
        done = subprocess.run([*cage, REDAN, "run", "--quiet", "--verify", "one.bin", *KEY, "--", "cat", "{}"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, "alone\n"), done.stderr)

    def test_another_user(self):
        if os.geteuid() != 0 or not shutil.which("setpriv"):
            self.skipTest("only root can become another")
        self.folder("true")
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", REDAN, "run", "--quiet", "--verify", "m", *KEY, "--", "sh", "-c",
                               'id -u; cat "$1/weights"; echo x 2>/dev/null >"$1/weights"; grep CapEff /proc/self/status', "sh", "m"],
                              capture_output=True, text=True)
        if done.returncode == 125 or "denied" in done.stderr and "redan" in done.stderr:
            self.skipTest(done.stderr)
        self.assertEqual(done.stdout.split(), ["65534", "weights,", "version", "1", "CapEff:", "0000000000000000"], done.stderr)

    def test_signals_reach_it(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
            with subprocess.Popen([REDAN, "run", "--quiet", "--verify", "one.bin", *KEY, "--", "sh", "-c", "echo ready; exec sleep 60"], stdout=subprocess.PIPE,
                                  text=True) as process:
                self.assertEqual(process.stdout.readline(), "ready\n")
                time.sleep(0.1)
                process.send_signal(number)
                self.assertEqual(process.wait(timeout=20), -number)


if __name__ == "__main__":
    if not shutil.which("openssl"):
        print("no openssl to make a key with")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])
