#include "server/login/login_terms.h"

#include "config/small_file.h"
#include "server/login/password_store.h"

namespace glassh {

ServerAuthSettings auth_settings(const ServerConfig& config) {
  ServerAuthSettings settings;
  settings.publickey = config.pubkey_authentication;
  settings.password = config.password_authentication && has_passwords(config);
  settings.keyboard_interactive = config.kbd_interactive_authentication && has_passwords(config);
  settings.empty_password = config.permit_empty_passwords;
  settings.methods = config.authentication_methods;
  settings.accepted_algorithms = config.pubkey_accepted_algorithms;
  settings.max_tries = config.max_auth_tries;
  return settings;
}

std::string banner_text(const ServerConfig& config, const Log& log) {
  // It has to fit into one packet, in which each line ends in two characters (RFC 4252 section 5.4 [4252-5.4-5]).
  constexpr std::size_t limit = 16 * 1024;
  if (config.banner.empty()) return {};
  try {
    return std::string(text_of(read_small_file(config.banner, limit).content.reveal()));
  } catch (const FileError& error) {
    log.verbose("Banner: {}", error.what());
    return {};
  }
}

bool has_passwords(const ServerConfig& config) { return !config.password_file.empty() || shadow_is_readable(); }

}  // namespace glassh
