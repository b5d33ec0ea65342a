"""A temporary directory with keys, and the processes that were started for it. Both are gone when the block ends."""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile

from peers.cases import Failure

USER = pwd.getpwuid(os.getuid()).pw_name

# Nothing of the user's own agent, language or shell set-up decides how a test ends.
_environment = {name: value for name, value in os.environ.items()
                if name not in ("SSH_AUTH_SOCK", "SSH_ASKPASS", "DISPLAY") and not name.startswith(("LC_", "LANG"))}
_environment["LC_ALL"] = "C"
# Debian's bash reads ~/.bashrc when it is the first shell under an SSH server. With this, which our servers accept and our
# clients send, it is not the first one.
_environment["SHLVL"] = "1"

# A shell starts background programs with signals ignored, and their children inherit that. A handler is not inherited, so the
# programs that we start have the default.
for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, lambda *_: None)


def find_program(name):
    """A peer's program. That it is not there is a failure."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin")
    if found is None:
        raise Failure(f"{name} is not installed")
    return found


def our_program(name):
    directory = os.environ.get("GLASSH_PROGRAMS")
    if not directory:
        raise Failure("GLASSH_PROGRAMS is not set: it is the directory of glasshd and glassh")
    path = os.path.join(directory, name)
    if not os.access(path, os.X_OK):
        raise Failure(f"{path} is not there")
    return path


class Result:
    """How a program ended and what it said."""

    def __init__(self, arguments, status, out, err):
        self.arguments, self.status, self.out = arguments, status, out
        self.err = err.decode(errors="replace")

    def __str__(self):
        return (f"{' '.join(self.arguments)}\nended with status {self.status}\n"
                f"stdout: {self.out[:2000]!r}\nstderr:\n{self.err[-6000:]}")


class Workspace:
    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="glassh-peers-")
        self._processes = []
        self._closers = []
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self._processes):
            end_process(process)
        for closer in reversed(self._closers):
            closer()
        shutil.rmtree(self.path)

    def at_end(self, closer):
        self._closers.append(closer)

    def file(self, name, text=None):
        """A path in the directory; with text, the file is written."""
        path = os.path.join(self.path, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def fresh(self, name):
        """A path that was never given out before."""
        self._count += 1
        return self.file(f"{self._count}-{name}")

    def key(self, name, kind="ed25519"):
        """The path of a private key, made at the first call."""
        path = self.file(f"key-{name}")
        if not os.path.exists(path):
            flags = {"rsa": ["rsa", "-b", "2048"], "ecdsa": ["ecdsa", "-b", "256"], "ecdsa384": ["ecdsa", "-b", "384"],
                     "ecdsa521": ["ecdsa", "-b", "521"]}.get(kind, [kind])
            subprocess.run([find_program("ssh-keygen"), "-q", "-t", *flags, "-N", "", "-C", name, "-f", path],
                           check=True, stdin=subprocess.DEVNULL)
        return path

    def public_key(self, name, kind="ed25519"):
        """'ssh-ed25519 AAAA…', without the comment."""
        with open(self.key(name, kind) + ".pub", encoding="utf-8") as file:
            return " ".join(file.read().split()[:2])

    def start(self, arguments, **options):
        """A process that is ended with the workspace, if it has not ended before."""
        options.setdefault("stdin", subprocess.DEVNULL)
        options["env"] = {**_environment, **options.pop("env", {})}
        process = subprocess.Popen(arguments, **options)
        self._processes.append(process)
        return process

    def run(self, arguments, input=b"", timeout=60, env=None):
        """Runs to the end; a program that takes longer is killed and is a failure."""
        try:
            done = subprocess.run(arguments, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  timeout=timeout, env={**_environment, **(env or {})}, check=False)
        except subprocess.TimeoutExpired as late:
            raise Failure(f"{' '.join(arguments)}\ndid not end within {timeout} seconds\n"
                          f"stderr:\n{(late.stderr or b'').decode(errors='replace')[-6000:]}") from None
        return Result(arguments, done.returncode, done.stdout, done.stderr)


def end_process(process):
    """SIGTERM; a second one for a glasshd that still has sessions; and SIGKILL for who does not mind either."""
    for seconds in (1, 10):
        if process.poll() is not None:
            break
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    if process.poll() is None:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            stream.close()
