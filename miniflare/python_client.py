"""A client of one world. It reads commands from standard input and writes events to standard output, one JSON value a line.

Arguments: the server's address, the world, "sync" or "async", and the transports, separated by commas ("default": all).
In:  {"do": "call" | "emit", "event": ..., "args": [...]}, {"do": "leave"}
Out: {"is": "connected" | "heard" | "acked" | "left", ...}. Bytes are {"hex": ...} both ways.
It acknowledges the event "question" with its first argument, after half a second.
"""

import asyncio
import json
import sys
import threading
import time

import socketio

ADDRESS, WORLD, KIND, TRANSPORTS = sys.argv[1:]
THINKING_SECONDS = 0.5
# The blocking client calls handlers in threads of their own, and their lines must not mix.
TELLING = threading.Lock()
OPTIONS = {
    "socketio_path": f"/w/{WORLD}/socket.io/",
    "transports": None if TRANSPORTS == "default" else TRANSPORTS.split(","),
}


def tell(what, **more):
    line = json.dumps({"is": what, **more}, default=lambda data: {"hex": data.hex()})
    with TELLING:
        print(line, flush=True)


def read(line):
    return json.loads(line, object_hook=lambda item: bytes.fromhex(item["hex"]) if set(item) == {"hex"} else item)


def data(args):
    return args[0] if len(args) == 1 else tuple(args)


def sync_client():
    client = socketio.Client(reconnection=False)

    def question(*args):
        time.sleep(THINKING_SECONDS)
        return args[0]

    client.on("question", question)
    client.on("*", lambda event, *args: tell("heard", event=event, args=args))
    client.connect(ADDRESS, wait_timeout=20, **OPTIONS)
    tell("connected", sid=client.sid, transport=client.transport())
    for line in sys.stdin:
        todo = read(line)
        if todo["do"] == "leave":
            break
        if todo["do"] == "call":
            tell("acked", args=client.call(todo["event"], data(todo["args"]), timeout=20))
        else:
            client.emit(todo["event"], data(todo["args"]))
    client.disconnect()


async def async_client():
    client = socketio.AsyncClient(reconnection=False)

    async def heard(event, *args):
        tell("heard", event=event, args=args)

    async def question(*args):
        await asyncio.sleep(THINKING_SECONDS)
        return args[0]

    client.on("*", heard)
    client.on("question", question)
    await client.connect(ADDRESS, wait_timeout=20, **OPTIONS)
    tell("connected", sid=client.sid, transport=client.transport())
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        todo = read(line)
        if todo["do"] == "leave":
            break
        if todo["do"] == "call":
            tell("acked", args=await client.call(todo["event"], data(todo["args"]), timeout=20))
        else:
            await client.emit(todo["event"], data(todo["args"]))
    await client.disconnect()


if KIND == "sync":
    sync_client()
else:
    asyncio.run(async_client())
tell("left")
