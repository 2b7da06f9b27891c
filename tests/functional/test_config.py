"""What --check-config says."""
import os
import pathlib
import subprocess

import pytest

from conftest import DEADLINE, builddir

HEAD = "[supervisord]\n"
CAT = "[program:cat]\ncommand=/bin/cat\n"


def write(directory, text):
    path = directory / "supervisord.conf"
    path.write_text(text)
    return path


def check(path, **options):
    return subprocess.run([builddir() / "forkserver", "--check-config", "-c", path], timeout=DEADLINE, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


def test_check_config_accepts(tmp_path):
    run = check(write(tmp_path, HEAD + CAT))
    assert (run.returncode, run.stderr) == (0, "")
    assert os.listdir(tmp_path) == ["supervisord.conf"], "it has made files"


def test_check_config_tells_every_error(tmp_path):
    path = write(tmp_path, "[zygote:shop]\npreload=shop.wsgi\nwarmpu=x:y\n"
                           "[program:web]\nzygote=shpo\ncommand=python -m 'app\nstartsecs=soon\npriorty=1\n")
    run = check(path)
    assert run.returncode == 2
    lines = run.stderr.splitlines()
    expected = [f'Error: {path}:3: [zygote:shop] warmpu: no such key; did you mean "warmup"?',
                f'Warning: {path}:8: [program:web] priorty: no such key, the line is ignored; did you mean "priority"?',
                f"Error: {path}:7: [program:web] startsecs: invalid literal for int() with base 10: 'soon'",
                f"Error: {path}:6: [program:web] command: can't parse command",
                f"Error: {path}:5: [program:web] zygote: there is no [zygote:shpo]; did you mean shop?"]
    for text in expected:
        assert any(line.startswith(text) for line in lines), f"{text}\nis not in\n{run.stderr}"
    assert len([line for line in lines if line.startswith(("Error:", "Warning:"))]) == len(expected), run.stderr


def test_check_config_without_a_file(tmp_path):
    run = check(tmp_path / "none.conf")
    assert run.returncode == 2
    assert run.stderr.startswith(f"Error: could not find config file {tmp_path}/none.conf\n")


def test_debians_default_file():
    path = pathlib.Path("/etc/supervisor/supervisord.conf")
    if not path.exists() or not os.access(path, os.R_OK) or not os.path.isdir("/var/log/supervisor"):
        pytest.skip("the package supervisor is not installed")
    run = check(path)
    assert run.returncode == 0, run.stderr
