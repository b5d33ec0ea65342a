"""What a person sees: a client on a pseudo-terminal with a terminal emulator behind it (pyte), as large as one likes.

    with Screen(ssh(..., "vim file"), rows=24, columns=80) as screen:
        screen.type("ihello"); screen.show("hello"); screen.resize(40, 100)
"""

import os
import select
import time

import pyte

from peers.cases import PATIENCE, Failure
from peers.terminal import Terminal


class Emulator(pyte.Screen):
    """Answers the questions that programs put to terminals, as a VT220 with a sense of where its cursor is would."""

    def __init__(self, columns, rows, answer):
        super().__init__(columns, rows)
        self._answer = answer
        self._identified = False

    def report_device_attributes(self, mode=0, **kwargs):
        """Once, as the emulator does not tell the primary question from the secondary one, which tmux asks as well: it takes
        a second answer of this kind for keys that somebody typed.
        """
        if not self._identified:
            self._identified = True
            super().report_device_attributes(mode, **kwargs)

    def write_process_input(self, data):
        self._answer(data)

    def select_graphic_rendition(self, *attributes, private=False):
        if not private:  # xterm's way to set how keys are sent: no colours
            super().select_graphic_rendition(*attributes)


class Screen(Terminal):
    def __init__(self, arguments, rows=24, columns=80, env=None, person=None):
        super().__init__(arguments, env={"TERM": "xterm", **(env or {})}, person=person, size=(rows, columns))
        self._emulator = Emulator(columns, rows, lambda data: os.write(self._terminal, data.encode()))
        self._stream = pyte.ByteStream(self._emulator)

    def resize(self, rows, columns):
        self._emulator.resize(rows, columns)
        super().resize(rows, columns)

    def read_what_comes(self, seconds):
        """False when the client has ended."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # EIO: nobody has the terminal open any more
            return False
        self.text += data.decode(errors="replace").replace("\r\n", "\n")
        self._stream.feed(data)
        return bool(data)

    def _read(self, seconds):
        before = len(self.text)
        going = self.read_what_comes(seconds)
        if going and len(self.text) == before:
            raise Failure(f"nothing more came within {seconds:.0f} seconds; the screen shows:\n{self.picture()}")
        return going

    def lines(self):
        return [line.rstrip() for line in self._emulator.display]

    def seen(self):
        """All that a person sees: the lines with their colours, and where the cursor is."""
        colours = [[(cell.fg, cell.bg, cell.bold, cell.reverse) for cell in (row[i] for i in range(self._emulator.columns))]
                   for row in (self._emulator.buffer[i] for i in range(self._emulator.lines))]
        cursor = self._emulator.cursor
        return self.lines(), colours, (cursor.y, cursor.x)

    def picture(self):
        edge = "+" + "-" * self._emulator.columns + "+"
        cursor = self._emulator.cursor
        return "\n".join([edge, *("|" + line for line in self._emulator.display), edge, f"cursor: {cursor.y}, {cursor.x}"])

    def show(self, text, times=1):
        """Waits until so many lines of the screen have the text, or, for 0, until none has it any more."""
        deadline = time.monotonic() + PATIENCE
        while not self._has(text, times):
            if time.monotonic() > deadline or not self.read_what_comes(0.1):
                raise Failure(f"'{text}' is not on {times} lines of the screen:\n{self.picture()}")

    def _has(self, text, times):
        lines = sum(text in line for line in self._emulator.display)
        return lines >= times if times else lines == 0


def show_the_same(first, second, text, times=1):
    """Waits until both screens have the text and are equal, to the colours and the cursor."""
    deadline = time.monotonic() + PATIENCE
    first.show(text, times)
    second.show(text, times)
    while first.seen() != second.seen():
        going = [screen.read_what_comes(0.05) for screen in (first, second)]
        if not any(going) or time.monotonic() > deadline:
            what = "colours" if first.lines() == second.lines() else "texts"
            raise Failure(f"the {what} of the screens differ:\n{first.picture()}\nand\n{second.picture()}")
