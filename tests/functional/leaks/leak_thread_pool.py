from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(4, thread_name_prefix="bg")
future = pool.submit(int)  # LEAK kind=thread name=bg_0
