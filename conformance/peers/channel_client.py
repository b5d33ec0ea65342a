"""A client made by hand (raw_client.py) that has logged in with a password: RFC 4254's messages, right or wrong.

    with ChannelClient(start_with_passwords(workspace)) as client:
        session = SessionByHand(client)
        session.ask(b"exec", string(b"exit 3"))
"""

import struct

from peers.cases import Failure, expect, expect_equal
from peers.logins import PASSWORD
from peers.raw_client import RawClient, string, u32, userauth_request
from peers.workspace import USER

USERAUTH_SUCCESS, GLOBAL_REQUEST, REQUEST_SUCCESS, REQUEST_FAILURE = 52, 80, 81, 82
CHANNEL_OPEN, OPEN_CONFIRMATION, OPEN_FAILURE, CHANNEL_DATA, CHANNEL_EOF, CHANNEL_CLOSE = 90, 91, 92, 94, 96, 97
EXTENDED_DATA, CHANNEL_REQUEST, CHANNEL_SUCCESS, CHANNEL_FAILURE = 95, 98, 99, 100
PROHIBITED, CONNECT_FAILED, UNKNOWN_TYPE = 1, 2, 3


def split(data, *fields):
    """The fields of a message behind its number: "u" is a uint32, "s" a string; what is left comes last."""
    values = []
    for field in fields:
        number, data = struct.unpack(">I", data[:4])[0], data[4:]
        if field == "s":
            number, data = data[:number], data[number:]
        values.append(number)
    return (*values, data)


class ChannelClient(RawClient):
    """Logged in, without a session."""

    def __init__(self, server):
        super().__init__(server.port)
        self.exchange_keys().ask_for_userauth()
        fields = b"\0" + string(PASSWORD.encode())
        self.send(userauth_request(b"password", fields, user=USER.encode()))
        self.receive_until(USERAUTH_SUCCESS)

    def ask(self, name, *fields, want_reply=True):
        self.send(bytes([GLOBAL_REQUEST]) + string(name) + bytes([want_reply]) + b"".join(fields))

    def answer(self):
        """The data of a REQUEST_SUCCESS, or None."""
        payload = self.hear(REQUEST_SUCCESS, REQUEST_FAILURE)
        return payload[1:] if payload[0] == REQUEST_SUCCESS else None

    def forward(self, address, port, name=b"tcpip-forward"):
        self.ask(name, string(address), u32(port))
        return self.answer()

    def hear(self, *numbers):
        while (payload := self.receive()) is not None:
            if payload[0] in numbers:
                return payload
        expect(False, f"the connection ended before one of {numbers}")

    def open(self, kind, *fields, number=0, window=1 << 20):
        self.send(bytes([CHANNEL_OPEN]) + string(kind) + u32(number) + u32(window) + u32(32768) + b"".join(fields))

    def open_tcp(self, host, port, number=0):
        self.open(b"direct-tcpip", string(host), u32(port), string(b"127.0.0.1"), u32(1), number=number)

    def opened(self):
        """(our number, the server's number), or (our number, reason, text)."""
        payload = self.hear(OPEN_CONFIRMATION, OPEN_FAILURE)
        ours, theirs, rest = split(payload[1:], "u", "u")
        return (ours, theirs) if payload[0] == OPEN_CONFIRMATION else (ours, theirs, split(rest, "s")[0].decode())

    def confirm(self, theirs, number=0):
        self.send(bytes([OPEN_CONFIRMATION]) + u32(theirs) + u32(number) + u32(1 << 20) + u32(32768))

    def data(self, theirs, data):
        self.send(bytes([CHANNEL_DATA]) + u32(theirs) + string(data))

    def hear_data(self):
        return split(self.hear(CHANNEL_DATA)[1:], "u", "s")[1]

    def say(self, number, theirs):
        self.send(bytes([number]) + u32(theirs))


class SessionByHand:
    """One session. `order` has a letter for each message that came: S and F for answers, R for a request, d and e for data of
    the two streams, E and C for EOF and CLOSE. Other channels of the client must be silent meanwhile."""

    def __init__(self, client, number=0):
        self.client, self.number = client, number
        self.output = self.error = b""
        self.requests = []  # (type, want_reply, the rest)
        self.order = ""
        client.open(b"session", number=number)
        opened = client.opened()
        expect_equal(len(opened), 2, "the session is refused:", opened)
        self.theirs = opened[1]
        # bash would take itself for one that an SSH server started, and read the files of the user who runs the test.
        self.ask(b"env", string(b"SHLVL"), string(b"1"), want_reply=False)

    def ask(self, name, *fields, want_reply=True):
        self.client.send(bytes([CHANNEL_REQUEST]) + u32(self.theirs) + string(name) + bytes([want_reply]) + b"".join(fields))

    def ask_for_terminal(self, columns, rows, width=0, height=0, modes=b"\0"):
        self.ask(b"pty-req", string(b"vt220"), u32(columns), u32(rows), u32(width), u32(height), string(modes))
        return self.answer()

    def write(self, data):
        self.client.data(self.theirs, data)

    def _take(self):
        payload = self.client.receive()
        expect(payload is not None, "the connection ended; until then came", self.order, self.output, self.error)
        number = payload[0]
        if number not in (CHANNEL_DATA, EXTENDED_DATA, CHANNEL_EOF, CHANNEL_CLOSE, CHANNEL_REQUEST, CHANNEL_SUCCESS,
                          CHANNEL_FAILURE):
            return
        channel, rest = split(payload[1:], "u")
        expect_equal(channel, self.number)
        if number == CHANNEL_DATA:
            self.output += split(rest, "s")[0]
        elif number == EXTENDED_DATA:
            self.error += split(rest, "u", "s")[1]
        elif number == CHANNEL_REQUEST:
            name, rest = split(rest, "s")
            self.requests.append((name, rest[0] != 0, rest[1:]))
        self.order += {CHANNEL_DATA: "d", EXTENDED_DATA: "e", CHANNEL_EOF: "E", CHANNEL_CLOSE: "C", CHANNEL_REQUEST: "R",
                       CHANNEL_SUCCESS: "S", CHANNEL_FAILURE: "F"}[number]

    def answers(self):
        return "".join(letter for letter in self.order if letter in "SF")

    def answer(self):
        """Whether the next answer is a yes."""
        before = len(self.answers())
        while len(self.answers()) == before:
            expect("C" not in self.order, "the channel was closed before the answer", self.order)
            self._take()
        return self.answers()[before] == "S"

    def wait_for(self, text):
        while text not in self.output:
            if "C" in self.order:
                raise Failure(f"closed before {text!r} came: {self.output!r} {self.error!r}")
            self._take()

    def run_to_close(self):
        """Returns what the program wrote to its standard output."""
        while "C" not in self.order:
            self._take()
        self.client.say(CHANNEL_CLOSE, self.theirs)
        return self.output

    def end(self):
        """How the program ended: its exit status, or the name of the signal."""
        for name, _, rest in self.requests:
            if name == b"exit-status":
                return split(rest, "u")[0]
            if name == b"exit-signal":
                return split(rest, "s")[0].decode()
        return None
