"""A process that speaks clamd's protocol: INSTREAM, and a verdict on the test virus that every scanner knows."""

import os
import re
import socket
import struct
import sys
import time
from pathlib import Path

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def receive(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += connection.recv(count - len(data))
    return data


def serve(listener: socket.socket, mute: Path) -> None:
    while True:
        connection, _address = listener.accept()
        with connection:
            assert receive(connection, len(b"nINSTREAM\n")) == b"nINSTREAM\n"
            data = b""
            while (size := struct.unpack("!L", receive(connection, 4))[0]) > 0:
                data += receive(connection, size)
            if mute.exists():
                time.sleep(0.1)
                continue  # hangs up without a verdict
            verdict = b"Eicar-Test-Signature FOUND" if re.search(re.escape(EICAR), data) else b"OK"
            connection.sendall(b"stream: " + verdict + b"\n")


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        os.setpgid(0, 0)
        serve(server, Path(sys.argv[1]))
