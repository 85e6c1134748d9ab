/* Which names a piece of Python code uses that models have no need of. */
#include "scan/code_names.h"

#include <string.h>

enum { NAMES_MOST = 24, TEXT_MOST = 65536 };

/* Names that stand for commands, code made from text, foreign code, the network and files. */
static const char *const names[] = {"__import__",
                                    "__builtins__",
                                    "__subclasses__",
                                    "__globals__",
                                    "__loader__",
                                    "exec",
                                    "eval",
                                    "execfile",
                                    "compile",
                                    "open",
                                    "os",
                                    "posix",
                                    "nt",
                                    "system",
                                    "popen",
                                    "Popen",
                                    "subprocess",
                                    "check_output",
                                    "check_call",
                                    "getoutput",
                                    "execv",
                                    "execve",
                                    "execvp",
                                    "spawnl",
                                    "spawnv",
                                    "posix_spawn",
                                    "fork",
                                    "pty",
                                    "socket",
                                    "create_connection",
                                    "urlopen",
                                    "urlretrieve",
                                    "urllib",
                                    "urllib2",
                                    "requests",
                                    "httpx",
                                    "ftplib",
                                    "smtplib",
                                    "telnetlib",
                                    "paramiko",
                                    "webbrowser",
                                    "pickle",
                                    "cPickle",
                                    "dill",
                                    "cloudpickle",
                                    "joblib",
                                    "marshal",
                                    "ctypes",
                                    "cffi",
                                    "builtins",
                                    "importlib",
                                    "import_module",
                                    "runpy",
                                    "shutil",
                                    "rmtree",
                                    "unlink",
                                    "chmod",
                                    "environ",
                                    "getenv",
                                    "putenv",
                                    "b64decode",
                                    "codecs",
                                    "settrace",
                                    "FunctionType",
                                    "CodeType",
                                    "get_file",
                                    "enable_unsafe_deserialization",
                                    NULL};

/* Modules that are such names, and others with functions that run code, commands or connections. */
static const char *const modules[] = {"os",
                                      "posix",
                                      "nt",
                                      "posixpath",
                                      "ntpath",
                                      "subprocess",
                                      "_posixsubprocess",
                                      "commands",
                                      "pty",
                                      "popen2",
                                      "socket",
                                      "_socket",
                                      "ssl",
                                      "select",
                                      "socketserver",
                                      "http",
                                      "httplib",
                                      "urllib",
                                      "urllib2",
                                      "urllib3",
                                      "requests",
                                      "httpx",
                                      "aiohttp",
                                      "ftplib",
                                      "smtplib",
                                      "poplib",
                                      "imaplib",
                                      "nntplib",
                                      "telnetlib",
                                      "xmlrpc",
                                      "paramiko",
                                      "fabric",
                                      "webbrowser",
                                      "antigravity",
                                      "pickle",
                                      "_pickle",
                                      "cPickle",
                                      "pickletools",
                                      "dill",
                                      "cloudpickle",
                                      "joblib",
                                      "shelve",
                                      "marshal",
                                      "copyreg",
                                      "ctypes",
                                      "_ctypes",
                                      "cffi",
                                      "mmap",
                                      "importlib",
                                      "imp",
                                      "_imp",
                                      "_frozen_importlib",
                                      "zipimport",
                                      "pkgutil",
                                      "runpy",
                                      "code",
                                      "codeop",
                                      "compileall",
                                      "py_compile",
                                      "dis",
                                      "inspect",
                                      "types",
                                      "bdb",
                                      "pdb",
                                      "trace",
                                      "tracemalloc",
                                      "timeit",
                                      "profile",
                                      "cProfile",
                                      "doctest",
                                      "sys",
                                      "gc",
                                      "signal",
                                      "resource",
                                      "shutil",
                                      "tempfile",
                                      "pathlib",
                                      "glob",
                                      "fileinput",
                                      "io",
                                      "_io",
                                      "zipfile",
                                      "tarfile",
                                      "platform",
                                      "sysconfig",
                                      "site",
                                      "ensurepip",
                                      "pip",
                                      "setuptools",
                                      "distutils",
                                      "venv",
                                      "multiprocessing",
                                      "threading",
                                      "_thread",
                                      "concurrent",
                                      "asyncio",
                                      "sched",
                                      "functools",
                                      "_functools",
                                      "operator",
                                      "_operator",
                                      "codecs",
                                      "logging",
                                      "unittest",
                                      "test",
                                      "IPython",
                                      "nose",
                                      "pytest",
                                      "numpy.f2py",
                                      "numpy.testing",
                                      "cgi",
                                      "mailcap",
                                      "pipes",
                                      "crypt",
                                      "winreg",
                                      "msvcrt",
                                      "_winapi",
                                      "sqlite3",
                                      "yaml",
                                      "jsonpickle",
                                      "lib2to3",
                                      "idlelib",
                                      "turtle",
                                      "tkinter",
                                      "curses",
                                      NULL};

