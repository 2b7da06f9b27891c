"""Parallel work by processes, finished at import; loky keeps its workers."""
import math

import joblib

roots = joblib.Parallel(n_jobs=2)(joblib.delayed(math.sqrt)(n) for n in range(4))
