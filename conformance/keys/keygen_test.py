#!/usr/bin/python3
"""glassh-keygen beside OpenSSH's ssh-keygen: each reads what the other wrote, and both say the same.

Key files by type, format, passphrase and cipher; public keys; fingerprints; known_hosts; the questions on a terminal.
PuTTY's puttygen reads ours as well. Nothing is read of the user's own ~/.ssh.
"""

import os
import re
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import PATIENCE, USER, Cases, Workspace, client_options, expect, expect_equal, find_program, ssh, start_glasshd
from peers.openssh_versions import openssh_has
from peers.terminal import Terminal
from peers.workspace import our_program

KINDS = {"ed25519": ["ed25519"], "ecdsa": ["ecdsa", "-b", "256"], "ecdsa384": ["ecdsa", "-b", "384"],
         "ecdsa521": ["ecdsa", "-b", "521"], "rsa": ["rsa", "-b", "2048"]}
HOST_KINDS = ("rsa", "ecdsa", "ed25519")
CIPHERS = ["aes128-ctr", "aes192-ctr", "aes256-ctr", "aes128-cbc", "aes192-cbc", "aes256-cbc", "3des-cbc",
           "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"]
PASSPHRASE = "correct horse bättery"
QUICK = ["-a", "2"]  # rounds: the tests need no more


class Keygen:
    """One of the two programs."""

    def __init__(self, work, program):
        self.work, self.program = work, program

    def run(self, *words, input=b"", status=0):
        result = self.work.run([self.program, *map(str, words)], input=input)
        expect_equal(result.status, status, result)
        return result

    def out(self, *words, **options):
        return self.run(*words, **options).out.decode()


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text, mode=0o600):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def copy(work, path):
    return write(work.fresh("copy"), read(path))


def two_words(line):
    return " ".join(line.split()[:2])


# --- Key files ----------------------------------------------------------------------------------------------------------

def styles():
    """(description, flags, passphrase, first line's label), every way in which a key file can be written."""
    yield "OpenSSH's format", ["-m", "RFC4716"], "", "OPENSSH PRIVATE KEY"
    for cipher in CIPHERS:
        yield f"OpenSSH's format, {cipher}", ["-m", "RFC4716", "-Z", cipher], PASSPHRASE, "OPENSSH PRIVATE KEY"
    for form in ("PEM", "PKCS8"):
        yield form, ["-m", form], "", None
        yield f"{form}, encrypted", ["-m", form], PASSPHRASE, None


LABELS = {("ecdsa", "PEM"): "EC PRIVATE KEY", ("ecdsa384", "PEM"): "EC PRIVATE KEY", ("ecdsa521", "PEM"): "EC PRIVATE KEY",
          ("rsa", "PEM"): "RSA PRIVATE KEY"}


def label_of(kind, flags, passphrase):
    form = flags[1]
    if form == "RFC4716" or (kind == "ed25519" and form == "PEM"):
        return "OPENSSH PRIVATE KEY"
    return LABELS.get((kind, form)) or ("ENCRYPTED PRIVATE KEY" if passphrase else "PRIVATE KEY")


def check_key_file(work, kind, flags, passphrase, writer, reader, public):
    """One program writes a key in a style, the other reads it, and refuses a wrong passphrase."""
    path = copy(work, work.file(f"base-{kind}"))
    writer.run("-p", "-q", *QUICK, *flags, "-P", "", "-N", passphrase, "-f", path)
    expect_equal(two_words(reader.out("-y", "-P", passphrase, "-f", path)), public)
    expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    if passphrase:
        wrong = reader.run("-y", "-P", "wrong one", "-f", path, status=255)
        expect("incorrect passphrase" in wrong.err, wrong)
    return read(path).splitlines()[0]


