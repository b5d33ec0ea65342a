#!/usr/bin/python3
"""Writes crypto/key_files/blowfish_digits.cpp: the fractional part of pi in binary, cut into the words that Blowfish begins with.

    crypto/key_files/make_blowfish_digits.py > crypto/key_files/blowfish_digits.cpp

Machin's formula in integers: pi = 16 arctan(1/5) - 4 arctan(1/239). The unit test derives the words by another one.
"""

WORDS = 18 + 4 * 256
GUARD_BITS = 64  # what the series' truncated divisions may get wrong is far below


def arctan_of_inverse(x, one):
    """arctan(1/x), as a multiple of 1/one."""
    term = one // x
    total = term
    divisor = 1
    while term:
        term //= -x * x
        divisor += 2
        total += term // divisor
    return total


def fraction_of_pi(bits):
    one = 1 << (bits + GUARD_BITS)
    pi = 16 * arctan_of_inverse(5, one) - 4 * arctan_of_inverse(239, one)
    return (pi - 3 * one) >> GUARD_BITS


def main():
    digits = fraction_of_pi(32 * WORDS)
    words = [digits >> 32 * (WORDS - 1 - i) & 0xFFFFFFFF for i in range(WORDS)]
    print("// Written by crypto/key_files/make_blowfish_digits.py.")
    print('#include "crypto/key_files/eksblowfish.h"\n')
    print("namespace glassh {\n")
    print("const std::array<std::uint32_t, 18 + 4 * 256> digits_of_pi = {")
    for i in range(0, WORDS, 8):
        line = ", ".join(f"0x{word:08x}" for word in words[i:i + 8])
        print(f"    {line}," if i + 8 < WORDS else f"    {line}}};")
    print("\n}  // namespace glassh")


if __name__ == "__main__":
    main()
