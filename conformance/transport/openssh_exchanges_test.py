"""Each classical key exchange with OpenSSH, both ways, first and repeated; and group exchange in several sizes.

OpenSSH's ssh logs into glasshd, and glassh into Debian's sshd. Data goes to the server and back while both sides make
new keys with the same method every few packets. What was negotiated is read from the client's log.
"""

import concurrent.futures
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from peers import Cases, Workspace, client_options, expect, expect_equal, expect_log, glassh, ssh, start_glasshd, start_sshd

# RFC 8268 section 3 [8268-3-1] [8268-3-2], RFC 9142 section 3.2.2 [9142-3.2.2-1] [9142-3.2.2-3], RFC 5656 sections 4 and
# 6.1 [5656-4-1] [5656-4-7] [5656-6.1-1], RFC 4419 sections 3 and 4.2 [4419-3-7] [4419-3-8] [4419-3-9] [4419-3-10]
# [4419-4.2-1], RFC 8270 [8270-3-1] [8270-3-2] [8270-3-3] [8270-3-4] [8270-3-5] [8270-4-1] keep. While data flow both ways, the
# two directions' ciphers and MACs know nothing of each other: RFC 4253 sections 6.3 and 6.4 [4253-6.3-5] [4253-6.4-4], RFC
# 4344 section 4 [4344-4-1]. The hashes, and the way from a curve's octets to K: RFC 8731 sections 3 and 3.1 [8731-3-6]
# [8731-3.1-1]. That the methods are there: RFC 9142 section 3 [9142-3.1.1-1] [9142-3.1.3-1] [9142-3.1.3-2] [9142-3.1.3-3]
# [9142-3.2.1-4] [9142-3.2.2-4].
GROUP_EXCHANGE = "diffie-hellman-group-exchange-sha256"
KEX = ("curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256", "ecdh-sha2-nistp384",
       "ecdh-sha2-nistp521", GROUP_EXCHANGE, "diffie-hellman-group16-sha512", "diffie-hellman-group18-sha512",
       "diffie-hellman-group14-sha256")
SLOW = ("diffie-hellman-group18-sha512", GROUP_EXCHANGE)
DATA = bytes(range(256)) * 1200


