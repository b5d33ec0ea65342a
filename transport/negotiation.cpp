#include "transport/negotiation.h"

#include <algorithm>

#include <fmt/format.h>

#include "crypto/ciphers/packet_cipher.h"
#include "crypto/kex/kex_method.h"
#include "crypto/keys/key.h"

namespace glassh {

namespace {

std::vector<std::string> owned(const std::vector<std::string_view>& names) { return {names.begin(), names.end()}; }

// RFC 4253 section 7.1: the first name of the client's list that the server's list has, too. If both begin with the
// same name, it is that one [4253-7.1-7]. Every key exchange method that we have goes with every host key that can
// sign, and all can [4253-7.1-11], so the kex list needs no look at the host keys. A name that one list does not have
// is never taken, "none" included [4253-7.1-20].
std::string choose(std::string_view what, std::string_view field, NameList client, NameList server) {
  for (const std::string_view name : split_names(client.text)) {
    if (is_marker(name)) continue;  // RFC 8308 section 2.2 [8308-2.2-5]: if there is nothing else, it ends below
    if (contains_name(server.text, name)) return std::string(name);
  }
  // RFC 4253 section 7.1 [4253-7.1-4]: an empty list has nothing in common with any other.
  throw NoCommonAlgorithm(what, field, client, server);
}

std::string choose_mac(std::string_view field, const std::string& cipher, NameList client, NameList server) {
  // RFC 5647 section 5.1 [5647-5.1-1] and OpenSSH PROTOCOL section 1.6: an AEAD cipher brings its own integrity.
  if (is_aead(cipher)) return {};
  // RFC 4253 section 7.1 [4253-7.1-16]: for each direction the MAC is the first of the client's that the server has.
  // [4253-7.1-17]: without one both sides disconnect.
  return choose("MAC", field, client, server);
}

bool share_first_name(NameList a, NameList b) {
  const auto names_a = split_names(a.text);
  const auto names_b = split_names(b.text);
  return !names_a.empty() && !names_b.empty() && names_a[0] == names_b[0];
}

}  // namespace

bool is_marker(std::string_view kex_name) {
  return kex_name == "ext-info-c" || kex_name == "ext-info-s" || kex_name == "kex-strict-c-v00@openssh.com" ||
         kex_name == "kex-strict-s-v00@openssh.com";
}

// RFC 4253 section 7.1 [4253-7.1-2]: all that we have, best first. A configuration chooses among these names and adds
// none. Compression is "none" unless the configuration wants it [4253-6.2-6].
Proposal default_proposal() {
  Proposal proposal;
  // RFC 4251 section 4.5 [4251-4.5-6]: names are US-ASCII. RFC 4251 section 6 [4251-6-5] [4251-6-6]: a name of IANA's
  // registry has at most 64 characters, and no at-sign, comma or space.
  proposal.kex = owned(kex_names());
  proposal.host_key = owned(signature_algorithm_names());
  // RFC 4251 section 6 [4251-6-7] [4251-6-8] [4251-6-11]: a private name has the same limits, but one at-sign. Behind
  // that stands the domain of those who defined the name [4251-6-9] [4251-6-10].
  proposal.cipher_client_to_server = proposal.cipher_server_to_client = owned(cipher_names());
  proposal.mac_client_to_server = proposal.mac_server_to_client = owned(mac_names());
  return proposal;
}

NoCommonAlgorithm::NoCommonAlgorithm(std::string_view what, std::string_view field, NameList client, NameList server)
    : ProtocolError(DisconnectReason::key_exchange_failed,
                    fmt::format("{}: {}: nothing in common: the client offers \"{}\", the server \"{}\"",
                                msg::KexInit::name, field, client.text, server.text)),
      what_(what),
      client_(client.text),
      server_(server.text) {}

std::string NoCommonAlgorithm::openssh_words(Role we_are) const {
  return fmt::format("no matching {} found. Their offer: {}", what_, we_are == Role::client ? server_ : client_);
}

// RFC 4253 sections 6.2, 6.3 and 6.4 [4253-6.2-4] [4253-6.3-6] [4253-6.4-5]: each direction is chosen for itself.
// Throws NoCommonAlgorithm, upon which both sides disconnect.
Algorithms negotiate(const msg::KexInit& client, const msg::KexInit& server) {
  Algorithms chosen;
  // RFC 4253 section 7.1 [4253-7.1-8]: the key exchange method is the first of the client's that the server has.
  // [4253-7.1-9]: without one both sides disconnect.
  chosen.kex = choose("key exchange method", "kex_algorithms", client.kex_algorithms, server.kex_algorithms);
  // RFC 4253 section 7.1 [4253-7.1-12]: the host key's algorithm is the first of the client's that the server has.
  // [4253-7.1-13]: without one both sides disconnect.
  chosen.host_key = choose("host key type", "server_host_key_algorithms", client.server_host_key_algorithms,
                           server.server_host_key_algorithms);
  // RFC 4253 section 7.1 [4253-7.1-14]: for each direction the cipher is the first of the client's that the server has.
  // [4253-7.1-15]: without one both sides disconnect.
  chosen.cipher_client_to_server =
      choose("cipher", "encryption_algorithms_client_to_server", client.encryption_algorithms_client_to_server,
             server.encryption_algorithms_client_to_server);
  chosen.cipher_server_to_client =
      choose("cipher", "encryption_algorithms_server_to_client", client.encryption_algorithms_server_to_client,
             server.encryption_algorithms_server_to_client);
  chosen.mac_client_to_server =
      choose_mac("mac_algorithms_client_to_server", chosen.cipher_client_to_server,
                 client.mac_algorithms_client_to_server, server.mac_algorithms_client_to_server);
  chosen.mac_server_to_client =
      choose_mac("mac_algorithms_server_to_client", chosen.cipher_server_to_client,
                 client.mac_algorithms_server_to_client, server.mac_algorithms_server_to_client);
  // RFC 4253 section 7.1 [4253-7.1-18]: for each direction the compression is the first of the client's that the server
  // has. [4253-7.1-19]: without one both sides disconnect.
  chosen.compression_client_to_server =
      choose("compression method", "compression_algorithms_client_to_server",
             client.compression_algorithms_client_to_server, server.compression_algorithms_client_to_server);
  chosen.compression_server_to_client =
      choose("compression method", "compression_algorithms_server_to_client",
             client.compression_algorithms_server_to_client, server.compression_algorithms_server_to_client);
  return chosen;
}

// RFC 4253 sections 7 and 7.1 [4253-7-2] [4253-7.1-6]: the first name of each list is the guess. That the other
// categories have a match is certain here: negotiate() would have thrown.
bool guess_is_right(const msg::KexInit& client, const msg::KexInit& server) {
  return share_first_name(client.kex_algorithms, server.kex_algorithms) &&
         share_first_name(client.server_host_key_algorithms, server.server_host_key_algorithms);
}

// RFC 4253 section 7.1 [4253-7.1-1]: commas separate the names.
std::string join_names(const std::vector<std::string>& names) { return fmt::format("{}", fmt::join(names, ",")); }

std::vector<std::string_view> split_names(std::string_view names) {
  std::vector<std::string_view> split;
  while (!names.empty()) {
    const std::size_t comma = std::min(names.find(','), names.size());
    split.push_back(names.substr(0, comma));
    names.remove_prefix(std::min(comma + 1, names.size()));
  }
  return split;
}

// RFC 4251 section 6 [4251-6-4]: upper and lower case differ.
bool contains_name(std::string_view names, std::string_view name) {
  const auto split = split_names(names);
  return std::find(split.begin(), split.end(), name) != split.end();
}

}  // namespace glassh
