"""A selector and the pair of sockets that wakes it."""
import asyncio

loop = asyncio.new_event_loop()  # LEAK type=eventpoll; type=socket n=2