def pi_times_power_of_two(bits):
    """floor(2^bits * pi), by Machin's formula."""
    guard = 64

    def arctan_of_inverse(n):
        power = (1 << (bits + guard)) // n
        total, divisor, sign = power, 1, -1
        while power:
            power //= n * n
            divisor += 2
            total += sign * (power // divisor)
            sign = -sign
        return total

    return 4 * (4 * arctan_of_inverse(5) - arctan_of_inverse(239)) >> guard


def moduli_line(bits):
    """A line of moduli(5) with RFC 3526's prime of that size, or RFC 2409's of 1024 bits."""
    k = {1024: 129093, 3072: 1690314, 4096: 240904, 6144: 929484}[bits]
    p = 2**bits - 2 ** (bits - 64) - 1 + 2**64 * (pi_times_power_of_two(bits - 130) + k)
    return f"20260101000000 2 6 100 {bits - 1} 2 {p:X}\n"


def transfer(workspace, server, client, options, *flags):
    result = workspace.run(client("-vvv", *flags, *options, "127.0.0.1", "cat"), input=DATA)
    expect_equal(result.status, 0, result, server.log_tail)
    expect(result.out == DATA, "other data came back than were sent:", len(result.out), server.log_tail)
    return result.err


def negotiated(client, log):
    line = r"kex: algorithm: (\S+)" if client is ssh else r"(?<!strict )key exchange: (\S+)"
    return re.findall(line, log)


def try_methods(cases, workspace, pool, server, client, direction):
    options = client_options(workspace, server)

    def one(kex):
        with cases.case(f"{direction}: {kex}, and again while data flows"):
            limit = "200K" if kex in SLOW else "50K"
            log = transfer(workspace, server, client, options, "-o", f"KexAlgorithms={kex}", "-o", f"RekeyLimit={limit}",
                           "-c", "aes128-gcm@openssh.com")
            names = negotiated(client, log)
            expect_equal(set(names), {kex}, log)
            expect(len(names) >= 2, f"no key exchange but the first: {names}", log)

    list(pool.map(one, KEX))


def group_sizes(client, log):
    """What the client asked for, and what it got."""
    if client is ssh:
        asked = re.search(r"SSH2_MSG_KEX_DH_GEX_REQUEST\((\d+)<(\d+)<(\d+)\) sent", log)
        got = re.search(r"bits set: \d+/(\d+)", log)
        return tuple(map(int, asked.groups())), int(got[1])
    asked = re.search(r"min = (\d+), n = (\d+), max = (\d+)", log)
    got = re.search(r"\bp   = ([0-9a-f]+)", log)
    return tuple(map(int, asked.groups())), int(got[1], 16).bit_length()


def try_groups(cases, workspace, server, client, direction, sizes_by_cipher):
    options = client_options(workspace, server)
    for cipher, (n, bits) in sizes_by_cipher.items():
        with cases.case(f"{direction}: group exchange with {cipher} asks for {n} bits and gets {bits}"):
            log = transfer(workspace, server, client, options, "-o", f"KexAlgorithms={GROUP_EXCHANGE}", "-c", cipher,
                           "-m", "hmac-sha2-256")
            asked, got = group_sizes(client, log)
            expect_equal(asked, (2048, n, 8192), log)
            expect_equal(got, bits, log)


def main():
    cases = Cases()
    every = f"KexAlgorithms {','.join(KEX)}"
    with Workspace() as workspace, concurrent.futures.ThreadPoolExecutor(4) as pool:
        with cases.case("glasshd exchanges keys with ssh by every method"):
            server = start_glasshd(workspace, [every, "ModuliFile /nowhere", "RekeyLimit 100K"])
            expect_log(server, "ModuliFile: /nowhere: No such file or directory")
            try_methods(cases, workspace, pool, server, ssh, "ssh to glasshd")
            server.stop()
        with cases.case("sshd exchanges keys with glassh by every method"):
            server = start_sshd(workspace, [every, "RekeyLimit 100K"])
            try_methods(cases, workspace, pool, server, glassh, "glassh to sshd")
            server.stop()
        moduli = workspace.fresh("moduli")
        # Out of order, with comments, another type and two broken lines.
        workspace.file(os.path.basename(moduli), "# Time Type Tests Tries Size Generator Modulus\n" + moduli_line(6144)
                       + "20260101000000 4 6 100 3071 2 FFFF\n" + "20260101000000 2 6 100 3071 2\n"
                       + "20260101000000 2 6 100 4095 2 FFFFFFFF\n" + moduli_line(4096) + moduli_line(1024))
        own_moduli = [every, f"ModuliFile {moduli}"]
        sizes = {"aes128-gcm@openssh.com": (3072, 4096), "aes192-ctr": (8192, 6144),
                 "chacha20-poly1305@openssh.com": (8192, 6144)}
        with cases.case("glasshd takes its groups from ModuliFile and names the lines it cannot use"):
            server = start_glasshd(workspace, own_moduli, level="DEBUG3")
            expect_log(server, f"ModuliFile: {moduli}: line 4: 6 fields; expected 7")
            expect_log(server, f"ModuliFile: {moduli}: line 5: modulus has 32 bits; expected 4096")
            try_groups(cases, workspace, server, ssh, "ssh to glasshd", sizes)
            with cases.case("glasshd has no word for a group that is too small [8270-5-1]"):
                expect_equal(re.findall(r"ModuliFile:.*line (\d+)", server.log()), ["4", "5"])
                expect(f"ModuliFile: 2 groups in {moduli}" in server.log(), server.log_tail)
            server.stop()
        with cases.case("glassh takes the groups that sshd chooses from the same file"):
            server = start_sshd(workspace, own_moduli)
            try_groups(cases, workspace, server, glassh, "glassh to sshd", sizes)
            server.stop()
        with cases.case("glasshd offers no integers of itself, and ssh is told so"):
            server = start_glasshd(workspace)
            result = workspace.run(ssh("-o", f"KexAlgorithms={GROUP_EXCHANGE}", *client_options(workspace, server),
                                       "127.0.0.1", "true"))
            expect_equal(result.status, 255, result)
            expect("no matching key exchange method found" in result.err, result)
            server.stop()
    return cases.status()


if __name__ == "__main__":
    sys.exit(main())
