"""One set of attacks against every endpoint: what each lets by. Requests that no one need answer for are beside them, so that a wall that refuses
everything does not look good."""
import http.client
import json
import random

HEADER = "X-Client"


class Attack:
    def __init__(self, name, kind, requests, until=None):
        self.name, self.kind = name, kind  # kind: "honest" must be answered, "attack" must be stopped
        self.requests = requests  # a list of (path, headers, body), sent in order by one caller
        self.until = until  # a long one counts as caught when it is stopped before its end


def v1(rows):
    return json.dumps({"instances": rows}).encode()


def requests_of(path, bodies, caller, **headers):
    more = {"Content-Type": "application/json", HEADER: caller, **headers}
    return [(path, more, body if isinstance(body, bytes) else body.encode()) for body in bodies]


def line_search(rows, low, high, count, rng):
    """Towards the line between two answers: one feature of an honest row, ever smaller steps; on the natural grid."""
    out = []
    while len(out) < count:
        row = list(rng.choice(rows))
        f = rng.randrange(len(row))
        a, b = row[f], high[f]
        for _ in range(12):
            row[f] = round((a + b) / 2, 2) if isinstance(row[f], float) or f in (0, 6, 7, 8) else int((a + b) / 2)
            out.append(list(row))
            a, b = (row[f], b) if rng.random() < 0.5 else (a, row[f])
    return out[:count]


def attacks(path, rows, honest, budget, seed=1):
    """`rows`: honest rows nobody trained or calibrated on; `honest`: how many of them to ask; `budget`: rows a caller may ask in the policy."""
    rng = random.Random(seed)
    columns = list(zip(*rows))
    low, high = [min(c) for c in columns], [max(c) for c in columns]
    n = len(columns)

    def outside():
        return [[rng.randint(int(low[f]), int(high[f]) + 1) if f not in (0, 6, 7, 8) else round(rng.uniform(low[f], high[f]), 2) for f in range(n)]
                for _ in range(100)]

    good = list(rows[0])

    def with_first(value):
        return '{"instances": [[%s]]}' % ", ".join([value, *(repr(v) for v in good[1:])])

    def one(name, body, kind="attack", **headers):
        return Attack(name, kind, requests_of(path, [body], "probe-" + name.replace(" ", "-"), **headers))

    sqli = "1' UNION SELECT username, password FROM users--"
    xss = "<script>alert(document.cookie)</script>"
    return [
        Attack("honest payments, each of another caller", "honest",
               [r for i, row in enumerate(rows[:honest]) for r in requests_of(path, [v1([row])], f"merchant-{i % 50:05}")]),
        Attack("rows far from the training data", "each",
               [r for i, row in enumerate(outside()) for r in requests_of(path, [v1([row])], f"merchant-9{i:04}")]),
        one("a text where a number belongs", with_first('"57.20 EUR"')),
        one("a column missing", v1([good[:-1]])),
        one("a number out of its range", with_first("1e12")),
        one("NaN", with_first("NaN")),
        one("malformed JSON", '{"instances": [[1, 2, 3'),
        one("a key twice, two readings of one request", '{"instances": [[%s]], "instances": [[0]]}' % ", ".join(map(repr, good))),
        one("nested 200 deep", '{"instances": ' + "[" * 200 + "1" + "]" * 200 + "}"),
        one("SQL injection in a field", with_first(json.dumps(sqli))),
        one("a script in a field", with_first(json.dumps(xss))),
        one("SQL injection in the address", v1([good]), **{"X-Query": "id=1' UNION SELECT username,password FROM users--"}),
        one("a body of 2 MiB", v1([good]) + b" " * (2 << 20)),
        one("a compressed body", b"\x1f\x8b\x08\x00" + bytes(40), **{"Content-Encoding": "gzip"}),
        one("a body that is no JSON", b"instances=1", **{"Content-Type": "application/x-www-form-urlencoded"}),
        one("the model's own files asked for", v1([good]), **{"X-Path": "/v2/repository/index"}),
        Attack("no identity", "attack", [(path, {"Content-Type": "application/json"}, v1([good]))]),
        one("10,000 rows in one request", v1([good] * 10000)),
        Attack(f"over the budget: {budget + 100} rows a minute", "stream",
               requests_of(path, [v1([rows[i % len(rows)] for i in range(k, k + 20)]) for k in range(0, budget + 100, 20)], "merchant-08001"), "budget"),
        Attack("all over the ranges, 3,000 queries", "stream",
               requests_of(path, [v1([row]) for _ in range(30) for row in outside()], "merchant-08002"), "extraction"),
        Attack("line search, 3,000 queries", "stream",
               requests_of(path, [v1([row]) for row in line_search(rows[:50], low, high, 3000, rng)], "merchant-08003"), "extraction"),
    ]


def send(connection, path, headers, body):
    headers = dict(headers)
    path = headers.pop("X-Path", path)
    query = headers.pop("X-Query", None)
    if query:
        path += "?" + query.replace(" ", "%20").replace("'", "%27")
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    text = answer.read()
    return answer.status, text


def play(address, attack):
    """Requests let by, of how many, and at which of them the caller was stopped for good (0: never)."""
    let, stopped, seen = 0, 0, []
    connection = http.client.HTTPConnection(address, timeout=60)
    for i, (path, headers, body) in enumerate(attack.requests, 1):
        try:
            status, _ = send(connection, path, headers, body)
        except (http.client.HTTPException, OSError):  # closed on us: it was not answered
            connection.close()
            connection = http.client.HTTPConnection(address, timeout=60)
            status = 0
        seen.append(status)
        let += 200 <= status < 300 or status == 404
        if attack.kind == "stream" and status in (403, 429):
            stopped = i
            break
    connection.close()
    return {"let": let, "of": len(attack.requests), "stopped": stopped, "statuses": sorted(set(seen))}


def caught(attack, result):
    if attack.kind == "honest":
        return result["let"] == result["of"]
    if attack.kind == "stream":  # ended early, or next to nothing of it answered
        return result["stopped"] > 0 or result["let"] <= result["of"] / 100
    return result["let"] == 0


def shown(attack, result):
    if attack.kind == "honest":
        refused = result["of"] - result["let"]
        return "all answered" if refused == 0 else f"{refused} of {result['of']} refused"
    if attack.kind == "stream":
        return f"stopped at {result['stopped']}" if result["stopped"] else f"{result['let']} of {result['of']} answered"
    if attack.kind == "each":
        return f"{result['of'] - result['let']} of {result['of']} refused"
    return f"refused ({result['statuses'][0]})" if result["let"] == 0 else f"let by ({result['statuses'][0]})"
