// The other side of a Victim, made by hand in either role: it says each message when it is told to, and any other
// message under the keys in force at any moment.
//
// It has the algorithms of the test's choice (any method but group exchange), and offers strict key exchange or not. It
// judges nothing: neither the host key nor what it hears. Its writer never holds anything back (RFC 4253 section 7.1
// binds us, not it). The exchange hash and the keys it computes for itself, as RFC 4253 sections 7.2 and 8 say, so that
// a victim that computes them otherwise is not understood.
//
//   HandMadePeer peer(victim, {});  peer.say_version();  peer.say_kexinit();  peer.say(Payload{2});  peer.heard
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "crypto/hash.h"
#include "crypto/kex/kex_method.h"
#include "proto/messages_auth.h"
#include "proto/messages_connection.h"
#include "proto/messages_kex.h"
#include "test/support/packet_watch.h"
#include "test/support/plain_packets.h"
#include "test/support/victim.h"

namespace glassh::test {

struct HandMadePeerOptions {
  bool strict = true;
  bool wants_ext_info = false;
  CipherNames cipher = {"aes128-gcm@openssh.com", ""};
  std::string compression = "none";  // "zlib@openssh.com" begins when SUCCESS has come
  // Of what the victim says, if that is to be another.
  std::optional<CipherNames> victims_cipher = {};
  std::optional<std::string> victims_compression = {};
  std::string kex = "curve25519-sha256";
  std::string host_key = "ssh-ed25519";
  const PrivateKey* rsa_host_key = nullptr;  // for a `host_key` that is an algorithm of RSA's
  // Changes KEXINIT, whose lists have one name each. What is negotiated should be the above all the same.
  std::function<void(msg::KexInit&)> offer = {};
  std::uint64_t seed = 7;
};

// ---- what the RFCs say of each method

// RFC 4253 section 8, RFC 5656 section 6.2.1, RFC 8268, RFC 8731
inline HashName hash_of_method(std::string_view kex) {
  const auto has = [=](std::string_view part) { return kex.find(part) != kex.npos; };
  if (has("sha512") || has("nistp521")) return HashName::sha512;
  return has("nistp384") ? HashName::sha384 : HashName::sha256;
}
// RFC 4253 section 8: e and f are mpints. RFC 5656 section 4: Q_C and Q_S are strings.
inline bool has_integer_shares(std::string_view kex) { return kex.starts_with("diffie-hellman-"); }
// K is an mpint but for the hybrids, where it is a string.
inline bool has_integer_secret(std::string_view kex) { return !kex.starts_with("mlkem") && !kex.starts_with("sntrup"); }

class HandMadePeer {
 public:
  HandMadePeer(Victim& victim, HandMadePeerOptions its_options) : options(std::move(its_options)), victim_(victim) {
    reader.use(std::make_unique<PacketWatch>(nullptr, packets, 0), "none", false);
    listen();
  }
  HandMadePeer(const HandMadePeer&) = delete;
  HandMadePeer& operator=(const HandMadePeer&) = delete;

  // ---- what there is to say, in the order of a handshake

  void say_version() {
    writer.send_raw(bytes_of(std::string(version) + "\r\n"));
    deliver();
  }
  void say_kexinit() { say(kexinit()); }
  // The client's share, or the server's with its signature. Nothing, if the other side is not that far.
  void say_share() { say(share()); }
  void say_newkeys() {
    say(msg::NewKeys{});
    if (!keys_known_) return;
    writer.use(new_sealer(), options.cipher.cipher, options.strict, options.compression);
    newkeys_said_ = true;
  }

  template <class M>
  void say(const M& message) {
    say(encode(message));
  }
  void say(const Payload& payload) {
    if (payload.empty()) return;
    writer.send_payload(payload);
    if (payload[0] == msg::UserauthSuccess::number) {
      reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
    }
    deliver();
  }

  // A packet as it is, from packet_length to the padding, whatever is wrong with it; before the first NEWKEYS, or right
  // behind the latest one.
  void say_packet(Payload packet) {
    packet.resize(packet.size() + writer.shape().tag);
    if (newkeys_said_) new_sealer()->seal(writer.sequence_number(), packet);
    writer.send_raw(packet);
    deliver();
  }

  // ---- the parts of a key exchange, not yet said

