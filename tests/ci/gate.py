"""Runs the pipelines of examples/ci on a repository made for it: merge, release, deploy, a fork, a rollback.
Usage: gate.py REDAN SOURCE; exit code 77 when git or PyYAML is absent."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    print("skipped: the Python package `yaml` is not installed (Debian: python3-yaml)")
    sys.exit(77)
if not shutil.which("git"):
    print("skipped: git is not installed")
    sys.exit(77)

REDAN, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
EXAMPLES = os.path.join(SOURCE, "examples", "ci")
TOP = tempfile.mkdtemp()
failures = []
checks = 0


def check(truth, what):
    global checks
    checks += 1
    if not truth:
        failures.append(what)


def clean_env(**more):
    env = {k: v for k, v in os.environ.items()
           if not k.startswith(("REDAN_", "GITHUB_", "CI_", "GIT_", "RUNNER_")) and k != "CI"}
    bin_dir = os.path.join(TOP, "bin")
    env.update(PATH=bin_dir + ":" + env["PATH"], HOME=TOP, LC_ALL="C.UTF-8", **more)
    return env


def run(argv, where, **env):
    done = subprocess.run(argv, cwd=where, env=clean_env(**env), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100)
    return done.returncode, done.stdout


def must(argv, where, **env):
    code, out = run(argv, where, **env)
    if code != 0:
        raise SystemExit("%s: exit %d\n%s" % (" ".join(argv), code, out))
    return out


def expect(code, start, argv, where, what, **env):
    got, out = run(argv, where, **env)
    check(got == code and out.startswith(start), "%s: exit %d, not %d\n%s" % (what, got, code, out))
    return out


def make_repository():
    """The small system of the command line's tests, made anew so that it passes today, and a gate's key."""
    os.makedirs(os.path.join(TOP, "bin"))
    os.symlink(REDAN, os.path.join(TOP, "bin", "redan"))
    for script in ("make_fixture.sh", "make_signing.sh"):
        shutil.copy(os.path.join(SOURCE, "tests", "cli", script), TOP)
    must(["sh", "make_fixture.sh", REDAN], TOP)
    made = os.path.join(TOP, "fixtures")
    repo = os.path.join(made, "scoring")
    must(["redan", "keys", "new", "gate", "--holder", "gate", "--service", "--role", "gate", "--quiet",
          "--out", "../keys/gate.pem", "--sign-with", "../keys/root.pem"], repo)
    keys = os.path.join(repo, "redan", "keys.yaml")
    with open(keys, encoding="utf-8") as file:
        text = file.read()
    with open(keys, "w", encoding="utf-8") as file:  # valid before the machine's clock, whatever that says
        file.write(re.sub(r"from: .*", "from: 2020-01-01", text))
    must(["redan", "keys", "sign", "keys.yaml", "--quiet", "--key", "../keys/root.pem"], repo)
    os.makedirs(os.path.join(repo, "ci"))
    shutil.copy(os.path.join(EXAMPLES, "gate.sh"), os.path.join(repo, "ci", "gate.sh"))
    with open(os.path.join(made, "root"), encoding="utf-8") as file:
        root = file.read().strip()
    identity = dict(GIT_AUTHOR_NAME="a", GIT_AUTHOR_EMAIL="a@b", GIT_COMMITTER_NAME="a", GIT_COMMITTER_EMAIL="a@b",
                    GIT_CONFIG_GLOBAL="/dev/null", GIT_CONFIG_NOSYSTEM="1")
    must(["git", "init", "-q", "-b", "main", "."], repo, **identity)
    must(["git", "add", "."], repo, **identity)
    must(["git", "commit", "-qm", "first"], repo, **identity)
    must(["git", "update-ref", "refs/remotes/origin/main", "HEAD"], repo, **identity)
    return repo, root


def gate(*words):
    return ["sh", "ci/gate.sh", *words]


def digest_of(path):
    return "sha256:" + subprocess.run(["sha256sum", path], stdout=subprocess.PIPE, text=True,
                                      check=True).stdout.split()[0]


def copy_release(repo, name):
    """What travels to where it will run: the artefact, the signed verdict, the keys; no threat model."""
    where = os.path.join(TOP, name)
    os.makedirs(os.path.join(where, "redan"))
    os.makedirs(os.path.join(where, "ci"))
    for path in ("model.bin", "redan-vsa.json", "redan/keys.yaml", "redan/keys.dsse.json", "ci/gate.sh"):
        shutil.copy(os.path.join(repo, path), os.path.join(where, path))
    return where


def event(repo, name, full_name):
    path = os.path.join(TOP, name)
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"pull_request": {"head": {"repo": {"full_name": full_name, "fork": full_name != "bank/scoring"}},
                                    "base": {"repo": {"full_name": "bank/scoring", "fork": False}}}}, file)
    return path


def test_gate(repo, root):
    key = os.path.join(TOP, "fixtures", "keys", "gate.pem")
    ours = dict(REDAN_ROOT=root, REDAN_SYSTEM="scoring")
    model = digest_of(os.path.join(repo, "model.bin"))

    # merge
    expect(0, "PASS", gate("merge"), repo, "merge", **ours)
    expect(3, "INDETERMINATE", gate("merge"), repo, "merge without a pin", REDAN_SYSTEM="scoring")
    expect(1, "FAIL", gate("merge"), repo, "another system", REDAN_ROOT=root, REDAN_SYSTEM="fraud")
    check(run(gate("merge"), repo)[0] != 0, "merge without a system")
    expect(2, "usage", gate(), repo, "no word", **ours)
    summary = os.path.join(TOP, "summary.md")
    actions = dict(GITHUB_ACTIONS="true", GITHUB_EVENT_NAME="pull_request", GITHUB_STEP_SUMMARY=summary)
    expect(0, "PASS", gate("merge"), repo, "a pull request of the house", **ours, **actions,
           GITHUB_EVENT_PATH=event(repo, "ours.json", "bank/scoring"))
    fork = dict(GITHUB_EVENT_PATH=event(repo, "fork.json", "mallory/scoring"))
    expect(3, "UNVERIFIED", gate("merge"), repo, "a fork's pull request", **ours, **actions, **fork)
    with open(summary, encoding="utf-8") as file:
        heads = re.findall(r"^## (\w+)", file.read(), re.M)
    check(heads == ["PASS", "UNVERIFIED"], "the step's summary: %s" % heads)
    expect(3, "redan evidence run: this is a pull request from the fork", ["redan", "evidence", "run", "--all"], repo,
           "probes on a fork", REDAN_ROOT=root, **actions, **fork)

    # release
    vsa = os.path.join(repo, "redan-vsa.json")
    with open(vsa, "w", encoding="utf-8") as file:
        file.write("{}")
    out = expect(3, "", gate("release"), repo, "a fork's release", **ours, **actions, **fork, REDAN_GATE_KEY=key)
    check("no summary is written" in out and not os.path.exists(vsa), "a summary about a fork")
    check(run(gate("release"), repo, **ours)[0] != 0, "release without a key")
    expect(0, "PASS", gate("release", "--artefact", "model=model.bin"), repo, "release", **ours, REDAN_GATE_KEY=key)
    there = copy_release(repo, "there")

    # deploy
    out = expect(0, "PASS", gate("deploy", model), there, "deploy", **ours)
    check(out.startswith("PASS  scoring  may run: gated by gate at ") and out.count("\n") == 1, "deploy says: " + out)
    expect(0, "PASS", gate("deploy", model, digest_of(os.path.join(repo, "serve.json"))), there, "two digests", **ours)
    other = "sha256:" + "1" * 64
    expect(1, "FAIL", gate("deploy", other), there, "another digest", **ours)
    expect(1, "FAIL", gate("deploy", model, other), there, "one of two", **ours)
    expect(2, "gate: name the digests", gate("deploy"), there, "no digest", **ours)
    expect(3, "INDETERMINATE", gate("deploy", model), there, "no pin", REDAN_SYSTEM="scoring")
    expect(1, "FAIL", gate("deploy", model), there, "another root", REDAN_SYSTEM="scoring", REDAN_ROOT=other)
    expect(1, "FAIL", gate("deploy", model), there, "another system", REDAN_ROOT=root, REDAN_SYSTEM="fraud")
    expect(1, "FAIL", ["redan", "check", "--release", model, "--vsa", "redan-vsa.json", "--root", root, "-C", "redan",
                       "--at", "2096-01-01"], there, "a verdict of long ago")
    time_ago = ["redan", "check", "--release", model, "--vsa", "redan-vsa.json", "--root", root, "-C", "redan", "--at"]
    expect(1, "FAIL", [*time_ago, "2026-01-01"], there, "a verdict of the future")
    with open(os.path.join(there, "redan-vsa.json"), encoding="utf-8") as file:
        sound = file.read()
    envelope = json.loads(sound)
    envelope["payload"] = envelope["payload"][:-8] + envelope["payload"][-4:]
    with open(os.path.join(there, "redan-vsa.json"), "w", encoding="utf-8") as file:
        json.dump(envelope, file)
    expect(1, "FAIL", gate("deploy", model), there, "a changed verdict", **ours)

    # a verdict that somebody else signed, and one that is no pass
    out = expect(3, "", gate("release"), repo, "signed by ci", **ours,
                 REDAN_GATE_KEY=os.path.join(TOP, "fixtures", "keys", "ci.pem"))
    check("does not hold the role gate" in out, "nothing about the role: " + out)
    path = os.path.join(repo, "redan", "threatmodel.yaml")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(before.replace("0.55", "0.65"))
    expect(1, "FAIL", gate("release"), repo, "a loosened threshold", **ours, REDAN_GATE_KEY=key)
    expect(1, "FAIL", gate("deploy", model), copy_release(repo, "failed"), "a verdict that is no pass", **ours)
    with open(path, "w", encoding="utf-8") as file:
        file.write(before)
    return sound, model


def test_advance(repo, root, sound, model):
    """The pin moves on after a release, and an older verdict no longer admits anything."""
    key = os.path.join(TOP, "fixtures", "keys", "gate.pem")
    first = expect(0, root, gate("pin"), repo, "the first pin", REDAN_ROOT=root, REDAN_SYSTEM="scoring").strip()
    check(re.search(r" scoring=1:sha256:", first) is not None, "the first pin: " + first)
    expect(0, "PASS", gate("merge"), repo, "merge, with the whole pin", REDAN_ROOT=first, REDAN_SYSTEM="scoring")
    path = os.path.join(repo, "redan", "threatmodel.yaml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("A caller maps the boundary and transfers what passes.",
                                "A caller maps the boundary, and transfers what passes."))
    for lead, who in (("ml-lead", "okafor"), ("security-lead", "lindqvist")):
        must(["redan", "approve", "--quiet", "--role", lead, "--key", "../keys/%s.pem" % who], repo, REDAN_ROOT=first)
    expect(0, "PASS", gate("release"), repo, "the second release", REDAN_ROOT=first, REDAN_SYSTEM="scoring",
           REDAN_GATE_KEY=key)
    second = expect(0, root, gate("pin"), repo, "the second pin", REDAN_ROOT=first, REDAN_SYSTEM="scoring").strip()
    check(re.search(r" scoring=2:sha256:", second) is not None, "the second pin: " + second)
    where = copy_release(repo, "second")
    expect(0, "PASS", gate("deploy", model), where, "the second, by its pin", REDAN_ROOT=second, REDAN_SYSTEM="scoring")
    with open(os.path.join(where, "redan-vsa.json"), "w", encoding="utf-8") as file:
        file.write(sound)
    expect(0, "PASS", gate("deploy", model), where, "the first, by the first pin", REDAN_ROOT=first,
           REDAN_SYSTEM="scoring")
    expect(1, "FAIL", gate("deploy", model), where, "the first, by the second pin", REDAN_ROOT=second,
           REDAN_SYSTEM="scoring")


def steps_of(job):
    """The shell of a job's steps, each with its environment; GitHub's and GitLab's form."""
    for step in job.get("steps", []):
        if "run" in step:
            yield step["run"], step.get("env", {}), step.get("continue-on-error", False)
    if "script" in job:
        yield "\n".join(job["script"]), {}, False


