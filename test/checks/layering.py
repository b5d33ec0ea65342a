#!/usr/bin/python3
"""Which folder may include which, and what the core may not do (docs/ARCHITECTURE.md).

    test/checks/layering.py              look at this source tree
    test/checks/layering.py --self-test  plant one violation of each kind and see that it is found
"""

import collections
import os
import re
import sys
import tempfile

import source

# proto <- crypto <- transport <- auth, channels <- server, client; proto <- config <- auth, server, client.
BELOW = {
    "proto": set(),
    "config": {"proto"},
    "crypto": {"proto"},
    "transport": {"proto", "crypto"},
    "auth": {"proto", "config", "crypto", "transport"},
    "channels": {"proto", "crypto", "transport"},
    "server": {"proto", "config", "crypto", "transport", "auth", "channels"},
    "client": {"proto", "config", "crypto", "transport", "auth", "channels"},
}
# Single arrows that the table has not: key files are read and saved as all small files are.
ALSO = {"crypto/key_files": {"config/small_file.h"}}
# The rooms of the programs that only say what was configured: they know no other room of their program.
DATA_ROOMS = ("client/config", "server/config")
# Rule cases speak to any peer, so they stand on the packets alone.
CONFORMANCE = re.compile(r"(proto|crypto|conformance)/|transport/packet_(reader|writer)\.h$")

# What takes bytes and time in and gives events and bytes out.
CORE = re.compile(r"(proto|config|crypto|transport|auth)/|channels/(?!io/)|(server|client)/(server|client)_connection")

# Each of these is (name, what it looks for in code, where it is allowed).
CORE_RULES = [
    ("the core includes no Asio", r'#\s*include\s*[<"]boost/|\basio::', None),
    ("the core reads no clock", r"_clock::now\b|\b(clock_gettime|gettimeofday|timespec_get|std::clock|std::time)\s*\(|\btime\s*\(\s*(0|NULL|nullptr|&)",
     None),
    # Past vulnerability 79: what is random comes from one place.
    ("the core has no random source of its own", r"\bRAND_\w+|\brandom_device\b|\bs?rand\s*\(|\b(getrandom|getentropy|arc4random\w*|mt19937\w*)\b",
     r"crypto/rng\.cpp$"),
    ("the core never waits", r"\b(sleep_for|sleep_until|usleep|nanosleep|condition_variable|epoll_\w+|p?poll|p?select)\b\s*[({<;]|"
                             r"\bsleep\s*\(|#\s*include\s*<(thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier)>", None),
    ("the core knows no sockets", r"#\s*include\s*<(sys/socket|sys/un|sys/uio|sys/epoll|sys/select|poll|netdb|netinet/\w+|arpa/inet)\.h>", None),
    ("coroutines live at the rim", r"\bco_(await|return|yield)\b", None),
]
RULES = [
    ("libcrypto is behind crypto/", r"#\s*include\s*<openssl/", r"crypto/|test/(crypto|support|bench|fuzz)/"),
    ("reinterpret_cast only in proto/bytes.h", r"\breinterpret_cast\b", r"proto/bytes\.h$"),
    ("no macros", r"#\s*define\b", None),
    # Past vulnerability 79: keys and cookies come from one generator, which the kernel seeds.
    ("no random source but crypto/rng", r"\bRAND_\w+|\brandom_device\b|\bs?rand\s*\(|\b(getrandom|getentropy|arc4random\w*|mt19937\w*)\b",
     CORE.pattern + r"|test/"),
    ("seeded randomness is for tests", r"\bSeededRng\b", r"crypto/rng\.(h|cpp)$|test/"),
    # Past vulnerability 63: a format that comes from elsewhere. fmt's formats are constants, or they do not compile.
    ("no text is a format", r"\b(v?[sf]?n?printf|v?dprintf|v?syslog|setproctitle|errx?|warnx?)\s*\(", r"server/log\.cpp$|test/"),
    # Past vulnerability 65: what a signal interrupts may hold a lock, or be half done. Programs read signals as events
    # (asio::signal_set). The two that have a handler set a flag, or give a terminal back by tcsetattr(3) and raise(3).
    ("signals are events, not handlers",
     r"\bsa_handler\s*=(?!=|\s*SIG_(IGN|DFL)\b)|\bsa_sigaction\b|(?<![\w.>])signal\s*\([^,()]+,(?!\s*SIG_(IGN|DFL)\b)",
     r"client/(terminal/local_terminal|tools/copy_id_main)\.cpp$|test/"),
    # RFC 4251 section 9.2: what prints for people escapes control characters, whatever its callers do.
    ("programs print through say() and their logs", r"\bfmt::v?print\s*\(|\bstd::(cout|cerr|clog)\b|\b(fputs|puts|putchar|fputc|perror)\s*\(",
     r"config/say\.cpp$|test/|conformance/"),
    # The kernel's round trip ends at the next hop, which may be a proxy near us in the middle of a long path (transport/round_trip).
    ("no round trip but from end to end", r"\bTCP_INFO\b|\btcpi_\w+", None),
    ("no time limit by a signal", r"(?<![\w.>])(::alarm|ualarm|setitimer|timer_create)\s*\(", None),
]
HEADER_RULES = [
    ("no `using namespace` in a header", r"\busing\s+namespace\b", None),
]
# The rim: its classes have one life time and one job each, and a comment of their header says both. Classes of
# configuration are data; exceptions need no such sentence.
RIM = re.compile(r"(server|client)/(?!config/|(server|client)_connection)|channels/io/")
CLASS = re.compile(r"^class (\w+)([^;{]*)\{(.*?)^\}", re.MULTILINE | re.DOTALL)
EXCEPTION = re.compile(r"[Ee]rror\b|\bexception\b")
SILENT = "each class of the rim has its life time or its job in its header"
LIFE_OR_JOB = re.compile(r"\b[Ll]ives\b|\blife time\b|\bJob\b")
LINES = 600
SOURCES = 25  # of a room: a header and its .cpp are one
LISTED = re.compile(r"^\| `(\w+)` \|", re.MULTILINE)  # a row of a README's table: the source, without .h and .cpp


