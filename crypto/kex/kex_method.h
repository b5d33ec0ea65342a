// A key exchange method: one client share goes, one server share comes, both sides then have K.
//
// That is the shape of Diffie-Hellman (RFC 4253 section 8), ECDH (RFC 5656 section 4, RFC 8731) and of the KEM hybrids.
// A method knows nothing of messages, host keys or hashing; transport/key_exchange does. Invalid shares (a wrong
// length, a point off the curve, an all-zero result) throw ProtocolError with reason key_exchange_failed.
//
//   client: start() → share;  server: respond(share) → share;  client: finish(share);  both: shared_secret()
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "crypto/hash.h"
#include "crypto/rng.h"
#include "proto/secret_bytes.h"

namespace glassh {

struct DhGroup;

struct KexMethod {
  virtual ~KexMethod() = default;
  virtual HashName hash() const = 0;  // of the exchange hash and the key derivation
  // How shares and K are put into the exchange hash: as mpint (finite-field DH) or as string (ECDH shares).
  virtual bool shares_are_mpints() const = 0;
  virtual bool shared_secret_is_mpint() const = 0;
  virtual Bytes start(Rng& rng) = 0;                        // client; view into this object
  virtual Bytes respond(Bytes client_share, Rng& rng) = 0;  // server; view into this object
  virtual void finish(Bytes server_share) = 0;              // client
  virtual const SecretBytes& shared_secret()
      const = 0;  // K's bytes, not yet encoded: a magnitude or a string's content
  // The ephemeral private key, for --keylog only (Wireshark's older line format). Empty where the method has none to
  // show.
  virtual Bytes ephemeral_private() const = 0;
};

// In our order of preference, which is that of OpenSSH 10's client: what -Q kex lists.
const std::vector<std::string_view>& kex_names();
// Throws std::invalid_argument for a name that is not in the list, and for group exchange, whose method needs a group
// first: make_group_exchange_method().
std::unique_ptr<KexMethod> make_kex_method(std::string_view name);

inline constexpr std::string_view group_exchange_name = "diffie-hellman-group-exchange-sha256";
// RFC 4419: once the group is agreed on, an exchange like all others.
std::unique_ptr<KexMethod> make_group_exchange_method(const DhGroup& group);

}  // namespace glassh
