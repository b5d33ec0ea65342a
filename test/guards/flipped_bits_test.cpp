// Handshakes recorded against the real OpenSSH, up to the login, with one bit of the peer's bytes flipped: each bit,
// one at a time, in both roles and every cipher mode. Nobody is let in, nothing crashes, nothing waits for ever.
//
// The one exception follows from RFC 4253 sections 6 and 8: the random padding of packets that came before there were
// keys is in no MAC, and not in the exchange hash either, which covers the identifications and the payloads. Whoever
// changes it changes nothing. So these bits, and only these, must let the login go through.
//
// Past vulnerabilities 6, 7, 36 and 37: a signature, a tag or a MAC that is not really checked shows here.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "test/support/recorded_session.h"
#include "test/support/source_directory.h"

namespace glassh {
namespace {

using test::Recording;

// With sanitizers a flip takes several times as long, so each build of that kind takes a part of the bits.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t stride = 5;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
constexpr std::size_t stride = 5;
#else
constexpr std::size_t stride = 1;
#endif
#else
constexpr std::size_t stride = 1;
#endif

struct Result {
  bool logged_in = false;
  bool ended = false;
  bool has_deadline = false;  // of a server that waits
  std::size_t taken = 0;      // bytes that had been handed in at the login
};

// What signs or judges once does so again: the recorded peer looks at no answer, and keys take long to read.
struct Handshake {
  explicit Handshake(const std::string& text)
      : recording(test::parse_recording(text)),
        our_key(parse_private_key_file(recording.at("our_key")).key),
        their_key(parse_public_key_line(recording.at("their_key")).key) {
    for (const auto& [kind, line] : recording.lines) {
      if (kind != '<') continue;
      const std::vector<std::uint8_t> more = unhex(line);
      bytes.insert(bytes.end(), more.begin(), more.end());
    }
  }
  Bytes sign(std::string_view algorithm, Bytes data) {
    if (signature.empty()) signature = our_key.sign(algorithm, data);
    return signature;
  }

  const Recording recording;
  const PrivateKey our_key;
  const PublicKey their_key;
  std::vector<std::uint8_t> bytes;  // of the peer
  std::vector<std::uint8_t> signature;
};

class Server {
 public:
  static constexpr bool has_deadlines = true;

  explicit Server(Handshake& handshake)
      : handshake_(handshake), settings_(test::ServerApplication(handshake.recording).settings()) {}

  Result run(Bytes bytes, std::size_t at_once) const {
    SeededRng rng(std::stoull(handshake_.recording.at("seed")));
    ServerConnection core(settings_, rng);
    Result result;
    const auto on = [&](ServerEvent& event) {
      if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
        core.provide_signature(handshake_.sign(wanted->host_key_algorithm, wanted->exchange_hash));
      } else if (std::holds_alternative<AuthSettingsWanted>(event)) {
        core.provide_auth_settings({.accepted_algorithms = {"ssh-ed25519", "rsa-sha2-512"}});
      } else if (auto* attempt = std::get_if<LoginAttempt>(&event)) {
        const bool known = attempt->key != nullptr && attempt->key->key() == handshake_.their_key;
        core.decide_login(known ? LoginDecision::accept : LoginDecision::refuse);
      } else if (std::holds_alternative<LoginComplete>(event)) {
        core.welcome();
        result.logged_in = true;
      }
    };
    test_run(core, bytes, at_once, result, on);
    return result;
  }

  template <class Core, class On>
  static void test_run(Core& core, Bytes bytes, std::size_t at_once, Result& result, On on) {
    core.set_now(TimePoint{} + std::chrono::hours(1));
    while (!bytes.empty() && !core.closed() && !result.logged_in) {
      const MutableBytes space = core.space();
      const std::size_t size = std::min({space.size(), bytes.size(), at_once});
      std::copy_n(bytes.begin(), size, space.begin());
      core.filled(size);
      bytes = bytes.subspan(size);
      result.taken += size;
      while (auto event = core.next_event()) on(*event);
    }
    result.ended = core.closed();
    result.has_deadline = core.next_deadline().has_value();
  }

 private:
  Handshake& handshake_;
  const std::shared_ptr<const ServerConnectionSettings> settings_;
};

class Client {
 public:
  static constexpr bool has_deadlines = false;

  explicit Client(Handshake& handshake)
      : handshake_(handshake), settings_(test::ClientApplication(handshake.recording).settings()) {}

  Result run(Bytes bytes, std::size_t at_once) const {
    SeededRng rng(std::stoull(handshake_.recording.at("seed")));
    ClientConnection core(settings_, rng);
    Result result;
    const auto on = [&](ClientEvent& event) {
      if (auto* offered = std::get_if<HostKeyOffered>(&event)) {
        if (equal(offered->host_key, handshake_.their_key.blob())) {
          core.accept_host_key();
        } else {
          core.disconnect(DisconnectReason::host_key_not_verifiable, "another host key");
        }
      } else if (std::holds_alternative<IdentitiesWanted>(event)) {
        core.provide_identities({Credential(handshake_.our_key.public_key())});
      } else if (auto* wanted = std::get_if<UserSignatureWanted>(&event)) {
        core.provide_user_signature(handshake_.sign(wanted->algorithm, wanted->data));
      } else if (std::holds_alternative<AuthenticationSucceeded>(event)) {
        result.logged_in = true;
      }
    };
    Server::test_run(core, bytes, at_once, result, on);
    return result;
  }

