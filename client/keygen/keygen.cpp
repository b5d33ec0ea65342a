#include "client/keygen/keygen.h"
#include "config/say.h"

#include <cstdio>

#include <fmt/format.h>

namespace glassh {

int run_keygen(const KeygenOptions& options, KeygenContext& context) {
  using Action = KeygenOptions::Action;
  switch (options.action) {
    case Action::generate:
      return generate_key(options, context);
    case Action::change_passphrase:
      return change_passphrase(options, context);
    case Action::change_comment:
      return change_comment(options, context);
    case Action::print_public:
      return print_public_key(options, context);
    case Action::fingerprint:
      return print_fingerprints(options, context);
    case Action::export_public:
      return export_public_key(options, context);
    case Action::import_public:
      return import_public_key(options, context);
    case Action::find_host:
    case Action::hash_hosts:
    case Action::remove_host:
      return edit_known_hosts(options, context);
    case Action::host_keys:
      return generate_host_keys(options, context);
    case Action::dns_records:
      return print_dns_records(options, context);
    case Action::password_line:
      return print_password_line(options, context);
    case Action::help:
      say(stdout, "{}", keygen_usage());
      return 0;
  }
  return 1;
}

}  // namespace glassh
