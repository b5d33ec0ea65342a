// KexMethod is the interface of all key exchange methods: the client sends one share, the server answers with one
// share, and then both sides have K.
//
// Diffie-Hellman (RFC 4253 section 8), ECDH (RFC 5656 section 4, RFC 8731) and the KEM hybrids have this shape. A
// method does not know messages, host keys or the exchange hash; transport/key_exchange does. An object serves one
// exchange. An invalid share (a wrong length, a point off the curve, an all-zero result) throws ProtocolError with
// reason key_exchange_failed.
//
//   client: start(rng) → share;  server: respond(share, rng) → share;  client: finish(share);  both: shared_secret()
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
  virtual HashName hash() const = 0;  // for the exchange hash and the key derivation
  // The form of the shares and of K in the exchange hash: mpint (finite-field DH) or string (ECDH shares).
  virtual bool shares_are_mpints() const = 0;
  virtual bool shared_secret_is_mpint() const = 0;
  virtual Bytes start(Rng& rng) = 0;                        // client; view into this object
  virtual Bytes respond(Bytes client_share, Rng& rng) = 0;  // server; view into this object
  virtual void finish(Bytes server_share) = 0;              // client
  virtual const SecretBytes& shared_secret()
      const = 0;  // K's bytes, not yet encoded: a magnitude or a string's content
  // The ephemeral private key, for --keylog only (Wireshark's older line format). Empty if the method cannot show one.
  virtual Bytes ephemeral_private() const = 0;
};

// All methods, in our order of preference, which is that of OpenSSH 10's client. -Q kex prints this list.
const std::vector<std::string_view>& kex_names();
// Throws std::invalid_argument for a name that is not in the list, and for group exchange: that method needs a group,
// so it is made by make_group_exchange_method().
std::unique_ptr<KexMethod> make_kex_method(std::string_view name);

inline constexpr std::string_view group_exchange_name = "diffie-hellman-group-exchange-sha256";
// RFC 4419: makes the method once both sides agree on the group. From there on it works like all others.
std::unique_ptr<KexMethod> make_group_exchange_method(const DhGroup& group);

}  // namespace glassh
