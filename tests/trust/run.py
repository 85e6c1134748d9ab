"""The mutation suite: every edit that lowers assurance must change the verdict of a world that passes, and no benign edit may.
Usage: run.py REDAN [--quick] [--json] [--only REGEX] [--keep FOLDER]"""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.dont_write_bytecode = True  # the source tree stays as it is
sys.path.insert(0, str(HERE))
LEAST_MUTATIONS, LEAST_BENIGN = 300, 50
SYSTEMS = 4  # ours and the two samples


def needs():
    """What this machine lacks, or nothing."""
    for module in ("yaml", "cryptography"):
        try:
            __import__(module)
        except ImportError:
            return f"no Python module {module}"
    return None if shutil.which("openssl") else "no openssl program"


def judge(row, world, folder):
    """(code, rules, complaint) of one row; the complaint is empty when it came out as it should."""
    from case import Case
    from row import LEADS
    from world import Failed
    case = Case(world, folder)
    try:
        row.edit(case)
        if row.power == LEADS:
            case.leads()
    except (Failed, KeyError, IndexError, ValueError, StopIteration, OSError) as error:
        return None, [], f"the edit does not apply: {type(error).__name__} {error}"
    code, found = case.verdict()
    rules = sorted({f["rule"] for f in found if f.get("level") != "warn"})
    if row.expect == "pass":
        return code, rules, "" if code == 0 else f"a benign edit changes the verdict: {details(found)}"
    if code == 0:
        return code, rules, "SURVIVES"
    if code not in (1, 3):
        return code, rules, f"exit {code}: {details(found)}"
    if not set(rules) & set(row.expected()):
        return code, rules, f"caught by another rule than {row.expect}: {details(found)}"
    if set(rules) & set(row.forbidden()):
        return code, rules, f"caught for another reason as well: {details(found)}"
    if row.text and not any(row.text in f["detail"] for f in found):
        return code, rules, f"nothing says {row.text!r}: {details(found)}"
    return code, rules, ""


def details(found):
    return "; ".join(f"{f['rule']} {f['detail']}" for f in found)[:600]


def build_worlds(args, top):
    from authority import Authority
    from ring import Ring
    from systems import systems
    from world import Tools, World
    authority = Authority(top / "tsa")
    tools = Tools(str(pathlib.Path(args.redan).resolve()), Ring(top / "keys"), authority)
    samples = pathlib.Path(os.environ.get("REDAN_SAMPLES") or TOP.parent / "shared/samples")
    specs, note = systems(TOP, samples)
    if args.quick:
        specs, note = specs[:2], "--quick: our two systems only"
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        worlds = list(pool.map(lambda s: World(tools, s, top / s.name).build(), specs))
        twins = list(pool.map(lambda w: World(tools, w.spec, top / f"{w.spec.name}-twin", f"{w.id}-eu").build(), worlds))
    for world, twin in zip(worlds, twins):
        world.twin = twin
    return authority, worlds, note


def tables(args, worlds):
    """[(row, world)] of every table."""
    import rows_all
    found = []
    shares = SYSTEMS if args.quick else len(worlds)
    for number, world in enumerate(worlds):
        for row in rows_all.rows(world):
            if row.shared and not args.full and zlib.crc32(row.name.encode()) % shares != number:
                continue
            if not re.search(args.only, f"{world.spec.name} {row.expect}: {row.family} {row.name} {row.power}"):
                continue
            found.append((row, world))
    return found


def run_all(args, top, found):
    """[(row, world, code, rules, complaint)], in order."""
    def one(index):
        row, world = found[index]
        folder = top / f"case-{index}"
        result = judge(row, world, folder)
        if not (args.keep and result[2]):
            shutil.rmtree(folder, ignore_errors=True)
        return (row, world, *result)
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        return list(pool.map(one, range(len(found))))


def report(args, results, note):
    families = collections.OrderedDict()
    for row, _, _, _, complaint in results:
        counts = families.setdefault((row.expect == "pass", row.family), [0, 0])
        counts[0] += 1
        counts[1] += not complaint
    width = max(len(family) for _, family in families)
    for benign in (False, True):
        print(f"{'benign edits' if benign else 'edits that lower assurance':{width}}  edits  {'pass' if benign else 'caught'}")
        for (kind, family), (count, good) in sorted(families.items()):
            if kind == benign:
                print(f"{family:{width}}  {count:5}  {good:5}{'' if count == good else '   <-'}")
    for row, world, code, rules, complaint in results:
        if complaint or args.rows:
            print(f"{world.spec.name}: {row.family}: {row.name} [{row.power}] exit {code} {' '.join(rules)}  {complaint}")
    if note:
        print(note)
    figures = {}
    for name, benign, least in (("assurance-lowering edits caught", False, LEAST_MUTATIONS),
                                ("benign edits that change nothing", True, LEAST_BENIGN)):
        mine = [c for r, _, _, _, c in results if (r.expect == "pass") == benign]
        good = sum(1 for c in mine if not c)
        figures[name] = {"value": good, "unit": "edits", "n": len(mine), "bar": len(mine),
                         "holds": good == len(mine) and (len(mine) >= least or bool(args.only))}
        print(f"{name}: {good} of {len(mine)}")
    print(f"survivors: {sum(1 for r in results if r[4] == 'SURVIVES')}")
    if args.json:
        print(json.dumps(figures))
    return 0 if all(f["holds"] for f in figures.values()) else 1


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("redan")
    for flag in ("--quick", "--full", "--json", "--rows"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--keep")
    parser.add_argument("--jobs", type=int, default=3)
    args = parser.parse_args()
    missing = needs()
    if missing:
        print(f"skipped: {missing}")
        return 77
    top = pathlib.Path(args.keep or tempfile.mkdtemp(prefix="redan-trust-"))
    if args.keep:
        top.mkdir()
    try:
        authority, worlds, note = build_worlds(args, top)
        results = run_all(args, top, tables(args, worlds))
        authority.close()
        return report(args, results, note)
    finally:
        if not args.keep:
            shutil.rmtree(top)


if __name__ == "__main__":
    sys.exit(main())
