from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(8) as pool:
    results = list(pool.map(len, ["a", "bb", "ccc"] * 50))