def may_include(path, included):
    """Whether the file may include this project header."""
    folder, other = path.split("/")[0], included.split("/")[0]
    if folder == "conformance":
        return bool(CONFORMANCE.match(included))
    if folder == "test":
        # A test sees what its folder sees; support/, fuzz/ and the rest of test/ stand above everything.
        tested = path.split("/")[1]
        return other == "test" or tested not in BELOW or other == tested or other in BELOW[tested]
    if CORE.match(path) and not CORE.match(included):
        return False
    room = os.path.dirname(path)
    if room in DATA_ROOMS and other == folder and os.path.dirname(included) != room:
        return False
    return other == folder or other in BELOW[folder] or included in ALSO.get(room, set())


def find_all(code, pattern):
    """Line number and text of each match."""
    lines = code.splitlines()
    return [(code.count("\n", 0, match.start()) + 1, lines[code.count("\n", 0, match.start())].strip())
            for match in re.finditer(pattern, code)]


def silent_classes(text):
    """Line number and name of each class with functions that neither the header's first comment nor the one above the
    class speaks of by life time or job."""
    comments, code = source.comments_of(text), source.code_of(text)
    first = comments[0] if comments else []
    for match in CLASS.finditer(code):
        if EXCEPTION.search(match[2]) or "(" not in match[3]:
            continue
        number = code.count("\n", 0, match.start()) + 1
        above = [line for comment in comments if comment[-1][0] == number - 1 for line in comment]
        if not LIFE_OR_JOB.search("\n".join(line for _, line in first + above)):
            yield number, match[1]


