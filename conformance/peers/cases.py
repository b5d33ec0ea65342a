"""Cases and what they expect. A case is one line of output, `ok - text` or `not ok - text` and, indented, why."""

import contextlib
import threading
import time
import traceback

PATIENCE = 60  # seconds. What has not come by then will not come; a test that passes never waits for so long.


class Failure(Exception):
    """What was expected did not happen; the text says what did."""


class Cases:
    def __init__(self):
        self._lock = threading.Lock()
        self._passed = 0
        self._failed = 0

    @contextlib.contextmanager
    def case(self, text):
        """What raises in the block fails this case; the next ones are tried all the same. May be used by threads."""
        try:
            yield
        except Failure as failure:
            self._say(False, text, str(failure))
        except Exception:  # a case that could not be tried has failed
            self._say(False, text, traceback.format_exc())
        else:
            self._say(True, text, "")

    def _say(self, passed, text, details):
        lines = [f"{'ok' if passed else 'not ok'} - {text}"] + ["    " + line for line in details.splitlines()]
        with self._lock:
            self._passed += passed
            self._failed += not passed
            print("\n".join(lines), flush=True)

    def status(self):
        """The script's exit status."""
        return 0 if self._passed > 0 and self._failed == 0 else 1


def expect(condition, *details):
    """Details that are functions are called only on failure."""
    if not condition:
        raise Failure("\n".join(str(detail() if callable(detail) else detail) for detail in details))


def expect_equal(got, wanted, *details):
    expect(got == wanted, f"expected {wanted!r}", f"got      {got!r}", *details)


def wait_until(condition, what, *details):
    """Returns the condition's first value that is true."""
    deadline = time.monotonic() + PATIENCE
    while True:
        value = condition()
        if value:
            return value
        expect(time.monotonic() < deadline, f"waited {PATIENCE} seconds in vain: {what}", *details)
        time.sleep(0.02)
