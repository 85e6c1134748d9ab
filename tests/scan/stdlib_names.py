#!/usr/bin/env python3
"""Every name at the top of every module of this Python's own library, as lines `module<TAB>name`. Sources are parsed; built-in and
compiled modules are imported in a child process, so that one that prints or dies takes nothing with it."""
import ast
import os
import subprocess
import sys
import sysconfig


def of_source(path):
    with open(path, "rb") as f:
        try:
            tree = ast.parse(f.read())
        except (SyntaxError, ValueError):
            return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id


def sources():
    root = sysconfig.get_paths()["stdlib"]
    for folder, folders, files in os.walk(root):
        folders[:] = [f for f in sorted(folders) if f not in ("__pycache__", "site-packages", "dist-packages") and f.isidentifier()]
        for name in sorted(files):
            if not name.endswith(".py"):
                continue
            parts = os.path.relpath(os.path.join(folder, name), root)[:-3].split(os.sep)
            if parts[-1] == "__init__":
                parts.pop()
            if parts and all(p.isidentifier() for p in parts):
                yield ".".join(parts), os.path.join(folder, name)


def main():
    seen = set()
    for module, path in sources():
        seen.update((module, name) for name in of_source(path))
    compiled = set(sys.builtin_module_names)
    compiled.update(n.split(".")[0] for p in [sysconfig.get_config_var("DESTSHARED")] if p and os.path.isdir(p) for n in os.listdir(p))
    for module in sorted(compiled - {"antigravity", "this"}):
        child = subprocess.run([sys.executable, "-c", "import sys, importlib; print('\\n'.join(dir(importlib.import_module(sys.argv[1]))))", module],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False, timeout=60)
        seen.update((module, name) for name in child.stdout.decode(errors="replace").split() if not name.startswith("__") or module == "builtins")
    for module, name in sorted(seen):
        print("%s\t%s" % (module, name))


if __name__ == "__main__":
    main()
