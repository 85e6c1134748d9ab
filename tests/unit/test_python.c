/* The reader of Python: which calls it sees under which names, from where, and of what their arguments are made. */
#include "test.h"

#include <stdio.h>

#include "base/buf.h"
#include "format/format_table.h"
#include "format/python_call.h"

static enum redan_status tell(void *arg, const struct redan_fact *fact)
{
    struct redan_buf *out = arg;

    if (fact->kind == REDAN_FACT_UNREAD)
        redan_buf_text(out, "unread;");
    if (fact->kind != REDAN_FACT_CODE || strcmp(fact->what, "python-import") == 0)
        return REDAN_OK;
    redan_buf_printf(out, "%s%.*s.%.*s", strcmp(fact->what, "torchscript") == 0 ? "script " : "",
                     REDAN_FMT(fact->module), REDAN_FMT(fact->name));
    if (fact->number & REDAN_PYTHON_FUNCTION)
        redan_buf_text(out, " deep");
    if (fact->number & REDAN_PYTHON_DECODED)
        redan_buf_text(out, " decoded");
    if (fact->number & REDAN_PYTHON_FETCHED)
        redan_buf_text(out, " fetched");
    if (fact->number & REDAN_PYTHON_SHELL)
        redan_buf_text(out, " shell");
    if (fact->number & REDAN_PYTHON_CONSTANT)
        redan_buf_text(out, " constant");
    redan_buf_char(out, ';');
    return REDAN_OK;
}

static enum redan_status run(struct redan_ctx *ctx, struct redan_slice text, const char *name,
                             struct redan_buf *out)
{
    struct redan_source source;
    struct redan_listener to = {tell, out};

    redan_buf_init(out, ctx, SIZE_MAX);
    redan_source_memory(&source, text);
    enum redan_status status = redan_format_python.read(ctx, &source, redan_slice_of(name), &to);
    redan_source_done(&source);
    return status;
}

