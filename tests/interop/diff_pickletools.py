"""The pickle machine against CPython: where opcodes begin (pickletools), and what its two unpicklers look up and call.

The unpicklers only ever see names that stand for nothing: find_class gives a class of this file, whatever is asked for.
Usage: diff_pickletools.py TOOL [CASES [SEED]]. Ends with 77 when this Python has no _pickle."""
import collections
import datetime
import decimal
import io
import pickle
import pickletools
import random
import re
import resource
import struct
import subprocess
import sys
import warnings

try:
    import _pickle
except ImportError:
    sys.exit(77)


class Seen:
    """What one unpickler did."""

    def __init__(self):
        self.imports = []
        self.calls = 0


def stand_in(seen, module, name):
    class Nothing:
        def __new__(cls, *args, **keywords):
            seen.calls += 1
            return object.__new__(cls)

        def __init__(self, *args, **keywords):
            pass

        def __call__(self, *args, **keywords):
            seen.calls += 1
            return self

        def __setstate__(self, state):
            pass

        def __setitem__(self, key, value):
            pass

        def append(self, item):
            pass

        def extend(self, items):
            pass

        def add(self, item):
            pass

    return Nothing


def unpickler(base):
    class Harmless(base):
        def __init__(self, file):
            super().__init__(file, encoding="latin1")
            self.seen = Seen()

        def find_class(self, module, name):
            if not module or not name:
                raise AttributeError("no module has that")
            self.seen.imports.append((module, name))
            return stand_in(self.seen, module, name)

        def persistent_load(self, identifier):
            return None

    return Harmless


class Plain(pickle._Unpickler):
    """pickle.py's GET and PUT take any number; only a list can be too long here."""


UNPICKLERS = [unpickler(Plain), unpickler(_pickle.Unpickler)]


def load(kind, data):
    reader = kind(io.BytesIO(data))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader.load()
    except RecursionError:
        pass
    except Exception:  # whatever it refuses, what it did before counts
        pass
    return reader.seen


def genops(data):
    """Offsets and names until pickletools refuses, and whether it did."""
    found = []
    try:
        for op, _, at in pickletools.genops(data):
            found.append((at, op.name))
    except Exception as error:
        return found, str(error)
    return found, None


class Point:
    def __init__(self, x):
        self.x = x

    def __reduce_ex__(self, protocol):
        return (Point, (self.x,), {"y": [self.x]}) if self.x % 2 else super().__reduce_ex__(protocol)


def value(rng, depth=0):
    kinds = 18 if depth < 4 else 10
    pick = rng.randrange(kinds)
    if pick == 0:
        return rng.choice([None, True, False])
    if pick in (1, 2):
        return rng.choice([rng.randrange(256), rng.randrange(65536), rng.randrange(-2**31, 2**31), rng.getrandbits(70),
                           -rng.getrandbits(200), 1 << rng.randrange(2100)])
    if pick == 3:
        return rng.choice([rng.random(), -1e300, 1e-9, float("inf"), float("nan")])
    if pick in (4, 5, 6):
        alphabet = rng.choice(["abc", "é\\\n'\"", "a\x00\r\n\u2028\U0001f600", "\ud800x"])
        return "".join(rng.choice(alphabet) for _ in range(rng.choice([0, 1, 5, 300])))
    if pick in (7, 8):
        return bytes(rng.randrange(256) for _ in range(rng.choice([0, 1, 9, 300])))
    if pick == 9:
        return rng.choice([datetime.date(2024, 1, 2), decimal.Decimal("1.5"), 3 + 4j, len, collections.OrderedDict,
                           bytearray(b"abc" * rng.randrange(90)), range(3)])
    many = rng.choice([0, 1, 2, 3, 4, 9])
    items = [value(rng, depth + 1) for _ in range(many)]
    if pick == 10:
        return Point(rng.randrange(9))
    if pick in (11, 12):
        return tuple(items)
    if pick in (13, 14):
        again = items + items
        if rng.random() < 0.2:
            again.append(again)
        return again
    if pick == 15:
        return {str(i): item for i, item in enumerate(items)}
    if pick == 16:
        return {rng.randrange(99) for _ in range(many)}
    return rng.choice([frozenset([1, "a"]), collections.OrderedDict(a=items), collections.deque(items)])


