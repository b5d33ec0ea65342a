#!/usr/bin/python3
"""What the threads of glasshd that serve connections ask of the kernel: nothing that can wait, since others would wait with it.

    test/checks/system_calls.py DIRECTORY    check the records that strace wrote (test/checks/traced_programs.py)
    test/checks/system_calls.py --self-test  plant one mistake of each kind and see that it is found

Such a thread has the name "connections". It may read, write and connect only with descriptors that do not block, and of the other
calls that are recorded it may make only those that ALLOWED lists, each with its reason. Which descriptor blocks is followed from
where it was made, through each call that copies it or changes its flags.
"""

import os
import re
import sys
import tempfile

import source

NAMED = "each record names its threads"
READABLE = "most records can be read"
CALLS = "threads that serve connections make only calls that cannot wait"
THREAD = '"connections"'

# (call, what its arguments must look like, why it cannot wait)
ALLOWED = [
    ("close|dup|dup2|dup3|socket|socketpair|pipe|pipe2|eventfd2|timerfd_create|epoll_create1|pidfd_open", "",
     "makes, copies or ends a descriptor"),
    ("fcntl", r"(?!.*SETLKW)", "copies a descriptor, or changes its flags; waits for no lock"),
    ("getsockname|getpeername|getsockopt|setsockopt|shutdown|listen", "", "changes what the kernel has of a socket"),
    ("bind", r".*sa_family=AF_INET", "changes what the kernel has of a socket"),
    ("ioctl", r"\d+, (?:\w+ or )?(FIONREAD|FIONBIO|TCGETS|TCSETS|TIOCGWINSZ|TIOCSWINSZ|TIOCGPTN|TIOCSPTLCK|TIOCGPTPEER|TIOCSIG)\b",
     "asks or sets what the kernel has of a terminal or a stream"),
    ("fstat|fstatfs", "", "asks about an open file"),
    ("newfstatat", r'\d+, "", ', "asks about an open file"),
    ("open|openat", r'(AT_FDCWD, )?"/(dev/ptmx|proc/self/fd/\d+)"', "a file that the kernel makes up"),
    ("openat", r'AT_FDCWD, "/var/(run/utmp|log/wtmp|log/lastlog)"', "a file of the system on its own disk"),
    ("openat", r'AT_FDCWD, "/(proc/sys/vm/overcommit_memory|sys/devices/system/cpu/online)"', "the C library asks the kernel"),
    ("openat|newfstatat", r'AT_FDCWD, "/etc/localtime"', "a file of the system on its own disk"),
    ("access", r'"[^"]*/xauth"', "XAuthLocation: a file of the system on its own disk"),
    ("mkdir|rmdir|unlink", r'"/tmp/ssh-\w{6}(/agent\.\d+)?"', "the forwarded agent's own directory in the system's /tmp"),
    ("newfstatat", r'AT_FDCWD, "/tmp/ssh-\w{6}/agent\.\d+"', "the same"),
    ("bind", r'\d+, \{sa_family=AF_UNIX, sun_path="/tmp/ssh-\w{6}/agent\.\d+"', "the same"),
    ("poll|ppoll", r".*, (0|\{tv_sec=0, tv_nsec=0\}.*)$", "asks, and does not wait"),
    ("wait4|waitid", r".*WNOHANG", "asks, and does not wait"),
    ("clone3?", r".*CLONE_THREAD", "starts a thread"),
    ("kill", "", "sends a signal"),
    ("prctl|exit|exit_group", "", "is the thread's own"),
]

LOGIN_RECORDS = r'openat\(AT_FDCWD, "/var/(run/utmp|log/wtmp|log/lastlog)"'
# The same for calls that transfer bytes although the descriptor blocks; the second column is for the call that made it.
ALLOWED_TRANSFERS = [
    ("read|pread64|write|pwrite64", LOGIN_RECORDS, "files of the system on its own disk, one record each"),
    ("read", r'openat\(AT_FDCWD, "/(etc/localtime|proc/sys/vm/overcommit_memory|sys/devices/system/cpu/online)"', "small files, read once"),
]

