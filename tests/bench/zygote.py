"""A zygote without a supervisor: speaks src/ipc/messages.h, for measuring what the zygote itself does."""
import array
import json
import os
import socket
import struct
import subprocess

from harness import PYTHON, builddir, environment

MAGIC = 0x464B5331  # src/ipc/channel.c
HEADER = struct.Struct("=IIIIQ")
SETUP, PROGRESS, REPORT, READY, SPAWN, SPAWNED = range(1, 7)
ENFORCE, WARN, OFF = range(3)
FILTER, FULL = range(2)
INLINE_MAX = 65536
NO_STRING = 0xFFFFFFFF


class Pack:
    """src/ipc/pack.c"""

    def __init__(self):
        self.data = b""

    def u32(self, *values):
        for value in values:
            self.data += struct.pack("=I", value & 0xFFFFFFFF)
        return self

    def str(self, *texts):
        for text in texts:
            if text is None:
                self.u32(NO_STRING)
                continue
            raw = os.fsencode(text)
            self.u32(len(raw))
            self.data += raw
        return self

    def strv(self, items):
        self.u32(len(items))
        return self.str(*items)


class Zygote:
    """Exec'd at once; report() waits for the audit's end, ready() for the right to fork."""

    def __init__(self, version, preload, policy=ENFORCE, mode=FILTER, path=(), env=None):
        self.channel, end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # The interpreter's base prefix is the supervisor's to check, so it is not given.
        setup = Pack().str("bench", PYTHON, None).strv(list(path)).strv(list(preload))
        setup.str(None).strv([]).strv([]).str(None).u32(policy, mode, 300, 0, 0, 0, 1, 0, 0)
        os.set_inheritable(end.fileno(), True)
        self.process = subprocess.Popen(
            [builddir() / f"zygote-python{version}", str(end.fileno()), "bench"],
            pass_fds=[end.fileno()], env=env or environment(), stdin=subprocess.DEVNULL,
            start_new_session=True)
        end.close()
        self.send(SETUP, 0, setup.data)
        self.last_id = 0

    @property
    def pid(self):
        return self.process.pid

    def send(self, kind, number, body, fds=()):
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.channel.sendmsg([HEADER.pack(MAGIC, kind, number, 0, len(body)), body], control)

    def receive(self):
        data, control, _, _ = self.channel.recvmsg(HEADER.size + INLINE_MAX,
                                                   socket.CMSG_SPACE(4 * 65))
        if not data:
            raise EOFError(f"the zygote has exited: {self.process.wait()}")
        _, kind, number, in_memfd, length = HEADER.unpack_from(data)
        body = data[HEADER.size:]
        for _, _, raw in control:
            for fd in array.array("i", raw):
                if in_memfd:
                    body = os.pread(fd, length, 0)
                os.close(fd)
        return kind, number, body

    def wait(self, wanted):
        while True:
            kind, _, body = self.receive()
            if kind == wanted:
                return body

    def report(self):
        return json.loads(self.wait(REPORT))

    def ready(self):
        return struct.unpack("=QQQQQQ", self.wait(READY))

    def request(self, argv, env=None, sockets=()):
        """The body of a request for a worker."""
        variables = [f"{name}={value}" for name, value in (env or environment()).items()]
        packed = Pack().str("bench:worker", "worker").strv(argv).strv(variables).str(None)
        return packed.strv(list(sockets)).u32(-1, 0, 0, 0).str(None).data

    def spawn(self, body, stdio, sockets=()):
        """Asks for a worker and lets it go at once, as the supervisor does; its pid."""
        gate, opener = os.pipe()
        self.last_id += 1
        self.send(SPAWN, self.last_id, body, [gate, *stdio, *sockets])
        os.close(gate)
        answer = self.wait(SPAWNED)
        pid = struct.unpack_from("=i", answer)[0]
        if pid <= 0:
            raise RuntimeError(answer[12:].decode(errors="replace"))
        os.write(opener, b"x")
        os.close(opener)
        return pid

    def close(self):
        """Its wall time ends when it is gone."""
        self.channel.close()
        return self.process.wait()
