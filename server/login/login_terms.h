// How a user may log in, as the configuration that applies to the user says it: what the core's ServerAuth is told.
//
//   const ServerAuthSettings settings = auth_settings(config);  settings.banner = banner_text(config, log);
#pragma once

#include <string>

#include "auth/server_auth.h"
#include "server/config/server_config.h"
#include "server/log.h"

namespace glassh {

ServerAuthSettings auth_settings(const ServerConfig& config);
// Returns the text of Banner's file now; empty if there is no file, or if the text cannot be sent, which is logged.
std::string banner_text(const ServerConfig& config, const Log& log);
// PasswordFile, or a shadow(5) that we may read; without either no password can be right, and none is asked for.
bool has_passwords(const ServerConfig& config);

}  // namespace glassh
