"""Each suite of algorithms, both ways: a login with it, and a command whose exit status arrives.

OpenSSH's ssh logs into glasshd, and glassh into Debian's sshd. What was negotiated is read from the client's log, so that
no combination passes with another one's algorithms.
"""

import concurrent.futures
import itertools
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, client_options, expect, expect_equal, glassh, ssh, start_glasshd, start_sshd

# OpenSSH could not read our packets, or we not its, if one of these rules were broken. RFC 4253 sections 6.3 and 6.4
# [4253-6.3-1] [4253-6.4-2] [4253-6.4-7], RFC 4344 section 4 [4344-4-2] [4344-4-3] [4344-4-4] [4344-4-5] [4344-4-6], RFC 6668
# section 2 [6668-2-1] [6668-2-2], RFC 5647 sections 6.3 and 7 [5647-6.3-1] [5647-7.1-1] [5647-7.1-2] [5647-7.2-2] [5647-7.3-1],
# OpenSSH PROTOCOL section 1.5 [openssh-etm-1.5-1] [openssh-etm-1.5-2].
AEAD = ("chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com")
CTR = ("aes128-ctr", "aes192-ctr", "aes256-ctr")
MACS = ("hmac-sha2-256", "hmac-sha2-512", "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com")
KEX = ("curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256")
# RFC 8332 section 3 [8332-3-1] [8332-3-2] [8332-3.1-1] keeps: an ssh-rsa key, signed by the name that was negotiated; ssh
# verifies it. So it does with the other types' keys and signatures: RFC 4253 section 6.6 [4253-6.6-7] [4253-6.6-8]
# [4253-6.6-9], RFC 5656 sections 3 and 6.2.1 [5656-3-1] [5656-3.1.1-1] [5656-3.1.2-1] [5656-6.2.1-1], RFC 8709 [8709-3-1] [8709-4-1]
# [8709-6-1] [8709-7-1].
HOST_KEYS = ("ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-256", "rsa-sha2-512")

CIPHERS = [(cipher, None) for cipher in AEAD] + list(itertools.product(CTR, MACS))
SUITES = [(cipher, mac, kex, host_key) for (cipher, mac), kex, host_key in itertools.product(CIPHERS, KEX, HOST_KEYS)]
# RFC 5656 section 10.1 [5656-10.1-1] keeps: the larger curves, with one suite each.
SUITES += [(AEAD[0], None, KEX[0], f"ecdsa-sha2-nistp{bits}") for bits in (384, 521)]
# The post-quantum hybrid that OpenSSH 9.2 has; one cipher of each kind.
SUITES += [(cipher, mac, "sntrup761x25519-sha512@openssh.com", "ssh-ed25519")
           for cipher, mac in ((AEAD[0], None), (AEAD[2], None), (CTR[2], MACS[3]))]
HOST_KEY_KINDS = ("ed25519", "ecdsa", "ecdsa384", "ecdsa521", "rsa")


def openssh_lines(cipher, mac, kex, host_key):
    """What ssh -v says about its choice."""
    protection = f"cipher: {cipher} MAC: {mac or '<implicit>'} compression: none"
    return [f"kex: algorithm: {kex}", f"kex: host key algorithm: {host_key}", f"kex: server->client {protection}",
            f"kex: client->server {protection}"]


def glassh_lines(cipher, mac, kex, host_key):
    """What glassh -v says about its choice."""
    mac = mac or "none, for the cipher brings its own"
    return [f"key exchange: {kex}", f"host key: {host_key}", f"cipher, client to server: {cipher}",
            f"cipher, server to client: {cipher}", f"MAC, client to server: {mac}", f"MAC, server to client: {mac}"]


def log_in(workspace, server, client, options, lines, suite, status):
    cipher, mac, kex, host_key = suite
    flags = ["-v", "-c", cipher, "-o", f"KexAlgorithms={kex}", "-o", f"HostKeyAlgorithms={host_key}"]
    if mac:
        flags += ["-m", mac]
    result = workspace.run(client(*flags, *options, "127.0.0.1", f"echo out; echo err >&2; exit {status}"))
    expect_equal(result.status, status, result, server.log_tail)
    expect_equal(result.out, b"out\n", result)
    said = [line.removeprefix("debug1: ").strip() for line in result.err.splitlines()]
    expect("err" in said, "stderr did not arrive", result)
    for line in lines(*suite):
        expect(any(line == words or words.endswith(": " + line) for words in said), f"no line '{line}' in:", result)


def try_all(cases, workspace, pool, server, client, lines, direction):
    known_hosts = workspace.fresh("known_hosts")
    workspace.file(os.path.basename(known_hosts), server.known_hosts(HOST_KEY_KINDS))
    options = client_options(workspace, server, known_hosts)

    def one(number, suite):
        names = " ".join(name for name in suite if name)
        with cases.case(f"{direction}: {names}"):
            log_in(workspace, server, client, options, lines, suite, 1 + number % 250)

    list(pool.map(one, itertools.count(), SUITES))


def main():
    cases = Cases()
    with Workspace() as workspace, concurrent.futures.ThreadPoolExecutor(4) as pool:
        with cases.case("glasshd serves every suite's client to its end"):
            server = start_glasshd(workspace, host_kinds=HOST_KEY_KINDS)
            try_all(cases, workspace, pool, server, ssh, openssh_lines, "ssh to glasshd")
            expect_equal(server.process.poll(), None, server.log_tail)
            server.stop()
            expect_equal(server.process.returncode, 0, server.log_tail)
        with cases.case("sshd serves glassh with every suite to its end"):
            server = start_sshd(workspace, host_kinds=HOST_KEY_KINDS)
            try_all(cases, workspace, pool, server, glassh, glassh_lines, "glassh to sshd")
            expect_equal(server.process.poll(), None, server.log_tail)
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