def filled(value, settings):
    return re.sub(r"\$\{\{ *(?:vars|secrets)\.(\w+) *\}\}", lambda m: settings[m.group(1)], value)


def run_pipeline(name, repo, root):
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as file:
        pipeline = yaml.safe_load(file)
    key = os.path.join(TOP, "fixtures", "keys", "gate.pem")
    with open(key, encoding="utf-8") as file:
        settings = {"REDAN_ROOT": root, "REDAN_GATE_KEY": file.read().strip()}
    jobs = pipeline.get("jobs") or {k: v for k, v in pipeline.items() if isinstance(v, dict) and "script" in v}
    check(list(jobs) == ["gate", "release", "deploy"], "%s: its jobs are %s" % (name, list(jobs)))
    base = dict(pipeline.get("env") or pipeline.get("variables"))
    if name == "github.yml":
        base.update(GITHUB_ACTIONS="true", GITHUB_EVENT_NAME="push", RUNNER_TEMP=tempfile.mkdtemp(dir=TOP),
                    GITHUB_BASE_REF="main", GITHUB_STEP_SUMMARY=os.path.join(TOP, "pipeline.md"))
    else:
        base.update(REDAN_ROOT=root, REDAN_GATE_KEY=key, CI_PROJECT_ID="1")
    ran = 0
    for job, body in jobs.items():
        where = repo if job != "deploy" else copy_release(repo, name + ".there")
        for script, env, lenient in steps_of(body):
            given = {**base, **{k: filled(v, settings) for k, v in env.items()}}
            code, out = run(["sh", "-e", "-c", script], where, **given)
            check(code == 0 or lenient, "%s, job %s: exit %d\n%s\n%s" % (name, job, code, script, out))
            ran += "gate.sh" in script
            if "gate.sh" in script:
                check(out.startswith("PASS"), "%s, job %s: %s" % (name, job, out))
    check(ran == 3, "%s: %d gates ran" % (name, ran))


def main():
    try:
        repo, root = make_repository()
        for name in ("github.yml", "gitlab.yml"):
            run_pipeline(name, repo, root)
        sound, model = test_gate(repo, root)
        test_advance(repo, root, sound, model)
    finally:
        shutil.rmtree(TOP, ignore_errors=True)
    for what in failures:
        print("FAILED " + what)
    print("%d of %d checks hold" % (checks - len(failures), checks))
    return 1 if failures or checks < 40 else 0


sys.exit(main())
