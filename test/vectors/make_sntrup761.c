/* Writes sntrup761.vec: what an independent implementation of sntrup761, its designers' libntruprime, makes of given
 * random bytes. Those are SplitMix64's: a state that begins with the seed and makes eight bytes (the lowest first) at a
 * time. Long values are there once in full and otherwise as their SHA-256. The tests read only the figures.
 *
 * With Debian 13's libntruprime-dev and libssl-dev:
 *
 *   gcc -rdynamic test/vectors/make_sntrup761.c -lntruprime -lcrypto -o /tmp/make && /tmp/make > test/vectors/sntrup761.vec
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <ntruprime.h>
#include <openssl/sha.h>

static uint64_t state, z;
static int left; /* bytes of z */

/* The name by which libntruprime asks librandombytes; defined here, it asks us. */
void randombytes_internal_void_voidstar_longlong(void *out, long long size) {
  unsigned char *bytes = out;
  for (long long i = 0; i < size; ++i) {
    if (left == 0) {
      z = state += 0x9e3779b97f4a7c15;
      z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
      z = (z ^ z >> 27) * 0x94d049bb133111eb;
      z ^= z >> 31;
      left = 8;
    }
    bytes[i] = (unsigned char)z;
    z >>= 8;
    --left;
  }
}

static void print(const char *name, const unsigned char *bytes, size_t size, int whole) {
  unsigned char digest[32];
  if (!whole) {
    SHA256(bytes, size, digest);
    bytes = digest;
    size = sizeof digest;
  }
  printf("%s = ", name);
  for (size_t i = 0; i < size; ++i) printf("%02x", bytes[i]);
  printf("\n");
}

int main(void) {
  printf("# Made by make_sntrup761.c with Debian 13's libntruprime %s.\n", ntruprime_version);
  printf("# The random bytes of Seed make the keys and then the ciphertext and Secret. Bit is one of the ciphertext's\n"
         "# (little-endian, two bytes); Rejected is what decapsulating it with that bit flipped gives.\n");
  for (unsigned i = 0; i < 24; ++i) {
    unsigned char pk[1158], sk[1763], ciphertext[1039], secret[32], again[32];
    state = (uint64_t)i * 1000003;
    left = 0;
    unsigned char seed[8];
    for (int byte = 0; byte < 8; ++byte) seed[byte] = (unsigned char)(state >> 8 * (7 - byte));
    sntrup761_keypair(pk, sk);
    sntrup761_enc(ciphertext, secret, pk);
    sntrup761_dec(again, ciphertext, sk);
    if (memcmp(secret, again, 32) != 0) return 1;
    printf("\n[%s]\n", i == 0 ? "full" : "digests");
    print("Seed", seed, sizeof seed, 1);
    print("PublicKey", pk, sizeof pk, i == 0);
    print("SecretKey", sk, sizeof sk, i == 0);
    print("Ciphertext", ciphertext, sizeof ciphertext, i == 0);
    print("Secret", secret, sizeof secret, 1);
    const unsigned bit = i * 7919 % (8 * sizeof ciphertext);
    const unsigned char bit_bytes[2] = {bit & 255, bit >> 8};
    ciphertext[bit / 8] ^= 1 << bit % 8;
    sntrup761_dec(again, ciphertext, sk);
    print("Bit", bit_bytes, 2, 1);
    print("Rejected", again, sizeof again, 1);
  }
  return 0;
}
