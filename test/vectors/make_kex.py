#!/usr/bin/env python3
"""Writes kex_shares.vec, kex_refused.vec and kex_hashes.vec: figures for the classical key exchanges.

Everything is computed from the definitions with Python's integers: the curves of FIPS 186-4 in affine coordinates, the
primes of RFC 3526 from pi, Diffie-Hellman with pow(), the exchange hashes and keys with hashlib. So the C++ and libcrypto
have an independent witness. It is not constant-time and takes two minutes: for test vectors only.

    cd test/vectors && python3 make_kex.py
"""

import hashlib
import random

draw = random.Random(4253)

# Elliptic curves ------------------------------------------------------------------------------------------------------


class Curve:
    """y^2 = x^3 - 3x + b modulo p, with the base point G of prime order n. None is the point at infinity."""

    def __init__(self, p, b, gx, gy, n):
        self.p, self.b, self.n, self.G = p, b, n, (gx, gy)
        self.size = (p.bit_length() + 7) // 8
        assert self.has(self.G) and self.multiply(n, self.G) is None

    def has(self, point):
        x, y = point
        return (y * y - (x**3 - 3 * x + self.b)) % self.p == 0

    def add(self, one, other):
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2), p = one, other, self.p
        if x1 == x2 and (y1 + y2) % p == 0:
            return None
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, p) if one == other else (y2 - y1) * pow(x2 - x1, -1, p)
        x = (slope * slope - x1 - x2) % p
        return x, (slope * (x1 - x) - y1) % p

    def multiply(self, scalar, point):
        result = None
        while scalar:
            if scalar & 1:
                result = self.add(result, point)
            point, scalar = self.add(point, point), scalar >> 1
        return result

    def with_x(self, x):
        """The point of this x with an even y; None if there is none (p mod 4 is 3 for all three)."""
        square = (x**3 - 3 * x + self.b) % self.p
        y = pow(square, (self.p + 1) // 4, self.p)
        if y * y % self.p != square:
            return None
        return x, y if y % 2 == 0 else self.p - y

    def encode(self, point):
        return b"\4" + b"".join(number.to_bytes(self.size, "big") for number in point)


CURVES = {
    "nistp256": Curve(
        2**256 - 2**224 + 2**192 + 2**96 - 1,
        0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
        0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ),
    "nistp384": Curve(
        2**384 - 2**128 - 2**96 + 2**32 - 1,
        0xB3312FA7E23EE7E4988E056BE3F82D19181D9C6EFE8141120314088F5013875AC656398D8A2ED19D2A85C8EDD3EC2AEF,
        0xAA87CA22BE8B05378EB1C71EF320AD746E1D3B628BA79B9859F741E082542A385502F25DBF55296C3A545E3872760AB7,
        0x3617DE4A96262C6F5D9E98BF9292DC29F8F41DBD289A147CE9DA3113B5F0B8C00A60B1CE1D7E819D7A431D7C90EA0E5F,
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973,
    ),
    "nistp521": Curve(
        2**521 - 1,
        0x0051953EB9618E1C9A1F929A21A0B68540EEA2DA725B99B315F3B8B489918EF109E156193951EC7E937B1652C0BD3BB1BF073573DF883D2C34F1EF451FD46B503F00,
        0x00C6858E06B70404E9CD9E3ECB662395B4429C648139053FB521F828AF606B4D3DBAA14B5E77EFE75928FE1DC127A2FFA8DE3348B3C1856A429BF97E7E31C2E5BD66,
        0x011839296A789A3BC0045C8A5FB42C7D1BD998F54449579B446817AFBD17273E662C97EE72995EF42640C550B9013FAD0761353C7086A272C24088BE94769FD16650,
        0x01FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409,
    ),
}

# RFC 5903 section 8.1, published: the arithmetic above is right.
assert CURVES["nistp256"].multiply(
    0xC88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433, CURVES["nistp256"].G
)[0] == 0xDAD0B65394221CF9B051E1FECA5787D098DFE637FC90B9EF945D0C3772581180


def ecdh_cases(out):
    for name, curve in CURVES.items():
        method, size = f"ecdh-sha2-{name}", curve.size

        def case(comment, private, peer):
            shared = curve.multiply(private, peer)
            out.case(method, comment, Private=private.to_bytes(size, "big"),
                     Share=curve.encode(curve.multiply(private, curve.G)), PeerShare=curve.encode(peer),
                     SharedSecret=shared[0].to_bytes(size, "big"))

        any_private = draw.randrange(1, curve.n)
        any_point = curve.multiply(draw.randrange(1, curve.n), curve.G)
        case("Nothing special.", any_private, any_point)
        case("The smallest scalar.", 1, any_point)
        case("The largest scalar.", curve.n - 1, any_point)
        case("The base point, so that K is our own share's x.", any_private, curve.G)
        for x in [x for x in range(40) if curve.with_x(x)][:3]:
            case(f"A point whose x is {x}.", any_private, curve.with_x(x))
        x = next(x for x in range(curve.p - 1, 0, -1) if curve.with_x(x))
        case("A point whose x is just below p.", any_private, curve.with_x(x))
        point, private = any_point, 1
        while point[0] >= 256 ** (size - 1) // (256 if curve.p % 2**521 else 1):
            point, private = curve.add(point, any_point), private + 1
        case("K begins with zeros, which the mpint drops.", private, any_point)


def ecdh_refusals(out):
    for name, curve in CURVES.items():
        method, size, p = f"ecdh-sha2-{name}", curve.size, curve.p
        point = curve.multiply(draw.randrange(1, curve.n), curve.G)
        good = curve.encode(point)

        def case(comment, share):
            out.case(method, comment, PeerShare=share)

        case("Nothing.", b"")
        case("The point at infinity.", b"\0")
        case("A byte too short.", good[:-1])
        case("A byte too long.", good + b"\0")
        case("Only x.", good[: 1 + size])
        case("Compressed.", bytes([2 + point[1] % 2]) + good[1 : 1 + size])
        case("Compressed form's first byte, uncompressed length.", bytes([2 + point[1] % 2]) + good[1:])
        case("Hybrid form.", bytes([6 + point[1] % 2]) + good[1:])
        case("Zero coordinates.", b"\4" + bytes(2 * size))
        case("Coordinates of all ones.", b"\4" + b"\xff" * (2 * size))
        case("y is off by one.", curve.encode((point[0], (point[1] + 1) % p)))
        case("x and y exchanged.", curve.encode((point[1], point[0])))
        off = next(x for x in range(1, 99) if curve.with_x(x) is None)
        case("An x of the twist.", curve.encode((off, 1)))
        # A point of order 2 has y = 0, and lies on the curve of another b: the classical invalid-curve attack.
        case("A point of order 2 on the curve of another b.", curve.encode((point[0], 0)))
        small = next(x for x in range(99) if curve.with_x(x))
        if small + p < 256**size:
            case("x + p is no coordinate.", curve.encode((small + p, curve.with_x(small)[1])))
        case("x is p, which is 0.", curve.encode((p, point[1])))
        for other_name, other in CURVES.items():
            if other is not curve:
                case(f"A point of {other_name}.", other.encode(other.G))


# Integers modulo a prime ----------------------------------------------------------------------------------------------


def pi_times_power_of_two(bits):
    """floor(2^bits * pi), by Machin: pi/4 = 4 arctan(1/5) - arctan(1/239)."""
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


# RFC 3526: p = 2^n - 2^(n-64) - 1 + 2^64 * (floor(2^(n-130) pi) + k), with the k of each section.
PRIMES = {
    bits: 2**bits - 2 ** (bits - 64) - 1 + 2**64 * (pi_times_power_of_two(bits - 130) + k)
    for bits, k in ((2048, 124476), (3072, 1690314), (4096, 240904), (6144, 929484), (8192, 4743158))
}
assert all(pow(2, (p - 1) // 2, p) == 1 for p in PRIMES.values())  # 2 generates the subgroup of order (p-1)/2

FIXED = {
    "diffie-hellman-group14-sha256": 2048,
    "diffie-hellman-group16-sha512": 4096,
    "diffie-hellman-group18-sha512": 8192,
}
EXPONENT_BITS = 1024


def new_exponent():
    return draw.getrandbits(EXPONENT_BITS) | 1 << (EXPONENT_BITS - 1)


def magnitude(number):
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def dh_cases(out):
    for method, bits in FIXED.items():
        p = PRIMES[bits]

        def case(comment, private, peer):
            out.case(method, comment, Private=magnitude(private), Share=magnitude(pow(2, private, p)),
                     PeerShare=magnitude(peer), SharedSecret=magnitude(pow(peer, private, p)))

        case("Nothing special.", new_exponent(), pow(2, new_exponent(), p))
        case("The smallest share that is taken.", new_exponent(), 2)
        case("The largest.", new_exponent(), p - 2)
        peer = pow(2, new_exponent(), p)
        private = new_exponent()
        while pow(peer, private, p) >> (bits - 8):
            private += 1
        case("K begins with a zero byte, which the mpint drops.", private, peer)


def dh_refusals(out):
    for method, bits in FIXED.items():
        p = PRIMES[bits]
        for comment, share in (("0.", 0), ("1.", 1), ("p - 1, of order 2.", p - 1), ("p, which is 0.", p),
                               ("p + 1, which is 1.", p + 1), ("p + 2, which is 2.", p + 2),
                               ("All ones, as long as p.", 2**bits - 1), ("A byte longer than p.", 2 ** (bits + 7))):
            out.case(method, comment, PeerShare=magnitude(share))


# Exchange hashes and keys ---------------------------------------------------------------------------------------------


def string(value):
    return len(value).to_bytes(4, "big") + value


def mpint(number):
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big") if number else b"")


def kexinit(cookie, kex):
    lists = [kex, "ssh-ed25519", "aes128-gcm@openssh.com", "aes128-gcm@openssh.com", "hmac-sha2-256", "hmac-sha2-256",
             "none", "none", "", ""]
    return b"\x14" + cookie + b"".join(string(names.encode()) for names in lists) + bytes(5)


def exchange_hashes(out):
    """What a server asks to have signed. Its KEXINIT is rebuilt here from its settings, cookie and markers."""
    V_C, V_S = b"SSH-2.0-somebody_1.0 with a comment", b"SSH-2.0-glassh_known"
    K_S = string(b"ssh-ed25519") + string(bytes(range(32)))

    def case(kex, hash_name, shares, secrets, K, between=b"", **more):
        cookie = draw.randbytes(16)
        I_C = kexinit(draw.randbytes(16), kex)
        I_S = kexinit(cookie, f"{kex},ext-info-s,kex-strict-s-v00@openssh.com")
        H = hashlib.new(hash_name, b"".join(map(string, (V_C, V_S, I_C, I_S, K_S))) + between + b"".join(shares)
                        + mpint(K)).digest()
        out.case(kex, "", V_C=V_C, V_S=V_S, I_C=I_C, K_S=K_S, Cookie=cookie, **secrets, **more, H=H)

    for name, curve in CURVES.items():
        a, b = draw.randrange(1, curve.n), draw.randrange(1, curve.n)
        Q_C, Q_S = (curve.encode(curve.multiply(scalar, curve.G)) for scalar in (a, b))
        K = curve.multiply(a, curve.multiply(b, curve.G))[0]
        case(f"ecdh-sha2-{name}", {"nistp256": "sha256", "nistp384": "sha384", "nistp521": "sha512"}[name],
             (string(Q_C), string(Q_S)), {"Private": b.to_bytes(curve.size, "big")}, K, ClientShare=Q_C)
    groups = list(FIXED.items()) + [("diffie-hellman-group-exchange-sha256", bits) for bits in (3072, 8192)]
    for kex, bits in groups:
        p, x, y = PRIMES[bits], new_exponent(), new_exponent()
        e, f, K = pow(2, x, p), pow(2, y, p), pow(2, x * y, p)
        between, request = b"", {}
        if "exchange" in kex:
            sizes = b"".join(number.to_bytes(4, "big") for number in (2048, bits, 8192))
            between, request = sizes + mpint(p) + mpint(2), {"Request": sizes, "P": magnitude(p)}
        case(kex, "sha512" if kex.endswith("sha512") else "sha256", (mpint(e), mpint(f)), {"Private": magnitude(y)}, K,
             between, ClientShare=magnitude(e), **request)


def derived_keys(out):
    for name in ("sha256", "sha384", "sha512"):
        K, H = draw.getrandbits(500), draw.randbytes(hashlib.new(name).digest_size)
        # The first exchange may have had another hash.
        for id_size in (32, 48, 64):
            session_id = draw.randbytes(id_size)
            for letter, size in ((b"A", 12), (b"B", 16), (b"C", 32), (b"D", 64), (b"E", 64), (b"F", 100), (b"C", 200)):
                key = hashlib.new(name, mpint(K) + H + letter + session_id).digest()
                while len(key) < size:
                    key += hashlib.new(name, mpint(K) + H + key).digest()
                out.case(f"derive {name}", "", K=magnitude(K), H=H, Letter=letter, SessionId=session_id, Key=key[:size])


class Output:
    def __init__(self, path, about):
        self.path, self.text = path, f"# {about}\n# Written by make_kex.py.\n"

    def case(self, section, comment, **values):
        self.text += "\n" + (f"# {comment}\n" if comment else "") + f"[{section}]\n"
        self.text += "".join(f"{key} = {value.hex()}\n" for key, value in values.items())

    def write(self):
        with open(self.path, "w", encoding="ascii") as file:
            file.write(self.text.replace(" = \n", " =\n"))


def main():
    shares = Output("kex_shares.vec", "Ephemeral private key, our share, the peer's share, and the shared secret.")
    ecdh_cases(shares)
    dh_cases(shares)
    shares.write()
    refused = Output("kex_refused.vec", "Shares that no side may accept.")
    ecdh_refusals(refused)
    dh_refusals(refused)
    refused.write()
    hashes = Output("kex_hashes.vec", "Exchange hashes of a server, and keys derived from one.")
    exchange_hashes(hashes)
    derived_keys(hashes)
    hashes.write()


if __name__ == "__main__":
    main()
