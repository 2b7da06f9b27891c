"""A Celery application on a broker made of files."""
import os
import pathlib

from celery import Celery

IMPORT_PID = os.getpid()
ROOT = pathlib.Path(os.environ["BROKER_DIR"])

app = Celery("server_tasks", broker="filesystem://")
app.conf.update(
    broker_transport_options={"data_folder_in": str(ROOT / "queue"),
                              "data_folder_out": str(ROOT / "queue"),
                              "processed_folder": str(ROOT / "done"), "store_processed": True},
    task_ignore_result=True, worker_hijack_root_logger=False)


@app.task
def mark(name):
    path = ROOT / (name + ".tmp")
    path.write_text("pid=%d import=%d\n" % (os.getpid(), IMPORT_PID))
    path.rename(ROOT / name)
