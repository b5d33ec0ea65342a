// What glassh-keygen does, action by action: makes keys, changes their passphrase and comment, shows, converts, and
// edits known_hosts. Questions, answers and exit statuses are ssh-keygen's; the words are as close as a user needs.
//
// Each action is a function of the options; what they share (questions, finding a key) is in keygen_files.h. Key files
// are replaced only whole, and only when the user said so.
//
//   KeygenContext context{home, "me@here", Asker::of_this_process(), rng};  return run_keygen(options, context);
#pragma once

#include <stdexcept>
#include <string>

#include "client/keygen/keygen_options.h"
#include "client/terminal/ask.h"

namespace glassh {

struct KeygenContext {
  std::string home;          // the user's, from the password database
  std::string user_at_host;  // the comment of new keys
  Asker asker;
  Rng& rng;
};

// Print the text to standard error and exit with the status.
class KeygenFailure : public std::runtime_error {
 public:
  explicit KeygenFailure(const std::string& text, int status = 255) : std::runtime_error(text), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// The exit status. Throws KeygenFailure.
int run_keygen(const KeygenOptions& options, KeygenContext& context);

// keygen_generate.cpp
int generate_key(const KeygenOptions& options, KeygenContext& context);
int generate_host_keys(const KeygenOptions& options, KeygenContext& context);
// keygen_change.cpp
int change_passphrase(const KeygenOptions& options, KeygenContext& context);
int change_comment(const KeygenOptions& options, KeygenContext& context);
// keygen_show.cpp
int print_public_key(const KeygenOptions& options, KeygenContext& context);
int print_fingerprints(const KeygenOptions& options, KeygenContext& context);
int print_dns_records(const KeygenOptions& options, KeygenContext& context);
// keygen_convert.cpp
int export_public_key(const KeygenOptions& options, KeygenContext& context);
int import_public_key(const KeygenOptions& options, KeygenContext& context);
// keygen_hosts.cpp
int edit_known_hosts(const KeygenOptions& options, KeygenContext& context);
// keygen_password.cpp
int print_password_line(const KeygenOptions& options, KeygenContext& context);

}  // namespace glassh
