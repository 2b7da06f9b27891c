"""What the zygote does in Python: import the application, and in a worker run its command.

Runs in: zygote, workers.  Compiled into the zygote and executed in a namespace of its own, so that no
name of it is ever on sys.path or in sys.modules.  Imports nothing that a bare interpreter has not
imported already, except where the command needs it.
"""

import sys

THIS_FILE = "<forkserver>"


# ---- before and during the import ----


def prepare(name, path, package):
    """Set up sys as `python -m` would, with the directories of `path` in front.

    `package`, where forkserver's own package is (or None), comes last: whatever the application or
    its environment has of that name comes before it.
    """
    import gc
    import os

    sys.argv = [name]
    try:
        path = [*map(os.path.abspath, path), os.getcwd()]
    except OSError as error:
        warn(name, "the working directory is gone (%s); it is not on sys.path" % error.strerror)
    for entry in path:
        if not os.path.exists(entry):
            warn(name, "path = %s: it does not exist, or may not be read" % entry)
    sys.path[:0] = path
    if package:
        sys.path.append(package)
    # A collection would touch every object that the workers are to share.  The switch itself is
    # left alone: the application may ask for it or set it.
    STATE["threshold"] = gc.get_threshold()
    gc.set_threshold(0, *STATE["threshold"][1:])
    gc.callbacks.append(on_collection)


def on_collection(phase, info):
    """Notice who has given the collector a threshold again: there is one collection, no second."""
    import gc

    if phase == "start":
        STATE["collections"] += 1
        hold_threshold(gc)


def hold_threshold(gc):
    """What the application has set is for the workers."""
    if gc.get_threshold()[0]:
        STATE["threshold"] = gc.get_threshold()
        gc.set_threshold(0, *STATE["threshold"][1:])


def warn(name, text):
    print("forkserver: %s: %s" % (name, text), file=sys.stderr, flush=True)


def preload(modules, warmup, commands):
    """Import the modules in order, call warmup ("module:callable"), make ready what the workers' commands need."""
    for name in modules:
        __import__(name)
    if warmup:
        STATE["stage"] = "warmup = %s: " % warmup
        find_callable(warmup)()
    while commands:
        end = 1 + int(commands[0])
        make_ready(commands[1:end])
        commands = commands[end:]


def make_ready(argv):
    """For commands of forkserver.serve: what their workers would otherwise make each for itself."""
    module, _, name = argv[0].partition(":")
    serve = sys.modules.get(module)
    if module == "forkserver.serve" and hasattr(serve, "make_ready"):
        try:
            serve.make_ready(name, argv[1:])
        except Exception as error:  # each worker makes it for itself, then
            warn(sys.argv[0], "nothing is made ready for %s: %s: %s" % (" ".join(argv), type(error).__name__, error))


def find_callable(spec):
    """The object that "package.module:name.attribute" names."""
    module_name, _, attributes = spec.partition(":")
    __import__(module_name)
    found = sys.modules[module_name]
    for attribute in attributes.split("."):
        found = getattr(found, attribute)
    if not callable(found):
        raise TypeError("%s is not callable" % spec)
    return found


def is_machinery(filename):
    return (
        filename == THIS_FILE
        or filename.startswith("<frozen importlib.")
        or filename.endswith(("/importlib/__init__.py", "/importlib/_bootstrap.py"))
    )


def describe(error):
    """(type, message, text, [file, line, function, …]) of an exception."""
    import traceback

    frames = []
    trace = error.__traceback__
    while trace and is_machinery(trace.tb_frame.f_code.co_filename):
        trace = trace.tb_next
    text = "".join(traceback.format_exception(type(error), error, trace))
    while trace:
        code = trace.tb_frame.f_code
        name = getattr(code, "co_qualname", code.co_name)
        frames += [code.co_filename, str(trace.tb_lineno or 0), name]
        trace = trace.tb_next
    try:
        message = str(error)
    except Exception:
        message = "(its str() failed)"
    return type(error).__name__, STATE["stage"] + message, text, frames


def thread_names():
    """[native id, name, …] of the threads that threading knows."""
    threading = sys.modules.get("threading")
    if threading is None:
        return []
    flat = []
    for thread in list(getattr(threading, "_active", {}).values()):
        flat += [str(getattr(thread, "native_id", 0) or 0), str(thread.name)]
    return flat


def facts():
    """(version, standard library, working directory) for the report."""
    import os

    version = "%d.%d.%d" % sys.version_info[:3]
    stdlib = os.path.dirname(os.__file__)
    try:
        directory = os.getcwd()
    except OSError:
        directory = "/"
    return version, stdlib, directory


# ---- before the first fork ----