TRANSFERS = {"read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2", "pwritev2", "sendto", "recvfrom",
             "sendmsg", "recvmsg", "sendmmsg", "recvmmsg", "connect", "accept", "accept4", "sendfile", "splice"}
COPIES = {"dup", "dup2", "dup3"}
PAIRS = {"pipe", "pipe2", "socketpair"}
MAKERS = {"open", "openat", "openat2", "creat", "socket", "accept", "accept4", "eventfd2", "timerfd_create", "signalfd4", "inotify_init1",
          "pidfd_open", "epoll_create1", "memfd_create"}
STARTS = {"clone", "clone3", "fork", "vfork"}
# Calls of other threads that change nothing here are passed over quickly.
FOLLOWED = COPIES | PAIRS | MAKERS | STARTS | {"fcntl", "ioctl", "close", "prctl"}

LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)")
UNFINISHED = " <unfinished ...>"
RESULT = re.compile(r"^(.*)\)\s+= (-?\d+|\?|0x[0-9a-f]+)(?: .*)?$")


def listed(table):
    return [(re.compile(f"(?:{call})$"), re.compile(arguments)) for call, arguments, _ in table]


class Description:
    """An open file description, which copies of a descriptor share."""

    def __init__(self, blocks, origin):
        self.blocks, self.origin = blocks, origin


class Process:
    """Descriptors, which all threads of a process share."""

    def __init__(self, descriptors):
        self.descriptors = descriptors


class Thread:
    def __init__(self, process):
        self.process = process
        self.serves = False
        self.pending = None  # (number of the line, call, arguments so far, description) of a call that has not returned


