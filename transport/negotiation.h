// RFC 4253 section 7.1: from two name-lists per purpose to one algorithm each, and what lost.
//
// The client's order decides. An AEAD cipher brings its own integrity, so its direction needs no common MAC. Throws
// NoCommonAlgorithm, which names the failing list and prints both sides' lists.
//
//   const Algorithms chosen = negotiate(client_kexinit, server_kexinit);
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/error.h"
#include "proto/messages_transport.h"

namespace glassh {

enum class Role { client, server };

// The algorithms of one side, in order of preference. Names are checked when configured, not here.
struct Proposal {
  std::vector<std::string> kex;
  std::vector<std::string> host_key;  // signature algorithms
  std::vector<std::string> cipher_client_to_server, cipher_server_to_client;
  std::vector<std::string> mac_client_to_server, mac_server_to_client;
  std::vector<std::string> compression_client_to_server{"none"}, compression_server_to_client{"none"};
};

// Returns the algorithms that crypto/ has, in its order.
Proposal default_proposal();

struct Algorithms {
  std::string kex, host_key;
  std::string cipher_client_to_server, cipher_server_to_client;
  std::string mac_client_to_server, mac_server_to_client;  // empty beside an AEAD cipher
  std::string compression_client_to_server, compression_server_to_client;
};

Algorithms negotiate(const msg::KexInit& client, const msg::KexInit& server);

// Thrown by negotiate().
class NoCommonAlgorithm : public ProtocolError {
 public:
  // `what` in OpenSSH's words: "cipher", "key exchange method", …
  NoCommonAlgorithm(std::string_view what, std::string_view field, NameList client, NameList server);
  // As users of OpenSSH know it: "no matching cipher found. Their offer: 3des-cbc".
  std::string openssh_words(Role we_are) const;

 private:
  std::string what_, client_, server_;
};

// RFC 4253 section 7: a guess is right only when both sides prefer the same key exchange and the same host key
// algorithm.
bool guess_is_right(const msg::KexInit& client, const msg::KexInit& server);

// The names in kex_algorithms that are no methods: extension negotiation (RFC 8308 section 2.1) and strict key
// exchange.
bool is_marker(std::string_view kex_name);

std::string join_names(const std::vector<std::string>& names);
std::vector<std::string_view> split_names(std::string_view names);  // views into `names`
bool contains_name(std::string_view names, std::string_view name);

}  // namespace glassh
