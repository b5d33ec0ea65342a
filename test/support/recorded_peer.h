// What one side said in an honest handshake and login of two Victims, message by message, to be said again to another
// Victim of the same seed: in full, or with a message left out, doubled, moved or put between.
//
// The keys are those of the honest session. So a message stays what it was, under the keys that are then in force, as
// if the peer itself had said it at another moment.
//
//   const RecordedPeer peer(Role::server, "curve25519-sha256");  peer.say(*victim, peer.messages());
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "crypto/kex/kex_method.h"
#include "test/support/plain_packets.h"
#include "test/support/victim.h"
#include "transport/key_derivation.h"

namespace glassh::test {

class RecordedPeer {
 public:
  RecordedPeer(Role victim, const std::string& kex) : victim_(victim), proposal_(default_proposal()) {
    proposal_.kex = {kex};
    proposal_.cipher_client_to_server = proposal_.cipher_server_to_client = {"aes128-gcm@openssh.com"};
    record();
  }

  // As the one that it was said to.
  std::unique_ptr<Victim> make_victim() const {
    if (victim_ == Role::server) return std::make_unique<ServerVictim>(proposal_);
    return std::make_unique<ClientVictim>(proposal_);
  }

  // From KEXINIT to the last one of the login.
  const std::vector<Payload>& messages() const { return messages_; }
  // How many of them are of the key exchange, NEWKEYS included.
  std::size_t of_key_exchange() const { return of_key_exchange_; }

  // Each in a packet of its own, under the new keys behind each NEWKEYS.
  void say(Victim& victim, const std::vector<Payload>& messages) const {
    SeededRng rng(8);
    PacketWriter writer(rng);
    writer.send_raw(bytes_of(identification_ + "\r\n"));
    deliver(writer, victim);
    for (const Payload& message : messages) {
      writer.send_payload(message);
      if (message[0] == msg::NewKeys::number) writer.use(make_sealer(names_, keys()), names_.cipher, true);
      deliver(writer, victim);
    }
  }

 private:
  static void deliver(PacketWriter& writer, Victim& victim) {
    std::vector<std::uint8_t> bytes;
    for (const Bytes part : writer.ready()) bytes.insert(bytes.end(), part.begin(), part.end());
    writer.written(bytes.size());
    victim.hear(bytes);
    victim.said();
  }

  void record() {
    const KeyLog log = [this](Bytes, Bytes, Bytes shared_secret, Bytes) { shared_secret_ = copy_of(shared_secret); };
    ServerVictim server(proposal_, log);
    ClientVictim client(proposal_);
    std::vector<std::uint8_t> from_client, from_server;
    const auto move = [](Victim& from, Victim& to, std::vector<std::uint8_t>& kept) {
      const std::vector<std::uint8_t> bytes = from.said();
      kept.insert(kept.end(), bytes.begin(), bytes.end());
      to.hear(bytes);
      return !bytes.empty();
    };
    for (bool moved = true; moved;) {
      moved = move(client, server, from_client);
      moved |= move(server, client, from_server);
    }
    if (!client.logged_in || !server.logged_in) throw std::runtime_error("the honest session did not log in");
    session_id_ = copy_of(server.transport().session_id());
    read(victim_ == Role::server ? from_client : from_server);
  }

  void read(Bytes stream) {
    const std::size_t line = text_of(stream).find("\r\n");
    identification_ = text_of(stream.first(line));
    stream = stream.subspan(line + 2);
    PacketReader reader;
    while (!stream.empty()) {
      const MutableBytes space = reader.space();
      const std::size_t size = std::min(space.size(), stream.size());
      std::copy_n(stream.begin(), size, space.begin());
      reader.filled(size);
      stream = stream.subspan(size);
      while (const auto payload = reader.next_payload()) {
        messages_.push_back(copy_of(*payload));
        if (messages_.back()[0] != msg::NewKeys::number) continue;
        of_key_exchange_ = messages_.size();
        reader.use(make_opener(names_, keys()), names_.cipher, true);
      }
    }
  }

  // RFC 4253 section 7.2: of the first exchange, where H is the session identifier. Each method's hash has a length of
  // its own.
  CipherKeys keys() const {
    const HashName hash = session_id_.size() == 32   ? HashName::sha256
                          : session_id_.size() == 48 ? HashName::sha384
                                                     : HashName::sha512;
    const CipherKeySizes sizes = cipher_key_sizes(names_);
    const auto derive = [&](char client_letter, std::size_t size) {
      const int letter = client_letter + (victim_ == Role::server ? 0 : 1);
      return derive_key(hash, shared_secret_, session_id_, static_cast<char>(letter), session_id_, size);
    };
    return {derive('A', sizes.iv), derive('C', sizes.key), derive('E', sizes.mac_key)};
  }

  const Role victim_;
  Proposal proposal_;
  const CipherNames names_{"aes128-gcm@openssh.com", ""};
  std::vector<std::uint8_t> shared_secret_, session_id_;
  std::string identification_;
  std::vector<Payload> messages_;
  std::size_t of_key_exchange_ = 0;
};

}  // namespace glassh::test
