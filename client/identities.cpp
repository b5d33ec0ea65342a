#include "client/identities.h"

#include <algorithm>
#include <iterator>
#include <system_error>
#include <utility>

#include "auth/rsa_size.h"

namespace glassh {

namespace asio = boost::asio;

std::string Identity::text() const {
  std::string words = printable(name);
  if (credential) words += fmt::format(" {} {}", credential->short_type(), credential->fingerprint());
  if (given) words += " explicit";
  if (in_agent) words += " agent";
  return words;
}

Identities::Identities(const ClientConfig& config, ClientLog& log, const Asker& asker)
    : config_(config), log_(log), asker_(asker) {}

// ----------------------------------------------------------------------------------------------------------------
// which keys, in which order

asio::awaitable<void> Identities::gather(asio::any_io_executor executor, SessionProof session) {
  std::vector<Identity> files = identities_of_files();
  std::vector<Identity> others;  // of the agent, that no file names
  for (AgentKey& held : co_await keys_of_agent(executor, std::move(session))) {
    if (!held.credential) {
      log_.debug1("the agent's key {}: a {}, which is not done here", printable(held.comment), printable(held.type()));
      continue;
    }
    const auto file = std::find_if(files.begin(), files.end(),
                                   [&held](const Identity& each) { return each.credential == held.credential; });
    if (file != files.end()) {
      file->in_agent = true;
      list_.push_back(std::move(*file));
      files.erase(file);
    } else if (!config_.identities_only) {
      others.push_back({std::move(held.comment), std::move(held.credential), false, true, false, {}});
    }
  }
  std::move(others.begin(), others.end(), std::back_inserter(list_));
  std::move(files.begin(), files.end(), std::back_inserter(list_));
  std::erase_if(list_, [this](const Identity& each) {
    if (!each.public_only || each.in_agent) return false;
    log_.info("identity {}: a public key only, and no agent has its private half", each.name);
    return true;
  });
  std::erase_if(list_, [this](const Identity& each) { return each.credential && !accepted(*each.credential); });
  for (const Identity& each : list_) log_.debug1("Will attempt key: {}", each.text());
}

std::vector<Identity> Identities::identities_of_files() const {
  std::vector<Identity> found;
  for (const std::string& path : config_.identity_files) {
    PublicHalf half = find_public_half(path);
    const bool again = half.credential && std::any_of(found.begin(), found.end(), [&half](const Identity& other) {
                         return other.credential == half.credential;
                       });
    if (again) {
      log_.debug1("identity {}: the same key as an earlier one", path);
    } else if (half.missing) {
      log_.line(config_.identity_files_given ? LogLevel::info : LogLevel::debug1,
                fmt::format("no such identity: {}: {}", path, std::generic_category().message(*half.missing)));
    } else if (!half.credential && !half.locked) {
      log_.error("Load key \"{}\": {}", path, half.problem);
    } else {
      const bool given = config_.identity_files_given;
      found.push_back({path, std::move(half.credential), given, false, half.only, {}});
    }
  }
  return found;
}

asio::awaitable<std::vector<AgentKey>> Identities::keys_of_agent(asio::any_io_executor executor, SessionProof session) {
  if (!config_.identity_agent) co_return std::vector<AgentKey>{};
  try {
    agent_ = AgentClient::connect(executor, *config_.identity_agent);
    if (!session.signature.empty()) {
      const bool bound = co_await agent_->bind_session(std::move(session.host_key), std::move(session.session_id),
                                                       std::move(session.signature), false);
      log_.debug1("the agent {} which server this is", bound ? "knows" : "does not want to know");
    }
    co_return co_await agent_->list();
  } catch (const AgentError& error) {
    log_.debug1("no keys from the agent: {}", error.what());
  }
  agent_.reset();
  co_return std::vector<AgentKey>{};
}

// Whether PubkeyAcceptedAlgorithms has an algorithm for it, and RequiredRSASize lets it pass.
bool Identities::accepted(const Credential& credential) const {
  if (!is_long_enough(credential.key(), config_.required_rsa_size)) {
    log_.debug1("Skipping {} key {}: Invalid key length", credential.type(), credential.fingerprint());
    return false;
  }
  const auto& names = config_.pubkey_accepted_algorithms;
  const bool found = std::any_of(names.begin(), names.end(),
                                 [&credential](const std::string& name) { return credential.signs_with(name); });
  if (!found) {
    log_.debug1("Skipping {} key: its algorithms are not in PubkeyAcceptedAlgorithms", credential.fingerprint());
  }
  return found;
}

std::vector<std::optional<Credential>> Identities::credentials() const {
  std::vector<std::optional<Credential>> credentials;
  for (const Identity& identity : list_) credentials.push_back(identity.credential);
  return credentials;
}

// ----------------------------------------------------------------------------------------------------------------
// signing

HowToOpen Identities::how_to_open() const {
  return {asker_, log_, config_.batch_mode ? 0 : config_.number_of_password_prompts};
}

asio::awaitable<std::optional<PublicKey>> Identities::open(asio::any_io_executor executor, std::size_t identity) {
  log_.debug1("Trying private key: {}", list_.at(identity).name);
  std::optional<PrivateKey> key = co_await private_key(executor, identity);
  if (!key || !accepted(Credential(key->public_key()))) co_return std::nullopt;
  Identity& opened = list_[identity];
  opened.credential = Credential(key->public_key());
  opened.opened = std::move(key);
  co_return opened.opened->public_key();
}

asio::awaitable<std::optional<std::vector<std::uint8_t>>> Identities::sign(asio::any_io_executor executor,
                                                                           std::size_t identity, std::string algorithm,
                                                                           std::vector<std::uint8_t> data) {
  Identity& wanted = list_.at(identity);
  if (wanted.in_agent) co_return co_await sign_with_agent(wanted, std::move(algorithm), std::move(data));
  std::optional<PrivateKey> key = std::exchange(wanted.opened, std::nullopt);
  if (!key) key = co_await private_key(executor, identity);
  if (!key) co_return std::nullopt;
  if (!(key->public_key() == wanted.credential->key())) {
    log_.error("identity {}: the private key is another one than {}.pub says; it is not used", wanted.name,
               wanted.name);
    co_return std::nullopt;
  }
  co_return sign_with(*key, wanted, algorithm, data);
}

asio::awaitable<std::optional<PrivateKey>> Identities::private_key(asio::any_io_executor executor,
                                                                   std::size_t identity) {
  std::string path = list_[identity].name;
  std::optional<PrivateKeyFile> file = co_await open_private_key(executor, path, how_to_open());
  if (!file) co_return std::nullopt;
  co_await add_to_agent(executor, std::move(path), *file);
  co_return std::move(file->key);
}

// An agent that signs with another algorithm than it was asked for, or wrongly, is not believed (AgentClient::sign).
asio::awaitable<std::optional<std::vector<std::uint8_t>>> Identities::sign_with_agent(const Identity& identity,
                                                                                      std::string algorithm,
                                                                                      std::vector<std::uint8_t> data) {
  std::string why = "agent refused operation";
  try {
    if (auto signature = co_await agent_->sign(*identity.credential, std::move(algorithm), std::move(data))) {
      co_return signature;
    }
  } catch (const AgentError& error) {
    why = error.what();
  }
  log_.error("sign_and_send_pubkey: signing failed for {} \"{}\" from agent: {}", identity.credential->short_type(),
             printable(identity.name), why);
  co_return std::nullopt;
}

std::optional<std::vector<std::uint8_t>> Identities::sign_with(const PrivateKey& key, const Identity& identity,
                                                               std::string_view algorithm, Bytes data) const {
  try {
    return key.sign(algorithm, data);
  } catch (const std::exception& error) {
    log_.error("identity {}: cannot sign with {}: {}", identity.name, algorithm, error.what());
    return std::nullopt;
  }
}

// ----------------------------------------------------------------------------------------------------------------
// AddKeysToAgent

asio::awaitable<void> Identities::add_to_agent(asio::any_io_executor executor, std::string path,
                                               const PrivateKeyFile& file) {
  const AddKeysToAgent& wish = config_.add_keys_to_agent;
  if (wish.when == AddKeysToAgent::When::no || !config_.identity_agent) co_return;
  std::string comment = file.comment.empty() ? path : file.comment;
  if (wish.when == AddKeysToAgent::When::ask) {
    std::string question = fmt::format("Add key {} ({}) to agent?", path, printable(comment));
    const bool permitted = co_await asker_.permits(executor, std::move(question), Question::Where::window);
    if (!permitted) {
      log_.debug1("the user does not want {} in the agent", path);
      co_return;
    }
  }
  AgentKeyLimits limits;
  limits.confirm = wish.when == AddKeysToAgent::When::confirm;
  if (wish.lifetime_seconds > 0) limits.lifetime_seconds = wish.lifetime_seconds;
  try {
    // A connection of its own: the one that signs has been told about this session.
    AgentClient agent = AgentClient::connect(executor, *config_.identity_agent);
    const bool added = co_await agent.add(file.key, std::move(comment), std::move(limits));
    if (added) {
      log_.debug1("identity added to agent: {}", path);
    } else {
      log_.debug1("could not add identity to agent: {}: it refused", path);
    }
  } catch (const AgentError& error) {
    log_.debug1("could not add identity to agent: {}: {}", path, error.what());
  }
}

}  // namespace glassh
