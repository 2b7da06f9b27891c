"""A plain asyncio application.  Eager: the loop is made at import."""
import asyncio

import app_result

if app_result.EAGER:
    LOOP = asyncio.new_event_loop()


async def echo(reader, writer):
    data = await reader.readline()
    writer.write(data.upper())
    await writer.drain()
    writer.close()


async def ask(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"client %d\n" % number)
    answer = (await reader.readline()).decode().strip()
    writer.close()
    return answer


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answers = await asyncio.gather(*(ask(port, number) for number in range(20)))
    queue = asyncio.Queue()
    for number in range(10):
        await queue.put(number)
    taken = [await queue.get() for _ in range(10)]
    child = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE)
    said, _ = await child.communicate()
    server.close()
    return {"answers": answers, "taken": taken, "child": said.decode(),
            "thread": await asyncio.get_running_loop().run_in_executor(None, sum, range(1000))}


def run():
    app_result.run(lambda: asyncio.run(main()))
