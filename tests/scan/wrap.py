"""Pickles made opcode by opcode, and every container, codec and name that one may hide in. Nothing here is ever unpickled."""
import base64
import bz2
import gzip
import io
import lzma
import os
import shutil
import struct
import subprocess
import tarfile
import zipfile
import zlib


def text(s):
    b = s.encode()
    return b"X" + struct.pack("<I", len(b)) + b


def short(s):
    b = s.encode()
    return b"\x8c" + bytes([len(b)]) + b


# One for each way in which a pickle calls something.
def malicious():
    command = "touch pwned"
    yield "global-reduce", b"\x80\x02cposix\nsystem\n" + text(command) + b"\x85R."
    yield "protocol-0", b"cos\nsystem\n(S'" + command.encode() + b"'\ntR."
    yield "stack-global", b"\x80\x04" + short("builtins") + short("eval") + b"\x93" + short("__import__('os').system('id')") + b"\x85R."
    yield "inst", b"(S'" + command.encode() + b"'\nios\nsystem\n."
    yield "obj", b"\x80\x02(csubprocess\nPopen\n" + text(command) + b"o."
    yield "newobj", b"\x80\x02csubprocess\nPopen\n" + text(command) + b"\x85\x81."
    yield "memo", b"\x80\x04" + short("os") + b"\x94" + short("system") + b"\x940" + b"0h\x00h\x01\x93" + short(command) + b"\x85R."
    yield "hidden", b"\x80\x02(cposix\nsystem\n" + text(command) + b"o0}."
    yield "truncated", b"\x80\x02cposix\nsystem\n" + text(command) + b"\x85R" + text("more")[:-2]


def benign():
    yield "dict", b"\x80\x02}q\x00(" + text("a") + b"K\x01" + text("b") + b"]q\x01(K\x01K\x02eu."
    yield "ordered", b"\x80\x02ccollections\nOrderedDict\n)R" + text("w") + b"K\x01s."
    yield "numbers", b"(lp0\nI1\naI2\naF3.5\na."
    yield "tuple-4", b"\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00K\x01K\x02K\x03\x87."


def zipped(members, stored=False, prefix=b"", zip64=False):
    out = io.BytesIO()
    out.write(prefix)
    with zipfile.ZipFile(out, "a" if prefix else "w", zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED) as z:
        for name, data in members:
            with z.open(name, "w", force_zip64=zip64) as member:
                member.write(data)
    return out.getvalue()


def tarred(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as t:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            t.addfile(info, io.BytesIO(data))
    return out.getvalue()


def npy(body):
    head = b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
    head += b" " * (-(len(head) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + body


def through(program, data, *args):
    return subprocess.run([program, *args], input=data, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def seven(data, work):
    inside, outside = os.path.join(work, "in.pkl"), os.path.join(work, "out.7z")
    with open(inside, "wb") as f:
        f.write(data)
    if os.path.exists(outside):
        os.unlink(outside)
    subprocess.run(["7z", "a", outside, inside], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    with open(outside, "rb") as f:
        return f.read()


def wrapped(data, work):
    """(name, bytes) for every place that a pickle may lie in."""
    yield "raw.pkl", data
    yield "twice.pkl", b"\x80\x02N." + data
    yield "garbage.pkl", b"\x80\x02N." + b"\x00garbage\xff" * 3 + data
    yield "torch.pt", zipped([("archive/data.pkl", data), ("archive/version", b"3\n")], stored=True)
    yield "torch-deflated.pt", zipped([("m/data.pkl", data), ("m/version", b"3\n")])
    yield "torch-other.pt", zipped([("m/data.pkl", b"\x80\x02}."), ("m/extra/readme.txt", data), ("m/version", b"3\n")], stored=True)
    yield "zip64.zip", zipped([("a.pkl", data)], zip64=True)
    yield "prefixed.zip", zipped([("a.pkl", data)], prefix=b"#prefix#" * 20)
    yield "nested.zip", zipped([("b.zip", zipped([("c.bin", data)]))])
    yield "legacy.tar", tarred([("pickle", data), ("sys_info", b"\x80\x02}.")])
    yield "model.keras", zipped([("config.json", b"{}"), ("assets/x.npy", data)])
    yield "model.nemo", tarred([("./model_config.yaml", b"a: 1\n"), ("./model_weights.ckpt", data)])
    yield "object.npy", npy(data)
    yield "object.npz", zipped([("arr_0.npy", npy(data))])
    yield "joblib.gz", gzip.compress(data)
    yield "joblib.z", zlib.compress(data)
    yield "joblib.bz2", bz2.compress(data)
    yield "joblib.xz", lzma.compress(data)
    yield "joblib.lzma", lzma.compress(data, format=lzma.FORMAT_ALONE)
    yield "two-members.gz", gzip.compress(b"") + gzip.compress(data)
    yield "tar.gz", gzip.compress(tarred([("x", data)]))
    if shutil.which("lz4"):
        yield "joblib.lz4", through("lz4", data, "-c")
    if shutil.which("zstd"):
        yield "joblib.zst", through("zstd", data, "-c")
    if shutil.which("7z"):
        yield "archive.7z", seven(data, work)
    loads = b"\x80\x03cpickle\nloads\nB" + struct.pack("<I", len(data)) + data + b"\x85R."
    yield "nested.pkl", loads
    yield "constant.pkl", b"\x80\x03}X\x01\x00\x00\x00aB" + struct.pack("<I", len(data)) + data + b"s."
    encoded = base64.b64encode(data).decode()
    yield "base64.pkl", b"\x80\x02" + text(encoded) + b"."
    yield "torch-bytes.pkl", b"\x80\x03ctorch.storage\n_load_from_bytes\nB" + struct.pack("<I", len(data)) + data + b"\x85R."


WRONG = ("", ".txt", ".json", ".png", ".safetensors", ".onnx", ".npy", ".h5", ".gguf", ".md", ".PKL", ".tar", ".zip", ".csv")
