"""The table: a row for each peer, role and axis, with + in front of what passed and FAILED in front of what did not."""

import threading

AXES = ("kex", "host key", "cipher", "MAC", "compression", "user key", "rekey", "mixed")


class Table:
    def __init__(self):
        self._lock = threading.Lock()
        self._rows = {}  # (peer, role) -> {axis: [(value, passed)]}
        self._notes = {}
        self._versions = {}

    def begin(self, peer, role, version, notes):
        with self._lock:
            self._rows.setdefault((peer, role), {})
            self._versions[peer, role] = version
            self._notes[peer, role] = notes

    def add(self, peer, role, axis, value, passed):
        with self._lock:
            self._rows.setdefault((peer, role), {}).setdefault(axis, []).append((value, passed))

    def text(self):
        lines, total, failed = [], 0, 0
        for (peer, role), axes in sorted(self._rows.items()):
            results = [passed for values in axes.values() for _, passed in values]
            total, failed = total + len(results), failed + results.count(False)
            lines.append(f"\n{peer} as {role}: {self._versions.get((peer, role), 'nothing was heard of it')}: "
                         f"{results.count(True)} passed, {results.count(False)} failed")
            for axis in AXES:
                if axis in axes:
                    words = [f"{'+' if passed else 'FAILED '}{value}" for value, passed in axes[axis]]
                    lines += _wrapped(f"  {axis:12}", words)
            lines += [f"  {'about it':12} {note}" for note in self._notes.get((peer, role), ())]
        peers = {peer for peer, _ in self._rows}
        lines.append(f"\n{total} logins with {len(peers)} peers: {total - failed} passed, {failed} failed")
        return "\n".join(lines)


def _wrapped(head, words, width=118):
    lines, line = [], head
    for i, word in enumerate(words):
        word += "," if i + 1 < len(words) and " " in word + words[i + 1] else ""
        if len(line) + 1 + len(word) > width:
            lines.append(line)
            line = " " * len(head)
        line += " " + word
    return [*lines, line]
