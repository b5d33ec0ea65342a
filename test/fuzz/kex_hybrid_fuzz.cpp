// Any bytes as a share of the hybrid key exchanges, in both roles: a secret as long as the hash, or a refusal that
// names method and field. Inputs are also tried filled up, or cut, to the right length.
#include <cstdlib>

#include "crypto/kex/kex_hybrid.h"
#include "proto/error.h"
#include "test/fuzz/input.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

struct Method {
  const char* name;
  std::size_t client_share, server_share;
};
constexpr Method methods[] = {{"mlkem768x25519-sha256", 1216, 1120}, {"sntrup761x25519-sha512", 1190, 1071}};

// A client that waits for its server's share; making its keys is the slow part.
KexMethod& client_of(std::size_t method) {
  static const auto clients = [] {
    SeededRng rng(1);
    std::vector<std::unique_ptr<KexMethod>> started;
    for (const Method& each : methods) started.push_back(make_kex_hybrid(each.name));
    for (const auto& each : started) each->start(rng);
    return started;
  }();
  return *clients[method];
}

void try_share(const Method& method, KexMethod& kex, Bytes share, bool as_server) {
  SeededRng rng(2);
  const bool right_length = share.size() == (as_server ? method.client_share : method.server_share);
  try {
    if (as_server) {
      kex.respond(share, rng);
    } else {
      kex.finish(share);
    }
    check(right_length && kex.shared_secret().size() == hash_size(kex.hash()));
  } catch (const ProtocolError& error) {
    check(error.reason() == DisconnectReason::key_exchange_failed);
    check(std::string_view(error.what())
              .starts_with(std::string(method.name) + (as_server ? ": C_INIT " : ": S_REPLY ")));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint8_t choice = input.number();
  const std::size_t number = choice & 1;
  const Method& method = methods[number];
  const bool as_server = (choice & 2) != 0;
  std::vector<std::uint8_t> share = copy_of(input.rest());
  if ((choice & 4) != 0) share.resize(as_server ? method.client_share : method.server_share, choice);
  if (as_server) {
    try_share(method, *make_kex_hybrid(method.name), share, true);
  } else {
    try_share(method, client_of(number), share, false);
  }
  return 0;
}