  // Each is another one, as for another exchange.
  const Payload& kexinit() {
    msg::KexInit message;
    rng_.fill(message.cookie);
    const CipherNames& said_by_client = we_are_client() ? options.cipher : victims_cipher();
    const CipherNames& said_by_server = we_are_client() ? victims_cipher() : options.cipher;
    message.kex_algorithms = {options.kex};
    message.server_host_key_algorithms = {options.host_key};
    message.encryption_algorithms_client_to_server = {said_by_client.cipher};
    message.encryption_algorithms_server_to_client = {said_by_server.cipher};
    message.mac_algorithms_client_to_server = {said_by_client.mac};
    message.mac_algorithms_server_to_client = {said_by_server.mac};
    message.compression_algorithms_client_to_server = {we_are_client() ? options.compression : victims_compression()};
    message.compression_algorithms_server_to_client = {we_are_client() ? victims_compression() : options.compression};
    if (options.offer) options.offer(message);
    std::string methods(message.kex_algorithms.text);
    if (options.wants_ext_info) methods += we_are_client() ? ",ext-info-c" : ",ext-info-s";
    if (options.strict) methods += we_are_client() ? ",kex-strict-c-v00@openssh.com" : ",kex-strict-s-v00@openssh.com";
    message.kex_algorithms = {methods};
    our_kexinit_ = encode(message);
    return our_kexinit_;
  }

  Payload share() {
    method_ = make_kex_method(options.kex);
    keys_known_ = false;
    const bool integers = has_integer_shares(options.kex);
    if (we_are_client()) {
      our_share_ = copy_of(method_->start(rng_));
      return integers ? encode(msg::KexDhInit{Mpint{our_share_}}) : encode(msg::KexEcdhInit{our_share_});
    }
    if (their_share_.empty()) return {};
    our_share_ = copy_of(method_->respond(their_share_, rng_));
    const PrivateKey* const rsa = options.rsa_host_key;
    host_key_ = copy_of((rsa != nullptr ? *rsa : victims_host_key(options.host_key)).public_key().blob());
    know_keys();
    const std::vector<std::uint8_t> signature =
        rsa != nullptr ? rsa->sign(options.host_key, hash_.bytes()) : signed_by_host(hash_.bytes(), options.host_key);
    return integers ? encode(msg::KexDhReply{host_key_, Mpint{our_share_}, signature})
                    : encode(msg::KexEcdhReply{host_key_, our_share_, signature});
  }

  // Each made anew from the keys, as right behind our latest NEWKEYS, or the victim's.
  std::unique_ptr<Sealer> new_sealer() const { return make_sealer(options.cipher, keys(we_are_client())); }
  std::unique_ptr<Opener> new_opener() const { return make_opener(victims_cipher(), keys(!we_are_client())); }
  Bytes exchange_hash() const { return hash_.bytes(); }  // H of the latest exchange

  // Hears what the victim says; done after each thing that is said.
  void listen() {
    Bytes bytes = inbox_ = victim_.said();
    if (!not_understood.empty()) return;  // a reader that has thrown is of no use any more
    if (their_version_.empty() && !bytes.empty()) {
      const std::size_t line = text_of(bytes).find("\r\n");
      their_version_ = text_of(bytes.first(line));
      bytes = bytes.subspan(line + 2);
    }
    try {
      while (!bytes.empty()) {
        const MutableBytes space = reader.space();
        const std::size_t size = std::min(space.size(), bytes.size());
        std::copy_n(bytes.begin(), size, space.begin());
        reader.filled(size);
        bytes = bytes.subspan(size);
        while (const auto payload = reader.next_payload()) on_payload(copy_of(*payload));
      }
    } catch (const ProtocolError& error) {
      not_understood = error.what();
    }
  }

  std::size_t heard_number(std::uint8_t number) const {
    return static_cast<std::size_t>(
        std::count_if(heard.begin(), heard.end(), [=](const Payload& each) { return each[0] == number; }));
  }

  static constexpr std::string_view version = "SSH-2.0-hand_made";
  HandMadePeerOptions options;  // changes hold from the next KEXINIT on
  SeededRng rng_{options.seed};
  PacketWriter writer{rng_};
  PacketReader reader;
  std::vector<Payload> heard;          // all that the victim said
  std::vector<WatchedPacket> packets;  // the same, with what is around it
  std::string not_understood;          // why we stopped listening
  bool deaf = false;                   // what we say does not arrive; it piles up in `undelivered`
  std::vector<std::uint8_t> undelivered;

 private:
  bool we_are_client() const { return victim_.role() == Role::server; }
  const CipherNames& victims_cipher() const {
    return options.victims_cipher ? *options.victims_cipher : options.cipher;
  }
  const std::string& victims_compression() const {
    return options.victims_compression ? *options.victims_compression : options.compression;
  }

