"""matplotlib runs fc-list when its font cache is not there.  Eager: it draws at import, which leaves a
font file open."""
import io

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

import app_result


def draw(values):
    figure, axes = pyplot.subplots()
    axes.plot(values)
    axes.set_title("a worker's figure")
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    pyplot.close(figure)
    return stream.getvalue()


if app_result.EAGER:
    draw([1, 2, 3])


def work():
    from PIL import Image
    picture = draw([number * number for number in range(50)])
    image = Image.open(io.BytesIO(picture))
    return {"magic": picture[1:4].decode(), "size": image.size,
            "colours": len(image.convert("RGB").getcolors(1 << 20)) > 10}


def run():
    app_result.run(work)
