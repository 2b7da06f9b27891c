import asyncio


async def main():
    process = await asyncio.create_subprocess_exec("true")
    await process.wait()
    await asyncio.get_running_loop().run_in_executor(None, len, "x")
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    server.close()
    await server.wait_closed()


asyncio.run(main())