  void deliver() {
    for (const Bytes part : writer.ready()) undelivered.insert(undelivered.end(), part.begin(), part.end());
    writer.written(writer.backlog());
    if (deaf) return;
    victim_.hear(std::exchange(undelivered, {}));
    listen();
  }

  void on_payload(Payload payload) {
    heard.push_back(std::move(payload));
    const Payload& said = heard.back();
    switch (said[0]) {
      case msg::KexInit::number:
        their_kexinit_ = said;
        their_share_.clear();
        break;
      case msg::KexEcdhInit::number:
        if (we_are_client()) break;
        their_share_ = copy_of(has_integer_shares(options.kex) ? decode<msg::KexDhInit>(said).e.magnitude
                                                               : decode<msg::KexEcdhInit>(said).Q_C);
        break;
      case msg::KexEcdhReply::number:
        if (method_ != nullptr) on_reply(said);
        break;
      case msg::UserauthSuccess::number:
        reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
        writer.start_delayed_compression();
        break;
      case msg::NewKeys::number:
        if (!keys_known_) break;
        reader.use(std::make_unique<PacketWatch>(new_opener(), packets, ++newkeys_heard_), victims_cipher().cipher,
                   options.strict, victims_compression());
        break;
    }
  }

  void on_reply(const Payload& payload) {
    if (has_integer_shares(options.kex)) {
      const auto reply = decode<msg::KexDhReply>(payload);
      their_share_ = copy_of(reply.f.magnitude);
      host_key_ = copy_of(reply.K_S);
    } else {
      const auto reply = decode<msg::KexEcdhReply>(payload);
      their_share_ = copy_of(reply.Q_S);
      host_key_ = copy_of(reply.K_S);
    }
    method_->finish(their_share_);
    know_keys();
  }

  // RFC 4253 section 8, RFC 5656 section 4.
  void know_keys() {
    const bool client = we_are_client();
    shared_secret_ = method_->shared_secret().clone();
    Hash hash(hash_of_method(options.kex));
    hash.string(client ? bytes_of(version) : bytes_of(their_version_));
    hash.string(client ? bytes_of(their_version_) : bytes_of(version));
    hash.string(client ? our_kexinit_ : their_kexinit_);
    hash.string(client ? their_kexinit_ : our_kexinit_);
    hash.string(host_key_);
    for (const Bytes share : {Bytes(client ? our_share_ : their_share_), Bytes(client ? their_share_ : our_share_)}) {
      if (has_integer_shares(options.kex)) {
        hash.mpint(share);
      } else {
        hash.string(share);
      }
    }
    add_shared_secret(hash);
    hash_ = hash.finish();
    if (session_id_.empty()) session_id_ = copy_of(hash_.bytes());
    keys_known_ = true;
  }

  void add_shared_secret(Hash& hash) const {
    if (has_integer_secret(options.kex)) {
      hash.mpint(shared_secret_.reveal());
    } else {
      hash.string(shared_secret_.reveal());
    }
  }

  // RFC 4253 section 7.2: HASH(K || H || letter || session_id), and if that is too short, HASH(K || H || all so far).
  SecretBytes derive(char letter, std::size_t size) const {
    std::vector<std::uint8_t> key;
    while (key.size() < size) {
      Hash hash(hash_of_method(options.kex));
      add_shared_secret(hash);
      hash.raw(hash_.bytes());
      if (key.empty()) {
        hash.raw(bytes_of(std::string_view(&letter, 1))).raw(session_id_);
      } else {
        hash.raw(key);
      }
      const Digest more = hash.finish();
      key.insert(key.end(), more.bytes().begin(), more.bytes().end());
    }
    return SecretBytes(Bytes(key).first(size));
  }

  CipherKeys keys(bool of_client) const {
    const CipherKeySizes sizes = cipher_key_sizes(of_client == we_are_client() ? options.cipher : victims_cipher());
    if (of_client) return {derive('A', sizes.iv), derive('C', sizes.key), derive('E', sizes.mac_key)};
    return {derive('B', sizes.iv), derive('D', sizes.key), derive('F', sizes.mac_key)};
  }

  Victim& victim_;
  std::vector<std::uint8_t> inbox_;
  std::string their_version_;
  Payload our_kexinit_, their_kexinit_;
  std::unique_ptr<KexMethod> method_;
  std::vector<std::uint8_t> our_share_, their_share_, host_key_, session_id_;
  SecretBytes shared_secret_;
  Digest hash_;
  bool keys_known_ = false, newkeys_said_ = false;
  unsigned newkeys_heard_ = 0;
};

}  // namespace glassh::test
