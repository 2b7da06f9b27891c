"""The image of conf/Dockerfile as conf/kubernetes.yaml runs it, without Docker: the configuration as process 1 of a
PID namespace, as the manifest's user, without capabilities, over a root that is read-only; and the three files
against each other."""
import http.client
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading

import pytest

from conftest import (DEADLINE, TOP, Supervisor, builddir, children, free_port, interpreter, proc_status, wait_until,
                      zygotes)
from supervisor_util import wait_log

CONFIGURATION = (TOP / "conf/docker.conf").read_text()
DOCKERFILE = (TOP / "conf/Dockerfile").read_text()


# ---------------------------------------------------------------- what the files say of each other

@pytest.fixture(scope="module")
def manifest():
    yaml = pytest.importorskip("yaml")
    documents = list(yaml.safe_load_all((TOP / "conf/kubernetes.yaml").read_text()))
    return {document["kind"]: document["spec"] for document in documents}


@pytest.fixture(scope="module")
def pod(manifest):
    return manifest["Deployment"]["template"]["spec"]


@pytest.fixture(scope="module")
def container(pod):
    only, = pod["containers"]
    return only


def value(key, section):
    """Of the configuration, without its comment."""
    text = re.search(rf"^\[{re.escape(section)}\].*?(?=^\[|\Z)", CONFIGURATION, re.M | re.S).group()
    return re.search(rf"^{key} = (.*?)(?:\s+;.*)?$", text, re.M).group(1)


def test_ports(manifest, container):
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    assert ports["http"] == int(value("listen", "socket:http").rpartition(":")[2])
    assert ports["control"] == int(value("port", "inet_http_server").rpartition(":")[2])
    assert re.search(r"^EXPOSE (.*)$", DOCKERFILE, re.M).group(1).split() == [str(each) for each in ports.values()]
    service, = manifest["Service"]["ports"]
    assert service["targetPort"] in ports and service["targetPort"] != "control"
    labels = manifest["Deployment"]["template"]["metadata"]["labels"]
    assert manifest["Service"]["selector"] == manifest["Deployment"]["selector"]["matchLabels"] == labels


