import asyncio
import socket

kept = []


async def connect():
    await asyncio.sleep(0)
    kept.append(socket.socket())  # LEAK type=socket func=connect


asyncio.run(connect())
