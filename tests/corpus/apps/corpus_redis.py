"""A pool without a connection yet."""
import redis

client = redis.Redis(host="127.0.0.1", port=1)
