import multiprocessing
from concurrent.futures import ProcessPoolExecutor

with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
    results = list(pool.map(len, ["a", "bb", "ccc"]))
