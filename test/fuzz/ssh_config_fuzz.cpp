// Any text as ssh_config, and its first line as an -o and as a destination: it is either a configuration or a
// ConfigError.
#include <cstdlib>

#include "client/config/client_config.h"
#include "client/config/destination.h"
#include "test/support/config_names.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

ClientContext context() {
  return {"foo",
          "alice",
          "/nonexistent",
          1000,
          "desk.example.org",
          [](std::string_view name) { return name == "X" ? std::optional<std::string>("%h~") : std::nullopt; },
          [](const std::string& command) { return command.size() % 2 == 0; }};
}

// Include would read this machine's files.
bool has_include(std::string_view text) { return lower_case(text).find("include") != std::string::npos; }

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  if (has_include(text)) return 0;
  const auto first_line = text.substr(0, text.find('\n'));
  parse_destination(first_line);
  try {
    ClientConfigReader reader(context(), test::few_algorithms());
    reader.option(first_line);
  } catch (const ConfigError& error) {
    check(std::string_view(error.what()).starts_with("command line: "));
  }
  try {
    ClientConfigReader reader(context(), test::few_algorithms());
    reader.text(text, "f");
    if (reader.wants_final_pass()) {
      reader.begin_final_pass();
      reader.text(text, "f");
    }
    const auto config = reader.finish();
    check(config.port != 0 && !config.user.empty() && !config.host_name.empty() && !config.ciphers.empty());
    config.sends_env("LC_ALL");
    effective_config(config);
  } catch (const ConfigError& error) {
    check(std::string_view(error.what()).starts_with("f:"));
  }
  // What is quoted is read back.
  if (text.find('\0') == std::string::npos) {
    const auto line = split_config_line("x=" + quote_config_word(text));
    check(line && line->words.size() == 1 && line->words[0] == text);
  }
  return 0;
}
