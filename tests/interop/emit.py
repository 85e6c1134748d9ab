"""Writes a tree as YAML in one of countless styles that all mean the same: order, comments, indentation, flow, quotes.

Values are dicts, lists, str (a text), Bare (a number or truth, which has to stand without quotes) and None (nothing).
"""
import re


class Bare(str):
    """A scalar whose type comes from standing without quotes."""


class Word(str):
    """A text that has to stand on its line: a line break at its end would not be forgiven."""


PLAIN = re.compile(r"[A-Za-z0-9_\u00c0-\u024f\u0370-\u03ff\u0410-\u044f\u4e00-\u9fa5/$]"
                   r"[A-Za-z0-9_\u00c0-\u024f\u0370-\u03ff\u0410-\u044f\u4e00-\u9fa5 ./*+@=()-]*")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
COMMENTS = ("# a comment", "#", "# schema: redan/0", "#: - [x, {y", "# \u00e9t\u00e9: \"", "#!tag &anchor *alias", "# e\u0301 not NFC")


def plain_ok(text):
    return bool(PLAIN.fullmatch(text)) and not text.endswith(" ") and "---" not in text and "..." not in text


def looks_typed(text):
    return text in ("true", "false") or bool(NUMBER.fullmatch(text))


def respell(rng, bare):
    """The same number, written otherwise."""
    if bare in ("true", "false") or not rng.random() < 0.5:
        return bare
    number = float(bare)
    choices = [repr(number), "%.17e" % number, "%.17E" % number]
    if "e" not in bare and "E" not in bare:
        choices += [bare + "e0", bare + "E+00"]
        choices.append(bare + ("00" if "." in bare else ".0"))
    if number == 0:
        choices += ["-0", "0", "-0.0e5"]
    good = [c for c in choices if NUMBER.fullmatch(c) and float(c) == number]
    return rng.choice(good)


