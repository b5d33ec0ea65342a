#!/usr/bin/env python3
"""Writes signatures.vec: good and bad signatures, computed here from the definitions alone.

Ed25519 (RFC 8032), ECDSA on P-256 with the deterministic k of RFC 6979, and RSASSA-PKCS1-v1_5 (RFC 8017) are written
out below and checked against published answers before anything is printed, so that the C++ and libcrypto have an
independent witness. RSA keys are those of keys/. It is slow and not constant-time: for test vectors only.

    python3 test/vectors/make_signatures.py > test/vectors/signatures.vec
"""

import base64
import hashlib
import hmac
import pathlib
import struct

KEYS = pathlib.Path(__file__).parent / "keys"


def string(data):
    return struct.pack(">I", len(data)) + data


def mpint(number):
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


# Ed25519 -------------------------------------------------------------------------------------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE_Y = 4 * pow(5, -1, P) % P


def recover_x(y):
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * pow(2, (P - 1) // 4, P) % P
    return x if x % 2 == 0 else P - x


BASE = (recover_x(BASE_Y), BASE_Y)


def ed_add(a, b):
    product = D * a[0] * b[0] * a[1] * b[1] % P
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, P) % P
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, P) % P
    return x, y


def ed_times(n, point):
    result = (0, 1)
    while n:
        if n & 1:
            result = ed_add(result, point)
        point, n = ed_add(point, point), n >> 1
    return result


def ed_encode(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def sha512_number(data):
    return int.from_bytes(hashlib.sha512(data).digest(), "little")


def ed25519(seed, message):
    """The public key and the signature."""
    h = hashlib.sha512(seed).digest()
    a = int.from_bytes(h[:32], "little") & ((1 << 254) - 8) | (1 << 254)
    public = ed_encode(ed_times(a, BASE))
    r = sha512_number(h[32:] + message) % L
    R = ed_encode(ed_times(r, BASE))
    s = (r + sha512_number(R + public + message) * a) % L
    return public, R + s.to_bytes(32, "little")


# ECDSA on P-256 ------------------------------------------------------------------------------------------------------

FIELD = 2**256 - 2**224 + 2**192 + 2**96 - 1
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
     0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5)


def p256_add(a, b):
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % FIELD == 0:
            return None
        slope = (3 * a[0] * a[0] - 3) * pow(2 * a[1], -1, FIELD) % FIELD
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, FIELD) % FIELD
    x = (slope * slope - a[0] - b[0]) % FIELD
    return x, (slope * (a[0] - x) - a[1]) % FIELD


def p256_times(n, point):
    result = None
    while n:
        if n & 1:
            result = p256_add(result, point)
        point, n = p256_add(point, point), n >> 1
    return result


def rfc6979_k(d, digest):
    start = d.to_bytes(32, "big") + (int.from_bytes(digest, "big") % ORDER).to_bytes(32, "big")
    v, k = b"\1" * 32, b"\0" * 32
    for separator in (b"\0", b"\1"):
        k = hmac.digest(k, v + separator + start, "sha256")
        v = hmac.digest(k, v, "sha256")
    while True:
        v = hmac.digest(k, v, "sha256")
        candidate = int.from_bytes(v, "big")
        if 0 < candidate < ORDER:
            return candidate
        k = hmac.digest(k, v + b"\0", "sha256")
        v = hmac.digest(k, v, "sha256")


def ecdsa(d, message):
    digest = hashlib.sha256(message).digest()
    k = rfc6979_k(d, digest)
    r = p256_times(k, G)[0] % ORDER
    return r, pow(k, -1, ORDER) * (int.from_bytes(digest, "big") + r * d) % ORDER


# RSA -----------------------------------------------------------------------------------------------------------------

DIGEST_INFO = {  # RFC 8017 section 9.2, note 1
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}


