#!/usr/bin/env python3
"""Writes packets.vec: sealed packets for every cipher and MAC, computed here from the definitions alone.

AES (FIPS 197), GCM (NIST SP 800-38D), ChaCha20 and Poly1305 (RFC 8439 sections 2.3 and 2.5) are written out below and
checked against published answers before anything is printed, so that the C++ and libcrypto have an independent witness.
It is slow and not constant-time: for test vectors only.

    python3 test/vectors/make_packets.py > test/vectors/packets.vec
"""

import hashlib
import hmac
import struct

# AES -----------------------------------------------------------------------------------------------------------------


def double(a):
    a <<= 1
    return (a ^ 0x11B) if a & 0x100 else a


def multiply(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a, b = double(a), b >> 1
    return product


def make_sbox():
    sbox = []
    for a in range(256):
        inverse = next((b for b in range(256) if multiply(a, b) == 1), 0)
        s = inverse
        for shift in range(1, 5):
            s ^= (inverse << shift | inverse >> (8 - shift)) & 0xFF
        sbox.append(s ^ 0x63)
    return sbox


SBOX = make_sbox()


def round_keys(key):
    words = [list(key[i : i + 4]) for i in range(0, len(key), 4)]
    n, rcon = len(words), 1
    for i in range(n, 4 * (n + 7)):
        word = list(words[i - 1])
        if i % n == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= rcon
            rcon = double(rcon)
        elif n > 6 and i % n == 4:
            word = [SBOX[b] for b in word]
        words.append([a ^ b for a, b in zip(word, words[i - n])])
    return [sum(words[i : i + 4], []) for i in range(0, len(words), 4)]


def aes(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key in enumerate(keys[1:], 1):
        state = [SBOX[b] for b in state]
        state = [state[(i + 4 * (i % 4)) % 16] for i in range(16)]  # ShiftRows, column by column
        if number < len(keys) - 1:
            mixed = []
            for c in range(0, 16, 4):
                a = state[c : c + 4]
                for i in range(4):
                    mixed.append(double(a[i]) ^ double(a[(i + 1) % 4]) ^ a[(i + 1) % 4] ^ a[(i + 2) % 4] ^ a[(i + 3) % 4])
            state = mixed
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def ctr(keys, counter, data):
    """Returns the result and the next counter: RFC 4344 section 4 counts in all 128 bits."""
    out = b""
    for i in range(0, len(data), 16):
        out += xor(data[i : i + 16], aes(keys, counter.to_bytes(16, "big")))
        counter = (counter + 1) % (1 << 128)
    return out, counter


# GCM -----------------------------------------------------------------------------------------------------------------


def ghash(h, data):
    y = 0
    for i in range(0, len(data), 16):
        x = y ^ int.from_bytes(data[i : i + 16], "big")
        z, v = 0, h
        for bit in range(127, -1, -1):
            if x >> bit & 1:
                z ^= v
            v = (v >> 1) ^ (0xE1 << 120) if v & 1 else v >> 1
        y = z
    return y


def pad16(data):
    return data + bytes(-len(data) % 16)


def gcm(keys, nonce, associated, plain):
    h = int.from_bytes(aes(keys, bytes(16)), "big")
    sealed = b""
    for number, i in enumerate(range(0, len(plain), 16), 2):
        sealed += xor(plain[i : i + 16], aes(keys, nonce + struct.pack(">I", number)))
    lengths = struct.pack(">QQ", 8 * len(associated), 8 * len(sealed))
    s = ghash(h, pad16(associated) + pad16(sealed) + lengths)
    return sealed, xor(s.to_bytes(16, "big"), aes(keys, nonce + struct.pack(">I", 1)))


# ChaCha20 and Poly1305 -----------------------------------------------------------------------------------------------


def rotate(a, n):
    return (a << n | a >> (32 - n)) & 0xFFFFFFFF


def chacha20_block(key, words):
    """`words`: the last four words of the initial state, counter and nonce."""
    start = list(struct.unpack("<4I", b"expand 32-byte k") + struct.unpack("<8I", key)) + list(words)
    s = list(start)

    def quarter(a, b, c, d):
        for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            s[x] = (s[x] + s[y]) & 0xFFFFFFFF
            s[z] = rotate(s[z] ^ s[x], n)

    for _ in range(10):
        for i in range(4):
            quarter(i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(s, start)))


def chacha20(key, sequence_number, first_block, data):
    """The original ChaCha20: a 64-bit counter, and a 64-bit nonce, here the sequence number as SSH's uint64."""
    nonce = struct.unpack("<2I", struct.pack(">Q", sequence_number))
    out = b""
    for number, i in enumerate(range(0, len(data), 64), first_block):
        out += xor(data[i : i + 64], chacha20_block(key, (number & 0xFFFFFFFF, number >> 32) + nonce))
    return out


def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    a = 0
    for i in range(0, len(data), 16):
        a = (a + int.from_bytes(data[i : i + 16] + b"\x01", "little")) * r % ((1 << 130) - 5)
    return ((a + int.from_bytes(key[16:], "little")) % (1 << 128)).to_bytes(16, "little")


# Published answers ---------------------------------------------------------------------------------------------------


def check_against_published_answers():
    block = bytes.fromhex("00112233445566778899aabbccddeeff")
    for size, answer in (  # FIPS 197 appendix C
        (16, "69c4e0d86a7b0430d8cdb78070b4c55a"),
        (24, "dda97ca4864cdfe06eaf70a0ec0d7191"),
        (32, "8ea2b7ca516745bfeafc49904b496089"),
    ):
        assert aes(round_keys(bytes(range(size))), block).hex() == answer
    sealed, tag = gcm(round_keys(bytes(16)), bytes(12), b"", bytes(16))  # the GCM proposal's test case 2
    assert sealed.hex() == "0388dace60b6a392f328c2b971b2fe78"
    assert tag.hex() == "ab6e47d42cec13bdf53a67b21257bddf"
    block = chacha20_block(bytes(range(32)), (1, 0x09000000, 0x4A000000, 0))  # RFC 8439 section 2.3.2
    assert block.hex().startswith("10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e")
    key = bytes.fromhex("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b")  # RFC 8439 section 2.5.2
    assert poly1305(key, b"Cryptographic Forum Research Group").hex() == "a8061dc1305136c6c22b8baf0c0127a9"


# Packets -------------------------------------------------------------------------------------------------------------


def invented(label, size):
    return hashlib.shake_128(label.encode()).digest(size)


def make_packet(label, block, unpadded_prefix, payload_size):
    """packet_length, padding_length, payload and the least padding that RFC 4253 section 6 allows."""
    padding = -(4 - unpadded_prefix + 1 + payload_size) % block
    if padding < 4:
        padding += block
    body = bytes([padding]) + invented(label + " payload", payload_size) + invented(label + " padding", padding)
    return struct.pack(">I", len(body)) + body


PAYLOAD_SIZES = (1, 43, 300)  # the third is longer than what a cipher may treat as a packet's head
SEQUENCE_NUMBERS = (3, 0xFFFFFFFF, 0)


def print_case(suite, keys, packets):
    for sequence_number, plain, sealed in packets:
        print(f"\n[{suite}]")
        for name, value in keys.items():
            print(f"{name} = {value.hex()}".rstrip())
        print(f"SequenceNumber = {sequence_number:08x}")
        print(f"Plain = {plain.hex()}")
        print(f"Sealed = {sealed.hex()}")


def chacha20_poly1305_packets():
    suite = "chacha20-poly1305@openssh.com"
    key = invented(suite, 64)
    k_2, k_1 = key[:32], key[32:]
    packets = []
    for sequence_number, size in zip(SEQUENCE_NUMBERS, PAYLOAD_SIZES):
        plain = make_packet(suite + str(size), 8, 4, size)
        sealed = chacha20(k_1, sequence_number, 0, plain[:4]) + chacha20(k_2, sequence_number, 1, plain[4:])
        mac_key = chacha20(k_2, sequence_number, 0, bytes(32))
        packets.append((sequence_number, plain, sealed + poly1305(mac_key, sealed)))
    print_case(suite, {"IV": b"", "Key": key, "MacKey": b""}, packets)


def gcm_packets(bits):
    suite = f"aes{bits}-gcm@openssh.com"
    key = invented(suite, bits // 8)
    iv = invented(suite + " iv", 4) + b"\xff" * 8 if bits == 128 else invented(suite + " iv", 12)
    fixed, counter = iv[:4], int.from_bytes(iv[4:], "big")
    packets = []
    for sequence_number, size in zip(SEQUENCE_NUMBERS, PAYLOAD_SIZES):
        plain = make_packet(suite + str(size), 16, 4, size)
        sealed, tag = gcm(round_keys(key), fixed + struct.pack(">Q", counter), plain[:4], plain[4:])
        packets.append((sequence_number, plain, plain[:4] + sealed + tag))
        counter = (counter + 1) % (1 << 64)
    print_case(suite, {"IV": iv, "Key": key, "MacKey": b""}, packets)


def ctr_packets(bits, mac):
    suite = f"aes{bits}-ctr {mac}"
    digest = "sha256" if "256" in mac else "sha512"
    etm = "-etm" in mac
    key = invented(suite, bits // 8)
    iv = b"\xff" * 15 + b"\xfe" if bits == 128 else invented(suite + " iv", 16)
    mac_key = invented(suite + " mac key", 32 if digest == "sha256" else 64)
    counter = int.from_bytes(iv, "big")
    packets = []
    for sequence_number, size in zip(SEQUENCE_NUMBERS, PAYLOAD_SIZES):
        clear = 4 if etm else 0
        plain = make_packet(suite + str(size), 16, clear, size)
        encrypted, counter = ctr(round_keys(key), counter, plain[clear:])
        sealed = plain[:clear] + encrypted
        covered = struct.pack(">I", sequence_number) + (sealed if etm else plain)
        packets.append((sequence_number, plain, sealed + hmac.new(mac_key, covered, digest).digest()))
    print_case(suite, {"IV": iv, "Key": key, "MacKey": mac_key}, packets)


def main():
    check_against_published_answers()
    print("# Written by make_packets.py. One section per packet; sections of one name are consecutive packets under one key.")
    print("# IV, Key and MacKey as key derivation delivers them. The counters of the 128-bit AES suites wrap on the way.")
    chacha20_poly1305_packets()
    for bits in (128, 256):
        gcm_packets(bits)
    for bits in (128, 192, 256):
        for mac in ("hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256", "hmac-sha2-512"):
            ctr_packets(bits, mac)


if __name__ == "__main__":
    main()