def unlisted(root, rooms):
    """Sources of the product that the README.md of their room does not name, and names in it that no source has."""
    problems = []
    for room, sources in sorted(rooms.items()):
        readme = f"{room}/README.md"
        if room.split("/")[0] not in BELOW:
            continue
        there = os.path.isfile(os.path.join(root, readme))
        names = set(LISTED.findall(source.read(root, readme))) if there else set()
        problems += [f"{readme} has no row for {name}" for name in sorted(sources - names)]
        problems += [f"{readme} has a row for {name}, and {room} has no such source" for name in sorted(names - sources)]
    return problems


def check(root):
    """[(name of the rule, [problem, …])]"""
    paths = source.files(root, (".h", ".cpp"))
    problems = {name: [] for name, _, _ in CORE_RULES + RULES + HEADER_RULES}
    arrows, long_files, unguarded, headerless, silent = [], [], [], [], []

    for path in paths:
        text = source.read(root, path)
        code = source.code_of(text)
        for match in re.finditer(r'#\s*include\s*"([^"]+)"', code):
            if match[1].split("/")[0] not in source.FOLDERS:
                arrows.append(f"{path}: \"{match[1]}\" is not named from the root of the project")
            elif not may_include(path, match[1]):
                arrows.append(f"{path} may not include \"{match[1]}\"")
        rules = list(RULES)
        if CORE.match(path):
            rules += CORE_RULES
        if path.endswith(".h"):
            rules += HEADER_RULES
            if "#pragma once" not in text:
                unguarded.append(path)
            if not text.startswith("//"):
                headerless.append(path)
            if RIM.match(path):
                silent += [f"{path}:{line}: {name}" for line, name in silent_classes(text)]
        for name, pattern, allowed in rules:
            if allowed and re.match(allowed, path):
                continue
            problems[name] += [f"{path}:{line}: {what}" for line, what in find_all(code, pattern)]
    for path in paths + source.files(root, (".py", ".sh")):
        size = source.read(root, path).count("\n")
        if size > LINES:
            long_files.append(f"{path} has {size} lines")

    rooms = collections.defaultdict(set)
    for path in paths + source.files(root, (".py",)):
        rooms[os.path.dirname(path)].add(os.path.splitext(os.path.basename(path))[0])
    corridors = [f"{room} has {len(sources)} sources" for room, sources in sorted(rooms.items()) if len(sources) > SOURCES]

    return [
        ("the arrows between the folders", arrows),
        *problems.items(),
        (f"no file above {LINES} lines", long_files),
        (f"no folder above {SOURCES} sources", corridors),
        ("each room's README.md names its sources", unlisted(root, rooms)),
        ("each header has #pragma once", unguarded),
        ("each header begins by saying what it is", headerless),
        (SILENT, silent),
    ]