LINES = {
    "INT": [b"1", b"01", b"00", b"-5", b"0x1f", b"0o17", b"0b1", b"1_000", b"+0", b"-0", b" 7", b"7 ", b"010", b"1\x00", b"",
            b"z", b"123456789012345678901234567890", b"2147483648", b"0x", b"_1", b"1__0", b"1\r"],
    "LONG": [b"1L", b"0xffL", b"-12", b"L", b"", b"1_0L", b"7\x00L", b"1l", b"99999999999999999999L"],
    "FLOAT": [b"1.5", b"nan", b"-inf", b"1e5", b"1_0.5", b" 2.0", b"2.0 ", b"1.\x00", b".5", b"5.", b"e5", b"", b"0x1p3", b"1e"],
    "STRING": [b"'abc'", b'"a\\x41"', b"'\\x4'", b"abc", b"'a", b"''", b"'", b"'a' ", b"'os'", b"'system'", b"'\\1\\12\\777'"],
    "UNICODE": [b"abc", b"\\u0041b", b"\\u00", b"\\\\u0041", b"\xe9", b"os", b"", b"system", b"\\U00110000"],
    "PERSID": [b"x", b"", b"7"],
    "GET": [b"0", b"1", b"5", b"-1", b"0x1", b"", b"99", b"+2", b"1_0", b" 1", b"1\x00"],
    "PUT": [b"0", b"1", b"5", b"-1", b"x", b"77", b"+2", b" 3", b"1_1", b"2\x00"],
}
NAMES = [b"os", b"system", b"builtins", b"eval", b"a.b", b"x\r", b"\xc3\xa9", b"", b"numpy.core"]


def operand(rng, op):
    if op.name in LINES:
        return rng.choice(LINES[op.name]) + b"\n"
    if op.name in ("GLOBAL", "INST"):
        return rng.choice(NAMES) + b"\n" + rng.choice(NAMES) + b"\n"
    if op.name == "PROTO":
        return bytes([rng.choice([0, 1, 2, 3, 4, 5, 5, 4, 6])])
    if op.name == "FRAME":
        return struct.pack("<Q", rng.choice([0, 1, 3, 9, 20, 60, 500]))
    if op.name == "LONG_BINPUT" or op.name == "LONG_BINGET":
        return struct.pack("<I", rng.choice([0, 1, 2, 300]))
    if op.arg is None:
        return b""
    widths = {"1": 1, "2": 2, "4": 4, "8": 8}
    if op.arg.n > 0:
        return bytes(rng.choice([0, 1, 2, 3, rng.randrange(256)]) for _ in range(op.arg.n))
    width = int(re.sub(r"\D", "", op.arg.name) or 1)
    width = width if str(width) in widths else 1
    if op.arg.n == -5 or width == 8:
        width = 8
    text = rng.choice([b"os", b"system", b"", b"abcdefgh", b"\x80\x02cos\nsystem\n)R.", b"\xff" * 9, b"x" * 40])
    count = len(text) if rng.random() < 0.97 else rng.choice([0, 1, 250, 2**31 + 5, 2**32 - 1])
    return (count % (1 << 8 * width)).to_bytes(width, "little") + text


def assembled(rng):
    out = b"\x80" + bytes([rng.randrange(6)]) if rng.random() < 0.6 else b""
    ops = [op for op in pickletools.opcodes if op.name != "STOP"]
    pushes = [op for op in ops if op.stack_after and not op.stack_before]
    for _ in range(rng.choice([3, 8, 20, 60])):
        op = rng.choice(pushes if rng.random() < 0.45 else ops)
        out += op.code.encode("latin1") + operand(rng, op)
    return out + b"."


def useful(rng):
    """A call, in one of the ways that there are, with things around it."""
    text = lambda t: rng.choice([b"\x8c" + bytes([len(t)]) + t, b"X" + struct.pack("<I", len(t)) + t, b"V" + t + b"\n",
                                 b"S'" + t + b"'\n", b"U" + bytes([len(t)]) + t, b"T" + struct.pack("<I", len(t)) + t])
    module, name = rng.choice(NAMES[:4]), rng.choice(NAMES[:4])
    named = rng.choice([b"c" + module + b"\n" + name + b"\n", text(module) + text(name) + b"\x93"])
    memo = rng.choice([b"", b"\x94", b"q\x05", b"p7\n", b"2", b"N0", b"(1", b"NN00", b"r\x01\x01\x00\x00"])
    args = rng.choice([b")", text(b"id") + b"\x85", b"(" + text(b"id") + b"t", b"(t", b"]", b"N\x85"])
    body = rng.choice([named + memo + args + b"R", b"(" + named + memo + text(b"a") + b"o", b"(" + text(b"a") + b"i" + module + b"\n" + name + b"\n",
                       named + memo + args + b"\x81", named + memo + args + b"}\x92", named + args + b"R}b", named + args + b"R(KaKbe"])
    inner = b"\x80\x04" + body + b"."
    if rng.random() < 0.4:
        size = len(body) + 1 + rng.choice([0, 0, 0, -1, -2, -5, 1, 4, 90])
        inner = b"\x80\x04\x95" + struct.pack("<Q", max(size, 0)) + body + b"." + rng.choice([b"", b"xxxx" * 30])
    return inner


