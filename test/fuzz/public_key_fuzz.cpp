// Any bytes as a public key blob, a signature blob and a public key line either decode or throw what the headers say.
//
// Two bytes of length, the key blob, and then the signature blob. What decodes is encoded to the same bytes again.
#include <cstdlib>

#include "crypto/keys/key.h"
#include "crypto/keys/key_type.h"
#include "proto/error.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

void try_line(Bytes input) {
  try {
    const PublicKeyLine line = parse_public_key_line(text_of(input));
    check(parse_public_key_line(line.key.line()).key == line.key);
  } catch (const std::runtime_error&) {  // a ProtocolError is one as well
  }
}

void try_blob(Bytes blob, Bytes signature) {
  try {
    const PublicKey key = PublicKey::decode(blob);
    check(equal(key.blob(), blob));
    check(parse_public_key_line(key.line()).key == key);
    check(key.bits() >= 256 && key.bits() <= 16384);
    check(key.fingerprint().starts_with("SHA256:"));
    // Nobody has these private keys, but the signature may be one of the seeds'.
    for (const std::string_view algorithm : signature_algorithm_names()) {
      key.verify(algorithm, bytes_of("glass"), signature);
    }
  } catch (const ProtocolError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  try_line(input);
  if (size < 2) return 0;
  const std::size_t blob_size = std::min<std::size_t>(std::size_t{data[0]} << 8 | data[1], size - 2);
  try_blob(input.subspan(2, blob_size), input.subspan(2 + blob_size));
  return 0;
}
