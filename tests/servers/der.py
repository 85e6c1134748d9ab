"""Just enough DER (X.690) to take a certificate or a timestamp apart, and to put it together again with one thing changed."""


class Node:
    """One value: where its header, its content and its end lie in the bytes."""

    def __init__(self, data, at=0):
        self.data, self.start, self.tag = data, at, data[at]
        size = data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[at:at + count], "big")
            at += count
        self.content, self.end = at, at + size
        if self.end > len(data):
            raise ValueError("DER that ends too early")

    def children(self):
        at = self.content
        while at < self.end:
            child = Node(self.data, at)
            yield child
            at = child.end

    def whole(self):
        return self.data[self.start:self.end]

    def inside(self):
        return self.data[self.content:self.end]


def wrap(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes([tag, size]) + body
    raw = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(raw)]) + raw + body


def without_extension(tbs, oid):
    """A TBSCertificate without one of its extensions, as RFC 6962 3.2 signs a precertificate. `oid` is its DER."""
    parts = list(Node(tbs).children())
    last = parts[-1]
    if last.tag != 0xA3:
        raise ValueError("no extensions")
    kept = [e.whole() for e in next(last.children()).children() if next(e.children()).whole() != oid]
    return wrap(0x30, *(p.whole() for p in parts[:-1]), wrap(0xA3, wrap(0x30, *kept)))
