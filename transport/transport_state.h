// A server's connection between two packets, outside of any key exchange, before USERAUTH_SUCCESS: all that another
// Transport, in this process or in another one, needs to go on with it.
//
// At that point the state is smallest. A request that completes a login was read and nothing behind it was opened, so
// no cipher has looked at the next length; the server begins no key exchange before a login is over, and a client may
// not send a request within one; and zlib begins behind SUCCESS. So there is no half of anything: no exchange, no
// compression context, no payload that waits for keys. Nothing that only a login needs is in here.
//
//   TransportState state = gate.hand_over();  Transport worker(settings, rng, trace, std::move(state));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "crypto/ciphers/packet_cipher.h"
#include "transport/time_point.h"

namespace glassh {

struct DirectionState {
  CipherNames names;
  CipherKeys keys;                    // as derived, not as used: keys_after() brings them to where the direction stands
  std::uint32_t sequence_number = 0;  // of the next packet
  std::uint64_t packets_under_key = 0;
  std::uint64_t bytes_under_key = 0;
  bool delayed_zlib = false;        // "zlib@openssh.com" was negotiated; it has not begun
  std::vector<std::uint8_t> bytes;  // reading: arrived and not opened; writing: sealed and not written
};

struct TransportState {
  std::string client_version, server_version;  // V_C and V_S, for later key exchanges
  std::string host_key_algorithm;              // of the latest exchange
  std::vector<std::uint8_t> session_id;
  std::vector<std::uint8_t> host_key;  // K_S of the latest exchange
  bool strict = false;                 // OpenSSH PROTOCOL section 1.9
  bool peer_answers_ping = false;
  bool peer_takes_host_bound_keys = false;
  std::optional<std::chrono::nanoseconds> shortest_turn;
  TimePoint keys_since;
  DirectionState reading, writing;
};

}  // namespace glassh