GOOD = {
    "proto/bytes.h": "// Bytes.\n#pragma once\nauto x = reinterpret_cast<int*>(0);\n",
    "crypto/rng.cpp": '#include <openssl/rand.h>\n#include "proto/bytes.h"\nint x = RAND_bytes(p, n);\n',
    "transport/a.cpp": '// sleep(1), #define in a comment\n#include "crypto/a.h"\nauto text = "reinterpret_cast #define co_await";\n'
                       "int million = 1'000'000;  // it's\n",
    "channels/io/source.cpp": '#include <boost/asio.hpp>\n#include "channels/channels.h"\nauto t = steady_clock::now();\n',
    "server/server_connection.cpp": '#include "auth/server_auth.h"\n#include "channels/channels.h"\n',
    "server/login/run_as.cpp": "std::signal(number, SIG_DFL);\naction.sa_handler = SIG_IGN;\nif (action.sa_handler == f) return;\n",
    "crypto/key_files/a.cpp": '#include "config/small_file.h"\n',
    "client/config/a.cpp": '#include "client/config/b.h"\n#include "config/syntax.h"\n',
    "server/listener.cpp": '#include "channels/io/source.h"\n#include "server/server_connection.h"\n',
    "server/a.h": "// A. Lives for a login.\n#pragma once\nclass A {\n void go();\n};\n",
    "client/b.h": "// B.\n#pragma once\nclass C;\n// Job: to go.\nclass B {\n void go();\n};\nstruct D {\n void go();\n};\n"
                  "class E : public std::runtime_error {\n E();\n};\nclass F {\n int a;\n};\n",
    "server/config/c.h": "// C.\n#pragma once\nclass C {\n void go();\n};\n",
    "channels/d.h": "// D.\n#pragma once\nclass D {\n void go();\n};\n",
    "test/support/pair.h": '// Pairs.\n#pragma once\n#include "client/client_connection.h"\n#include "server/server_connection.h"\n',
    "test/auth/a_test.cpp": '#include "auth/server_auth.h"\n#include "test/support/pair.h"\n',
    "conformance/rules.cpp": '#include "transport/packet_reader.h"\n',
}
# What is planted: path, text, and the rule that must find it.
BAD = [
    ("proto/a.cpp", '#include "crypto/a.h"\n', "the arrows between the folders"),
    ("transport/a.cpp", '#include "auth/a.h"\n', "the arrows between the folders"),
    ("auth/a.cpp", '#include "channels/a.h"\n', "the arrows between the folders"),
    ("channels/a.cpp", '#include "auth/a.h"\n', "the arrows between the folders"),
    ("server/a.cpp", '#include "client/a.h"\n', "the arrows between the folders"),
    ("server/server_connection.cpp", '#include "channels/io/source.h"\n', "the arrows between the folders"),
    ("server/server_connection.cpp", '#include "server/listener.h"\n', "the arrows between the folders"),
    ("test/auth/a_test.cpp", '#include "channels/a.h"\n', "the arrows between the folders"),
    ("conformance/rules.cpp", '#include "transport/transport.h"\n', "the arrows between the folders"),
    ("conformance/rules.cpp", '#include "server/listener.h"\n', "the arrows between the folders"),
    ("crypto/a.cpp", '#include "b.h"\n', "the arrows between the folders"),
    ("config/a.cpp", '#include "crypto/hash.h"\n', "the arrows between the folders"),
    ("crypto/a.cpp", '#include "config/small_file.h"\n', "the arrows between the folders"),
    ("crypto/key_files/a.cpp", '#include "config/syntax.h"\n', "the arrows between the folders"),
    ("client/config/a.cpp", '#include "client/connect.h"\n', "the arrows between the folders"),
    ("server/config/a.cpp", '#include "server/log.h"\n', "the arrows between the folders"),
    ("client/client_connection.h", "// A.\n#pragma once\n#include <boost/asio.hpp>\n", "the core includes no Asio"),
    ("transport/a.cpp", "auto t = std::chrono::steady_clock::now();\n", "the core reads no clock"),
    ("auth/a.cpp", "auto t = time(nullptr);\n", "the core reads no clock"),
    ("crypto/a.cpp", "RAND_bytes(p, n);\n", "the core has no random source of its own"),
    ("channels/a.cpp", "std::random_device d;\n", "the core has no random source of its own"),
    ("proto/a.cpp", "int x = rand();\n", "the core has no random source of its own"),
    ("auth/a.cpp", "sleep(1);\n", "the core never waits"),
    ("auth/a.cpp", "std::this_thread::sleep_for(x);\n", "the core never waits"),
    ("transport/a.cpp", "#include <mutex>\n", "the core never waits"),
    ("transport/a.cpp", "#include <sys/socket.h>\n", "the core knows no sockets"),
    ("channels/io/a.cpp", "::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size);\n", "no round trip but from end to end"),
    ("channels/a.cpp", "co_await x;\n", "coroutines live at the rim"),
    ("server/a.cpp", "#include <openssl/evp.h>\n", "libcrypto is behind crypto/"),
    ("server/a.cpp", "auto x = reinterpret_cast<char*>(y);\n", "reinterpret_cast only in proto/bytes.h"),
    ("test/proto/a_test.cpp", "#define A 1\n", "no macros"),
    ("server/a.cpp", "std::random_device d;\n", "no random source but crypto/rng"),
    ("channels/io/a.cpp", "::getrandom(p, n, 0);\n", "no random source but crypto/rng"),
    ("client/a.cpp", "SeededRng rng(time_now);\n", "seeded randomness is for tests"),
    ("server/a.cpp", "std::fprintf(stderr, user_name.c_str());\n", "no text is a format"),
    ("client/a.cpp", "::syslog(LOG_INFO, text);\n", "no text is a format"),
    ("server/a.cpp", "std::signal(SIGALRM, on_alarm);\n", "signals are events, not handlers"),
    ("server/a.cpp", "action.sa_handler = on_alarm;\n", "signals are events, not handlers"),
    ("client/a.cpp", "action.sa_sigaction = on_alarm;\n", "signals are events, not handlers"),
    ("client/a.cpp", 'fmt::print(stderr, "{}", comment);\n', "programs print through say() and their logs"),
    ("server/a.cpp", "std::cerr << text;\n", "programs print through say() and their logs"),
    ("server/a.cpp", "::alarm(120);\n", "no time limit by a signal"),
    ("proto/a.h", "// A.\n#pragma once\nusing namespace std;\n", "no `using namespace` in a header"),
    ("proto/a.h", "// A.\n", "each header has #pragma once"),
    ("proto/a.h", "#pragma once\n", "each header begins by saying what it is"),
    ("server/a.h", "// A.\n#pragma once\nclass A {\n void go();\n};\n", SILENT),
    ("channels/io/a.h", "// A.\n#pragma once\n// B. Job: b.\nclass B {\n B();\n};\n\nclass A : public B {\n void go();\n};\n", SILENT),
    ("client/a.h", "// A.\n#pragma once\nclass A {\n void go();  // Job: go.\n};\n", SILENT),
    ("client/a.cpp", "\n" * 601, f"no file above {LINES} lines"),
    ("conformance/a_test.py", "\n" * 601, f"no file above {LINES} lines"),
]