class Record:
    """One record of strace. `problems` are the calls that may not be."""

    def __init__(self, path, allowed):
        self.path, self.allowed = path, allowed
        self.threads = {}
        self.unknown = {}  # lines of threads whose start is not recorded yet
        self.problems = {}  # by their kind, so that each is told once: (first line of it, text, how many)
        self.serving = 0
        # glasshd hides its memory (channels/io/hidden_process.h), also from the strace of an ordinary user who starts it.
        self.hidden = False

    def read(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file, 1):
                if self.hidden:
                    break
                if match := LINE.match(line):
                    self.line(number, *match.groups())
        for thread in self.threads.values():
            if thread.pending and thread.serves:
                self.judge(*thread.pending[:2], thread.pending[2], thread.pending[3])
        return self

    def line(self, number, tid, resumed, call, rest):
        thread = self.threads.get(tid)
        if thread is None:
            if self.threads:
                self.unknown.setdefault(tid, []).append((number, tid, resumed, call, rest))
                return
            thread = self.threads[tid] = Thread(Process({fd: Description(True, "our parent") for fd in range(3)}))
        if resumed:
            if thread.pending is None:
                return
            number, call, begun, description = thread.pending
            thread.pending = None
            rest = begun + rest.lstrip()
        else:
            if call not in FOLLOWED and not thread.serves:
                return
            description = self.description(thread, rest) if call in TRANSFERS else None
            if call == "close":
                thread.process.descriptors.pop(first_number(rest), None)
            if rest.endswith(UNFINISHED):
                thread.pending = (number, call, rest.removesuffix(UNFINISHED), description)
                return
        done = RESULT.match(rest)
        arguments, result = (done[1], done[2]) if done else (rest, "?")
        if thread.serves:
            self.judge(number, call, arguments, description)
        if result.isdigit():
            self.follow(number, thread, call, arguments, int(result))

    def description(self, thread, arguments):
        return thread.process.descriptors.get(first_number(arguments))

    # ---- what the call has done

    def follow(self, number, thread, call, arguments, result):
        descriptors = thread.process.descriptors
        origin = f"{call}({arguments}) in line {number}"
        if call in MAKERS:
            descriptors[result] = Description("NONBLOCK" not in arguments, origin)
        elif call in PAIRS and "[" not in arguments:
            self.hidden = True
        elif call in PAIRS:
            for fd in re.findall(r"\d+", re.search(r"\[(.*?)\]", arguments)[1]):
                descriptors[int(fd)] = Description("NONBLOCK" not in arguments, origin)
        elif call in COPIES or (call == "fcntl" and "F_DUPFD" in arguments):
            descriptors[result] = self.description(thread, arguments) or Description(True, origin)
        elif call == "fcntl" and "F_SETFL" in arguments:
            self.known(thread, arguments, origin).blocks = "O_NONBLOCK" not in arguments
        elif call == "ioctl" and "FIONBIO" in arguments:
            self.known(thread, arguments, origin).blocks = "[0]" in arguments
        elif call == "ioctl" and "TIOCGPTPEER" in arguments:
            descriptors[result] = Description("O_NONBLOCK" not in arguments, origin)
        elif call in STARTS:
            self.start(thread, arguments, str(result))
        elif call == "prctl" and arguments.startswith("PR_SET_NAME, " + THREAD):
            thread.serves = True
            self.serving += 1
        elif call == "prctl" and arguments.startswith("PR_SET_NAME, 0x"):
            self.hidden = True

    def known(self, thread, arguments, origin):
        return thread.process.descriptors.setdefault(first_number(arguments), Description(True, origin))

    # A program that is started has a table of its own, and no name yet.
    def start(self, thread, arguments, tid):
        shares = "CLONE_THREAD" in arguments
        descriptors = thread.process.descriptors
        copies = {fd: Description(each.blocks, each.origin) for fd, each in descriptors.items()} if not shares else None
        self.threads[tid] = Thread(thread.process if shares else Process(copies))
        for line in self.unknown.pop(tid, []):
            self.line(*line)

    # ---- whether it may be

    def judge(self, number, call, arguments, description):
        if call in TRANSFERS:
            if "MSG_DONTWAIT" in arguments or (description and not description.blocks):
                return
            origin = description.origin if description else ""
            if fits(listed(ALLOWED_TRANSFERS), call, origin):
                return
        elif fits(self.allowed, call, arguments):
            return
        origin = f"; the descriptor was made by {description.origin}" if description else ""
        kind = (call, re.sub(r"\d+|0x[0-9a-f]+", "0", arguments)[:60])
        first = self.problems.get(kind, (f"{self.path}:{number}: {call}({arguments}){origin}", 0))
        self.problems[kind] = (first[0], first[1] + 1)


def first_number(arguments):
    found = re.match(r"\d+", arguments)
    return int(found[0]) if found else -1


def fits(table, call, arguments):
    return any(name.match(call) and shape.match(arguments) for name, shape in table)


def check(directory):
    allowed = listed(ALLOWED)
    problems, serving, unnamed, hidden, records = {}, 0, [], 0, 0
    for name in sorted(os.listdir(directory)):
        record = Record(os.path.join(directory, name), allowed).read()
        records += 1
        hidden += record.hidden
        if record.hidden:
            continue
        serving += record.serving
        for kind, (text, count) in record.problems.items():
            before = problems.get(kind, (text, 0))
            problems[kind] = (before[0], before[1] + count)
    # A run of all tests has some twenty-five. A run of a few may be about such a server.
    most_hidden = records // 10 if records >= 200 else records // 2
    if serving == 0:
        unnamed = [f"no thread of any record in {directory} serves connections"]
    told = [f"{text}{f' (and {count - 1} more like it)' if count > 1 else ''}" for text, count in problems.values()]
    unread = [f"{hidden} of {records} records hide their memory from strace"] if hidden > most_hidden else []
    return [(NAMED, unnamed), (READABLE, unread), (CALLS, told)]


