"""random.SystemRandom keeps nothing, a handle on the device does."""
import random

generator = random.SystemRandom()
generator.random()
device = open("/dev/urandom", "rb", buffering=0)  # LEAK target=/dev/urandom
