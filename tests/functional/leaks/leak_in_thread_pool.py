from concurrent.futures import ThreadPoolExecutor


def work(_):
    return open(__file__)  # LEAK type=file func=work thread=pool_0


with ThreadPoolExecutor(1, thread_name_prefix="pool") as pool:
    kept = list(pool.map(work, range(1)))
