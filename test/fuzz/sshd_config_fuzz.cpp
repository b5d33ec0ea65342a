// Any text as sshd_config is either a configuration, or a ConfigError with a place in front.
#include <cstdlib>

#include "server/config/server_config.h"
#include "server/login/session_permissions.h"
#include "test/support/config_names.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

ServerConfig read(std::string_view text) {
  ServerConfigReader reader(test::few_algorithms());
  reader.text(text, "f");
  return reader.finish();
}

// Include would read this machine's files.
bool has_include(std::string_view text) { return lower_case(text).find("include") != std::string::npos; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (has_include(text)) return 0;
  try {
    const auto config = read(text);
    check(!config.ports.empty() && !config.ciphers.empty() && !config.host_key_algorithms.empty());
    authorized_keys_paths(config, "user", "/home/user", 1000);
    config.accepts_env("LC_ALL");
    effective_config(config);
    const MatchSubject subject{.user = "ann",
                               .host = "client.example",
                               .address = "192.0.2.1",
                               .local_address = "2001:db8::1",
                               .local_port = 22,
                               .groups = [](const std::string&) { return std::vector<std::string>{"staff"}; }};
    const auto anns = config_for(config, subject);
    effective_config(anns);
    session_permissions(anns, {});
  } catch (const ConfigError& error) {
    check(std::string_view(error.what()).starts_with("f:"));
  }
  return 0;
}
