// The user's keys, from an agent and from files: which to offer, in which order, and signatures when the server wants
// one. RFC 4252 section 7.
//
// First come the agent's keys that an IdentityFile names, in the agent's order, then the agent's others (not with
// IdentitiesOnly), then the files whose key the agent does not have. Private files are opened only when a signature is
// wanted, and forgotten after it. Certificates, security keys and PKCS#11 are not done yet.
//
//   Identities identities(config, log, asker);  co_await identities.gather(executor, session);
//   auth.provide_identities(identities.public_keys());
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include "client/agent/agent_client.h"
#include "client/client_log.h"
#include "client/config/client_config.h"
#include "client/identity_file.h"
#include "client/terminal/ask.h"
#include "crypto/keys/key.h"
#include "transport/key_exchange.h"

namespace glassh {

struct Identity {
  std::string name;              // the file's path; for a key that only the agent knows, its comment (not trusted)
  std::optional<PublicKey> key;  // nothing: the file has to be opened to know
  bool given = false;            // the user named it
  bool in_agent = false;
  bool public_only = false;          // the file is a public key
  std::optional<PrivateKey> opened;  // kept from open() until sign()

  std::string text() const;  // "/home/ada/.ssh/id ED25519 SHA256:… explicit agent"
};

class Identities {
 public:
  // All must outlive this.
  Identities(const ClientConfig& config, ClientLog& log, const Asker& asker);

  // Asks the agent, which is told by `session` which server this is (OpenSSH PROTOCOL.agent section 1), and looks for
  // the public halves, once. What cannot be used is left out, and the log says why.
  boost::asio::awaitable<void> gather(boost::asio::any_io_executor executor, SessionProof session);
  const std::vector<Identity>& list() const { return list_; }
  std::vector<std::optional<PublicKey>> public_keys() const;

  // For an identity whose key is not known: opens the file. Nothing if that fails.
  boost::asio::awaitable<std::optional<PublicKey>> open(boost::asio::any_io_executor executor, std::size_t identity);
  // Nothing if that key cannot sign; the log says why.
  boost::asio::awaitable<std::optional<std::vector<std::uint8_t>>> sign(boost::asio::any_io_executor executor,
                                                                        std::size_t identity, std::string algorithm,
                                                                        std::vector<std::uint8_t> data);

 private:
  std::vector<Identity> identities_of_files() const;
  boost::asio::awaitable<std::vector<AgentKey>> keys_of_agent(boost::asio::any_io_executor executor,
                                                              SessionProof session);
  boost::asio::awaitable<std::optional<PrivateKey>> private_key(boost::asio::any_io_executor executor,
                                                                std::size_t identity);
  boost::asio::awaitable<void> add_to_agent(boost::asio::any_io_executor executor, std::string path,
                                            const PrivateKeyFile& file);
  boost::asio::awaitable<std::optional<std::vector<std::uint8_t>>> sign_with_agent(const Identity& identity,
                                                                                   std::string algorithm,
                                                                                   std::vector<std::uint8_t> data);
  std::optional<std::vector<std::uint8_t>> sign_with(const PrivateKey& key, const Identity& identity,
                                                     std::string_view algorithm, Bytes data) const;
  bool accepted(const PublicKey& key) const;
  HowToOpen how_to_open() const;

  const ClientConfig& config_;
  ClientLog& log_;
  const Asker& asker_;
  std::optional<AgentClient> agent_;  // one connection for all: what it was told about the session holds for that one
  std::vector<Identity> list_;
};

}  // namespace glassh
