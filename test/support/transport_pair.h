// Two Transports joined by byte queues, with seeded randomness and a clock that only the test moves.
//
// Answers of the application (sign H, accept the host key) are given at once unless switched off. Every other event is
// kept.
//
//   TransportPair pair;  pair.run();  ASSERT_TRUE(pair.both_have_keys());
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/keys/key.h"
#include "crypto/rng.h"
#include "transport/transport.h"

namespace glassh::test {

inline std::vector<std::uint8_t> take_ready(PacketWriter& writer) {
  std::vector<std::uint8_t> bytes;
  for (const Bytes part : writer.ready()) bytes.insert(bytes.end(), part.begin(), part.end());
  writer.written(bytes.size());
  return bytes;
}

// Hands bytes to a reader, as many as it has space for; returns how many.
inline std::size_t feed(PacketReader& reader, Bytes bytes) {
  const MutableBytes space = reader.space();
  const std::size_t size = std::min(space.size(), bytes.size());
  std::copy_n(bytes.begin(), size, space.begin());
  reader.filled(size);
  return size;
}

struct TransportSide {
  TransportSide(TransportSettings its_settings, std::uint64_t seed, TraceSink* trace = nullptr)
      : settings(std::move(its_settings)), rng(seed), transport(settings, rng, trace) {}

  TransportSettings settings;
  SeededRng rng;
  Transport transport;
  std::vector<std::uint8_t> incoming;  // on its way to this side
  std::vector<std::vector<std::uint8_t>> payloads;
  std::vector<std::string> log;  // every event, in words
  std::optional<Disconnected> disconnected;
  std::string error;  // of a ProtocolError
  unsigned key_changes = 0;
};

class TransportPair {
 public:
  explicit TransportPair(Proposal proposal = default_proposal(), std::uint64_t seed = 1,
                         TraceSink* client_trace = nullptr, TraceSink* server_trace = nullptr)
      : host_key_rng(seed + 77),
        host_keys{PrivateKey::generate("ssh-ed25519", host_key_rng)},
        client(client_settings(proposal), seed, client_trace),
        server(server_settings(proposal), seed + 1, server_trace) {}

  // The server's settings offer only host keys that exist here.
  TransportSettings server_settings(Proposal proposal) const {
    TransportSettings settings;
    settings.kex.role = Role::server;
    settings.kex.proposal = std::move(proposal);
    settings.kex.proposal.host_key = {"ssh-ed25519"};
    for (const PrivateKey& key : host_keys) {
      settings.kex.host_keys.push_back({std::string(key.public_key().type()), copy_of(key.public_key().blob())});
    }
    settings.server_sig_algs = {"ssh-ed25519", "rsa-sha2-512"};
    return settings;
  }
  static TransportSettings client_settings(Proposal proposal) {
    TransportSettings settings;
    settings.kex.role = Role::client;
    settings.kex.proposal = std::move(proposal);
    return settings;
  }

  // Moves bytes and events until nothing moves any more. `chunk` bounds how many bytes arrive at once; 0 is no bound.
  void run(std::size_t chunk = 0) {
    for (bool moved = true; moved;) {
      moved = false;
      move_bytes(client, server);
      move_bytes(server, client);
      moved |= deliver(client, chunk);
      moved |= deliver(server, chunk);
    }
  }

  bool both_have_keys() const {
    return client.key_changes > 0 && server.key_changes == client.key_changes && client.error.empty() &&
           server.error.empty();
  }

  SeededRng host_key_rng;
  std::vector<PrivateKey> host_keys;
  TransportSide client, server;
  bool answers = true;
  bool refuses_host_keys = false;
  // How the server signs.
  std::function<std::vector<std::uint8_t>(const SignatureWanted&)> sign = [this](const SignatureWanted& wanted) {
    return host_keys[0].sign(wanted.host_key_algorithm, wanted.exchange_hash);
  };
  // Sees, and may change, what is about to arrive at a side; for attacks.
  std::function<void(TransportSide& to, std::vector<std::uint8_t>& bytes)> tamper;

  void pull_events(TransportSide& side) {
    try {
      while (auto event = side.transport.next_event()) on_event(side, *event);
    } catch (const ProtocolError& error) {
      side.error = error.what();
      side.transport.disconnect(error.reason(), error.what());
    }
  }

 private:
  void move_bytes(TransportSide& from, TransportSide& to) {
    std::vector<std::uint8_t> bytes = take_ready(from.transport.writer());
    if (bytes.empty()) return;
    if (tamper) tamper(to, bytes);
    to.incoming.insert(to.incoming.end(), bytes.begin(), bytes.end());
  }

  bool deliver(TransportSide& side, std::size_t chunk) {
    if (side.incoming.empty()) return false;
    if (side.transport.closed()) {
      side.incoming.clear();
      return false;
    }
    const std::size_t size = chunk == 0 ? side.incoming.size() : std::min(chunk, side.incoming.size());
    const std::size_t fed = feed(side.transport.reader(), Bytes(side.incoming).first(size));
    side.incoming.erase(side.incoming.begin(), side.incoming.begin() + static_cast<std::ptrdiff_t>(fed));
    pull_events(side);
    return true;
  }

  void on_event(TransportSide& side, TransportEvent& event) {
    if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
      side.log.push_back("signature wanted");
      if (answers) side.transport.provide_signature(sign(*wanted));
    } else if (std::get_if<HostKeyOffered>(&event) != nullptr) {
      side.log.push_back("host key offered");
      if (refuses_host_keys) {
        side.transport.disconnect(DisconnectReason::host_key_not_verifiable, "refused");
      } else if (answers) {
        side.transport.accept_host_key();
      }
    } else if (auto* changed = std::get_if<KeysChanged>(&event)) {
      side.log.push_back(changed->first ? "first keys" : "new keys");
      ++side.key_changes;
    } else if (auto* arrived = std::get_if<PayloadArrived>(&event)) {
      side.log.push_back("payload " + hex(arrived->payload));
      side.payloads.push_back(copy_of(arrived->payload));
    } else if (auto* disconnected = std::get_if<Disconnected>(&event)) {
      side.log.push_back("disconnected: " + disconnected->description);
      side.disconnected = *disconnected;
    } else if (std::holds_alternative<ServiceRequested>(event)) {
      side.log.push_back("service requested");
    } else if (std::holds_alternative<ServiceAccepted>(event)) {
      side.log.push_back("service accepted");
    } else if (auto* debug = std::get_if<DebugArrived>(&event)) {
      side.log.push_back("debug: " + std::string(debug->message));
    }
  }
};

}  // namespace glassh::test
