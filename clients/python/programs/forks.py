"""Runs one program many times, and loads its libraries once: `forks.py PROGRAM`.

Each line on stdin is a run: `{"argv": [...], "out": FILE, "err": FILE}`. It runs in a
fork of this process, which has executed the program's imports. The answer is a line `{"code": N}`.
"""

import ast
import gc
import json
import os
import runpy
import sys


def load(program: str) -> None:
    """Executes a program's beginning, up to its last import."""
    with open(program) as file:
        body = ast.parse(file.read()).body
    last = max(at for at, one in enumerate(body) if isinstance(one, (ast.Import, ast.ImportFrom)))
    beginning = ast.Module(body[: last + 1], type_ignores=[])
    exec(compile(beginning, program, "exec"), {"__name__": "beginning"})


def become(program: str, run: dict) -> None:
    """Makes this process a run of the program, as if it had been started with these words."""
    for number, path in [(0, os.devnull), (1, run["out"]), (2, run["err"])]:
        file = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    sys.argv = [program, *run["argv"]]
    runpy.run_path(program, run_name="__main__")


def serve(program: str) -> None:
    sys.path[0] = os.path.dirname(program)
    load(program)
    # So that a fork need not copy the memory of the libraries to collect its garbage.
    gc.freeze()
    # Not the lines of sys.stdin: a fork would share what is read ahead.
    while line := sys.stdin.readline():
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            return become(program, json.loads(line))
        _, status = os.waitpid(child, 0)
        print(json.dumps({"code": os.waitstatus_to_exitcode(status)}), flush=True)
    # To unload the libraries takes a second.
    os._exit(0)


serve(os.path.abspath(sys.argv[1]))
