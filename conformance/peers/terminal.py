"""A client on a pseudo-terminal of its own, and somebody who answers its questions."""

import os
import select
import signal
import termios
import time

from peers.cases import PATIENCE, Failure, wait_until


class Terminal:
    """What the client writes to its terminal, standard output and standard error is in `text`, as the terminal shows it."""

    def __init__(self, arguments, env=None, person=None, size=(24, 80)):
        """As `person` (people.py), if there is one, with their environment; `env` adds to it. The size: rows, columns."""
        self.text = ""
        self._seen = 0
        self._pid, self._terminal = os.forkpty()
        if self._pid == 0:
            try:
                termios.tcsetwinsize(0, size)
                environment = person.become(os.ttyname(0)) if person else {**os.environ, "SHLVL": "1"}
                os.execve(arguments[0], arguments, {**environment, **(env or {})})
            finally:
                os._exit(126)
        os.set_inheritable(self._terminal, False)

    @property
    def client_pid(self):
        return self._pid

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def _read(self, seconds):
        """False at the end."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            raise Failure(f"nothing more came to the terminal within {seconds:.0f} seconds; it shows:\n{self.text}")
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            return False
        if self.text.endswith("\r") and data.startswith(b"\n"):  # a line's end that came in two pieces
            self.text = self.text[:-1]
            self._seen = min(self._seen, len(self.text))
        self.text += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)

    def answer(self, question, answer, end="\n"):
        """Waits for a question that has not been seen yet, and types the answer: a text in UTF-8, or bytes as they are."""
        seen = len(self.text) if question in self.text else 0
        deadline = time.monotonic() + PATIENCE
        while question not in self.text[seen:]:
            if not self._read(max(0.1, deadline - time.monotonic())):
                raise Failure(f"the client ended without asking '{question}'; the terminal shows:\n{self.text}")
        os.write(self._terminal, (answer if isinstance(answer, bytes) else answer.encode()) + end.encode())

    def see(self, text):
        """Waits for a text, and returns what came before it. The next look begins behind it."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.text[self._seen:]:
            if not self._read(max(0.1, deadline - time.monotonic())):
                raise Failure(f"the client ended before '{text}' came; the terminal shows:\n{self.text}")
        at = self.text.index(text, self._seen)
        before = self.text[self._seen:at]
        self._seen = at + len(text)
        return before

    def until_it_waits(self):
        """For a key that is a signal: one that comes between OpenSSH's question and its read(2) is seen at the next key."""
        def waits():
            with open(f"/proc/{self._pid}/stat", encoding="ascii", errors="replace") as stat:
                return stat.read().rpartition(") ")[2].startswith("S")
        wait_until(waits, "the client waits for a key", self.text)

    def type(self, text):
        os.write(self._terminal, text.encode())

    def resize(self, rows, columns):
        """What the terminal's window does: whoever is in the foreground gets a SIGWINCH."""
        termios.tcsetwinsize(self._terminal, (rows, columns))

    def modes(self):
        """As of tcgetattr(3)."""
        return termios.tcgetattr(self._terminal)

    def file(self):
        """Its descriptor, for programs that look at it."""
        return self._terminal

    def end(self):
        """The exit status, when the client has ended by itself."""
        deadline = time.monotonic() + PATIENCE
        while self._read(max(0.1, deadline - time.monotonic())):
            pass
        pid, status = os.waitpid(self._pid, 0)
        self._pid = 0
        return os.waitstatus_to_exitcode(status) if pid else None
