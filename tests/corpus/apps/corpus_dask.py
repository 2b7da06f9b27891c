"""A computation on dask's default pool of threads."""
import dask

assert dask.delayed(len)("abc").compute(scheduler="threads") == 3