def key_files(cases, work, ours, theirs):
    for kind, bits in KINDS.items():
        base = work.file(f"base-{kind}")
        with cases.case(f"{kind}: both make a key, and each shows the other's alike"):
            theirs.run("-q", "-t", *bits, "-N", "", "-C", "a comment", "-f", base)
            mine = work.file(f"ours-{kind}")
            ours.run("-q", "-t", *bits, "-N", "", "-C", "a comment", "-f", mine)
            for path in (base, mine):
                expect_equal(ours.out("-y", "-f", path), theirs.out("-y", "-f", path))
                expect_equal(ours.out("-y", "-f", path), read(path + ".pub"))
                expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
                expect_equal(stat.S_IMODE(os.stat(path + ".pub").st_mode), 0o644)
        public = two_words(read(base + ".pub"))
        for what, flags, passphrase, _ in styles():
            label = f"-----BEGIN {label_of(kind, flags, passphrase)}-----"
            with cases.case(f"{kind}, {what}: ssh-keygen reads what we write"):
                unread = kind == "ed25519" and flags[1] == "PKCS8" and not openssh_has("Ed25519 keys in PKCS#8")
                reader = ours if unread else theirs
                expect_equal(check_key_file(work, kind, flags, passphrase, ours, reader, public), label)
            with cases.case(f"{kind}, {what}: we read what ssh-keygen writes"):
                check_key_file(work, kind, flags, passphrase, theirs, ours, public)


def large_keys(cases, work, ours, theirs):
    with cases.case("a file that asks for more rounds than a minute's worth is refused at once, and says so"):
        path = copy(work, work.file("base-ed25519"))
        limit = ours.run("-p", "-q", "-a", "10001", "-N", "x", "-f", path, status=255)
        expect("10000 rounds are the limit" in limit.err, limit)
    with cases.case("a comment in UTF-8 and one of 1000 letters are kept by both"):
        for comment in ("Schlüssel für häute", "x" * 1000):
            path = copy(work, work.file("base-ed25519"))
            ours.run("-c", "-C", comment, "-f", path)
            expect_equal(theirs.out("-y", "-f", path).split(" ", 2)[2].strip(), comment)


def puttygen(cases, work, ours):
    program = find_program("puttygen")
    for kind in KINDS:
        for passphrase in ("", PASSPHRASE):
            with cases.case(f"puttygen reads our {kind} key, {'with' if passphrase else 'without'} a passphrase"):
                path = copy(work, work.file(f"base-{kind}"))
                ours.run("-p", "-q", *QUICK, "-P", "", "-N", passphrase, "-f", path)
                old = write(work.fresh("passphrase"), passphrase)
                result = work.run([program, path, "--old-passphrase", old, "-O", "public-openssh", "-o", "/dev/stdout"])
                expect_equal(result.status, 0, result)
                expect_equal(two_words(result.out.decode()), two_words(read(work.file(f"base-{kind}.pub"))))
        with cases.case(f"puttygen reads our {kind} key in RFC 4716's form, and we read puttygen's"):
            path = write(work.fresh("rfc4716"), ours.out("-e", "-f", work.file(f"base-{kind}.pub")))
            result = work.run([program, path, "-L"])
            expect_equal(two_words(result.out.decode()), two_words(read(work.file(f"base-{kind}.pub"))), result)
            back = work.fresh("putty")
            result = work.run([program, path, "-p", "-o", back])
            expect_equal(result.status, 0, result)
            expect_equal(two_words(ours.out("-i", "-f", back)), two_words(read(work.file(f"base-{kind}.pub"))))


# --- Public keys ------------------------------------------------------------------------------------------------------

