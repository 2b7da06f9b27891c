"""uvloop as the loop of an asyncio application.  Eager: the loop is made at import."""
import asyncio

import uvloop

import app_result

uvloop.install()
if app_result.EAGER:
    LOOP = asyncio.new_event_loop()


async def echo(reader, writer):
    while data := await reader.readline():
        writer.write(data.upper())
        await writer.drain()
    writer.close()


async def ask(port, text):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text.encode() + b"\n")
    answer = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return answer.decode().strip()


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answers = await asyncio.gather(*(ask(port, "client %d" % number) for number in range(20)))
    child = await asyncio.create_subprocess_exec("echo", "child", stdout=asyncio.subprocess.PIPE)
    said, _ = await child.communicate()
    thread = await asyncio.get_running_loop().run_in_executor(None, sum, range(1000))
    server.close()
    return {"answers": answers, "loop": type(asyncio.get_running_loop()).__module__,
            "child": said.decode(), "thread": thread}


def run():
    app_result.run(lambda: asyncio.run(main()))
