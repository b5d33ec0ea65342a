"""A relay between a client and a server that writes what it sees as a capture file. It needs neither root nor libpcap.

The packets' IP and TCP headers are made up: a three-way handshake, one segment per chunk, from port 40000 to port 22, so that
Wireshark takes it for SSH without being told.
"""

import socket
import struct
import threading
import time

from peers.cases import PATIENCE

CLIENT, SERVER = 0, 1
LINKTYPE_RAW = 101  # each packet begins with its IP header
SYN, PSH, ACK = 2, 8, 16


class CaptureFile:
    def __init__(self, path):
        self._file = open(path, "wb")
        self._file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, LINKTYPE_RAW))
        self._next = [1000, 2000]  # sequence numbers: what each side sends next
        self._lock = threading.Lock()
        self.segment(CLIENT, b"", SYN)
        self.segment(SERVER, b"", SYN | ACK)
        self.segment(CLIENT, b"", ACK)

    def segment(self, sender, data, flags=PSH | ACK):
        with self._lock:
            ports = (40000, 22) if sender == CLIENT else (22, 40000)
            acknowledged = self._next[1 - sender] if flags & ACK else 0
            tcp = struct.pack(">HHIIBBHHH", *ports, self._next[sender], acknowledged, 5 << 4, flags, 65535, 0, 0) + data
            hosts = (b"\x0a\x00\x00\x01", b"\x0a\x00\x00\x02")
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, hosts[sender], hosts[1 - sender])
            now = time.time()
            self._file.write(struct.pack("<IIII", int(now), int(now % 1 * 1e6), len(ip + tcp), len(ip + tcp)))
            self._file.write(ip + tcp)
            self._next[sender] += len(data) + (1 if flags & SYN else 0)

    def close(self):
        self._file.close()


class CapturingRelay:
    """Takes one connection and hands it on to a port of 127.0.0.1; `port` is where to connect to. Each piece goes to `record`,
    a CaptureFile or what has its segment() and close()."""

    def __init__(self, record, server_port):
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._server_port = server_port
        self._record = record
        self._thread = threading.Thread(target=self._relay, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._listening.close()
        self._thread.join(PATIENCE)
        self._record.close()

    def _relay(self):
        self._listening.settimeout(PATIENCE)
        try:
            client = self._listening.accept()[0]
        except OSError:
            return  # nobody came
        with client, socket.create_connection(("127.0.0.1", self._server_port)) as server:
            # Wireshark 4.0 takes a server's KEXINIT for encrypted if it comes ahead of the client's identification.
            self._copy_one(CLIENT, client, server)
            back = threading.Thread(target=self._copy, args=(SERVER, server, client), daemon=True)
            back.start()
            self._copy(CLIENT, client, server)
            back.join(PATIENCE)

    def _copy_one(self, sender, source, target):
        """False at the end."""
        data = source.recv(16384)
        if data:
            self._record.segment(sender, data)
            target.sendall(data)
        return bool(data)

    def _copy(self, sender, source, target):
        try:
            while self._copy_one(sender, source, target):
                pass
            target.shutdown(socket.SHUT_WR)
        except OSError:  # the other side was faster to close
            pass