def public_keys(cases, work, ours, theirs):
    for kind in KINDS:
        public = work.file(f"base-{kind}.pub")
        for form in ("RFC4716", "PKCS8", "PEM"):
            if kind == "ed25519" and form != "RFC4716":
                continue
            with cases.case(f"{kind}: exported as {form} it is what ssh-keygen exports, and imported by both"):
                exported = ours.out("-e", "-m", form, "-f", public)
                expect_equal(exported, theirs.out("-e", "-m", form, "-f", public))
                path = write(work.fresh("exported"), exported)
                expect_equal(ours.out("-i", "-m", form, "-f", path), two_words(read(public)) + "\n")
                if form != "PEM" or not kind.startswith("ecdsa"):  # which ssh-keygen writes and does not read
                    expect_equal(theirs.out("-i", "-m", form, "-f", path), two_words(read(public)) + "\n")
    with cases.case("ed25519 in PKCS8 is read back, and in PEM it is refused in words"):
        public = work.file("base-ed25519.pub")
        path = write(work.fresh("exported"), ours.out("-e", "-m", "PKCS8", "-f", public))
        expect_equal(ours.out("-i", "-m", "PKCS8", "-f", path), two_words(read(public)) + "\n")
        refused = ours.run("-e", "-m", "PEM", "-f", public, status=255)
        expect("ED25519" in refused.err, refused)
    with cases.case("what is no key is refused with the file's name by -i, -e, -l and -y"):
        junk = write(work.fresh("junk"), "junk\n")
        for flags in (["-i"], ["-i", "-m", "PEM"], ["-e"], ["-l"], ["-y"]):
            for path in (junk, work.file("not-there")):
                refused = ours.run(*flags, "-f", path, status=255)
                expect(os.path.basename(path) in refused.err, refused)
                theirs.run(*flags, "-f", path, status=255)


def fingerprints(cases, work, ours, theirs):
    with cases.case("fingerprints and pictures are ssh-keygen's: of private keys, public keys, and each hash"):
        for kind in KINDS:
            for path in (work.file(f"base-{kind}"), work.file(f"base-{kind}.pub")):
                for hash_name in ("sha256", "md5", "SHA512", "sha1", "sha384"):
                    for flags in (["-l"], ["-l", "-v"]):
                        words = [*flags, "-E", hash_name, "-f", path]
                        expect_equal(ours.out(*words), theirs.out(*words))
    with cases.case("of an encrypted key without its .pub, too, and no passphrase is asked for"):
        path = copy(work, work.file("base-rsa"))
        ours.run("-p", "-q", *QUICK, "-P", "", "-N", PASSPHRASE, "-f", path)
        expect_equal(ours.out("-l", "-f", path), theirs.out("-l", "-f", path))
    with cases.case("of each line of authorized_keys and known_hosts, and of standard input"):
        one, other = read(work.file("base-ed25519.pub")), two_words(read(work.file("base-rsa.pub")))
        lines = (f"# comment\n\n{one}host,10.0.0.1 {other}\ncommand=\"echo \\\"a b\\\"\",no-pty {other} mine\n"
                 f"junk\nrestrict {other}\n")
        path = write(work.fresh("lines"), lines)
        expect_equal(ours.out("-l", "-f", path), theirs.out("-l", "-f", path))
        expect_equal(ours.out("-l", "-f", "-", input=lines.encode()), theirs.out("-l", "-f", "-", input=lines.encode()))
    with cases.case("DNS records are ssh-keygen's, in both notations"):
        for kind in KINDS:
            for flags in ([], ["-g"]):
                words = ["-r", "host.example.com", *flags, "-f", work.file(f"base-{kind}.pub")]
                expect_equal(ours.out(*words), theirs.out(*words))
    with cases.case("without a file, DNS records are those of the host's own keys, or there are none"):
        words = ["-r", "host.example.com"]
        status = work.run([theirs.program, *words]).status
        mine = ours.run(*words, status=status)
        if status == 0:
            expect_equal(mine.out.decode(), theirs.out(*words))


# --- known_hosts ------------------------------------------------------------------------------------------------------

def known_hosts_text(work):
    one, other = (two_words(read(work.file(f"base-{kind}.pub"))) for kind in ("ed25519", "rsa"))
    return (f"# a comment\nexample.com,10.0.0.1 {one} two words\n[example.org]:2222 {other}\n\n"
            f"@revoked *.bad.com {one}\n@cert-authority *.ca.com {other}\n!not.example.net,*.example.net {one}\n"
            f"dup.example.com {one}\nDUP.example.com {other} again\n")


NAMES = ["example.com", "EXAMPLE.com", "10.0.0.1", "[example.org]:2222", "example.org", "x.bad.com", "x.ca.com",
         "a.example.net", "not.example.net", "dup.example.com", "nowhere"]


