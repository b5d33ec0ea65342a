#include "server/host_key_proofs.h"

#include <algorithm>

#include "config/patterns.h"
#include "proto/messages_forward.h"

namespace glassh {

namespace {

// Deviation: WinSCP before 5.7.3 and Tera Term's TTSSH before 2.73 end the connection at a global request that they do
// not know, though RFC 4254 section 4 [4254-4-3] has them answer it.
constexpr std::string_view stumbling_peers =
    "SSH-2.0-WinSCP_release_4*,SSH-2.0-WinSCP_release_5.1*,SSH-2.0-WinSCP_release_5.5*,SSH-2.0-WinSCP_release_5.6*,"
    "SSH-2.0-WinSCP_release_5.7,SSH-2.0-WinSCP_release_5.7.1,SSH-2.0-WinSCP_release_5.7.2,SSH-2.0-TTSSH/1.5*,"
    "SSH-2.0-TTSSH/2.1*,SSH-2.0-TTSSH/2.2*,SSH-2.0-TTSSH/2.3*,SSH-2.0-TTSSH/2.4*,SSH-2.0-TTSSH/2.5*,"
    "SSH-2.0-TTSSH/2.6*,SSH-2.0-TTSSH/2.70*,SSH-2.0-TTSSH/2.71*,SSH-2.0-TTSSH/2.72*";

bool contains(const std::vector<std::vector<std::uint8_t>>& keys, Bytes key) {
  return std::any_of(keys.begin(), keys.end(), [key](const auto& each) { return equal(each, key); });
}

}  // namespace

HostKeyProofs::HostKeyProofs(const HostKeys& host_keys, KeeperRecord& record, const Log& log)
    : host_keys_(host_keys), record_(record), log_(log) {}

// OpenSSH PROTOCOL section 2.5 [openssh-hostkeys-2.5-1]: all of them, also those that HostKeyAlgorithms keeps out of
// key exchanges. HostKeys has none twice.
void HostKeyProofs::announce(Channels& channels, std::string_view peer_version) const {
  if (match_pattern_list(peer_version, stumbling_peers) == PatternMatch::match) return;
  msg::HostKeys message;
  for (const PublicKey& key : host_keys_.all()) message.host_keys.items.push_back({key.blob()});
  channels.send_global(msg::HostKeys::name, false, encode(message));
  log_.debug("announced {} host keys", host_keys_.all().size());
}

// OpenSSH PROTOCOL section 2.5 [openssh-hostkeys-2.5-2]: each key that the client names signs the name, the session and
// itself, in their order.
boost::asio::awaitable<std::optional<std::vector<std::uint8_t>>> HostKeyProofs::prove(Bytes request) {
  const auto keys = wanted(request);
  if (!keys) co_return std::nullopt;
  std::vector<std::vector<std::uint8_t>> signatures;
  for (const std::vector<std::uint8_t>& key : *keys) signatures.push_back(co_await record_.prove_host_key(key));
  msg::HostKeysProveReply reply;
  for (const std::vector<std::uint8_t>& signature : signatures) reply.signatures.items.push_back({signature});
  co_return encode(reply);
}

// OpenSSH PROTOCOL section 2.5 [openssh-hostkeys-2.5-3]: the keys asked for, from now on counted as proved. Nothing, if
// one of them must not sign: then none does.
std::optional<std::vector<std::vector<std::uint8_t>>> HostKeyProofs::wanted(Bytes request) {
  std::vector<std::vector<std::uint8_t>> keys;
  for (const msg::HostKey& asked : decode<msg::HostKeysProve>(request).host_keys.items) {
    if (!host_keys_.has(asked.host_key)) {
      log_.error("hostkeys-prove: asked to prove a host key that is not ours");
      return std::nullopt;
    }
    if (contains(proved_, asked.host_key) || contains(keys, asked.host_key)) {
      log_.error("hostkeys-prove: asked twice to prove one host key");
      return std::nullopt;
    }
    keys.push_back(copy_of(asked.host_key));
  }
  if (keys.empty()) return std::nullopt;
  proved_.insert(proved_.end(), keys.begin(), keys.end());
  return keys;
}

}  // namespace glassh