static const char *const builtins[] = {"eval",
                                       "exec",
                                       "compile",
                                       "__import__",
                                       "open",
                                       "getattr",
                                       "setattr",
                                       "delattr",
                                       "globals",
                                       "locals",
                                       "vars",
                                       "breakpoint",
                                       "execfile",
                                       "input",
                                       "apply",
                                       "memoryview",
                                       "help",
                                       "file",
                                       "__build_class__",
                                       "map",
                                       "filter",
                                       "print",
                                       "exit",
                                       "quit",
                                       NULL};

static bool letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static void add(struct redan_slice name, struct redan_buf *found)
{
    struct redan_slice have = redan_buf_view(found), item = {0};

    while (have.len) {
        (void)redan_slice_cut(have, ',', &item, &have);
        if (redan_slice_eq(redan_slice_trim(item), name))
            return;
    }
    if (found->len)
        redan_buf_text(found, ", ");
    redan_buf_slice(found, name);
}

void redan_code_names_source(struct redan_slice source, struct redan_buf *found)
{
    size_t i = 0;

    source = redan_slice_sub(source, 0, TEXT_MOST);
    while (i < source.len && found->len < (size_t)NAMES_MOST * 8) {
        size_t from = i;

        if (!letter(source.at[i])) {
            i++;
            continue;
        }
        while (i < source.len && (letter(source.at[i]) || digit(source.at[i])))
            i++;
        struct redan_slice name = {source.at + from, i - from};
        if (redan_slice_among(names, name))
            add(name, found);
    }
}

bool redan_code_is_marshal(struct redan_slice bytes)
{
    /* a code object, with or without the flag that it may be referred to (marshal.c: TYPE_CODE, FLAG_REF) */
    return bytes.len >= 16 && ((uint8_t)bytes.at[0] & 0x7f) == 'c' && (uint8_t)bytes.at[2] == 0;
}

/* The length of the text whose tag stands at `i`, and where it begins; false when there is none. */
static bool text_at(struct redan_slice bytes, size_t i, struct redan_slice *text)
{
    size_t len = 0, from = i + 2;

    switch ((uint8_t)bytes.at[i] & 0x7f) {
    case 'z': /* TYPE_SHORT_ASCII and its interned kind */
    case 'Z':
        if (bytes.len - i < 2)
            return false;
        len = (uint8_t)bytes.at[i + 1];
        break;
    case 'a': /* TYPE_ASCII, TYPE_UNICODE, TYPE_STRING and their interned kinds */
    case 'A':
    case 'u':
    case 't':
    case 's':
        if (bytes.len - i < 5)
            return false;
        for (size_t k = 4; k > 0; k--)
            len = len << 8 | (uint8_t)bytes.at[i + k];
        from = i + 5;
        break;
    default:
        return false;
    }
    if (len < 2 || len > bytes.len - from)
        return false;
    *text = (struct redan_slice){bytes.at + from, len};
    return true;
}

static bool printable(struct redan_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c < ' ' && c != '\n' && c != '\t' && c != '\r')
            return false;
    }
    return true;
}

void redan_code_names_marshal(struct redan_slice bytes, struct redan_buf *found)
{
    struct redan_slice text = {0};
    size_t spent = 0; /* texts may be claimed to overlap: the work stays linear */

    bytes = redan_slice_sub(bytes, 0, TEXT_MOST);
    for (size_t i = 0; i < bytes.len && spent < (size_t)TEXT_MOST * 8; i++) {
        if (!text_at(bytes, i, &text))
            continue;
        spent += text.len;
        if (printable(text))
            redan_code_names_source(text, found);
    }
}

bool redan_code_is_source(struct redan_slice text)
{
    static const char *const starts[] = {"lambda ", "lambda:",     "def ",       "import ", "exec(",
                                         "eval(",   "__import__(", "async def ", NULL};

    text = redan_slice_trim(text);
    if (redan_slice_starts(text, REDAN_S("from ")))
        return memmem(text.at, text.len, " import ", 8) != NULL;
    for (size_t i = 0; starts[i]; i++) {
        if (redan_slice_starts(text, redan_slice_of(starts[i])))
            return true;
    }
    return false;
}

bool redan_code_module(struct redan_slice module)
{
    for (size_t i = 0; modules[i]; i++) {
        struct redan_slice head = redan_slice_of(modules[i]);

        if (redan_slice_starts(module, head) &&
            (module.len == head.len || module.at[head.len] == '.'))
            return true;
    }
    return false;
}

bool redan_code_builtin(struct redan_slice name)
{
    return redan_slice_among(builtins, name);
}