/* `has` must be among the calls; `whole` says that there is no other. */
static void test_calls(void **state)
{
    static const struct {
        const char *text;
        const char *has;
        bool whole;
    } rows[] = {
        {"import os\nos.system('id')\n", "os.system constant;", true},
        {"import os as o\no.system(x)\n", "os.system;", true},
        {"import os.path\nos.system(x)\n", "os.system;", true},
        {"from os import system\nsystem(x)\n", "os.system;", true},
        {"from os import (path,\n  system as s)\ns(x)\n", "os.system;", true},
        {"import os; os.system(x)", "os.system;", true},
        {"import os, sys as s\ns.exit(os.system(x))\n", "os.system;sys.exit;", true},
        {"if x: import os\nos.system(x)\n", "os.system;", true},
        {"try:\n  import os\nexcept ImportError:\n  pass\nos.system(x)\n", "os.system;", true},
        {"__import__('os').system(x)\n", "os.system;", false},
        {"__import__('o' + 's').system(x)\n", "os.system;", false},
        {"__import__('so'[::-1]).system(x)\n", "os.system;", false},
        {"__import__('\\x6f\\163').system(x)\n", "os.system;", false},
        {"__import__(''.join(['o', 's'])).system(x)\n", "os.system;", false},
        {"__import__(chr(111) + chr(115)).system(x)\n", "os.system;", false},
        {"import importlib\nimportlib.import_module('os').system(x)\n", "os.system;", false},
        {"import importlib as i\nm = i.import_module('os')\nm.system(x)\n", "os.system;", false},
        {"import os\ngetattr(os, 'sys' + 'tem')(x)\n", "os.system;", false},
        {"import os\nos.__dict__['system'](x)\n", "os.system;", true},
        {"import os\nvars(os)['system'](x)\n", "os.system;", false},
        {"import sys\nsys.modules['os'].system(x)\n", "os.system;", true},
        {"__builtins__['exec'](x)\n", "builtins.exec;", true},
        {"__builtins__.exec(x)\n", "builtins.exec;", true},
        {"import builtins\ngetattr(builtins, 'ev' 'al')(x)\n", "builtins.eval;", false},
        {"globals()['__builtins__'].eval(x)\n", "builtins.eval;", false},
        {"import os\nrun = os.system\nrun(x)\n", "os.system;", true},
        {"import os\na = b = os.system\na(x)\n", "os.system;", true},
        {"f = exec if y else eval\nf(x)\n", "builtins.e", false},
        {"@exec\ndef f(): pass\n", "builtins.exec;", true},
        {"import os\nx = f\"{os.system('id')}\"\n", "os.system constant;", true},
        {"import os\nx = [os.system(y) for y in z]\n", "os.system;", true},
        {"import os\nclass C:\n  os.system(x)\n", "os.system;", true},
        {"import os\n\\\nos.system(\n  x)\n", "os.system;", true},
        {"import subprocess\nsubprocess.run('a | b', shell=True)\n",
         "subprocess.run shell constant;", true},
        /* where */
        {"import os\ndef f():\n    os.system(x)\n", "os.system deep;", true},
        {"import os\ndef f():\n    pass\nos.system(x)\n", "os.system;", true},
        {"import os\ndef f(): os.system(x)\n", "os.system deep;", true},
        {"import os\ndef f(a=os.system(x)): os.popen(x)\n", "os.system;os.popen deep;", true},
        {"import os\ndef f(a=1):\n    os.popen(x)\n", "os.popen deep;", true},
        {"from subprocess import *\nPopen(x)\n", "subprocess.Popen;", true},
        {"from numpy import *\nrun(x)\n", "", true},
        {"import os\nclass C:\n  def f(self):\n    if y:\n      os.system(x)\n", "os.system deep;",
         true},
        {"import os\nif __name__ == '__main__':\n    os.system(x)\n", "os.system deep;", true},
        {"import os\nif x and __name__ == '__main__':\n    def g(): pass\n    os.system(x)\n",
         "os.system deep;", true},
        {"import os\nif __name__ != '__main__':\n    os.system(x)\n", "os.system;", true},
        {"import os\nif __name__ == '__main__' or True:\n    os.system(x)\n", "os.system;", true},
        {"import os\nasync def f():\n\tos.system(x)\nos.popen(x)\n", "os.system deep;os.popen;",
         true},
        /* of what */
        {"import base64\nexec(base64.b64decode('eA=='))\n", "builtins.exec decoded;", false},
        {"import base64 as b\np = 'eA=='\nexec(b.b64decode(p).decode())\n",
         "builtins.exec decoded;", false},
        {"import zlib, base64\nc = zlib.decompress(base64.b64decode(b'eA=='))\nexec(compile(c, '', "
         "'exec'))\n",
         "builtins.exec decoded;", false},
        {"import marshal\nexec(marshal.loads(b'c'))\n", "builtins.exec decoded;", false},
        {"exec(bytes.fromhex('70'))\n", "builtins.exec decoded;", false},
        {"exec(''.join(chr(c ^ 7) for c in [1, 2]))\n", "builtins.exec decoded;", false},
        {"exec(''.join(map(chr, [112, 97])))\n", "builtins.exec decoded;", false},
        {"exec(bytes(b ^ 65 for b in d))\n", "builtins.exec decoded;", false},
        {"from urllib.request import urlopen\nexec(urlopen('http://x').read())\n",
         "builtins.exec fetched;", false},
        {"import requests\nr = requests.get('http://x')\nexec(r.text)\n", "builtins.exec fetched;",
         false},
        {"import urllib.request as u\nwith u.urlopen('x') as f:\n  exec(f.read().decode())\n",
         "builtins.exec fetched;", false},
        /* what is none */
        {"# import os; os.system('x')\n", "", true},
        {"'''import os\nos.system(1)\n'''\n", "", true},
        {"x = \"exec('a')\"\n", "", true},
        {"def exec_all(x): return x\nexec_all(1)\n", "", true},
        {"self.exec(x)\n", "", true},
        {"def system(x): pass\nsystem(1)\n", "", true},
        {"x.os.system(1)\n", "", true},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        assert_ok(run(&ctx, redan_slice_of(rows[i].text), "x.py", &out));
        redan_buf_char(&out, '\0');
        if (rows[i].whole ? strcmp(out.data, rows[i].has) != 0 : !strstr(out.data, rows[i].has))
            fail_msg("%s\n  gives %s\n  not %s", rows[i].text, out.data, rows[i].has);
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

/* However many constants come between, what was imported is known; where it cannot be, that is told. */
static void test_many_names(void **state)
{
    static const struct {
        const char *line, *has;
        unsigned count;
    } rows[] = {
        {"a%u = 'c'\n", "os.system;", 1500},
        {"import sys as a%u\n", "unread;", 1500},
        {"b = f'{g(%u)}'\n", "unread;", 300},
        {"import sys as a%u\n", "os.system;", 500},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_buf in, out;

        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&in, &ctx, SIZE_MAX);
        redan_buf_text(&in, "import os as x\n");
        for (unsigned n = 0; n < rows[i].count; n++) {
            char line[64];
            const char *digits = strchr(rows[i].line, '%');
            (void)snprintf(line, sizeof(line), "%u", n);
            redan_buf_add(&in, rows[i].line, (size_t)(digits - rows[i].line));
            redan_buf_text(&in, line);
            redan_buf_text(&in, digits + 2);
        }
        redan_buf_text(&in, "x.system(y)\n");
        assert_ok(run(&ctx, redan_buf_view(&in), "m.py", &out));
        redan_buf_char(&out, '\0');
        assert_non_null(strstr(out.data, rows[i].has));
        redan_buf_done(&out);
        redan_buf_done(&in);
        redan_ctx_done(&ctx);
    }
}

static void test_torchscript(void **state)
{
    static const char text[] = "class M(Module):\n  def forward(self: __torch__.M,\n    x: Tensor) "
                               "-> Tensor:\n    _0 = ops.aten.save(x, \"/tmp/x\")\n"
                               "    return torch.add(x, 1)\n";
    struct redan_ctx ctx;
    struct redan_buf out;

    (void)state;
    redan_ctx_init(&ctx, NULL);
    assert_ok(run(&ctx, redan_slice_of(text), "m/code/__torch__.py", &out));
    redan_buf_char(&out, '\0');
    assert_non_null(strstr(out.data, "script ops.aten.save deep"));
    assert_non_null(strstr(out.data, "script torch.add deep"));
    redan_buf_done(&out);
    redan_ctx_done(&ctx);
}

static void test_sniff(void **state)
{
    static const struct {
        const char *text;
        const char *name;
        enum redan_sniff sniff;
    } rows[] = {
        {"x = 1\n", "a.py", REDAN_SNIFF_MAYBE},
        {"# words\n\nimport os\n", "a", REDAN_SNIFF_MAYBE},
        {"import os, sys as s\n", "a.txt", REDAN_SNIFF_MAYBE},
        {"import os; os.system('x')", "a", REDAN_SNIFF_MAYBE},
        {"from a.b import (c,\n", "a", REDAN_SNIFF_MAYBE},
        {"\"\"\"Words\nmore\"\"\"\nimport os\n", "a", REDAN_SNIFF_MAYBE},
        {"import duties are high\n", "a", REDAN_SNIFF_NO},
        {"from now on, we import\n", "a", REDAN_SNIFF_NO},
        {"Some words\nimport os\n", "a", REDAN_SNIFF_NO},
        {"import os\n", "README.md", REDAN_SNIFF_NO},
        {"import os\n", "a.yaml", REDAN_SNIFF_NO},
        {"class of 1984\n", "a", REDAN_SNIFF_NO},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        struct redan_ctx ctx;
        struct redan_source source;
        redan_ctx_init(&ctx, NULL);
        redan_source_memory(&source, redan_slice_of(rows[i].text));
        struct redan_probe probe = {.ctx = &ctx,
                                    .source = &source,
                                    .head = redan_slice_of(rows[i].text),
                                    .name = redan_slice_of(rows[i].name)};
        if (redan_format_python.sniff(&probe) != rows[i].sniff)
            fail_msg("row %zu", i);
        redan_source_done(&source);
        redan_ctx_done(&ctx);
    }
}

static void test_patience(void **state)
{
    static const char *const units[] = {"(",
                                        "'''",
                                        "x = 'a' + 'b'\n",
                                        "a.b.c(d)\n",
                                        "f'{g(1)}'",
                                        "def f():\n",
                                        "import os as a\n",
                                        "x = [1, 2]\n",
                                        "'a' 'b' ",
                                        "[",
                                        "\\\n",
                                        "@a\n"};

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(units); i++) {
        struct redan_ctx ctx;
        struct redan_buf in;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        redan_buf_init(&in, &ctx, SIZE_MAX);
        for (size_t n = 0; n < (size_t)200000 / strlen(units[i]); n++)
            redan_buf_text(&in, units[i]);
        assert_ok(run(&ctx, redan_buf_view(&in), "x.py", &out));
        redan_buf_done(&out);
        redan_buf_done(&in);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
    }
}

static void test_no_memory(void **state)
{
    static const char text[] =
        "import os as o\nx = 'a\\x62' + \"c\"\ngetattr(o, 'sys' + 'tem')(x)\n";

    (void)state;
    for (uint64_t n = 1;; n++) {
        struct redan_ctx ctx;
        struct redan_buf out;
        redan_ctx_init(&ctx, NULL);
        ctx.mem.fail_at = ctx.mem.calls + n;
        enum redan_status status = run(&ctx, redan_slice_of(text), "x.py", &out);
        bool whole = out.fail == REDAN_OK;
        redan_buf_done(&out);
        redan_ctx_done(&ctx);
        assert_int_equal(ctx.mem.used, 0);
        if (status == REDAN_OK && whole)
            break;
        assert_true(status == REDAN_OK || status == REDAN_E_MEMORY);
        assert_true(n < 200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls),     cmocka_unit_test(test_torchscript),
        cmocka_unit_test(test_sniff),     cmocka_unit_test(test_patience),
        cmocka_unit_test(test_no_memory), cmocka_unit_test(test_many_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
