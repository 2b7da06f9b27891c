"""A Celery application on a broker made of files."""
import os
import pathlib
import time

from celery import Celery

ROOT = pathlib.Path(os.environ["SERVE_DIR"])

app = Celery("serve_tasks", broker="filesystem://")
app.conf.update(
    broker_transport_options={"data_folder_in": str(ROOT / "queue"), "data_folder_out": str(ROOT / "queue"),
                              "processed_folder": str(ROOT / "done"), "store_processed": True},
    task_ignore_result=True, worker_hijack_root_logger=False)


@app.task
def slow(name):
    (ROOT / (name + ".begun")).write_text(str(os.getpid()))
    while not (ROOT / (name + ".go")).exists():
        time.sleep(0.01)
    (ROOT / (name + ".done")).write_text(str(os.getpid()))