def known_hosts(cases, work, ours, theirs):
    with cases.case("-F finds what ssh-keygen finds, plain, with fingerprints, with pictures"):
        known = write(work.fresh("known"), known_hosts_text(work))
        for name in NAMES:
            for flags in ([], ["-l"], ["-l", "-v"], ["-l", "-E", "md5"], ["-q"]):
                words = [*flags, "-F", name, "-f", known]
                their = work.run([theirs.program, *words])
                expect_equal(ours.out(*words, status=their.status), their.out.decode(), words)
    for writer, reader, what in ((ours, theirs, "we hash, ssh-keygen finds"), (theirs, ours, "ssh-keygen hashes, we find")):
        with cases.case(f"-H: {what}"):
            known = write(work.fresh("known"), known_hosts_text(work), 0o640)
            result = writer.run("-H", "-f", known)
            expect(f"{known} updated." in result.out.decode() and "unhashed" in result.err, result)
            expect_equal(read(known + ".old"), known_hosts_text(work))
            text = read(known)
            expect("10.0.0.1" not in text and "dup.example" not in text.lower() and "example.org" not in text, text)
            expect_equal(stat.S_IMODE(os.stat(known).st_mode), 0o640)
            plain = write(work.fresh("plain"), known_hosts_text(work))
            for name in NAMES:
                if name != name.lower():
                    continue  # ssh-keygen (9.2, 10.0) does not find hashed names by capitals
                # The same keys, though the lines have other numbers.
                expected = [line.split()[1:3] for line in reader.run(
                    "-q", "-l", "-F", name, "-f", plain, status=1 if name in ("example.org", "not.example.net", "nowhere")
                    else 0).out.decode().splitlines()]
                found = [line.split()[1:3] for line in work.run(
                    [reader.program, "-q", "-l", "-F", name, "-f", known]).out.decode().splitlines()]
                expect_equal(found, expected, name)
    with cases.case("-R removes what ssh-keygen removes, keeps the rest, and says the same"):
        for name in NAMES:
            mine, their = (write(work.fresh("known"), known_hosts_text(work)) for _ in range(2))
            said = ours.run("-R", name, "-f", mine)
            expected = theirs.run("-R", name, "-f", their)
            expect_equal(read(mine), read(their), name)
            expect_equal((said.out.decode() + said.err).replace(mine, "FILE"),
                         (expected.out.decode() + expected.err).replace(their, "FILE").replace("\r\n", "\n"))
            expect_equal(os.path.exists(mine + ".old"), os.path.exists(their + ".old"), name)
    with cases.case("many -R at the same time lose no change"):
        key = work.public_key("host")
        names = [f"host{number}.example" for number in range(40)]
        known = write(work.fresh("known"), "".join(f"{name} {key}\n" for name in names))
        running = [work.start([ours.program, "-q", "-R", name, "-f", known], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                   for name in names[:20]]
        for each in running:
            expect_equal(each.wait(PATIENCE), 0)
        expect_equal(read(known), "".join(f"{name} {key}\n" for name in names[20:]))
        expect(not os.path.exists(known + ".lock"), "the lock is still there")
    with cases.case("control characters of a comment or a known_hosts file do not reach the terminal"):
        evil = "evil\x1b]0;title\x07\u202etxt"
        key = work.public_key("host")
        public = write(work.fresh("evil.pub"), f"{key} {evil}\n")
        known = write(work.fresh("known"), f"example.org {key} {evil}\n")
        for words in (["-l", "-f", public], ["-lv", "-f", public], ["-F", "example.org", "-f", known], ["-l", "-F", "example.org", "-f", known]):
            said = ours.run(*words)
            text = said.out.decode() + said.err
            expect("evil\\033]0;title\\007" in text and "\x1b" not in text and "\u202e" not in text, said)
    with cases.case("a file with a line that is none is not replaced, and line and reason are named"):
        for flags in (["-R", "example.com"], ["-H"]):
            known = write(work.fresh("known"), known_hosts_text(work) + "junk line\n")
            before = read(known)
            refused = ours.run(*flags, "-f", known, status=1)
            expect(f"{known}:10: invalid line" in refused.err and "Not replacing" in refused.err, refused)
            theirs.run(*flags, "-f", known, status=1)
            expect_equal(read(known), before)
            expect(not os.path.exists(known + ".old"), "there is an .old")


# --- On a terminal ----------------------------------------------------------------------------------------------------

def conversation(program, words, answers, status=0):
    """What stands on the terminal at the end; what differs from key to key is made alike."""
    with Terminal([program, *words]) as terminal:
        for question, answer in answers:
            terminal.answer(question, answer)
        expect_equal(terminal.end(), status, lambda: terminal.text)
        text = terminal.text.replace("\r", "\n")
    text = re.sub(r"(SHA256|MD5):\S+", "HASH", text)
    text = re.sub(r"(?m)^\|.{17}\|$", "|art|", text)
    if not openssh_has("the file's name in ssh-keygen's prompts"):
        text = re.sub(r'Enter passphrase for "[^"]+"', "Enter passphrase", text)
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def same_conversation(work, ours, theirs, prepare, words, answers, status=0):
    lines = []
    for tool in (ours, theirs):
        path = work.fresh("terminal")
        prepare(path)
        filled = [word.replace("FILE", path) for word in words]
        said = conversation(tool.program, filled, [(q, a.replace("FILE", path)) for q, a in answers], status)
        lines.append([line.replace(path, "FILE") for line in said])
    expect_equal(lines[0], lines[1])
    return lines[0]


def terminal(cases, work, ours, theirs):
    empty = lambda path: None  # noqa: E731
    plain = lambda path: write(path, read(work.file("base-ed25519")))  # noqa: E731

    def locked(path):
        plain(path)
        theirs.run("-p", "-q", *QUICK, "-P", "", "-N", PASSPHRASE, "-f", path)

    both = [("(empty", "secret"), ("again", "secret")]
    type_flags = ["-t", "ed25519"]
    with cases.case("terminal: a new key with a passphrase, and its name"):
        same_conversation(work, ours, theirs, empty, [*type_flags, *QUICK],
                          [("Enter file in which to save the key", "FILE"), *both])
    with cases.case("terminal: the passphrases differ at first"):
        lines = same_conversation(work, ours, theirs, empty, [*type_flags, *QUICK, "-f", "FILE"],
                                  [("(empty", "secret"), ("again", "sceret"), *both])
        expect("Passphrases do not match.  Try again." in lines, lines)
    with cases.case("terminal: a file that exists is asked about, and n leaves it"):
        same_conversation(work, ours, theirs, plain, [*type_flags, "-f", "FILE"], [("Overwrite (y/n)?", "n")], status=1)
    with cases.case("terminal: y replaces it"):
        same_conversation(work, ours, theirs, plain, [*type_flags, *QUICK, "-f", "FILE"],
                          [("Overwrite (y/n)?", "y"), *both])
    with cases.case("terminal: -p asks for the old and twice for the new passphrase"):
        same_conversation(work, ours, theirs, locked, ["-p", *QUICK, "-f", "FILE"],
                          [("Enter old passphrase", PASSPHRASE), ("(empty", "other"), ("again", "other")])
    with cases.case("terminal: -p with a wrong passphrase changes nothing"):
        same_conversation(work, ours, theirs, locked, ["-p", "-f", "FILE"], [("Enter old passphrase", "wrong")], status=255)
    with cases.case("terminal: -p with two new ones that differ changes nothing"):
        path = work.fresh("terminal")
        locked(path)
        before = read(path)
        conversation(ours.program, ["-p", "-f", path], [("Enter old passphrase", PASSPHRASE),
                                                        ("(empty", "a"), ("again", "b")], status=1)
        expect_equal(read(path), before)
    with cases.case("terminal: -c asks for the passphrase and the new comment"):
        same_conversation(work, ours, theirs, locked, ["-c", *QUICK, "-f", "FILE"],
                          [("Enter passphrase", PASSPHRASE), ("New comment", "some words")])
    with cases.case("terminal: -y asks for the passphrase"):
        same_conversation(work, ours, theirs, locked, ["-y", "-f", "FILE"], [("Enter passphrase", PASSPHRASE)])
    with cases.case("terminal: a passphrase does not show"):
        with Terminal([ours.program, "-p", "-f", work.file("base-rsa"), *QUICK]) as person:
            person.answer("(empty", "invisible")
            person.answer("again", "different")
            expect_equal(person.end(), 1, lambda: person.text)
            expect("invisible" not in person.text, person.text)


# --- Where files are written ------------------------------------------------------------------------------------------

def files(cases, work, ours, theirs):
    with cases.case("past vulnerability 76: with umask 0 the key is 0600 from its first byte, made O_EXCL, never through a link"):
        log, path = work.fresh("strace"), work.fresh("key")
        result = work.run(["/bin/sh", "-c", 'umask 0; exec "$@"', "sh", find_program("strace"), "-f", "-o", log,
                           "-e", "trace=open,openat,creat,chmod,fchmod,rename,renameat,renameat2,link,linkat",
                           ours.program, "-q", "-t", "ed25519", "-N", "", "-f", path])
        expect_equal(result.status, 0, result)
        created = [line for line in read(log).splitlines() if "O_CREAT" in line or "creat(" in line]
        secret = [line for line in created if f"{path}." in line and f"{path}.pub" not in line]
        expect_equal(len(secret), 1, *created)
        expect(re.search(r"O_WRONLY\|O_CREAT\|O_EXCL\|O_NOFOLLOW\S*, 0600\)", secret[0]), *secret)
        expect(not any(f'"{path}"' in line for line in created), "the key's own name was opened for writing", *created)
        expect_equal(stat.S_IMODE(os.stat(path).st_mode), 0o600)
    for what, target in (("to a file", True), ("to nowhere", False)):
        with cases.case(f"past vulnerability 76: a link {what} is replaced when told so, and what it names is not touched"):
            victim, link = work.fresh("victim"), work.fresh("link")
            if target:
                write(victim, "precious", 0o644)
            os.symlink(victim, link)
            ours.run("-q", "-t", "ed25519", "-N", "", "-f", link, input=b"n\n", status=1)
            expect(os.path.islink(link), "the link is gone without a yes")
            ours.run("-q", "-t", "ed25519", "-N", "", "-f", link, input=b"y\n")
            expect(not os.path.islink(link), "the link is still there")
            expect_equal(os.path.exists(victim) and read(victim), target and "precious")
            theirs.run("-y", "-f", link)
    with cases.case("a key that cannot be written whole replaces nothing, and no scrap stays"):
        directory = work.fresh("directory")
        os.mkdir(directory)
        path = write(os.path.join(directory, "id"), read(work.file("base-ed25519")))
        before = read(path)
        result = work.run(["/bin/sh", "-c", 'ulimit -f 0; trap "" XFSZ; exec "$@"', "sh", ours.program, "-p", "-q", "-N", "",
                           "-f", path])
        expect_equal(result.status, 1, result)
        expect("Saving key" in result.err and "large" in result.err, result)
        expect_equal(read(path), before)
        expect_equal(os.listdir(directory), ["id"])
    with cases.case("a directory that is not there, and one in the key's place: named, status 1"):
        for path in (work.file("no/such/key"), tempfile.mkdtemp(dir=work.path)):
            refused = ours.run("-q", "-t", "ed25519", "-N", "", "-f", path, input=b"y\n", status=1)
            expect(f'Saving key "{path}" failed' in refused.err, refused)
            theirs.run("-q", "-t", "ed25519", "-N", "", "-f", path, input=b"y\n", status=1)
    with cases.case("a private key that others may read is refused by both, with the warning"):
        path = write(work.fresh("open"), read(work.file("base-ed25519")), 0o644)
        for tool in (ours, theirs):
            refused = tool.run("-y", "-f", path, status=255)
            for words in ("WARNING: UNPROTECTED PRIVATE KEY FILE!", "Permissions 0644", f'Load key "{path}": bad permissions'):
                expect(words in refused.err, refused)
    with cases.case("-A makes the host keys that are missing, and no others"):
        prefix = work.fresh("prefix")
        os.makedirs(os.path.join(prefix, "etc/ssh"))
        said = ours.out("-A", "-f", prefix)
        expect_equal(said, "glassh-keygen: generating new host keys: RSA ECDSA ED25519 \n")
        keys = {kind: read(os.path.join(prefix, f"etc/ssh/ssh_host_{kind}_key")) for kind in HOST_KINDS}
        expect_equal(ours.out("-A", "-f", prefix), "")
        expect_equal(theirs.out("-A", "-f", prefix), "")
        write(os.path.join(prefix, "etc/ssh/ssh_host_ecdsa_key"), "")
        expect_equal(ours.out("-A", "-f", prefix), "glassh-keygen: generating new host keys: ECDSA \n")
        for kind in ("rsa", "ed25519"):
            expect_equal(read(os.path.join(prefix, f"etc/ssh/ssh_host_{kind}_key")), keys[kind])


def crypt(work, password, setting):
    """crypt(3), which Python has no more and Perl still has."""
    return work.run([find_program("perl"), "-e", "print crypt($ARGV[0], $ARGV[1])", password, setting]).out.decode()


def command_line(cases, work, ours, theirs):
    with cases.case("wrong flags and values end as ssh-keygen ends: 1 with the usage, 255 without"):
        path = work.file("base-ed25519")
        for words in (["-W"], ["-f"], ["-f", "x", "word"], ["-p", "-c", "-f", path], ["-l", "-H"]):
            refused = ours.run(*words, status=1)
            expect("usage: glassh-keygen" in refused.err, refused)
            theirs.run(*words, status=1)
        for words in (["-t", "foo"], ["-b", "foo"], ["-t", "rsa", "-b", "100"], ["-t", "rsa", "-b", "20000"],
                      ["-t", "ecdsa", "-b", "300"], ["-l", "-E", "sha3"], ["-p", "-m", "foo"], ["-p", "-Z", "foo"],
                      ["-p", "-a", "0"], ["-p", "-a", "x"]):
            refused = ours.run(*words, "-f", path, "-N", "x", status=255)
            expect("usage" not in refused.err and refused.err.strip(), refused)
            theirs.run(*words, "-f", path, "-N", "x", status=255)
    with cases.case("--password makes a line that crypt(3) agrees with"):
        line = ours.out("--password", "alice", "-N", "a password: ü").strip()
        user, hashed = line.split(":", 1)
        expect_equal(user, "alice")
        expect_equal(crypt(work, "a password: ü", hashed), hashed)
        expect(crypt(work, "another", hashed) != hashed, "any password fits")
        expect(ours.out("--password", "alice", "-N", "a password: ü").strip() != line, "the salt is always the same")
        ours.run("--password", "a:b", "-N", "x", status=255)
        ours.run("--password", "alice", "-N", "", status=1)


def password_file(cases, work, ours):
    with cases.case("glasshd lets in who knows the password of such a line, and nobody else"):
        password = "open sesame: ü"
        path = write(work.fresh("passwords"), ours.out("--password", USER, "-N", password))
        server = start_glasshd(work, [f"PasswordFile {path}", "PasswordAuthentication yes", "PermitRootLogin yes"])
        for typed, status in ((password, 7), (password + "x", 255)):
            askpass = write(work.fresh("askpass"), f"#!/bin/sh\necho '{typed}'\n", 0o700)
            flags = client_options(work, server, key=None, batch=False)
            # The first value of an option counts.
            result = work.run(ssh("-o", "PasswordAuthentication=yes", "-o", "PreferredAuthentications=password",
                                  "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1", *flags, "127.0.0.1",
                                  "exit 7"), env={"SSH_ASKPASS": askpass, "SSH_ASKPASS_REQUIRE": "force"})
            expect_equal(result.status, status, result, server.log_tail)
        server.stop()


def main():
    cases = Cases()
    with Workspace() as work:
        ours, theirs = Keygen(work, our_program("glassh-keygen")), Keygen(work, find_program("ssh-keygen"))
        key_files(cases, work, ours, theirs)
        large_keys(cases, work, ours, theirs)
        puttygen(cases, work, ours)
        public_keys(cases, work, ours, theirs)
        fingerprints(cases, work, ours, theirs)
        known_hosts(cases, work, ours, theirs)
        terminal(cases, work, ours, theirs)
        files(cases, work, ours, theirs)
        command_line(cases, work, ours, theirs)
        password_file(cases, work, ours)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
