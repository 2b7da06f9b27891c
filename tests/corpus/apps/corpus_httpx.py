"""A client without a connection yet."""
import httpx

client = httpx.Client()
