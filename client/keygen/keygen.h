// The actions of glassh-keygen: make keys, change their passphrase and comment, show and convert them, edit
// known_hosts. Questions, answers and exit statuses are those of ssh-keygen; its texts are kept where a user or script
// relies on them.
//
// Each action is a function of the options. The functions that they share (asking, finding a key) are in
// client/keygen/files.h. Key files are replaced only whole, and only with the user's consent. Certificates, revocation
// lists and signatures are not supported.
//
//   KeygenContext context{home, "me@here", Asker::of_this_process(), rng};  return run_keygen(options, context);
#pragma once

#include <stdexcept>
#include <string>

#include "client/keygen/keygen_options.h"
#include "client/terminal/asker.h"

namespace glassh {

struct KeygenContext {
  std::string home;          // the user's home directory, from the password database
  std::string user_at_host;  // the comment of new keys
  Asker asker;
  Rng& rng;
};

// An action failed. The program prints the text to standard error and exits with the status.
class KeygenFailure : public std::runtime_error {
 public:
  explicit KeygenFailure(const std::string& text, int status = 255) : std::runtime_error(text), status_(status) {}
  int status() const { return status_; }

 private:
  int status_;
};

// Runs the action that the options name and returns the exit status. Throws KeygenFailure.
int run_keygen(const KeygenOptions& options, KeygenContext& context);

// generate.cpp
int generate_key(const KeygenOptions& options, KeygenContext& context);
int generate_host_keys(const KeygenOptions& options, KeygenContext& context);
// change.cpp
int change_passphrase(const KeygenOptions& options, KeygenContext& context);
int change_comment(const KeygenOptions& options, KeygenContext& context);
// show.cpp
int print_public_key(const KeygenOptions& options, KeygenContext& context);
int print_fingerprints(const KeygenOptions& options, KeygenContext& context);
int print_dns_records(const KeygenOptions& options, KeygenContext& context);
// convert.cpp
int export_public_key(const KeygenOptions& options, KeygenContext& context);
int import_public_key(const KeygenOptions& options, KeygenContext& context);
// hosts.cpp
int edit_known_hosts(const KeygenOptions& options, KeygenContext& context);
// password.cpp
int print_password_line(const KeygenOptions& options, KeygenContext& context);

}  // namespace glassh
