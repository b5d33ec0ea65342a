// Identities has the user's keys, from an agent and from files: it chooses which to offer, in which order, and signs
// with them (RFC 4252 section 7).
//
// Lives as long as the login. Job: gather the keys once, and sign. The agent's keys that an IdentityFile names come
// first, in the agent's order. Then come the agent's other keys (not with IdentitiesOnly), then the files whose key the
// agent does not have. A private key file is opened only for a signature, and forgotten after it. Certificates,
// security keys and PKCS#11 are not supported.
//
//   Identities identities(config, log, asker);  co_await identities.gather(executor, session);
//   auth.provide_identities(identities.credentials());
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
#include "client/terminal/asker.h"
#include "crypto/keys/credential.h"
#include "transport/key_exchange.h"

namespace glassh {

struct Identity {
  std::string name;  // the file's path; for a key that only the agent knows, its comment (not trusted)
  std::optional<Credential> credential;  // what is offered; nothing: the file has to be opened to know
  bool given = false;                    // the user named it
  bool in_agent = false;
  bool public_only = false;          // the file is a public key
  std::optional<PrivateKey> opened;  // kept from open() until sign()

  std::string text() const;  // "/home/ada/.ssh/id ED25519 SHA256:… explicit agent"
};

class Identities {
 public:
  // The references must outlive this object.
  Identities(const ClientConfig& config, ClientLog& log, const Asker& asker);

  // Asks the agent for its keys and looks for the public halves of the files. Must be called once. `session` tells the
  // agent which server this is (OpenSSH PROTOCOL.agent section 1). A key that cannot be used is left out, and the log
  // says why.
  boost::asio::awaitable<void> gather(boost::asio::any_io_executor executor, SessionProof session);
  const std::vector<Identity>& list() const { return list_; }
  std::vector<std::optional<Credential>> credentials() const;

  // For an identity whose credential is not known: opens the file. Nothing if that fails, else the public half.
  boost::asio::awaitable<std::optional<PublicKey>> open(boost::asio::any_io_executor executor, std::size_t identity);
  // Returns the signature; nullopt if that key cannot sign, and the log says why.
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
  bool accepted(const Credential& credential) const;
  HowToOpen how_to_open() const;

  const ClientConfig& config_;
  ClientLog& log_;
  const Asker& asker_;
  std::optional<AgentClient> agent_;  // one connection for all: the agent binds it to the session that it was told of
  std::vector<Identity> list_;
};

}  // namespace glassh