 private:
  Handshake& handshake_;
  const std::shared_ptr<const ClientConnectionSettings> settings_;
};

// For each byte of the peer's, whether it is padding of a packet without keys.
std::vector<bool> unkeyed_padding(Bytes bytes) {
  std::vector<bool> is_padding(bytes.size(), false);
  std::size_t at = text_of(bytes).find("\r\n") + 2;
  while (true) {
    const std::size_t end = at + 4 + get_u32(&bytes[at]);
    const std::size_t padding = bytes[at + 4];
    std::fill(is_padding.begin() + static_cast<std::ptrdiff_t>(end - padding),
              is_padding.begin() + static_cast<std::ptrdiff_t>(end), true);
    if (bytes[at + 5] == message_number::newkeys) return is_padding;
    at = end;
  }
}

bool has_quick_kex(const Handshake& handshake) {
  const std::string& kex = handshake.recording.at("kex");
  return kex.starts_with("curve25519") || kex.starts_with("ecdh");
}

std::string mode_of(const Handshake& handshake) {
  const std::string& cipher = handshake.recording.at("cipher");
  if (cipher.starts_with("chacha20")) return "chacha20-poly1305";
  if (cipher.find("-gcm") != cipher.npos) return "GCM";
  const std::string& mac = handshake.recording.at("mac");
  return mac.find("-etm") != mac.npos ? "CTR with an ETM MAC" : "CTR with a MAC";
}

template <class Side>
void flip_each_bit(Handshake& handshake, const std::string& name) {
  const Side side(handshake);
  // Byte by byte, to see where the login is.
  const Result whole = side.run(handshake.bytes, 1);
  ASSERT_TRUE(whole.logged_in);
  std::vector<std::uint8_t> bytes(handshake.bytes.begin(),
                                  handshake.bytes.begin() + static_cast<std::ptrdiff_t>(whole.taken));
  const std::vector<bool> is_padding = unkeyed_padding(bytes);
  // What the packets are sealed with is the same behind every method of key exchange, and the hybrids take long. An odd
  // step meets each bit of a byte.
  const std::size_t step = has_quick_kex(handshake) ? stride : stride * 23;
  std::size_t flips = 0, ended = 0, waited = 0, let_in = 0;
  for (std::size_t bit = get_u32(handshake.our_key.public_key().blob().last(4).data()) % step; bit < bytes.size() * 8;
       bit += step) {
    const std::size_t at = bit / 8;
    bytes[at] ^= static_cast<std::uint8_t>(1 << bit % 8);
    const Result result = side.run(bytes, bytes.size());
    bytes[at] ^= static_cast<std::uint8_t>(1 << bit % 8);
    ++flips;
    ended += result.ended;
    let_in += result.logged_in;
    ASSERT_EQ(result.logged_in, is_padding[at]) << name << ": bit " << bit % 8 << " of byte " << at;
    if (result.ended || result.logged_in) continue;
    ++waited;  // for the rest of a longer packet
    // A server has LoginGraceTime; a client's ConnectTimeout is its rim's.
    ASSERT_TRUE(result.has_deadline || !Side::has_deadlines) << name << ": byte " << at;
  }
  fmt::print("{}: {} of {} bits flipped: {} ended the connection, {} left it waiting, {} were padding\n", name, flips,
             bytes.size() * 8, ended, waited, let_in);
  EXPECT_GT(ended, flips * 4 / 5);
}

TEST(FlippedBits, NoBitOfAHandshakeCanChangeAndAnybodyBeLetIn) {  // [4253-8-8] breaks
  std::set<std::string> whole;  // role and cipher mode of those of which each bit is flipped
  const std::filesystem::path folder = std::filesystem::path(source_directory()) / "test/transcripts";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().stem();
    // Those that rekey begin as others do.
    if (entry.path().extension() != ".transcript" || name.find("rekey") != name.npos) continue;
    std::ifstream in(entry.path());
    Handshake handshake({std::istreambuf_iterator<char>(in), {}});
    if (has_quick_kex(handshake)) whole.insert(handshake.recording.at("role") + " " + mode_of(handshake));
    if (handshake.recording.at("role") == "server") {
      flip_each_bit<Server>(handshake, name);
    } else {
      flip_each_bit<Client>(handshake, name);
    }
  }
  const std::set<std::string> all = {
      "client CTR with a MAC", "client CTR with an ETM MAC", "client GCM", "client chacha20-poly1305",
      "server CTR with a MAC", "server CTR with an ETM MAC", "server GCM", "server chacha20-poly1305"};
  EXPECT_EQ(whole, all);
}

}  // namespace
}  // namespace glassh
