"""The handbook's own transactions, from a clone of its public repository simulated-data-raw, as lines for fraud-simulate --replay.

The files are pickles of pandas tables. Nothing in them is run: every name they mention becomes an inert object that only remembers what
it was given, and the numbers are taken from the raw bytes."""

import array
import io
import os
import pickle
import subprocess


class Inert:
    def __init__(self, *given):
        self.given = given
        self.state = None

    def __setstate__(self, state):
        self.state = state


class Reader(pickle.Unpickler):
    def find_class(self, module, name):
        return type(name, (Inert,), {})


def numbers(block):
    """Shape, whether columns come first, and the values of a numpy array's remains."""
    _, shape, dtype, fortran, data = block.state
    if isinstance(data, list):
        return shape, fortran, data
    values = array.array({"i8": "q", "i4": "i", "f8": "d", "M8": "q"}[dtype.given[0]])
    values.frombytes(data)
    return shape, fortran, values.tolist()


def columns(content):
    """Name to values of one day's table."""
    frame = Reader(io.BytesIO(content)).load().state
    parts = (frame.get("_data") or frame["_mgr"]).state[3]["0.14.1"]
    names = numbers(parts["axes"][0].given[-1]["data"])[2]
    table = {}
    for block in parts["blocks"]:
        (height, width), fortran, values = numbers(block["values"])
        places = block["mgr_locs"]
        places = range(*places.given) if type(places).__name__ == "slice" else numbers(places)[2]
        for k, place in enumerate(places):
            table[names[place]] = values[k::height] if fortran else values[k * width : (k + 1) * width]
    return table


def days(folder):
    """The content of each day's file, from a working tree or a bare repository."""
    if os.path.isdir(os.path.join(folder, "data")):
        for name in sorted(os.listdir(os.path.join(folder, "data"))):
            with open(os.path.join(folder, "data", name), "rb") as file:
                yield file.read()
        return
    listed = subprocess.run(["git", "-C", folder, "ls-tree", "-r", "--name-only", "HEAD", "data"], capture_output=True,
                            text=True, check=True)
    for name in sorted(listed.stdout.split()):
        yield subprocess.run(["git", "-C", folder, "show", "HEAD:" + name], capture_output=True, check=True).stdout


def write(folder, path):
    with open(path, "w", encoding="ascii") as out:
        for content in days(folder):
            t = columns(content)
            rows = zip(t["TX_TIME_SECONDS"], t["CUSTOMER_ID"], t["TERMINAL_ID"], t["TX_AMOUNT"], t["TX_FRAUD_SCENARIO"])
            for when, card, terminal, amount, scenario in sorted(rows, key=lambda row: int(row[0])):
                out.write(f"{int(when)} {int(card)} {int(terminal)} {round(float(amount) * 100)} {int(scenario)}\n")