def mutated(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        if not data:
            break
        at = rng.randrange(len(data))
        pick = rng.randrange(5)
        if pick == 0:
            data[at] = rng.randrange(256)
        elif pick == 1:
            del data[at:at + rng.choice([1, 2, 9])]
        elif pick == 2:
            data[at:at] = bytes([rng.choice(pickletools.opcodes).code.encode("latin1")[0]])
        elif pick == 3:
            data[at:] = b""
        else:
            data[at:at] = data[rng.randrange(len(data)):][:rng.choice([1, 4, 20])]
    return bytes(data)


def unbounded():
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))


def machine(tool, cases):
    feed = b"".join(struct.pack("<I", len(case)) + case for case in cases)
    done = subprocess.run([tool], input=feed, stdout=subprocess.PIPE, check=True,
                          preexec_fn=unbounded)
    answers = done.stdout.decode().split("\n. ")
    assert len(answers) == len(cases) + 1, (len(answers), len(cases))
    return [answer.split("\n") if i == 0 else answer.split("\n")[1:] for i, answer in enumerate(answers[:-1])]


# Where the machine ends although pickletools goes on: both unpicklers refuse the operand.
REFUSED = "operand"


def compare(case, lines):
    ours = []
    ended = None
    imports = set()
    calls = 0
    for line in lines:
        words = line.split(" ")
        if words[0] == "L" and ended is None:
            ours.append((int(words[1]), words[2]))
        elif words[0] == "E":
            fields = dict(word.split("=", 1) for word in words[2:])
            if words[1] == "end" and ended is None:
                ended = fields["what"]
            elif words[1] == "import":
                imports.add((bytes.fromhex(fields["module"]), bytes.fromhex(fields["name"])))
            elif words[1] == "call":
                calls += 1
    theirs, error = genops(case)
    same = min(len(ours), len(theirs))
    if ours[:same] != theirs[:same]:
        return "opcodes differ: %r / %r" % (ours[:same][-3:], theirs[:same][-3:])
    if len(ours) < len(theirs) and ended != REFUSED:
        return "ended early: %s after %r, pickletools goes on" % (ended, ours[-1:])
    if error is None and len(ours) > len(theirs):
        return "went on after STOP"
    for kind in UNPICKLERS:
        seen = load(kind, case)
        looked = seen.imports
        if ended == "truncated" and kind is UNPICKLERS[0] and not case.endswith(b"\n"):
            looked = looked[:-1]  # pickle.py looks up what the end cuts, and there is nothing after it
        for module, name in looked:
            names = (module.encode("utf-8", "surrogatepass"), name.encode("utf-8", "surrogatepass"))
            latin = (module.encode("latin1", "replace"), name.encode("latin1", "replace"))
            if names not in imports and latin not in imports:
                return "%s looked up %r" % (kind.__base__.__name__, names)
        if seen.calls > calls:
            return "%s made %d calls, %d were told" % (kind.__base__.__name__, seen.calls, calls)
    return None


def main():
    tool = sys.argv[1]
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 6000
    rng = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 20260924)
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (2 << 30, hard))  # an index of the memo may ask for more
    sys.setrecursionlimit(3000)
    honest = [pickle.dumps(value(rng), rng.randrange(6)) for _ in range(count // 3)]
    cases = list(honest)
    for i in range(count // 3):
        cases.append(assembled(rng))
        cases.append(useful(rng))
        cases.append(mutated(rng, rng.choice([honest[i], cases[-1], cases[-2]])))
    bad = 0
    for at in range(0, len(cases), 500):
        part = cases[at:at + 500]
        for i, (case, lines) in enumerate(zip(part, machine(tool, part))):
            wrong = compare(case, lines)
            if at + i < len(honest) and any(line.startswith("E structure") for line in lines):
                wrong = wrong or "an honest pickle has an odd structure"
            if wrong:
                bad += 1
                if bad <= 10:
                    print("%s\n  %r" % (wrong, case[:300]))
    print("%d pickles, %d differ" % (len(cases), bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
