// What glassh-add does with an agent: each action of ssh-add(1), with its texts and exit statuses.
//
// Passphrases are asked for on the terminal or through askpass; one that was right is tried on the files that follow,
// and all are wiped at the end. Files are read with the care of crypto/key_files/key_file: a private key that others
// may read is refused.
//
//   const int status = co_await AddKeys(options, agent, asker).run();
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "client/agent/add_options.h"
#include "client/agent/agent_client.h"
#include "client/terminal/ask.h"
#include "crypto/key_files/key_file.h"

namespace glassh {

class AddKeys {
 public:
  // All must outlive it. `home` is where ~/.ssh is.
  AddKeys(const AddOptions& options, AgentClient& agent, const Asker& asker, std::string home);

  // The exit status: 0, or 1 if something failed, which has been said. Throws AgentError if the agent does.
  asio::awaitable<int> run();

 private:
  asio::awaitable<bool> for_each_file(asio::awaitable<bool> (AddKeys::*action)(std::string));
  asio::awaitable<bool> add(std::string path);
  asio::awaitable<bool> remove(std::string path);
  asio::awaitable<bool> remove_public_keys_of_input();
  asio::awaitable<bool> remove_key(PublicKey key, std::string path, std::string comment);
  asio::awaitable<bool> remove_all();
  asio::awaitable<bool> list(bool public_keys);
  asio::awaitable<bool> lock();
  asio::awaitable<bool> unlock();
  asio::awaitable<bool> test(std::string path);
  std::optional<PrivateKeyFile> load(const std::string& path, const std::string& name);
  std::optional<PrivateKeyFile> load_with_passphrase(const SecretBytes& text, const std::string& name);
  void read_destinations();

  const AddOptions& options_;
  AgentClient& agent_;
  const Asker& asker_;
  std::string home_;
  AgentKeyLimits limits_;
  std::optional<SecretBytes> last_passphrase_;  // that was right
};

}  // namespace glassh
