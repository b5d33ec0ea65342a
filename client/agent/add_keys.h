// AddKeys carries out one action of glassh-add on an agent, with ssh-add(1)'s texts and exit statuses.
//
// Lives for one run of the program. Job: read key files, ask for passphrases on the terminal or through askpass, and
// send the requests. A passphrase that was right is tried on the files that follow; all are wiped at the end. Files are
// read by crypto/key_files/key_file, which refuses a private key that other users may read.
//
//   AddKeys keys(options, agent, asker, home);  const int status = co_await keys.run();
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "client/agent/add_options.h"
#include "client/agent/agent_client.h"
#include "client/terminal/asker.h"
#include "crypto/key_files/key_file.h"

namespace glassh {

class AddKeys {
 public:
  // The references must outlive it. `home` is the directory that contains .ssh.
  AddKeys(const AddOptions& options, AgentClient& agent, const Asker& asker, std::string home);

  // Returns the exit status: 0, or 1 if something failed, which has then been printed. Throws AgentError if the agent
  // is gone or misbehaves.
  asio::awaitable<int> run();

 private:
  asio::awaitable<bool> for_each_file(asio::awaitable<bool> (AddKeys::*action)(std::string));
  asio::awaitable<bool> add(std::string path);
  asio::awaitable<bool> remove(std::string path);
  asio::awaitable<bool> remove_public_keys_of_input();
  asio::awaitable<bool> remove_key(Credential credential, std::string path, std::string comment);
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
  std::optional<SecretBytes> last_passphrase_;  // the last one that was right
};

}  // namespace glassh
