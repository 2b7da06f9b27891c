"""Unmodified servers run in workers: they are started as from a shell, and answer."""
import http.client
import os
import re
import shutil
import signal
import subprocess

import pytest

from conftest import DEADLINE, HERE, descendants, free_port, interpreter, proc_status
from site_util import needs, site_config

SERVERS = HERE / "servers"


def get(port, path="/hello"):
    """The body of one answer, or None if nobody answers yet."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read().decode()
        assert response.status == 200, body
        return body
    except (ConnectionError, http.client.HTTPException):
        return None
    finally:
        connection.close()


class Site:
    """A supervisor whose one program is a server on a port of its own."""

    def __init__(self, supervise, directory, version):
        self.supervise, self.directory, self.version = supervise, directory, version
        self.port = free_port()

    def start(self, command, preload, sockets=True, numprocs=1, env=None, mode="filter"):
        ports = {"http": self.port} if sockets else {}
        self.supervisor = self.supervise(
            site_config(self.directory, self.version, SERVERS, preload, command, ports, mode, numprocs,
                        keys="stopwaitsecs = 60\n"), env=env)
        return self

    def logs(self):
        return "".join(f"\n--- {path.name}\n{path.read_text(errors='replace')[-4000:]}"
                       for path in [self.directory / "main.log", *sorted(self.directory.glob("*.out"))])

    def answer(self, path="/hello"):
        try:
            body = self.supervisor.wait_for(lambda: get(self.port, path), "an answer")
        except pytest.fail.Exception as failure:
            pytest.fail(str(failure) + self.logs(), pytrace=False)
        pid, imported = map(int, re.match(r"pid=(\d+) import=(\d+) ", body).groups())
        return pid, imported, body

    def check(self, forked=True):
        """It answers, out of a process that was forked from the zygote's import."""
        pid, imported, body = self.answer()
        assert body.endswith("path=/hello\n"), body
        workers = descendants(self.supervisor.pid)
        assert pid in workers
        if forked:
            assert imported != pid and imported in workers, body
            assert proc_status(pid, "Seccomp") == "0"
        for _ in range(20):
            assert get(self.port)
        status = self.supervisor.stop()
        assert status == 0, self.logs()


@pytest.fixture
def site(supervise, tmp_path, version):
    return Site(supervise, tmp_path, version)


def test_plain_script(site):
    site.start(f"python {SERVERS}/server_script.py", "server_app, http.server")
    site.check()


def test_two_workers_on_one_socket(site):
    """Both accept; one that is killed is replaced, and no connection is refused meanwhile."""
    site.start(f"python {SERVERS}/server_script.py", "server_app, http.server", numprocs=2)
    first, imported, _ = site.answer()
    os.kill(first, signal.SIGKILL)
    # The listener is the supervisor's: every connection is accepted, none is refused.
    for _ in range(50):
        pid, again, _ = site.answer()
        assert again == imported
    assert site.supervisor.stop() == 0


@pytest.mark.parametrize("mode", ["filter", "full"])
def test_waitress(site, mode):
    needs(site.version, "waitress")
    program = shutil.which("waitress-serve")
    if not program:
        pytest.skip("no waitress-serve")
    site.start(f"{program} --listen=127.0.0.1:{site.port} server_app:wsgi", "server_app, waitress",
               sockets=False, mode=mode)
    site.check()


def test_uvicorn(site):
    needs(site.version, "uvicorn")
    site.start("python -m uvicorn server_app:asgi --fd 3", "server_app, uvicorn", numprocs=2)
    site.check()


def test_gunicorn(site):
    """Its own master in the worker, which finds LISTEN_FDS by itself; its children have the
    application from the zygote."""
    needs(site.version, "gunicorn")
    program = shutil.which("gunicorn")
    if not program:
        pytest.skip("no gunicorn")
    site.start(f"{program} --workers 2 --worker-tmp-dir {site.directory} server_app:wsgi",
               "server_app, gunicorn.app.wsgiapp, gunicorn.workers.sync")
    site.check()


def test_gunicorn_binds_itself(site):
    needs(site.version, "gunicorn")
    program = shutil.which("gunicorn")
    if not program:
        pytest.skip("no gunicorn")
    site.start(f"{program} --preload --workers 2 --bind 127.0.0.1:{site.port} server_app:wsgi",
               "server_app, gunicorn.app.wsgiapp", sockets=False)
    site.check()


def test_django_runserver(site):
    needs(site.version, "django")
    site.start(f"python {SERVERS}/manage.py runserver --noreload 127.0.0.1:{site.port}",
               "serversite.wsgi", sockets=False)
    pid, imported, body = site.answer("/")
    assert imported != pid and body.endswith("path=/\n")
    assert site.supervisor.stop() == 0, site.logs()


def test_django_on_gunicorn(site):
    needs(site.version, "django", "gunicorn")
    site.start("python -m gunicorn serversite.wsgi", "serversite.wsgi, gunicorn.app.wsgiapp")
    pid, imported, body = site.answer("/")
    assert imported != pid and body.endswith("path=/\n")
    assert site.supervisor.stop() == 0, site.logs()


@pytest.mark.parametrize("pool", ["solo", "prefork"])
def test_celery(site, pool):
    """A worker takes tasks from the broker and runs them."""
    needs(site.version, "celery")
    broker = site.directory / "broker"
    for name in ("queue", "done"):
        (broker / name).mkdir(parents=True)
    site.start(f"python -m celery -A server_tasks worker --pool {pool} --concurrency 2 --loglevel INFO "
               "--without-gossip --without-mingle --without-heartbeat",
               "server_tasks, celery.bin.celery, celery.apps.worker", sockets=False,
               env={"BROKER_DIR": str(broker)})
    subprocess.run([interpreter(site.version), "-c",
                    "import server_tasks as s; [s.mark.delay('task%d' % n) for n in range(3)]"],
                   env={**os.environ, "BROKER_DIR": str(broker), "PYTHONPATH": str(SERVERS),
                        "PYTHONDONTWRITEBYTECODE": "1"},
                   check=True, timeout=DEADLINE)
    for number in range(3):
        path = broker / f"task{number}"
        try:
            text = site.supervisor.wait_file(path)
        except pytest.fail.Exception as failure:
            pytest.fail(str(failure) + site.logs(), pytrace=False)
        pid, imported = map(int, re.findall(r"\d+", text))
        assert imported != pid
        assert imported in descendants(site.supervisor.pid)
    assert site.supervisor.stop() == 0, site.logs()
