// The other side of a Victim, made by hand in either role: it says each message when it is told to, and any other
// message under the keys in force at any moment.
//
// It has curve25519-sha256 and a cipher of the test's choice, and offers strict key exchange or not. It judges nothing:
// neither the host key nor what it hears. Its writer never holds anything back (RFC 4253 section 7.1 binds us, not it).
//
//   HandMadePeer peer(victim, {});  peer.say_version();  peer.say_kexinit();  peer.say(Payload{2});  peer.heard
#pragma once

#include <string>
#include <vector>

#include "crypto/hash.h"
#include "crypto/kex/kex_method.h"
#include "proto/messages_auth.h"
#include "proto/messages_connection.h"
#include "proto/messages_kex.h"
#include "test/support/plain_packets.h"
#include "test/support/victim.h"
#include "transport/key_derivation.h"

namespace glassh::test {

struct HandMadePeerOptions {
  bool strict = true;
  bool wants_ext_info = false;
  CipherNames cipher = {"aes128-gcm@openssh.com", ""};
  std::string compression = "none";  // of both directions; "zlib@openssh.com" begins when SUCCESS has come
};

class HandMadePeer {
 public:
  HandMadePeer(Victim& victim, HandMadePeerOptions options) : victim_(victim), options_(std::move(options)) {
    listen();
  }

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
    writer.use(make_sealer(options_.cipher, keys(we_are_client())), options_.cipher.cipher, options_.strict,
               options_.compression);
  }

  template <class M>
  void say(const M& message) {
    say(encode(message));
  }
  void say(const Payload& payload) {
    if (payload.empty()) return;
    writer.send_payload(payload);
    deliver();
  }

  // ---- the parts of a key exchange, not yet said

  // Each is another one, as for another exchange.
  const Payload& kexinit() {
    msg::KexInit message;
    rng_.fill(message.cookie);
    std::string methods = "curve25519-sha256";
    if (options_.wants_ext_info) methods += we_are_client() ? ",ext-info-c" : ",ext-info-s";
    if (options_.strict) methods += we_are_client() ? ",kex-strict-c-v00@openssh.com" : ",kex-strict-s-v00@openssh.com";
    message.kex_algorithms = {methods};
    message.server_host_key_algorithms = {"ssh-ed25519"};
    message.encryption_algorithms_client_to_server =
        message.encryption_algorithms_server_to_client = {options_.cipher.cipher};
    message.mac_algorithms_client_to_server = message.mac_algorithms_server_to_client = {options_.cipher.mac};
    message.compression_algorithms_client_to_server =
        message.compression_algorithms_server_to_client = {options_.compression};
    our_kexinit_ = encode(message);
    return our_kexinit_;
  }

  Payload share() {
    method_ = make_kex_method("curve25519-sha256");
    keys_known_ = false;
    if (we_are_client()) {
      our_share_ = copy_of(method_->start(rng_));
      return encode(msg::KexEcdhInit{our_share_});
    }
    if (their_share_.empty()) return {};
    our_share_ = copy_of(method_->respond(their_share_, rng_));
    host_key_ = copy_of(victims_host_key().public_key().blob());
    know_keys();
    return encode(msg::KexEcdhReply{host_key_, our_share_, signed_by_host(hash_.bytes())});
  }

  // Hears what the victim says; done after each thing that is said.
  void listen() {
    Bytes bytes = inbox_ = victim_.said();
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
  SeededRng rng_{7};
  PacketWriter writer{rng_};
  PacketReader reader;
  std::vector<Payload> heard;  // all that the victim said
  std::string not_understood;  // why we stopped listening
  bool deaf = false;           // what we say does not arrive; it piles up in `undelivered`
  std::vector<std::uint8_t> undelivered;

 private:
  bool we_are_client() const { return victim_.role() == Role::server; }

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
        if (!we_are_client()) their_share_ = copy_of(decode<msg::KexEcdhInit>(said).Q_C);
        break;
      case msg::KexEcdhReply::number: {
        const auto reply = decode<msg::KexEcdhReply>(said);
        if (method_ == nullptr) break;
        method_->finish(reply.Q_S);
        their_share_ = copy_of(reply.Q_S);
        host_key_ = copy_of(reply.K_S);
        know_keys();
        break;
      }
      case msg::UserauthSuccess::number:
        reader.start_delayed_compression(PacketReader::CompressedFrom::next_packet);
        writer.start_delayed_compression();
        break;
      case msg::NewKeys::number:
        if (!keys_known_) break;
        reader.use(make_opener(options_.cipher, keys(!we_are_client())), options_.cipher.cipher, options_.strict,
                   options_.compression);
        break;
    }
  }

  // RFC 4253 section 8, RFC 5656 section 4.
  void know_keys() {
    const bool client = we_are_client();
    shared_secret_ = encode_shared_secret(*method_);
    Hash hash(method_->hash());
    hash.string(client ? bytes_of(version) : bytes_of(their_version_));
    hash.string(client ? bytes_of(their_version_) : bytes_of(version));
    hash.string(client ? our_kexinit_ : their_kexinit_);
    hash.string(client ? their_kexinit_ : our_kexinit_);
    hash.string(host_key_);
    hash.string(client ? our_share_ : their_share_);
    hash.string(client ? their_share_ : our_share_);
    hash.raw(shared_secret_.reveal());
    hash_ = hash.finish();
    if (session_id_.empty()) session_id_ = copy_of(hash_.bytes());
    keys_known_ = true;
  }

  CipherKeys keys(bool of_client) const {
    const CipherKeySizes sizes = cipher_key_sizes(options_.cipher);
    const auto derive = [&](char client_letter, std::size_t size) {
      return derive_key(method_->hash(), shared_secret_.reveal(), hash_.bytes(),
                        static_cast<char>(client_letter + (of_client ? 0 : 1)), session_id_, size);
    };
    return {derive('A', sizes.iv), derive('C', sizes.key), derive('E', sizes.mac_key)};
  }

  Victim& victim_;
  const HandMadePeerOptions options_;
  std::vector<std::uint8_t> inbox_;
  std::string their_version_;
  Payload our_kexinit_, their_kexinit_;
  std::unique_ptr<KexMethod> method_;
  std::vector<std::uint8_t> our_share_, their_share_, host_key_, session_id_;
  SecretBytes shared_secret_;
  Digest hash_;
  bool keys_known_ = false;
};

}  // namespace glassh::test