def freeze(zygote, hide):
    """Move all that exists out of the collector's sight, if `hide`; returns the number of objects there.

    No collection first: what it freed would leave holes that the workers fill, page by page.
    """
    import gc

    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        try:
            stream.flush()
        except Exception:
            pass  # closed, or replaced by something that cannot
    hold_threshold(gc)
    if on_collection in gc.callbacks:
        gc.callbacks.remove(on_collection)
    if STATE["collections"]:
        warn(
            zygote,
            "the garbage collector ran %d times during the import, by gc.collect() or gc.set_threshold(); "
            "workers share less, as each fills for itself the holes that this has left" % STATE["collections"],
        )
    if hide:
        gc.freeze()
        gc.collect()  # of nothing; but it frees the objects that CPython keeps for the next of their type
    return gc.get_freeze_count()


# ---- in a worker ----


class CommandError(Exception):
    """The command cannot be run in a worker; says what to do."""


def become(argv, environment):
    """Take on the command's environment; returns (function, arguments, is_status, code, globals).

    Either function(*arguments) or exec(code, globals) is then run from C, so that the traceback
    of an exception begins where a plain interpreter's would.  is_status: the function's result is
    the exit status, as sys.exit() takes it.
    """
    import gc
    import os

    # The process has this environment already; os.environ is Python's copy of it, and setting it by its own
    # methods would make a third.
    pairs = [entry.partition("=")[::2] for entry in environment if "=" in entry]
    data = getattr(os.environ, "_data", None)
    if isinstance(data, dict) and hasattr(os.environ, "encodekey"):
        data.clear()
        for name, value in pairs:
            data[os.environ.encodekey(name)] = os.environ.encodevalue(value)
    else:  # the application has put something else in its place
        os.environ.clear()
        os.environ.update(pairs)
    if gc.get_threshold()[0] == 0:
        gc.set_threshold(*STATE["threshold"])
    threading = sys.modules.get("threading")
    if threading is not None and hasattr(threading.main_thread(), "_set_native_id"):
        threading.main_thread()._set_native_id()
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is not None and hasattr(numpy_random, "seed"):
        numpy_random.seed()  # else every worker draws the same numbers; random reseeds itself
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.reconfigure(line_buffering=stream is sys.stderr or stream.isatty())
        except Exception:
            pass  # replaced by the application
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = argv
    return command(list(argv))


def command(argv):
    import os

    name = os.path.basename(argv[0])
    if is_python(name):
        check_version(name)
        return python_command(argv[0], argv[1:])
    module, colon, attributes = argv[0].partition(":")
    if colon and dotted(module) and dotted(attributes):
        sys.argv = argv
        put_first(os.getcwd())
        return find_callable(argv[0]), (), True, None, None
    return script_command(find_script(argv[0]), argv[1:])


def is_python(name):
    """python, python3, python3.11"""
    return name.startswith("python") and not name[6:].strip("0123456789.")


def check_version(name):
    wanted = name[len("python"):]
    if "." in wanted and wanted != "%d.%d" % sys.version_info[:2]:
        raise CommandError(
            "the command asks for %s, but its zygote is Python %d.%d; set python= in the [zygote:…] "
            "section" % (name, *sys.version_info[:2])
        )


def dotted(name):
    return bool(name) and all(part.isidentifier() for part in name.split("."))


def call(function, arguments):
    return function, arguments, False, None, None


def put_first(directory):
    if not sys.path or sys.path[0] != directory:
        sys.path.insert(0, directory)


