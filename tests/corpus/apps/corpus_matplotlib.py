"""A figure drawn at import; builds the font cache with fc-list."""
import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot  # noqa: E402

pyplot.plot([1, 2, 3])
pyplot.savefig("figure.png")
pyplot.close()
