"""An application with a task, its tasks registered."""
from celery import Celery

app = Celery("corpus", broker="memory://", backend="cache+memory://")


@app.task
def add(a, b):
    return a + b


app.finalize()
app.loader.import_default_modules()
