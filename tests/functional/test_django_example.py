"""conf/django: a project as it was under supervisord, and as it is here; and that forkserver-supervisord(7), which
shows how to get from one to the other, says what is so."""
import http.client
import json
import os
import re
import shutil
import subprocess
import threading

import pytest

from conftest import DEADLINE, TOP, Supervisor, builddir, children, free_port, interpreter, kill_descendants, wait_until
from oracle_util import original, package, with_package

EXAMPLE = TOP / "conf/django"
PAGE = TOP / "man/forkserver-supervisord.7"
NEEDS = ["django", "celery", "gunicorn"]


def section():
    """The page's section on the project, without roff's escapes."""
    text = re.search(r"^\.Sh A DJANGO PROJECT, STEP BY STEP$(.*?)^\.Sh ", PAGE.read_text(), re.M | re.S).group(1)
    for escape, plain in [(r"\(aq", "'"), (r"\(dq", '"'), (r"\&", ""), (r"\e", "\\")]:
        text = text.replace(escape, plain)
    return text


def shown(first):
    """The literal block that begins with this line."""
    return re.search(rf"^\.Bd -literal -offset indent\n({re.escape(first)}\n.*?)^\.Ed$", section(),
                     re.M | re.S).group(1)


class Project:
    """A copy of the example that listens on a port of its own."""

    def __init__(self, directory, environment, version):
        self.directory, self.port = directory / "shop", free_port()
        shutil.copytree(EXAMPLE, self.directory, ignore=shutil.ignore_patterns("var", "__pycache__"))
        (directory / "bin").mkdir()
        (directory / "bin/python3").symlink_to(interpreter(version))
        self.env = {**environment, "PATH": f"{directory}/bin:{builddir()}:{environment['PATH']}"}
        for name in ("supervisord.conf", "forkserver.conf"):
            self.edit(name, "127.0.0.1:8000", f"127.0.0.1:{self.port}")
            # celery's master has hung in its warm shutdown, with its children idle
            self.edit(name, "stopwaitsecs = 600", "stopwaitsecs = 30")
        self.edit("shop/settings.py", '"schedule": 10.0', '"schedule": 0.5')

    def edit(self, name, old, new):
        path = self.directory / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    def run(self, *command, status=0, deadline=DEADLINE):
        done = subprocess.run(command, cwd=self.directory, env=self.env, timeout=deadline, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert done.returncode == status, f"{command}: status {done.returncode}\n{done.stdout}"
        return done.stdout

    def ask(self, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def answers(self):
        try:
            return self.ask("GET", "/")[0] == 200
        except OSError:
            return False

    def get(self, path):
        status, text = self.ask("GET", path)
        assert status == 200, text
        return json.loads(text)

    def order(self, item):
        status, text = self.ask("POST", "/orders", json.dumps({"item": item}))
        assert status == 201, text
        return json.loads(text)

    def shipped(self, pk):
        return self.get(f"/orders/{pk}")["shipped_by"] and self.get(f"/orders/{pk}")

    def logs(self):
        return "".join(f"\n--- {path.name}\n{path.read_text(errors='replace')[-3000:]}"
                       for path in sorted((self.directory / "var").glob("*.log")))


class Daemon(Supervisor):
    """A supervisor of the project, by its own command and file."""

    def __init__(self, project, command, name, env):
        self.log, self.project = project.directory / "var/output", project
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([*command, "-n", "-c", name], cwd=project.directory, env=env,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)

    def until(self, condition, what):
        try:
            return self.wait_for(condition, what)
        except pytest.fail.Exception as failure:
            pytest.fail(str(failure) + self.project.logs(), pytrace=False)


@pytest.fixture
def project(tmp_path, environment, version):
    probe = subprocess.run([interpreter(version), "-c", "import " + ", ".join(NEEDS)], cwd="/", timeout=DEADLINE,
                           stderr=subprocess.DEVNULL)
    if probe.returncode:
        pytest.skip(f"Python {version} lacks one of {', '.join(NEEDS)}")
    return Project(tmp_path, environment, version)


@pytest.fixture
def start(project):
    """start(command, file) starts a supervisor of the project, whose database is there."""
    started = []

    def begin(command, name, env=None):
        project.run("python3", "manage.py", "migrate", "--verbosity", "0")
        started.append(Daemon(project, command, name, env or project.env))
        return started[-1]

    yield begin
    for daemon in started:
        if daemon.process.poll() is None:
            daemon.kill()
            kill_descendants()


def check_service(project, daemon):
    """Pages, the database, a task that a view sends, one that beat sends; returns the order."""
    daemon.until(project.answers, "a page")
    order = project.order("tea & biscuits")
    assert "tea &amp; biscuits" in project.ask("GET", "/")[1]
    assert project.ask("GET", "/orders/99")[0] == 404
    assert project.ask("GET", "/admin/login/")[0] == 200
    order = daemon.until(lambda: project.shipped(order["id"]), "shipping")
    daemon.until(lambda: project.get("/report")["shipped"] == 1, "beat's report")
    return order


# ---------------------------------------------------------------- the two configurations

@pytest.mark.plain
def test_the_page_shows_the_difference():
    made = subprocess.run(["diff", "-u", "--label", "supervisord.conf", "--label", "forkserver.conf",
                           "supervisord.conf", "forkserver.conf"], cwd=EXAMPLE, stdout=subprocess.PIPE, text=True).stdout
    assert made and shown("--- supervisord.conf") == made


@pytest.mark.parametrize("name", ["supervisord.conf", "forkserver.conf"])
def test_accepted_as_it_is(project, name):
    (project.directory / "var").mkdir()
    assert project.run("forkserver", "--check-config", "-c", name) == ""


@pytest.mark.slow
@pytest.mark.parametrize("daemon", ["supervisord", "forkserver"])
def test_before(project, start, daemon, environment):
    """The old file works under both."""
    if daemon == "supervisord" and package() is None:
        pytest.skip("no Python package supervisor")
    env = {**project.env, "PYTHONPATH": with_package(environment)["PYTHONPATH"]}
    supervisor = start(original() if daemon == "supervisord" else ["forkserver"], "supervisord.conf",
                       env if daemon == "supervisord" else None)
    order = check_service(project, supervisor)
    masters = children(supervisor.pid)
    assert order["served_by"] not in masters and order["shipped_by"] not in masters
    assert supervisor.stop() == 0


def pids(project):
    """{name: pid} of what runs, once that is all."""
    told = project.run("forkserverctl", "-c", "forkserver.conf", "status")
    running = {name: int(pid) for name, pid in re.findall(r"^(\S+) +RUNNING +pid (\d+)", told, re.M)}
    return running if len(running) == 7 else None


def test_after(project, start):
    supervisor = start(["forkserver"], "forkserver.conf")
    order = check_service(project, supervisor)
    running = supervisor.until(lambda: pids(project), "seven processes")
    assert set(running) == {"beat", "celery:celery_0", "celery:celery_1", *(f"web:web_{n}" for n in range(4))}
    assert set(running.values()) <= set(children(supervisor.pid))
    assert order["served_by"] in [pid for name, pid in running.items() if name.startswith("web:")]
    assert order["shipped_by"] in [pid for name, pid in running.items() if name.startswith("celery:")]
    assert not any(map(children, running.values())), "a master that forks workers of its own"
    assert supervisor.stop() == 0
    assert "Traceback" not in project.logs(), project.logs()


@pytest.mark.slow
def test_reload_under_load(project, start):
    """New code, clients that go on asking: nobody is turned away, and all processes are new."""
    project.edit("forkserver.conf", "autorestart = true", "autorestart = true\nreload_watch = 1")
    supervisor = start(["forkserver"], "forkserver.conf")
    check_service(project, supervisor)
    old = supervisor.until(lambda: pids(project), "seven processes")
    project.edit("orders/views.py", '"orders/index.html", {', '"orders/index.html", {"new": True, ')
    project.edit("orders/templates/orders/index.html", "<h1>Orders</h1>", "<h1>{% if new %}New {% endif %}Orders</h1>")
    answers, failures, ended = [], [], threading.Event()

    def ask():
        while not ended.wait(0.02):
            try:
                answers.append(project.ask("GET", "/"))
            except (OSError, http.client.HTTPException) as error:
                failures.append(error)

    clients = [threading.Thread(target=ask) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        order = project.order("during")
        project.run("forkserverctl", "-c", "forkserver.conf", "reload", "shop", deadline=5 * DEADLINE)
        supervisor.until(lambda: project.shipped(order["id"]), "shipping")
    finally:
        ended.set()
        for client in clients:
            client.join()
    assert not failures and {status for status, _ in answers} == {200}, failures
    assert "<h1>Orders</h1>" in answers[0][1]
    assert "<h1>New Orders</h1>" in project.ask("GET", "/")[1]
    new = supervisor.until(lambda: pids(project), "seven processes")
    assert set(new) == set(old) and not set(new.values()) & set(old.values())
    told = supervisor.output()
    assert told.rindex("spawned: 'beat'") > told.index("stopped: beat"), "two beats at once"
    assert supervisor.stop() == 0
    assert "Traceback" not in project.logs(), project.logs()


# ---------------------------------------------------------------- the audit

def audit(project, *options, status=0):
    return project.run("forkserver", "--audit-only", *options, "-c", "forkserver.conf", status=status)


def line_of(project, name, text):
    """FILE:LINE"""
    lines = (project.directory / name).read_text().splitlines()
    return f"{project.directory / name}:{next(number for number, line in enumerate(lines, 1) if text in line)}"


def test_audit_finds_the_leak(project, start):
    """In CI, where there is no database; and nothing is forked with it."""
    assert "Clean: " in audit(project)
    project.run("patch", "-p1", "-i", "leak.patch")
    place = line_of(project, "orders/tasks.py", "sqlite3.connect(")
    report = audit(project, "--format", "github", status=1)
    assert f"(file): {project.directory}/var/stock.sqlite3\n" in report
    assert f"   at {place} in <module>\n" in report
    assert f"\n::error file={place.replace(':', ',line=')},title=forkserver audit of shop::file (fd 20): " in report

    supervisor = start(["forkserver"], "forkserver.conf")
    assert supervisor.process.wait(DEADLINE) == 1
    assert f"at {place} in <module>" in supervisor.output()
    assert "spawned" not in supervisor.output()


def test_log_file_of_django(project):
    """What most projects have: the hint's advice is enough."""
    project.edit("shop/settings.py", '"console": {', '"file": {"class": "logging.FileHandler", "filename": '
                 'VAR / "shop.log"},\n        "console": {')
    project.edit("shop/settings.py", '["console"]', '["console", "file"]')
    report = audit(project, status=1)
    assert f"(file): {project.directory}/var/shop.log\n" in report
    assert re.search(r'in a LOGGING dict:\s+"delay":\s+True', report), report
    project.edit("shop/settings.py", '"shop.log"}', '"shop.log", "delay": True}')
    assert "Clean: " in audit(project)


def test_database_in_ready(project):
    """Django's own connection, if the import ends with it."""
    project.run("python3", "manage.py", "migrate", "--verbosity", "0")
    (project.directory / "orders/apps.py").write_text(
        (project.directory / "orders/apps.py").read_text() + '''
    def ready(self):
        from orders.models import Order

        list(Order.objects.all()[:1])
''')
    assert "Clean: " in audit(project)  # as the warm-up closes it
    project.edit("forkserver.conf", "warmup = ", ";warmup = ")
    report = audit(project, status=1)
    assert f"   at {line_of(project, 'orders/apps.py', 'list(Order')} in OrdersConfig.ready\n" in report
    assert "connections.close_all()" in report


def test_thread_of_each_worker(project, start):
    """What the page says to do with one that the import would have started."""
    with open(project.directory / "orders/views.py", "a") as file:
        file.write('''

import threading
from django.conf import settings

def start():
    threading.Thread(target=(settings.VAR / ("thread-%d" % os.getpid())).touch).start()

os.register_at_fork(after_in_child=start)
''')
    supervisor = start(["forkserver"], "forkserver.conf")
    supervisor.until(project.answers, "a page")
    running = supervisor.until(lambda: pids(project), "seven processes")
    supervisor.until(lambda: {f"thread-{pid}" for pid in running.values()} <=
                     {path.name for path in (project.directory / "var").iterdir()}, "a thread in each worker")
    assert supervisor.stop() == 0


# ---------------------------------------------------------------- the page

def commands():
    return re.findall(r"^\.Dl (.*)", section(), re.M)


@pytest.mark.slow
def test_the_page_can_be_followed(project):
    """Its commands, one after the other, as they are; after the leak has been put in, the audit fails."""
    place, steps = project.directory.parent, commands()
    assert steps[0] == "cp -R /usr/local/share/doc/forkserver/examples/django shop" and steps[1] == "cd shop"
    shutil.rmtree(project.directory)
    shutil.copytree(EXAMPLE, place / "django", ignore=shutil.ignore_patterns("var", "__pycache__"))
    for path in (place / "django").glob("*.conf"):
        path.write_text(path.read_text().replace(":8000", f":{project.port}"))
    leaks, outputs = False, []
    try:
        for step in steps:
            command = step.replace("/usr/local/share/doc/forkserver/examples", str(place))
            command = command.replace(":8000", f":{project.port}")
            leaks = step.startswith("patch -p1") or leaks and not step.startswith("patch -R")
            where = place if step in steps[:2] else project.directory
            with open(place / "output", "w") as file:  # not a pipe: zygotes keep what they were started with
                done = subprocess.run(["sh", "-c", command], cwd=where, env=project.env, timeout=5 * DEADLINE,
                                      stdin=subprocess.DEVNULL, stdout=file, stderr=file)
            outputs.append(f"$ {step}\n{(place / 'output').read_text()}(status {done.returncode})\n")
            assert done.returncode == (1 if leaks and "--audit-only" in step else 0), "".join(outputs)
            if "/orders/1" in step:
                try:
                    wait_until(lambda: project.shipped(1), what="shipping")
                except pytest.fail.Exception as failure:
                    pytest.fail(str(failure) + project.logs(), pytrace=False)
    finally:
        subprocess.run(["forkserverctl", "-c", "forkserver.conf", "shutdown"], cwd=project.directory, env=project.env,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=DEADLINE)
        wait_until(lambda: not (project.directory / "var/supervisor.pid").exists(), what="the end")
    told = "".join(outputs)
    assert '"item": "tea"' in told and len(re.findall("RUNNING|STARTING", told)) == 7, told
    report = next(text for text in outputs if "violation: " in text)
    said = shown("1. fd 20 (file): /srv/shop/var/stock.sqlite3")
    for part in said.split("...\n"):
        assert " ".join(part.split()) in " ".join(report.replace(str(project.directory), "/srv/shop").split()), report
