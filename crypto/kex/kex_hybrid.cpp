#include "crypto/kex/kex_hybrid.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

#include "crypto/kex/mlkem768.h"
#include "crypto/kex/sntrup761.h"
#include "crypto/kex/x25519.h"
#include "proto/error.h"

namespace glassh {
namespace {

// A key encapsulation, as far as the exchange is concerned.
struct Kem {
  virtual ~Kem() = default;
  virtual std::size_t public_key_size() const = 0;
  virtual std::size_t ciphertext_size() const = 0;
  virtual std::vector<std::uint8_t> generate(Rng& rng) = 0;  // the public key; the secret one stays here
  // What is wrong with a public key of the right length; empty if nothing is.
  virtual std::string problem(Bytes public_key) const = 0;
  // For such a key: the secret, and the ciphertext at the end of `reply`.
  virtual SecretBytes encapsulate(Bytes public_key, Rng& rng, std::vector<std::uint8_t>& reply) const = 0;
  virtual SecretBytes decapsulate(Bytes ciphertext) const = 0;  // after generate()
};

void append(std::vector<std::uint8_t>& to, Bytes bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

class MlKem768 final : public Kem {
 public:
  std::size_t public_key_size() const override { return mlkem768::encapsulation_key_size; }
  std::size_t ciphertext_size() const override { return mlkem768::ciphertext_size; }
  std::vector<std::uint8_t> generate(Rng& rng) override {
    mlkem768::KeyPair keys = mlkem768::key_gen(rng);
    decapsulation_key_ = std::move(keys.decapsulation_key);
    return copy_of(keys.encapsulation_key);
  }
  std::string problem(Bytes public_key) const override {
    if (mlkem768::is_encapsulation_key(public_key)) return {};
    return "holds a number that is not below 3329 (the modulus check of FIPS 203 section 7.2)";
  }
  SecretBytes encapsulate(Bytes public_key, Rng& rng, std::vector<std::uint8_t>& reply) const override {
    mlkem768::Encapsulated made = mlkem768::encaps(public_key, rng);
    append(reply, made.ciphertext);
    return std::move(made.shared_secret);
  }
  SecretBytes decapsulate(Bytes ciphertext) const override {
    return mlkem768::decaps(decapsulation_key_.reveal(), ciphertext);
  }

 private:
  SecretBytes decapsulation_key_;
};

class Sntrup761 final : public Kem {
 public:
  std::size_t public_key_size() const override { return sntrup761::public_key_size; }
  std::size_t ciphertext_size() const override { return sntrup761::ciphertext_size; }
  std::vector<std::uint8_t> generate(Rng& rng) override {
    sntrup761::KeyPair keys = sntrup761::key_gen(rng);
    secret_key_ = std::move(keys.secret_key);
    return copy_of(keys.public_key);
  }
  std::string problem(Bytes) const override { return {}; }  // every string of this length is a key
  SecretBytes encapsulate(Bytes public_key, Rng& rng, std::vector<std::uint8_t>& reply) const override {
    sntrup761::Encapsulated made = sntrup761::encap(public_key, rng);
    append(reply, made.ciphertext);
    return std::move(made.shared_secret);
  }
  SecretBytes decapsulate(Bytes ciphertext) const override {
    return sntrup761::decap(secret_key_.reveal(), ciphertext);
  }

 private:
  SecretBytes secret_key_;
};

class KexHybrid final : public KexMethod {
 public:
  KexHybrid(std::string_view name, HashName hash, std::unique_ptr<Kem> kem)
      : name_(name), hash_(hash), kem_(std::move(kem)) {}

  HashName hash() const override { return hash_; }
  bool shares_are_mpints() const override { return false; }
  bool shared_secret_is_mpint() const override { return false; }
  Bytes start(Rng& rng) override;
  Bytes respond(Bytes client_share, Rng& rng) override;
  void finish(Bytes server_share) override;
  const SecretBytes& shared_secret() const override { return shared_secret_; }
  Bytes ephemeral_private() const override { return {}; }  // Wireshark's older lines cannot say two keys

 private:
  struct Halves {
    Bytes kem;
    Bytes x25519;
  };
  Halves halves(Bytes share, std::size_t kem_size, const char* field) const;
  void compute_shared_secret(Bytes kem_secret, Bytes peer_x25519, const char* field);
  [[noreturn]] void refuse(const char* field, std::string_view why) const;

  const std::string name_;
  const HashName hash_;
  const std::unique_ptr<Kem> kem_;
  X25519 x25519_;
  std::vector<std::uint8_t> share_;
  SecretBytes shared_secret_;
};

Bytes KexHybrid::start(Rng& rng) {
  share_ = kem_->generate(rng);
  append(share_, x25519_.generate(rng));
  return share_;
}

Bytes KexHybrid::respond(Bytes client_share, Rng& rng) {
  const Halves theirs = halves(client_share, kem_->public_key_size(), "C_INIT");
  const std::string problem = kem_->problem(theirs.kem);
  if (!problem.empty()) refuse("C_INIT", problem);
  share_.clear();
  const SecretBytes kem_secret = kem_->encapsulate(theirs.kem, rng, share_);
  append(share_, x25519_.generate(rng));
  compute_shared_secret(kem_secret.reveal(), theirs.x25519, "C_INIT");
  return share_;
}

// A ciphertext that was tampered with gives another secret and no error here; the signature over the exchange hash,
// which both the shares and K are in, does not fit then.
void KexHybrid::finish(Bytes server_share) {
  assert(!share_.empty());  // start() comes first
  const Halves theirs = halves(server_share, kem_->ciphertext_size(), "S_REPLY");
  const SecretBytes kem_secret = kem_->decapsulate(theirs.kem);
  compute_shared_secret(kem_secret.reveal(), theirs.x25519, "S_REPLY");
}

KexHybrid::Halves KexHybrid::halves(Bytes share, std::size_t kem_size, const char* field) const {
  const std::size_t size = kem_size + X25519::key_size;
  if (share.size() != size) refuse(field, fmt::format("has {} bytes, not {}", share.size(), size));
  return {share.first(kem_size), share.last(X25519::key_size)};
}

void KexHybrid::compute_shared_secret(Bytes kem_secret, Bytes peer_x25519, const char* field) {
  const std::optional<SecretBytes> x25519_secret = x25519_.agree(peer_x25519);
  if (!x25519_secret) refuse(field, "ends with an X25519 point of small order");
  Digest K = Hash(hash_).raw(kem_secret).raw(x25519_secret->reveal()).finish();
  shared_secret_ = SecretBytes(K.bytes());
  wipe(K.writable());
}

void KexHybrid::refuse(const char* field, std::string_view why) const {
  throw ProtocolError(DisconnectReason::key_exchange_failed, fmt::format("{}: {} {}", name_, field, why));
}

}  // namespace

std::unique_ptr<KexMethod> make_kex_hybrid(std::string_view name) {
  if (name == "mlkem768x25519-sha256") {
    return std::make_unique<KexHybrid>(name, HashName::sha256, std::make_unique<MlKem768>());
  }
  if (name == "sntrup761x25519-sha512" || name == "sntrup761x25519-sha512@openssh.com") {
    return std::make_unique<KexHybrid>(name, HashName::sha512, std::make_unique<Sntrup761>());
  }
  return nullptr;
}

}  // namespace glassh