def python_command(python, arguments):
    """`python [-uB] -m MODULE …`, `-c CODE …` or `SCRIPT …`."""
    while arguments and arguments[0].startswith("-") and len(arguments[0]) > 1:
        option, arguments = arguments[0], arguments[1:]
        letters = option[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter in "mc":
                value, arguments = (letters, arguments) if letters else split_first(option, arguments)
                return module_command(value, arguments) if letter == "m" else code_command(value, arguments)
            interpreter_option(letter, option)
    if not arguments or arguments[0] == "-":
        raise CommandError("%s needs a script, -m MODULE or -c CODE" % python)
    return script_command(arguments[0], arguments[1:])


def split_first(option, arguments):
    if not arguments:
        raise CommandError("%s needs an argument" % option)
    return arguments[0], arguments[1:]


def interpreter_option(letter, option):
    if letter == "u":
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(write_through=True)
    elif letter == "B":
        sys.dont_write_bytecode = True
    elif letter not in "bdEIqsSv":
        raise CommandError(
            "interpreter option %s comes too late for a forked worker; set its PYTHON… variable "
            "in the environment of the [zygote:…] section" % option
        )


def module_command(module, arguments):
    import os
    import runpy

    put_first(os.getcwd())
    restore_specs(module)
    sys.argv = ["-m"] + arguments  # runpy puts the file's name in place of -m
    return call(runpy._run_module_as_main, (module,))


def restore_specs(module):
    """Packages that have put another object in their place in sys.modules (celery) may lack the
    __spec__ that runpy asks for, which in a plain start it finds before it imports them."""
    from importlib.machinery import PathFinder

    path = None
    parts = module.split(".")
    for n in range(1, len(parts) + 1):
        name = ".".join(parts[:n])
        loaded = sys.modules.get(name)
        if loaded is None:
            return
        if getattr(loaded, "__spec__", None) is None:
            try:
                loaded.__spec__ = PathFinder.find_spec(name, path)
            except Exception:
                return  # runpy says what is wrong
        path = getattr(loaded, "__path__", None)


def code_command(code, arguments):
    import __main__

    put_first("")
    sys.argv = ["-c"] + arguments
    return None, None, False, compile(code, "<string>", "exec"), __main__.__dict__


def find_script(name):
    """The file of a console script: beside the interpreter (a venv's bin), or on PATH."""
    import os

    if os.path.dirname(name):
        return name
    directories = [os.path.dirname(sys.executable or "")]
    directories += os.environ.get("PATH", os.defpath).split(os.pathsep)
    for directory in directories:
        path = os.path.join(directory, name)
        if directory and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise CommandError("command not found: %s (looked in %s)" % (name, ":".join(directories)))


def script_command(path, arguments):
    import os
    import __main__

    sys.argv = [path] + arguments
    if os.path.isdir(path) or is_zip(path):
        import runpy

        put_first(path)
        return call(runpy._run_module_as_main, ("__main__", False))
    with open(path, "rb") as file:
        source = file.read()
    first = source.split(b"\n", 1)[0]
    if not path.endswith((".py", ".pyw")) and not is_program(first, source, path):
        raise CommandError(
            "%s is not a Python program, and only those can run in a forked worker; "
            "remove zygote= from its section to have it started plainly" % path
        )
    put_first(os.path.dirname(os.path.realpath(path)))
    namespace = __main__.__dict__
    namespace["__file__"] = path
    namespace["__cached__"] = None
    return None, None, False, compile(source, path, "exec", dont_inherit=True), namespace


def is_program(first, source, path):
    """A script of Python's by its first line, or one of sh's that is Python as well."""
    if first.startswith(b"#!") and b"python" in first:
        return True
    try:
        compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return first.startswith(b"#!")


def is_zip(path):
    try:
        with open(path, "rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError as error:
        raise CommandError("cannot read %s: %s" % (path, error.strerror)) from None


# ---- the end of a worker ----
#
# An interpreter that finalizes takes every object apart, and so copies every page of the zygote's:
# a second of CPU and all of the heap once more, for each worker, and all of them at once when the
# service is reloaded or stopped.  The kernel frees memory faster.  What a program can see of it is
# done here, for what the worker itself has made; what the zygote has made is behind gc.freeze(),
# and was proved to have nothing open.


def exit_status(code):
    """What sys.exit(code) makes of it."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF if -(2**31) <= code < 2**31 else 0xFF
    attempt(lambda: print(code, file=sys.stderr, flush=True))
    return 1


def attempt(function):
    """Whatever happens, the end goes on."""
    try:
        function()
    except SystemExit:
        pass  # somebody tells us to end
    except BaseException as error:
        sys.excepthook(type(error), error, error.__traceback__)


def wind_up():
    """All that ends a Python program but the taking apart: 0, or 120 if its output is lost."""
    threading = sys.modules.get("threading")
    if threading:
        attempt(threading._shutdown)
    import atexit

    try:
        atexit._run_exitfuncs()
    except BaseException:
        pass  # it has been printed
    return flush_standard()


def ignored(where, error):
    attempt(lambda: print("Exception ignored in: %r\n%r" % (where, error), file=sys.stderr, flush=True))


def flush_standard():
    status = 0
    for stream in sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__:
        try:
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
        except BaseException as error:
            status = 120
            if stream is sys.stdout:
                ignored(stream, error)
    return status


def end_files():
    attempt(close_files)
    return 0


def close_files():
    """Write what is still in buffers, and call __del__ of what is written in Python.

    From the outside to the inside: text into bytes, a gzip file into its buffer, and that into the
    file below it.
    """
    import _io
    import gc
    import types

    texts, streams, objects, buffers, raws = [], [], [], [], []
    for each in gc.get_objects():
        kind = type(each)  # not isinstance(): proxies answer with somebody else's class
        if issubclass(kind, type) or each is sys.stdout or each is sys.stderr:
            continue
        if isinstance(getattr(kind, "__del__", None), types.FunctionType):
            objects.append((each, "__del__"))
        elif issubclass(kind, _io._TextIOBase):
            texts.append((each, "flush"))
        elif kind in (_io.BufferedWriter, _io.BufferedRandom, _io.BufferedRWPair):
            buffers.append((each, "flush"))
        elif issubclass(kind, _io._IOBase) and kind.__module__ not in ("_io", "io"):
            (raws if issubclass(kind, _io._RawIOBase) else streams).append((each, "close"))
    for each, method in texts + streams + objects + buffers + raws:
        try:
            if method != "flush" or not each.closed:
                getattr(type(each), method)(each)
        except ValueError:
            pass  # detached from its file, or closed meanwhile
        except BaseException as error:
            ignored(each, error)


STATE = {"threshold": (700, 10, 10), "collections": 0, "stage": ""}