# Trees whose README.md is wrong.
BAD_README = {
    "a room without a README.md": {"proto/a.cpp": ""},
    "a source without a row": {"proto/a.cpp": "", "proto/b.cpp": "", "proto/README.md": "`b`\n\n| `a` | bytes |\n"},
    "a row without a source": {"proto/a.cpp": "", "proto/README.md": "| `a` | bytes |\n| `b` | gone |\n"},
    "the row in the README.md above": {"crypto/keys/a.cpp": "", "crypto/README.md": "| `a` | keys |\n"},
}


def with_readmes(tree):
    """The tree with a README.md in each room that names all sources of the room."""
    rows = collections.defaultdict(set)
    for path in tree:
        rows[os.path.dirname(path)].add(f"| `{os.path.splitext(os.path.basename(path))[0]}` | job |\n")
    return tree | {f"{room}/README.md": "".join(sorted(of_room)) for room, of_room in rows.items()}


def broken_in(tree):
    """The names of the rules that a tree breaks, and the problems."""
    with tempfile.TemporaryDirectory() as root:
        source.plant(root, tree)
        found = [(name, problems) for name, problems in check(root) if problems]
        return [name for name, _ in found], [f"{name}: {problem}" for name, problems in found for problem in problems]


def self_test():
    cases = [("a good tree passes", broken_in(with_readmes(GOOD))[1])]

    def finds(name, tree, rule):
        broken = broken_in(tree)[0]
        cases.append((name, [] if broken == [rule] else [f"found: {broken}"]))

    corridor = {f"proto/a{number}.cpp": "" for number in range(SOURCES + 1)}
    finds("too many sources in a folder", with_readmes(corridor), f"no folder above {SOURCES} sources")
    for name, tree in BAD_README.items():
        finds(name, tree, "each room's README.md names its sources")
    for path, text, rule in BAD:
        last = text.strip().splitlines()[-1] if text.strip() else "many lines"
        finds(f"{path} with {last}: {rule}", with_readmes({path: text}), rule)
    return source.report(cases)


if __name__ == "__main__":
    sys.exit(self_test() if "--self-test" in sys.argv else source.report(check(source.ROOT)))
