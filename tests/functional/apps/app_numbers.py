"""NumPy and pandas.  Eager: an array in a shared, writable mapping of a file, and a file read in parts."""
import io
import os

import numpy
import pandas

import app_result

TABLE = numpy.arange(1000000, dtype=float).reshape(1000, 1000)
if app_result.EAGER:
    SHARED = numpy.memmap(app_result.place("array"), dtype=float, mode="w+", shape=(100,))
    with open(app_result.place("rows.csv"), "w") as file:
        file.write("a,b\n" + "1,2\n" * 100)
    ROWS = pandas.read_csv(app_result.place("rows.csv"), chunksize=10)


def work():
    generator = numpy.random.default_rng(7)
    matrix = generator.random((300, 300)) + 300 * numpy.eye(300)
    good = numpy.allclose(matrix @ numpy.linalg.inv(matrix), numpy.eye(300))
    TABLE[0] += os.getpid()  # its own copy
    frame = pandas.read_csv(io.StringIO("kind,value\n" + "\n".join("%s,%d" % ("ab"[number % 2], number)
                                                                 for number in range(1000))))
    sums = frame.groupby("kind")["value"].sum().to_dict()
    return {"inverse": bool(good), "sums": sums, "own": bool(TABLE[0, 0] == os.getpid()),
            "random": numpy.random.random(3).tolist()}


def run():
    app_result.run(work)