def test_probes(container):
    """Both paths are open to strangers, on the control port; a pod that is not ready is left alone."""
    probes = {name: container[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert all(probe["port"] == "control" for probe in probes.values())
    assert probes["readinessProbe"]["path"] == probes["startupProbe"]["path"] == "/readyz"
    assert probes["livenessProbe"]["path"] == "/healthz"


def test_time_to_drain(pod, container):
    """What is in flight ends before its server kills itself, that before the supervisor kills it, and that before
    the cluster kills all."""
    command, = [container["lifecycle"]["preStop"]["exec"]["command"]]
    assert command[0] == "sleep"
    graceful = int(re.search(r"--graceful-timeout (\d+)", CONFIGURATION).group(1))
    stop = int(value("stopwaitsecs", "program:web"))
    assert len(re.findall(r"^\[program:", CONFIGURATION, re.M)) == 1  # else they are added up
    assert graceful < stop
    assert int(command[1]) + stop < pod["terminationGracePeriodSeconds"]


def test_user_and_writable_places(pod, container):
    user = int(re.search(r"--uid (\d+) (\w+)", DOCKERFILE).group(1))
    assert pod["securityContext"]["runAsUser"] == pod["securityContext"]["fsGroup"] == user
    mounts = [each["mountPath"] for each in container["volumeMounts"]]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert any(value("pidfile", "supervisord").startswith(place + "/") for place in mounts)
    assert {each["name"] for each in container["volumeMounts"]} == {each["name"] for each in pod["volumes"]}
    assert {each["name"] for each in container["env"]} == set(re.findall(r"%\(ENV_(\w+)\)s", CONFIGURATION))


def test_image_has_what_the_configuration_names():
    copied = dict(re.findall(r"^COPY (?!--)(\S+) (\S+)$", DOCKERFILE, re.M))
    assert all((TOP / source).exists() for source in copied)
    assert copied["conf/demo/shop"] == value("path", "zygote:shop") + "/shop"
    configured = re.search(r'^ENTRYPOINT \[.*"--configuration", "(.*?)"\]$', DOCKERFILE, re.M).group(1)
    assert copied["conf/docker.conf"] == configured
    assert re.search(r"^STOPSIGNAL SIGTERM$", DOCKERFILE, re.M)


# ---------------------------------------------------------------- running it

# The manifest's securityContext: $1 can be written to, and nothing else.
ENTRY = """
set -e
mount --bind "$1" "$1"
mount -o remount,bind,ro /
uid=$2
shift 2
exec setpriv --reuid="$uid" --regid="$uid" --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs "$@"
"""
NAMESPACES = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
# Appended to the application: an import that takes until "import" is there, and a request that takes until "out" is.
SLOW = """
import time

def wait_for(name):
    while not os.path.exists(os.path.join(os.environ["TEST_DIRECTORY"], name)):
        time.sleep(0.02)

@application.get("/slow")
def slow():
    open(os.path.join(os.environ["TEST_DIRECTORY"], "in"), "w").close()
    wait_for("out")
    return "finished"

wait_for("import")
"""


def entry(directory, uid):
    return [*NAMESPACES, "sh", "-c", ENTRY, "sh", str(directory), str(uid)]


def version_with(*modules):
    for version in zygotes():
        code = "import " + ", ".join(modules)
        if subprocess.run([interpreter(version), "-c", code], stderr=subprocess.DEVNULL,
                          timeout=DEADLINE).returncode == 0:
            return version
    pytest.skip(f"no Python here has a zygote and {' and '.join(modules)}")


def get(port, path):
    """Status and text; a stranger asks."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


class Pod:
    def __init__(self, directory, uid):
        self.directory, self.uid = directory, uid
        self.http, self.control = free_port(), free_port()
        self.supervisor = self.pid1 = None

    def install(self, version):
        """What the Dockerfile copies, and the configuration with the places of this test."""
        shutil.copytree(TOP / "conf/demo/shop", self.directory / "shop")
        shutil.copy(TOP / "conf/demo/fixed-log.py", self.directory / "shop/log.py")
        with open(self.directory / "shop/wsgi.py", "a", encoding="utf-8") as file:
            file.write(SLOW)
        text = CONFIGURATION
        for old, new in ((":8000", f":{self.http}"), (":9001", f":{self.control}"), ("/tmp/", f"{self.directory}/"),
                         ("/srv/shop", str(self.directory)),
                         ("[zygote:shop]\n", f"[zygote:shop]\npython = {interpreter(version)}\n")):
            assert old in text
            text = text.replace(old, new)
        return text

    def touch(self, name):
        (self.directory / name).touch()

    def status(self, path):
        """Of the control server; None: it does not answer yet, or any more."""
        try:
            return get(self.control, path)[0]
        except OSError:
            return None


@pytest.fixture
def running(environment, monkeypatch):
    """The pod, while its application is being imported."""
    uid = int(re.search(r"--uid (\d+)", DOCKERFILE).group(1))
    # not below pytest's directory, where nobody else can go
    directory = pathlib.Path(tempfile.mkdtemp(prefix="forkserver-pod."))
    pod = Pod(directory, uid)
    directory.chmod(0o755)
    try:
        if os.geteuid():
            pytest.skip("only root can become the pod's user")
        shutil.chown(directory, uid, uid)
        able = subprocess.run([*entry(directory, uid), "test", "-x", str(builddir() / "forkserver")],
                              stderr=subprocess.PIPE, text=True, timeout=DEADLINE)
        if able.returncode:
            pytest.skip(f"no pod can be made here: {able.stderr.strip() or 'its user cannot reach the program'}")
        text = pod.install(version_with("flask", "waitress"))
        monkeypatch.setenv("FORKSERVER_WRAPPER", " ".join([*NAMESPACES, "sh", "-c", f"'{ENTRY}'", "sh",
                                                           str(directory), str(uid)]))
        config = directory / "forkserver.conf"
        config.write_text(text)
        pod.supervisor = Supervisor(config, directory, {**environment, "CONTROL_PASSWORD": "secret", "TMPDIR":
                                                        str(directory), "TEST_DIRECTORY": str(directory)})
        wait_log(pod.supervisor, "supervisord started with pid 1$")
        pod.pid1, = children(pod.supervisor.pid)
        yield pod
    finally:
        if pod.supervisor and pod.supervisor.process.poll() is None:
            pod.supervisor.kill()
        shutil.rmtree(directory)


def test_life_of_a_pod(running):
    """Alive before it is ready; not ready as soon as it drains; what is in flight is finished; and then 0."""
    pod = running
    wait_until(lambda: pod.status("/healthz") == 200, what="the control server")
    assert pod.status("/readyz") == 503
    pod.touch("import")
    wait_until(lambda: pod.status("/readyz") == 200, what="readiness")
    assert proc_status(pod.pid1, "Uid").split() == [str(pod.uid)] * 4
    assert int(proc_status(pod.pid1, "CapBnd"), 16) == 0
    status, text = get(pod.http, "/")
    assert status == 200 and "teapots" in text
    assert get(pod.control, "/metrics")[0] == 401

    answers = []
    client = threading.Thread(target=lambda: answers.append(get(pod.http, "/slow")))
    client.start()
    try:
        wait_until((pod.directory / "in").exists, what="a request in flight")
        os.kill(pod.pid1, signal.SIGTERM)
        wait_until(lambda: pod.status("/readyz") == 503, what="the end of readiness")
        assert pod.status("/healthz") == 200
        assert not answers and pod.supervisor.process.poll() is None
    finally:
        pod.touch("out")
        client.join()
    assert answers == [(200, "finished")]
    assert pod.supervisor.process.wait(DEADLINE) == 0
    output = pod.supervisor.output()
    assert "SIGKILL" not in output and "ERRO" not in output and "CRIT" not in output, output


def test_stopped_during_the_import(running):
    """A pod that is deleted at once does not wait for its startup probe."""
    os.kill(running.pid1, signal.SIGTERM)
    assert running.supervisor.process.wait(DEADLINE) == 0
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", running.http), DEADLINE)