def self_test():
    start = ('1 execve("/bin/glasshd", ["glasshd"], 0x1 /* 2 vars */) = 0\n1 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD} => '
             '{parent_tid=[2]}, 88) = 2\n2 prctl(PR_SET_NAME, "connections") = 0\n')
    accept = "1 accept4(3, NULL, NULL, SOCK_CLOEXEC|SOCK_NONBLOCK) = 5\n"
    planted = [
        ("a call that is not listed", '2 rename("/a", "/b") = 0\n', CALLS),
        ("the same call of another thread", '1 rename("/a", "/b") = 0\n', None),
        ("a write to a descriptor that does not block", accept + '2 write(5, "x", 1) = 1\n', None),
        ("a write to an inherited descriptor", '2 write(2, "x", 1) = 1\n', CALLS),
        ("a write to a terminal that blocks", '2 openat(AT_FDCWD, "/dev/ptmx", O_RDWR|O_NOCTTY) = 6\n2 write(6, "x", 1) = 1\n', CALLS),
        ("a write that never returns", '2 pipe2([6, 7], O_CLOEXEC) = 0\n2 write(7, "x", 1 <unfinished ...>\n', CALLS),
        ("a call between whose halves another thread calls",
         accept + '2 read(5,  <unfinished ...>\n1 close(9) = 0\n2 <... read resumed>"x", 1) = 1\n', None),
        ("O_NONBLOCK that is set later", "2 pipe2([6, 7], O_CLOEXEC) = 0\n2 fcntl(7, F_SETFL, O_WRONLY|O_NONBLOCK) = 0\n"
         '2 write(7, "x", 1) = 1\n', None),
        ("O_NONBLOCK that is taken away", accept + '2 fcntl(5, F_SETFL, O_RDWR) = 0\n2 read(5, "x", 1) = 1\n', CALLS),
        ("a copy of a descriptor that does not block", accept + '2 fcntl(5, F_DUPFD_CLOEXEC, 0) = 6\n2 read(6, "x", 1) = 1\n', None),
        ("a number that is used again", accept + '2 close(5) = 0\n2 socket(AF_UNIX, SOCK_STREAM, 0) = 5\n2 read(5, "x", 1) = 1\n', CALLS),
        ("a socket that blocks, with MSG_DONTWAIT", "2 socket(AF_UNIX, SOCK_STREAM, 0) = 6\n"
         '2 recvfrom(6,  <unfinished ...>\n2 <... recvfrom resumed>"x", 1, MSG_DONTWAIT, NULL, NULL) = 1\n', None),
        ("a wait", "2 poll([{fd=5, events=POLLIN}], 1, 1000) = 0\n", CALLS),
        ("a question", "2 poll([{fd=5, events=POLLIN}], 1, 0) = 0 (Timeout)\n", None),
        ("a child that changes its own descriptors", accept + "2 clone3({flags=CLONE_VM|CLONE_THREAD|CLONE_VFORK}, 88 <unfinished ...>\n"
         "9 fcntl(5, F_SETFL, O_RDWR) = 0\n", None),
        ("a thread that is seen before its start has returned",
         "1 clone3({flags=CLONE_VM|CLONE_THREAD}, 88 <unfinished ...>\n"
         '3 prctl(PR_SET_NAME, "connections") = 0\n3 rename("/a", "/b") = 0\n1 <... clone3 resumed> => {parent_tid=[3]}, 88) = 3\n', CALLS),
    ]
    planted.append(("a process that hides its memory", "2 pipe2(0x7f00, O_CLOEXEC) = 0\n", READABLE))
    cases = []
    for what, lines, rule in [("a good record passes", "", None), *planted, ("no thread with the name", None, NAMED)]:
        with tempfile.TemporaryDirectory() as root:
            source.plant(root, {"record": "1 execve(\"/bin/glasshd\") = 0\n" if lines is None else start + lines})
            broken = {name for name, problems in check(root) if problems}
        right = rule in broken if rule else not broken
        cases.append((what, [] if right else [f"found: {sorted(broken)}"]))
    return cases


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(source.report(self_test()))
    sys.exit(source.report(check(sys.argv[1])))