def rsa_key(name):
    """n, e, d, read from an unencrypted OpenSSH private key file."""
    lines = (KEYS / name).read_text().split("\n")
    data = base64.b64decode("".join(line for line in lines if not line.startswith("-")))
    at = 15

    def take():
        nonlocal at
        size = struct.unpack_from(">I", data, at)[0]
        at += 4 + size
        return data[at - size:at]

    take(), take(), take()
    at += 4
    take()
    at += 4 + 8
    assert take() == b"ssh-rsa"
    return tuple(int.from_bytes(take(), "big") for _ in range(3))


def pkcs1(hash_name, message, size):
    info = DIGEST_INFO[hash_name] + hashlib.new(hash_name, message).digest()
    return b"\0\1" + b"\xff" * (size - 3 - len(info)) + b"\0" + info


def rsa_raw(key, block):
    n, _, d = key
    return pow(int.from_bytes(block, "big"), d, n).to_bytes((n.bit_length() + 7) // 8, "big")


# The file ------------------------------------------------------------------------------------------------------------

def case(algorithm, what, key, message, signature, valid, asked=None):
    print(f"\n[{algorithm}]\n# {what}\nKey = {key.hex()}\nMessage = {message.hex()}\nSignature = {signature.hex()}")
    print(f"Asked = {(asked or algorithm).encode().hex()}\nValid = {'01' if valid else '00'}")


def ed25519_cases():
    seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    public, good = ed25519(seed, b"")
    assert public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert good.hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e")
    name = b"ssh-ed25519"

    def one(what, message, content, valid, called=name, tail=b""):
        case("ssh-ed25519", what, string(name) + string(public), message, string(called) + string(content) + tail, valid)

    one("RFC 8032 section 7.1, TEST 1", b"", good, True)
    good = ed25519(seed, b"glass")[1]
    one("another message", b"glass", good, True)
    one("signed something else", b"grass", good, False)
    one("one byte short", b"glass", good[:-1], False)
    one("one byte long", b"glass", good + b"\0", False)
    one("empty", b"glass", b"", False)
    one("R is wrong", b"glass", bytes([good[0] ^ 1]) + good[1:], False)
    s = int.from_bytes(good[32:], "little")
    one("S is not reduced", b"glass", good[:32] + (s + L).to_bytes(32, "little"), False)
    one("bytes follow", b"glass", good, False, tail=b"\0")
    one("called ssh-ed448", b"glass", good, False, called=b"ssh-ed448")
    one("called with a zero at the end", b"glass", good, False, called=name + b"\0")


def ecdsa_cases():
    d = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    Q = p256_times(d, G)
    assert Q[0] == 0x60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6
    r, s = ecdsa(d, b"sample")
    assert r == 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    assert s == 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    name = b"ecdsa-sha2-nistp256"
    key = string(name) + string(b"nistp256") + string(b"\4" + Q[0].to_bytes(32, "big") + Q[1].to_bytes(32, "big"))

    def one(what, content, valid, message=b"sample", called=name):
        case("ecdsa-sha2-nistp256", what, key, message, string(called) + string(content), valid)

    one("RFC 6979 section A.2.5", mpint(r) + mpint(s), True)
    short = next(m for m in (b"message %d" % i for i in range(2000)) if ecdsa(d, m)[0] >> 240 == 0 or ecdsa(d, m)[1] >> 247 == 0)
    one("a number that needs fewer bytes", mpint(ecdsa(d, short)[0]) + mpint(ecdsa(d, short)[1]), True, message=short)
    one("signed something else", mpint(r) + mpint(s), False, message=b"simple")
    one("s and r", mpint(s) + mpint(r), False)
    one("r is 0", mpint(0) + mpint(s), False)
    one("s is 0", mpint(r) + mpint(0), False)
    one("r and s are 0", mpint(0) + mpint(0), False)
    one("s is the order more", mpint(r) + mpint(s + ORDER), False)
    one("r is 33 bytes", mpint(r + (1 << 256)) + mpint(s), False)
    one("r is negative", string(r.to_bytes(32, "big")) + mpint(s), False)
    one("r has a redundant zero", string(b"\0\0" + r.to_bytes(32, "big")) + mpint(s), False)
    one("bytes follow", mpint(r) + mpint(s) + b"\0", False)
    one("no s", mpint(r), False)
    one("r and s as 64 bytes", r.to_bytes(32, "big") + s.to_bytes(32, "big"), False)
    one("empty", b"", False)
    one("called nistp384", mpint(r) + mpint(s), False, called=b"ecdsa-sha2-nistp384")


def rsa_cases(file, algorithm, hash_name, other, other_hash):
    key = rsa_key(file)
    n, e, _ = key
    size = (n.bit_length() + 7) // 8
    blob = string(b"ssh-rsa") + mpint(e) + mpint(n)

    def one(what, content, valid, message=b"glass", called=algorithm, asked=None):
        case(algorithm, f"{file}: {what}", blob, message, string(called.encode()) + string(content), valid, asked)

    block = pkcs1(hash_name, b"glass", size)
    good = rsa_raw(key, block)
    one("RFC 8017 section 8.2.1", good, True)
    one("signed something else", good, False, message=b"grass")
    one(f"called {other}", good, False, called=other)
    one(f"called and asked for as {other}", good, False, called=other, asked=other)
    one(f"asked for as {other}", good, False, asked=other)
    one("called ssh-rsa", good, False, called="ssh-rsa")
    one("with SHA-1, as ssh-rsa", rsa_raw(key, pkcs1("sha1", b"glass", size)), False, called="ssh-rsa", asked="ssh-rsa")
    one("with SHA-1", rsa_raw(key, pkcs1("sha1", b"glass", size)), False)
    one(f"with the hash of {other}", rsa_raw(key, pkcs1(other_hash, b"glass", size)), False)
    one("a zero in front", b"\0" + good, False)
    one("a zero behind", good + b"\0", False)
    one("the modulus added, so the same number modulo n", (int.from_bytes(good, "big") + n).to_bytes(size + 1, "big"), False)
    one("empty", b"", False)
    one("all zeros", bytes(size), False)
    one("the number 1", b"\1", False)
    # Where the padding is parsed instead of compared, some of these pass.
    info = DIGEST_INFO[hash_name] + hashlib.new(hash_name, b"glass").digest()
    one("short padding, and something after the hash", rsa_raw(key, b"\0\1" + b"\xff" * 8 + b"\0" + info + b"x" * (size - 11 - len(info))), False)
    no_null = bytes([info[0], info[1] - 2, info[2], info[3] - 2]) + info[4:-len(hashlib.new(hash_name).digest()) - 4] + info[-len(hashlib.new(hash_name).digest()) - 2:]
    one("no parameters where NULL belongs", rsa_raw(key, b"\0\1" + b"\xff" * (size - 3 - len(no_null)) + b"\0" + no_null), False)
    one("padding of type 2", rsa_raw(key, b"\0\2" + block[2:]), False)
    one("padding with another byte", rsa_raw(key, block[:9] + b"\xfe" + block[10:]), False)
    one("padding without an end", rsa_raw(key, block.replace(b"\xff\0\x30", b"\xff\xff\x30")), False)

    def signed(i):
        return rsa_raw(key, pkcs1(hash_name, b"message %d" % i, size))
    light = next(i for i in range(10000) if signed(i)[0] == 0)
    one("begins with a zero", signed(light), True, message=b"message %d" % light)
    one("begins with a zero, left out", signed(light)[1:], True, message=b"message %d" % light)


print("# Written by make_signatures.py. One section per signature, named after the algorithm; Asked is the algorithm that the")
print("# verifier expects, as text. Key and Signature are blobs of RFC 4253 section 6.6.")
ed25519_cases()
ecdsa_cases()
rsa_cases("rsa2048", "rsa-sha2-256", "sha256", "rsa-sha2-512", "sha512")
rsa_cases("rsa2048", "rsa-sha2-512", "sha512", "rsa-sha2-256", "sha256")
rsa_cases("rsa3072", "rsa-sha2-256", "sha256", "rsa-sha2-512", "sha512")