class Writer:
    def __init__(self, rng, style=None):
        self.rng = rng
        self.flow_share = rng.choice((0.0, 0.1, 0.3, 0.7))
        self.noise = rng.choice((0.0, 0.1, 0.4))
        self.step = rng.choice((1, 2, 2, 3, 4, 7))
        self.shuffle = True
        if style == "neat":
            self.flow_share, self.noise, self.step, self.shuffle = 0.2, 0.0, 2, False

    def chance(self, p):
        return self.rng.random() < p

    def quoted(self, text):
        out = ['"']
        for c in text:
            if c in '"\\':
                out.append("\\" + c)
            elif c in "\n\t\r":
                out.append({"\n": "\\n", "\t": "\\t", "\r": "\\r"}[c])
            elif ord(c) > 126 and (self.chance(0.1) or c in "\u2028\u2029"):
                out.append("\\u%04x" % ord(c) if ord(c) < 0x10000 else "\\U%08x" % ord(c))
            elif c == "/" and self.chance(0.1):
                out.append("\\x2f")
            else:
                out.append(c)
        return "".join(out) + '"'

    def inline(self, value, typed):
        if value is None:
            return ""
        if isinstance(value, Bare):
            return respell(self.rng, value) if typed else str(value)
        styles = ["double"]
        if not re.search("[\n\r\t\u2028\u2029]", value):
            styles.append("single")
        if plain_ok(value) and not (typed and looks_typed(value)):
            styles += ["plain"] * 3
        style = self.rng.choice(styles)
        if style == "plain":
            return value
        return self.quoted(value) if style == "double" else "'" + value.replace("'", "''") + "'"

    def key(self, key):
        if key in ("==", "<", "<=") or (plain_ok(key) and key[0].isalpha()):
            if not self.chance(0.15):
                return key
        return self.inline(key, False) if not plain_ok(key) and "'" not in key and key[0] not in "=<" else self.quoted(key)

    def ordered(self, items):
        items = list(items)
        if self.shuffle:
            self.rng.shuffle(items)
        return items

    def flow(self, value, typed, exact, own, gap):
        """One expression in brackets; `gap` may break a line and indent."""
        if isinstance(value, dict):
            parts = []
            for key, item in self.ordered(value.items()):
                t, e = inside(key, typed, exact, own)
                text = self.flow(item, t, e, key == "release", gap)
                parts.append(self.key(key) + ": " + text if text else self.key(key) + ": ")
            return "{" + self.joined(parts, gap) + "}"
        if isinstance(value, list):
            return "[" + self.joined([self.flow(item, typed, exact, False, gap) for item in self.ordered(value)], gap) + "]"
        return self.inline(value, typed)

    def joined(self, parts, gap):
        out = ""
        for i, part in enumerate(parts):
            out += part
            if i + 1 < len(parts):
                out += "," + (gap() if self.chance(0.2) else " ")
            elif self.chance(0.05) and not part.endswith(": "):
                out += ", "
        return out

    def gap(self, indent):
        def gap():
            comment = "  " + self.rng.choice(COMMENTS) if self.chance(self.noise) else ""
            return comment + "\n" + " " * (indent + self.rng.randint(1, 5))
        return gap

    def text_block(self, text, indent, exact):
        """A text on lines of its own, or None where that cannot be."""
        pad = " " * (indent + self.rng.randint(1, 4))
        if re.search("[\r\u2028\u2029]", text) or text != text.strip() or not text:
            return None
        if "\n" in text:
            lines = text.split("\n")
            if exact and any(line != line.rstrip() for line in lines):
                return None
            tail = "" if exact else " "
            lines = [line + tail * self.rng.randint(0, 2) if line else "" for line in lines]
            return " |-\n" + "\n".join(pad + line if line else "" for line in lines) if exact else \
                " |" + self.rng.choice(("", "-", "+")) + "\n" + "\n".join(pad + line if line else "" for line in lines)
        if "  " in text or "\t" in text or exact:
            return None
        words = text.split(" ")
        if not all(words):
            return None
        lines, line = [], ""
        for word in words:
            if line and self.chance(0.2):
                lines.append(line)
                line = word
            else:
                line = line + " " + word if line else word
        lines.append(line)
        header = self.rng.choice((" >\n", " >-\n", " >+\n", " |\n" if len(lines) == 1 else " >\n"))
        return header + "\n".join(pad + line for line in lines)

    def value(self, value, indent, typed, exact, own):
        """What follows "key:" or "-", beginning with a blank or a line break; its children are indented more than `indent`."""
        if isinstance(value, (dict, list)):
            if not value or (self.chance(self.flow_share) and not has_nothing_in_list(value)):
                return " " + self.flow(value, typed, exact, own, self.gap(indent))
            inner = indent + self.step
            if isinstance(value, list) and indent >= 0 and self.chance(0.3):
                inner = indent
            return "\n" + self.block(value, max(inner, 0), typed, exact, own, False)
        if isinstance(value, str) and not isinstance(value, (Bare, Word)) and self.chance(0.3):
            block = self.text_block(value, max(indent, 0), exact)
            if block:
                return block
        text = self.inline(value, typed)
        tail = "  " + self.rng.choice(COMMENTS) if self.chance(self.noise) else " " * (self.rng.randint(1, 3) if self.chance(0.05) else 0)
        return (" " * self.rng.choice((1, 1, 1, 3)) + text if text else "") + tail

    def between(self, indent):
        if not self.chance(self.noise):
            return ""
        return self.rng.choice(("\n", " " * indent + self.rng.choice(COMMENTS) + "\n"))

    def block(self, value, indent, typed, exact, own, first):
        """Lines at `indent`, without the last line break. `first`: nothing may come before the first line."""
        out = []
        pad = " " * indent
        if isinstance(value, dict):
            for i, (key, item) in enumerate(self.ordered(value.items())):
                t, e = inside(key, typed, exact, own)
                out.append(("" if first and i == 0 else self.between(indent)) + pad + self.key(key) + ":" +
                           self.value(item, indent, t, e, key == "release"))
            return "\n".join(out)
        for i, item in enumerate(self.ordered(value)):
            lead = "" if first and i == 0 else self.between(indent)
            if isinstance(item, (dict, list)) and item and not self.chance(self.flow_share):
                gap = self.rng.randint(1, 3)
                inner = self.block(item, indent + 1 + gap, typed, exact, False, True)
                out.append(lead + pad + "-" + " " * gap + inner[indent + 1 + gap:])
            else:
                out.append(lead + pad + "-" + self.item(item, indent, typed, exact))
        return "\n".join(out)

    def item(self, item, indent, typed, exact):
        if isinstance(item, (dict, list)) and has_nothing_in_list(item):
            return "\n" + self.block(item, indent + self.step, typed, exact, False, False)
        if isinstance(item, (dict, list)):
            return " " + self.flow(item, typed, exact, False, self.gap(indent))
        return self.value(item, indent, typed, exact, False)

    def document(self, tree):
        if self.shuffle and self.chance(0.03) and not has_nothing_in_list(tree):
            text = self.flow(tree, False, False, False, self.gap(0))
        else:
            text = self.block(tree, 0, False, False, False, False)
        lead = self.rng.choice(COMMENTS) + "\n" if self.chance(self.noise) else ""
        if self.shuffle and self.chance(0.1):
            lead += "---" + self.rng.choice(("", " ", " # begins")) + "\n"
        tail = "\n" + ("...\n" if self.shuffle and self.chance(0.05) else "")
        tail += self.rng.choice(COMMENTS) + "\n" if self.chance(self.noise) else ""
        text = lead + text + tail
        return text.replace("\n", "\r\n") if self.shuffle and self.chance(0.05) else text


def inside(key, typed, exact, own):
    """Where types are open; docs/digest.md, section 2."""
    if own:
        return typed, exact
    return typed or key in ("profile", "expect"), exact or key == "expect"


def has_nothing_in_list(value):
    """Brackets cannot hold an item that is nothing."""
    if isinstance(value, dict):
        return any(has_nothing_in_list(item) for item in value.values())
    if isinstance(value, list):
        return any(item is None or has_nothing_in_list(item) for item in value)
    return False
