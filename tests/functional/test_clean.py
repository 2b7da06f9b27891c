"""What leaves nothing behind is found clean, however close it comes: no false alarm."""
import json
import os
import subprocess
import sys

import pytest

from conftest import CLEAN, DEADLINE, LEAKS, interpreter, plain_pythons

MODULES = sorted(path.stem for path in CLEAN.glob("clean_*.py"))

# The grandchild is not the importer's child, but plainrun.py, being a subreaper, inherits its corpse.
NOT_FOR_PLAINRUN = {"clean_gone_daemon"}

# What depends on how the import is traced.
FULL_MODE = ["clean_with", "clean_threads", "clean_thread_exits_late", "clean_thread_ends_late",
             "clean_subprocess", "clean_process_pool", "clean_dup", "clean_redirect", "clean_sockets", "clean_fork",
             "clean_posix_spawn", "clean_asyncio", "clean_noise", "clean_locks", "clean_stdlib",
             "clean_reopen_stdio", "clean_mmap", "clean_sigchld"]

OWN_FILE = "built in: a library's own file, mapped as its code"

# Real packages whose import leaves nothing open; where a Python lacks one it is skipped.
PACKAGES = {
    "requests": [], "urllib3": [], "jinja2": [], "yaml": [], "lxml.etree": [], "PIL.Image": [],
    "cryptography.hazmat.primitives.ciphers": [], "sqlalchemy.orm": [], "django.db.models": [],
    "flask": [], "werkzeug.serving": [], "aiohttp": [], "tornado.web": [], "celery": [],
    "psycopg2": [], "redis": [], "boto3": [], "numpy": [], "pandas": [], "scipy.linalg": [],
    "matplotlib.pyplot": [], "sklearn": [], "gunicorn.app.wsgiapp": [], "uvicorn": [],
    "waitress": [], "uvloop": [], "pytest": [],
}


@pytest.mark.plain
def test_enough_modules():
    assert len(MODULES) >= 18
    assert set(FULL_MODE) <= set(MODULES)


@pytest.mark.plain
@pytest.mark.parametrize("which", plain_pythons())
def test_modules_are_clean(which, tmp_path, environment):
    """A plain interpreter, asked through /proc, agrees."""
    python = sys.executable if which == "plain" else interpreter(which)
    modules = [name for name in MODULES if name not in NOT_FOR_PLAINRUN]
    run = subprocess.run([python, str(LEAKS / "plainrun.py"), *modules], cwd=tmp_path, check=True,
                         env={**environment, "PYTHONPATH": str(CLEAN)}, stdout=subprocess.PIPE,
                         timeout=DEADLINE)
    nothing = {"fds": {}, "threads": 0, "processes": 0, "mappings": 0, "locks": 0}
    seen = json.loads(run.stdout)
    assert {name: found for name, found in seen.items() if found != nothing} == {}
    assert set(seen) == set(modules)


def check(audit):
    assert audit.report is not None, str(audit)
    assert audit.violations == [], str(audit)
    # With some builds of libffi every import of ctypes keeps its library open.
    assert [each for each in audit.report["allowed"] if each["rule"] != OWN_FILE] == [], str(audit)
    assert audit.report["error"] is None, str(audit)
    assert audit.verdict == "clean", str(audit)
    assert audit.status == 0, str(audit)


@pytest.mark.spread
@pytest.mark.parametrize("name", MODULES)
def test_clean(auditor, name):
    check(auditor.run(name, path=CLEAN))


@pytest.mark.spread
@pytest.mark.parametrize("name", FULL_MODE)
def test_clean_full_mode(auditor, name):
    check(auditor.run(name, path=CLEAN, mode="full"))


def test_affinity_is_the_machines(auditor):
    """Pinning by the tracer, if any, does not show: neither to the import nor to its children."""
    check(auditor.run("clean_affinity", path=CLEAN))
    mine = sorted(os.sched_getaffinity(0))
    seen, count = (auditor.directory / "affinity").read_text().split()
    assert seen == ",".join(map(str, mine))
    assert int(count) == len(mine)


LIBRARY = """import os
with open("/proc/self/maps") as maps:
    path = next(line.split()[5] for line in maps if line.split()[1][2] == "x" and "/libc" in line)
fd = os.open(path, os.O_RDONLY)
"""


def test_own_file_of_a_library(auditor, tmp_path):
    """As libffi opens its own: harmless, and shown; but not once somebody reads through it."""
    (tmp_path / "clean_library.py").write_text(LIBRARY)
    audit = auditor.run("clean_library", path=tmp_path)
    check(audit)
    kept = [each for each in audit.report["allowed"] if each["location"]["file"].endswith("clean_library.py")]
    assert [(each["rule"], each["action"]) for each in kept] == [(OWN_FILE, "keep")], str(audit)

    (tmp_path / "read_library.py").write_text(LIBRARY + "os.read(fd, 16)\n")
    audit = auditor.run("read_library", path=tmp_path)
    assert audit.status == 1, str(audit)
    assert [each["location"]["line"] for each in audit.violations] == [4], str(audit)


@pytest.mark.parametrize("package", PACKAGES)
def test_package(auditor, package):
    """Out of the box, native libraries included: what starts BLAS or OpenMP threads by itself must
    not fail an audit."""
    probe = subprocess.run([interpreter(auditor.version), "-c", "import " + package],
                           cwd=auditor.directory, env=auditor.env, timeout=DEADLINE,
                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if probe.returncode:
        pytest.skip((probe.stderr.strip().splitlines() or ["cannot be imported"])[-1])
    check(auditor.run(package, path=PACKAGES[package]))


def test_django_project(auditor):
    """A project set up and its URLs loaded, as a WSGI server has it."""
    probe = subprocess.run([interpreter(auditor.version), "-c", "import django"], env=auditor.env,
                           stderr=subprocess.DEVNULL, timeout=DEADLINE)
    if probe.returncode:
        pytest.skip("no Django for this Python")
    project = auditor.directory / "shop"
    project.mkdir()
    (project / "__init__.py").write_text("")
    (project / "settings.py").write_text(
        "SECRET_KEY = 'test'\nROOT_URLCONF = 'shop.urls'\nALLOWED_HOSTS = ['*']\n"
        "INSTALLED_APPS = ['django.contrib.contenttypes', 'django.contrib.auth',\n"
        "                  'django.contrib.sessions', 'django.contrib.admin',\n"
        "                  'django.contrib.messages']\n"
        "DATABASES = {'default': {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db.sqlite3'}}\n"
        "TEMPLATES = [{'BACKEND': 'django.template.backends.django.DjangoTemplates', 'OPTIONS': "
        "{'context_processors': ['django.contrib.auth.context_processors.auth', "
        "'django.template.context_processors.request', "
        "'django.contrib.messages.context_processors.messages']}}]\n"
        "MIDDLEWARE = ['django.contrib.sessions.middleware.SessionMiddleware',\n"
        "              'django.contrib.auth.middleware.AuthenticationMiddleware',\n"
        "              'django.contrib.messages.middleware.MessageMiddleware']\n")
    (project / "urls.py").write_text(
        "from django.contrib import admin\nfrom django.urls import path\n"
        "urlpatterns = [path('admin/', admin.site.urls)]\n")
    (project / "wsgi.py").write_text(
        "import os\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
        "from django.core.wsgi import get_wsgi_application\n"
        "application = get_wsgi_application()\nimport shop.urls\n")
    check(auditor.run("shop.wsgi", path=auditor.directory))
