// What conformance/keys/openssh_key_files_test.py needs of our key files, signatures and known_hosts. Tests only.
//
//   key_tool generate TYPE BITS PATH COMMENT        makes PATH and PATH.pub
//   key_tool show PATH                              prints the public key's line with the comment, and its fingerprint
//   key_tool sign ALGORITHM PATH NAMESPACE < FILE   prints a signature as `ssh-keygen -Y sign` does
//   key_tool verify ALGORITHM PATH.pub NAMESPACE SIGNATURE < FILE
//   key_tool remember KNOWN_HOSTS HOST PORT PATH.pub plain|hashed
//   key_tool find KNOWN_HOSTS HOST PORT PATH.pub    prints match, changed, revoked or unknown
//   key_tool authorized AUTHORIZED_KEYS PATH.pub    prints the line's number, or 0
//
// The exit status is 0, or 1 with the reason on stderr.
#include <array>
#include <cstdio>
#include <iostream>
#include <iterator>

#include <fmt/format.h>

#include "auth/authorized_keys.h"
#include "auth/known_hosts.h"
#include "crypto/key_files/key_file.h"
#include "proto/wire.h"

namespace {

using namespace glassh;

using Arguments = std::vector<std::string>;

// OpenSSH PROTOCOL.sshsig: what is signed, and what a signature file holds.
struct SshsigData {
  std::array<std::uint8_t, 6> magic = {'S', 'S', 'H', 'S', 'I', 'G'};
  std::string_view name_space;
  std::string_view reserved;
  std::string_view hash_algorithm = "sha512";
  Bytes hash;

  static void fields(auto& self, auto& field) {
    field("magic", self.magic);
    field("namespace", self.name_space);
    field("reserved", self.reserved);
    field("hash_algorithm", self.hash_algorithm);
    field("H(message)", self.hash);
  }
};
struct Sshsig {
  static constexpr std::string_view name = "SSHSIG";
  std::array<std::uint8_t, 6> magic = {'S', 'S', 'H', 'S', 'I', 'G'};
  std::uint32_t version = 1;
  Bytes public_key;
  std::string_view name_space;
  std::string_view reserved;
  std::string_view hash_algorithm = "sha512";
  Bytes signature;

  static void fields(auto& self, auto& field) {
    field("magic", self.magic);
    field("version", self.version);
    field("publickey", self.public_key);
    field("namespace", self.name_space);
    field("reserved", self.reserved);
    field("hash_algorithm", self.hash_algorithm);
    field("signature", self.signature);
  }
};

std::string standard_input() { return {std::istreambuf_iterator<char>(std::cin), {}}; }

std::vector<std::uint8_t> signed_data(std::string_view name_space, HashName hash, std::string_view hash_name) {
  const Digest digest = Hash(hash).raw(bytes_of(standard_input())).finish();
  SshsigData data;
  data.name_space = name_space;
  data.hash_algorithm = hash_name;
  data.hash = digest.bytes();
  return encode(data);
}

void generate(const Arguments& a) {
  SystemRng rng;
  const PrivateKey key = PrivateKey::generate(a.at(0), rng, std::stoul(a.at(1)));
  save_private_key(a.at(2), key, a.at(3), rng, IfExists::refuse);
  save_public_key(a.at(2) + ".pub", key.public_key(), a.at(3), rng, IfExists::refuse);
}

void show(const Arguments& a) {
  const PrivateKeyFile file = load_private_key(a.at(0));
  const PublicKey& key = file.key.public_key();
  fmt::print("{} {}\n{} {} {} ({})\n", key.line(), file.comment, key.bits(), key.fingerprint(), file.comment,
             key.short_type());
}

void sign(const Arguments& a) {
  const PrivateKeyFile file = load_private_key(a.at(1));
  const auto signature = file.key.sign(a.at(0), signed_data(a.at(2), HashName::sha512, "sha512"));
  Sshsig out;
  out.public_key = file.key.public_key().blob();
  out.name_space = a.at(2);
  out.signature = signature;
  fmt::print("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", base64_encode(encode(out)));
}

void verify(const Arguments& a) {
  const PublicKey key = load_public_key(a.at(1)).key;
  const SmallFile file = read_small_file(a.at(3), 100000);
  std::string text(text_of(file.content.reveal()));
  text = text.substr(text.find('\n') + 1);
  text = text.substr(0, text.find("-----END"));
  std::erase(text, '\n');
  const auto content = base64_decode(text);
  if (!content) throw std::runtime_error("the signature file is not base64");
  const auto sshsig = decode<Sshsig>(*content);
  if (!equal(sshsig.public_key, key.blob())) throw std::runtime_error("another key signed");
  const HashName hash = sshsig.hash_algorithm == "sha256" ? HashName::sha256 : HashName::sha512;
  if (!key.verify(a.at(0), signed_data(a.at(2), hash, sshsig.hash_algorithm), sshsig.signature)) {
    throw std::runtime_error("the signature is wrong");
  }
}

void remember(const Arguments& a) {
  SystemRng rng;
  const auto port = static_cast<std::uint16_t>(std::stoul(a.at(2)));
  add_known_host(a.at(0), a.at(1), port, load_public_key(a.at(3)).key, a.at(4) == "hashed" ? &rng : nullptr);
}

void find(const Arguments& a) {
  const std::array files = {read_known_hosts(a.at(0))};
  const auto port = static_cast<std::uint16_t>(std::stoul(a.at(2)));
  const KnownHostLookup found = look_up_host_key(files, a.at(1), port, load_public_key(a.at(3)).key);
  constexpr std::array<std::string_view, 4> words = {"match", "changed", "revoked", "unknown"};
  fmt::print("{}\n", words.at(static_cast<std::size_t>(found.status)));
}

void authorized(const Arguments& a) {
  const SmallFile file = read_small_file(a.at(0), 100000);
  const LoginOrigin origin{"localhost", "127.0.0.1", 0};
  const auto search =
      find_authorized_key(text_of(file.content.reveal()), Credential(load_public_key(a.at(1)).key), origin);
  fmt::print("{}\n", search.match ? search.match->line : 0);
}

struct Command {
  std::string_view name;
  void (*run)(const Arguments&);
};
constexpr std::array<Command, 7> commands = {{{"generate", generate},
                                              {"show", show},
                                              {"sign", sign},
                                              {"verify", verify},
                                              {"remember", remember},
                                              {"find", find},
                                              {"authorized", authorized}}};

}  // namespace

int main(int argc, char** argv) {
  const Arguments words(argv + 1, argv + argc);
  try {
    for (const Command& command : commands) {
      if (words.empty() || words[0] != command.name) continue;
      command.run(Arguments(words.begin() + 1, words.end()));
      return 0;
    }
    throw std::runtime_error("no such command");
  } catch (const std::exception& error) {
    fmt::print(stderr, "key_tool: {}\n", error.what());
    return 1;
  }
}
