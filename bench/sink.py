"""A lean SMTP sink in a process of its own: accepts all, keeps nothing, counts. Prints its port, then the count."""

import asyncio
import signal

END = b"\r\n.\r\n"


class Sink(asyncio.Protocol):
    """One connection."""

    count = 0

    def connection_made(self, transport):
        self.transport, self.buffer, self.in_data = transport, b"", False
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data):
        self.buffer += data
        replies = []
        while True:
            if self.in_data:
                _, found, rest = self.buffer.partition(END)
                if not found:
                    break
                self.buffer, self.in_data = rest, False
                Sink.count += 1
                replies.append(b"250 2.0.0 OK\r\n")
                continue
            line, found, rest = self.buffer.partition(b"\r\n")
            if not found:
                break
            self.buffer = rest
            replies.append(self.reply(line[:4].upper()))
        self.transport.write(b"".join(replies))

    def reply(self, verb):
        if verb == b"DATA":
            self.in_data = True
            return b"354 go\r\n"
        if verb == b"EHLO":
            return b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"
        return b"221 2.0.0 bye\r\n" if verb == b"QUIT" else b"250 2.1.0 OK\r\n"


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Sink, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    await stop.wait()
    print(Sink.count, flush=True)


asyncio.run(main())
