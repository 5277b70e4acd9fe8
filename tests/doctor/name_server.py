"""A small DNS server on loopback (RFC 1035), with the records a test gives it."""

import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

Records = Mapping[tuple[str, str], list[str]]
"""(name, kind) to the records as a zone file has them."""


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, channel = self.request
        query = dns.message.from_wire(data)
        channel.sendto(self.server.answer(query).to_wire(), self.client_address)  # type: ignore[attr-defined]


class NameServer(socketserver.ThreadingUDPServer):
    """Answers from `records`; names in `silent` get SERVFAIL."""

    daemon_threads = True

    def __init__(self, records: Records, silent: frozenset[str] = frozenset()) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.records, self.silent = records, silent

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.RA
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        found = self.records.get((name, kind), [])
        if name in self.silent:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif found:
            response.answer.append(dns.rrset.from_text_list(question.name, 60, "IN", kind, found))
        elif not any(name == known for known, _ in self.records):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response


@contextmanager
def name_server(records: Records, silent: frozenset[str] = frozenset()) -> Iterator[int]:
    """Run one for the time of a block; gives its port."""
    with NameServer(records, silent) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def txt(*texts: str) -> list[str]:
    """TXT records; what is longer than a string may be is parted, as zone files do."""
    return [" ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200)) for text in texts]
