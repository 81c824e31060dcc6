"""A mail server that says what the test wants to hear: real sockets, real SMTP, nothing kept."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread


class _Talk(socketserver.StreamRequestHandler):
    server: "_Server"

    def handle(self) -> None:
        self.say("220 ready")
        while line := self.rfile.readline().decode().strip().upper():
            verb = line.split()[0]
            if verb == "DATA":
                self.say("354 go on")
                while self.rfile.readline() != b".\r\n":
                    pass
                self.server.taken += 1
                self.say("250 taken")
            elif verb == "RCPT":
                self.say(self.server.answer)
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    answer = "250 fine"
    taken = 0


@contextmanager
def mail_server(answer: str = "250 fine", *, port: int = 0) -> Iterator[_Server]:
    """Serve on a port, a free one if none is named; ``answer`` is given to each recipient."""
    with _Server(("127.0.0.1", port), _Talk) as server:
        server.answer = answer
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
