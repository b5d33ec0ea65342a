"""zlib@openssh.com both ways with OpenSSH, and what else is negotiated: lists, -Q, and where nothing is in common.

64 MiB that compress and 64 MiB that do not go through and come back with equal checksums, also while the keys change. What
the programs make of a list of algorithms, and what they say when there is none in common, is compared with what OpenSSH
makes of it and says.
"""

import hashlib
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import (Cases, Workspace, client_options, expect, expect_equal, glassh, ssh, start_glasshd, start_sshd,
                   wait_until)
from peers.openssh_versions import newer_algorithms, openssh_has
from peers.workspace import find_program, our_program

MIB = 1 << 20
SIZE = 64 * MIB
REKEY = "RekeyLimit 2M"
NEW_KEYS = {ssh: r"^debug1: SSH2_MSG_NEWKEYS received", glassh: r"^debug1: keys: both directions now use"}
# Each start of a context that a client's -v tells of.
STARTED = {ssh: r"^debug1: Enabling compression", glassh: r"^debug1: compression: what we send goes through zlib"}


def digest(data):
    return hashlib.sha256(data).hexdigest()


def text_of(size):
    """Lines that differ, and compress to a third or so."""
    lines = b"".join(b"%08d: the quick brown fox jumps over the lazy dog\n" % number for number in range(MIB // 55))
    return (lines * (size // len(lines) + 1))[:size]


# --- Transfers ------------------------------------------------------------------------------------------------------


def there_and_back(workspace, client, server, data, flags):
    """Returns how often the keys were changed, and how often the client's compression began."""
    result = workspace.run(client("-v", *flags, *client_options(workspace, server), "127.0.0.1", "cat"), input=data, timeout=120)
    expect_equal(result.status, 0, result.err[-3000:], server.log_tail)
    expect_equal(len(result.out), len(data), result.err[-3000:], server.log_tail)
    expect_equal(digest(result.out), digest(data))
    count = [len(re.findall(words[client], result.err, re.MULTILINE)) for words in (NEW_KEYS, STARTED)]
    return count[0] - 1, count[1]


def transfers(cases, workspace, name, client, start):
    text, noise = text_of(SIZE), os.urandom(SIZE)
    rekeying = ["-o", REKEY.replace(" ", "=")]
    with cases.case(f"{name}: a server that compresses starts and stays"):
        server = start(workspace, level="INFO")
        for what, data in (("lines of text", text), ("noise", noise)):
            with cases.case(f"{name}: 64 MiB of {what} there and back with -C"):
                rekeys, started = there_and_back(workspace, client, server, data, ["-C"])
                expect_equal((rekeys, started), (0, 1))
        expect_equal(server.process.poll(), None, server.log_tail)
        # RFC 4253 sections 6.2 and 9 [4253-6.2-8] [4253-9-7]: each key exchange begins another context. As the packets
        # carry noise, the limit counts it and not the text that it was.
        with cases.case(f"{name}: 16 MiB of noise with -C, the client changing keys each 2 MiB"):
            rekeys, started = there_and_back(workspace, client, server, noise[:16 * MIB], ["-C", *rekeying])
            expect(rekeys >= 4, f"the keys were changed {rekeys} times")
            expect_equal(started, rekeys + 1)
        server.stop()
        server = start(workspace, [REKEY], level="INFO")
        with cases.case(f"{name}: 16 MiB of noise with -C, both sides changing keys each 2 MiB"):
            rekeys, started = there_and_back(workspace, client, server, noise[:16 * MIB], ["-C", *rekeying])
            expect(rekeys >= 4, f"the keys were changed {rekeys} times")
            expect_equal(started, rekeys + 1)
        server.stop()
        server = start(workspace, ["Compression no"], level="INFO")
        with cases.case(f"{name}: a server with Compression no does not compress"):
            expect_equal(there_and_back(workspace, client, server, text[:MIB], ["-C"])[1], 0)
        server.stop()


def choices(cases, workspace, name, client, start):
    """Which side's wish counts, and what nobody wished for."""
    with cases.case(f"{name}: a server starts"):
        server = start(workspace, level="INFO")
        for flags, compresses in (([], 0), (["-C"], 1), (["-o", "Compression=yes"], 1), (["-o", "Compression=no"], 0),
                                  (["-C", "-o", "Compression=no"], 1)):
            with cases.case(f"{name}: {' '.join(flags) or 'nothing said'} {'compresses' if compresses else 'does not compress'}"):
                expect_equal(there_and_back(workspace, client, server, b"text\n", flags)[1], compresses)
        server.stop()


# --- Lists ----------------------------------------------------------------------------------------------------------

QUERY_OF = {"Ciphers": "cipher", "MACs": "mac", "KexAlgorithms": "kex", "HostKeyAlgorithms": "sig",
            "PubkeyAcceptedAlgorithms": "sig"}
LISTS = {
    "Ciphers": ["aes128-ctr", "aes256-ctr,aes128-ctr,aes256-ctr", "aes128-ctr,,aes256-ctr", ",aes128-ctr,", "+3des-cbc", "-aes*",
                "-*gcm*", "-", "-none-such", "-AES128-CTR", "-!aes128-ctr", "-*,!aes128-ctr", "^aes256-ctr", "^aes256-ctr,aes128-ctr",
                "+", "^", "nope", "+nope", "^nope", "AES128-CTR", "!aes128-ctr", "+-aes128-ctr", "aes128-ctr aes256-ctr"],
    "MACs": ["hmac-sha2-512", "-hmac-sha1*,umac*", "^hmac-sha2-512", "+hmac-md5", "-*etm*", "-*", "nope"],
    "KexAlgorithms": ["curve25519-sha256", "curve25519-sha256,", "-*sntrup*,diffie*", "^ecdh-sha2-nistp521",
                      "+diffie-hellman-group14-sha1", "ext-info-c", "kex-strict-c-v00@openssh.com"],
    "HostKeyAlgorithms": ["ssh-ed25519", "rsa*", "ecdsa*", "^rsa*", "^rsa-sha2-512", "-ssh-*", "+ssh-rsa", "*",
                          "rsa-sha2-512,ecdsa-sha2-nistp256", "ssh-nope", ","],
    "PubkeyAcceptedAlgorithms": ["ssh-ed25519", "rsa*", "^rsa-sha2-256", "-ecdsa*", "+ssh-rsa", "*"],
}


def value_of(result, keyword):
    found = re.search(rf"^{keyword.lower()} (.*)$", result.out.decode(), re.MULTILINE)
    return found[1].split(",") if found and found[1] else []


def lists(cases, workspace, what, ours, theirs, has):
    """`ours` and `theirs` print a configuration with one more setting."""

    def known(keyword):
        return has[ours][QUERY_OF[keyword]] & has[theirs][QUERY_OF[keyword]]

    def common(result, keyword):
        return [name for name in value_of(result, keyword) if name in known(keyword)]

    for keyword, values in LISTS.items():
        plain = {program: common(workspace.run(program(f"{keyword}={','.join(sorted(known(keyword)))}")), keyword)
                 for program in (ours, theirs)}
        with cases.case(f"{what}: {keyword} takes all that both have"):
            expect_equal(plain[ours], plain[theirs])
        for value in values:
            with cases.case(f"{what}: {keyword} {value}"):
                results = {program: workspace.run(program(f"{keyword}={value}")) for program in (ours, theirs)}
                expect_equal(results[ours].status == 0, results[theirs].status == 0, results[ours], results[theirs])
                if results[theirs].status != 0:
                    continue
                if value == "-*" and not theirs.__name__ == "theirs":
                    expect_equal(value_of(results[ours], keyword), [])  # sshd 9.2 takes nothing for the default
                    continue
                got, wanted = common(results[ours], keyword), common(results[theirs], keyword)
                if value[0] in "+-^" and not openssh_has("today's default algorithms"):
                    # What is in front must agree, and the set.
                    front = len([name for name in value[1:].split(",") if value[0] == "^" and "*" not in name])
                    expect_equal(got[:front], wanted[:front])
                    got, wanted = set(got), set(wanted)
                    if keyword == "KexAlgorithms":
                        wanted = {name for name in wanted if name not in has["never by default"]}
                        got = {name for name in got if name not in has["never by default"]}
                expect_equal(got, wanted, results[ours], results[theirs])


def names(workspace, command):
    return [line for line in workspace.run(command).out.decode().splitlines() if line]


QUERIES = ["cipher", "cipher-auth", "mac", "kex", "key", "key-plain", "key-sig", "sig", "protocol-version", "compression",
           "Ciphers", "MACs", "KexAlgorithms", "kexalgorithms", "HostKeyAlgorithms", "PubkeyAcceptedAlgorithms",
           "PubkeyAcceptedKeyTypes", "HostbasedAcceptedAlgorithms", "HostbasedKeyTypes", "HostbasedAcceptedKeyTypes"]


def queries(cases, workspace):
    for query in QUERIES:
        with cases.case(f"-Q {query} has what ssh has, in its order"):
            ours, theirs = names(workspace, glassh("-Q", query)), names(workspace, ssh("-Q", query))
            expect(ours, "nothing was printed")
            expect_equal([name for name in ours if name in theirs or name not in newer_algorithms()],
                         [name for name in theirs if name in ours])
    with cases.case("-Q help lists what can be asked"):
        listed = names(workspace, glassh("-Q", "help"))
        expect_equal(listed, [name for name in names(workspace, ssh("-Q", "help")) if name in listed])
        expect_equal(names(workspace, glassh("-Q", "kex", "-Q", "mac")), names(workspace, glassh("-Q", "kex")))
        for query in listed:
            expect_equal(workspace.run(glassh("-Q", query)).status, 0)
    with cases.case("-Q CASignatureAlgorithms is refused as by an old ssh, as there are no certificates yet"):
        ours, theirs = workspace.run(glassh("-Q", "CASignatureAlgorithms")), workspace.run(ssh("-Q", "CASignatureAlgorithms"))
        expect_equal((ours.status, ours.out), (255, b""), ours)
        expect('Unsupported query "CASignatureAlgorithms"' in ours.err, ours)
        expect_equal(theirs.status, 0 if openssh_has("ssh -Q CASignatureAlgorithms") else 255, theirs)
    for query in ("nope", "CIPHER"):
        with cases.case(f"-Q {query} is refused as ssh refuses it"):
            ours, theirs = workspace.run(glassh("-Q", query)), workspace.run(ssh("-Q", query))
            expect_equal((ours.status, ours.out), (theirs.status, theirs.out))
            expect(theirs.err.strip() in ours.err, ours, theirs)


def printed(cases, workspace):
    """-G and -T of Compression."""
    for value in ("yes", "no", "Yes", "delayed", "true", "maybe"):
        for what, ours, theirs in (("-G", lambda o: glassh("-G", "-F", "none", "-o", o, "host"), lambda o: ssh("-G", "-F", "none", "-o", o, "host")),
                                   ("-T", *server_printers(workspace))):
            with cases.case(f"{what}: Compression {value}"):
                results = [workspace.run(program(f"Compression={value}")) for program in (ours, theirs)]
                expect_equal(results[0].status, results[1].status, *results)
                expect_equal(value_of(results[0], "compression"), value_of(results[1], "compression"))


def server_printers(workspace):
    key = workspace.key("host-ed25519", "ed25519")
    return (lambda option: [our_program("glasshd"), "-T", "-f", "none", "-h", key, "-o", option],
            lambda option: [find_program("sshd"), "-T", "-f", "/dev/null", "-h", key, "-o", option])


# --- Nothing in common ----------------------------------------------------------------------------------------------

# What the server is left with, what the client insists on, the words of OpenSSH, the field, and whether a marker follows.
UNMATCHED = [
    (["KexAlgorithms ecdh-sha2-nistp256"], ["KexAlgorithms=curve25519-sha256"], "key exchange method", "kex_algorithms"),
    (["HostKeyAlgorithms ssh-ed25519"], ["HostKeyAlgorithms=rsa-sha2-512"], "host key type", "server_host_key_algorithms"),
    (["Ciphers aes128-ctr"], ["Ciphers=aes256-ctr"], "cipher", "encryption_algorithms_client_to_server"),
    (["Ciphers aes128-ctr", "MACs hmac-sha2-256"], ["MACs=hmac-sha2-512"], "MAC", "mac_algorithms_client_to_server"),
    (["Ciphers aes128-ctr", "MACs hmac-sha2-256"], ["MACs=-*"], "MAC", "mac_algorithms_client_to_server"),
]


def unmatched(cases, workspace, name, client, start):
    for settings, wishes, what, field in UNMATCHED:
        with cases.case(f"{name}: {wishes[0]} against {settings[-1]}"):
            server = start(workspace, settings)
            offer = settings[-1].split()[1]
            wish = "" if wishes[0].endswith("-*") else wishes[0].split("=")[1]
            result = workspace.run(client(*client_options(workspace, server), *[f"-o{each}" for each in wishes], "127.0.0.1", "true"))
            expect_equal(result.status, 255, result, server.log_tail)
            expect(f"Unable to negotiate with 127.0.0.1 port {server.port}: no matching {what} found. Their offer: {offer}"
                   in result.err, result)
            refusal = re.compile(rf"Unable to negotiate with 127\.0\.0\.1 port \d+: no matching {what} found\. "
                                 rf"Their offer: {re.escape(wish)}.* \[preauth\]\r?$", re.MULTILINE)
            wait_until(lambda: refusal.search(server.log()), refusal.pattern, server.log_tail)
            both = rf'{field}: nothing in common: the client offers "{re.escape(wish)}.*", the server "{re.escape(offer)}.*"'
            if client is glassh:
                expect(re.search(both, result.err), result)
            if start is start_glasshd:
                wait_until(lambda: re.search(both, server.log()), both, server.log_tail)
            server.stop()


def without_macs(cases, workspace, name, client, start):
    """RFC 4253 section 7.1 [4253-7.1-17]: an AEAD cipher needs no common MAC, not even any."""
    with cases.case(f"{name}: no MAC at all, with an AEAD cipher"):
        server = start(workspace, ["MACs hmac-sha2-256"])
        for macs in ("-*", "hmac-sha2-512"):
            result = workspace.run(client(*client_options(workspace, server), "-o", f"MACs={macs}", "-c", "aes256-gcm@openssh.com",
                                          "127.0.0.1", "exit 7"))
            expect_equal(result.status, 7, result, server.log_tail)
        server.stop()


def unaccepted(cases, workspace):
    """What a user's key may sign with: the administrator reads why it was refused, in sshd's words."""
    for name, start in (("sshd", start_sshd), ("glasshd", start_glasshd)):
        with cases.case(f"{name}: a key outside PubkeyAcceptedAlgorithms is refused, and the log says so at INFO"):
            server = start(workspace, ["PubkeyAcceptedAlgorithms -ssh-ed25519"], level="INFO")
            result = workspace.run(ssh(*client_options(workspace, server, key="ed25519"), "127.0.0.1", "exit 7"))
            expect_equal(result.status, 255, result, server.log_tail)
            said = "userauth_pubkey: signature algorithm ssh-ed25519 not in PubkeyAcceptedAlgorithms [preauth]"
            wait_until(lambda: said in server.log().splitlines(), "the reason is in the log", server.log_tail)
            server.stop()


def main():
    cases = Cases()
    with Workspace() as workspace:
        for name, client, start in (("ssh to glasshd", ssh, start_glasshd), ("glassh to sshd", glassh, start_sshd),
                                    ("glassh to glasshd", glassh, start_glasshd)):
            transfers(cases, workspace, name, client, start)
            choices(cases, workspace, name, client, start)
            unmatched(cases, workspace, name, client, start)
            without_macs(cases, workspace, name, client, start)
        unaccepted(cases, workspace)
        queries(cases, workspace)
        printed(cases, workspace)
        both = {}
        def ours(option): return glassh("-G", "-F", "none", "-o", option, "host")
        def theirs(option): return ssh("-G", "-F", "none", "-o", option, "host")
        our_server, their_server = server_printers(workspace)
        for program, asks in ((ours, glassh), (theirs, ssh), (our_server, glassh), (their_server, ssh)):
            both[program] = {query: set(names(workspace, asks("-Q", query))) for query in ("cipher", "mac", "kex", "sig")}
        # Newer servers offer fewer key exchanges by themselves.
        both["never by default"] = {name for name in both[ours]["kex"] if name.startswith("diffie-hellman")}
        lists(cases, workspace, "-G", ours, theirs, both)
        lists(cases, workspace, "-T", our_server, their_server, both)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
