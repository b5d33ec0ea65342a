#include "client/agent/agent_options.h"

#include <cstdlib>

#include <fmt/format.h>

#include "config/syntax.h"

namespace glassh {

namespace {

std::chrono::seconds read_lifetime(const std::string& text) {
  const auto seconds = parse_time(text);
  if (!seconds) {
    throw UsageError(fmt::format("Invalid lifetime '{}': must be a time such as 3600, 90m or 1h30m", text));
  }
  return std::chrono::seconds(*seconds);
}

HashName read_hash(const std::string& text) {
  if (text == "sha256") return HashName::sha256;
  if (text == "md5") return HashName::md5;
  throw UsageError(fmt::format("Unknown hash algorithm '{}': must be sha256 or md5", text));
}

}  // namespace

AgentOptions parse_agent_options(std::span<const std::string> arguments, const char* shell) {
  AgentOptions options;
  bool bourne = false;
  bool c = false;
  FlagReader reader(arguments, "cDdksE:a:O:P:t:", {{"help", false}});
  while (const auto flag = reader.next_flag()) {
    if (flag->name == "c") c = true;
    if (flag->name == "s") bourne = true;
    if (flag->name == "k") options.kill = true;
    if (flag->name == "d") options.debug = true;
    if (flag->name == "D") options.foreground = true;
    if (flag->name == "a") options.bind_address = flag->value;
    if (flag->name == "t") options.lifetime = read_lifetime(flag->value);
    if (flag->name == "E") options.fingerprint_hash = read_hash(flag->value);
    if (flag->name == "O" && flag->value != "no-restrict-websafe" && flag->value != "allow-remote-pkcs11") {
      throw UsageError(fmt::format("Unknown -O option '{}'", flag->value));
    }
    if (flag->name == "help") options.help = true;
  }
  while (auto word = reader.next_word()) options.command.push_back(std::move(*word));
  const bool several =
      (c && bourne) || (options.foreground && options.debug) || (options.kill && (options.foreground || options.debug));
  const bool needless =
      !options.command.empty() && (c || bourne || options.kill || options.debug || options.foreground);
  if (several || needless) throw UsageError("");
  const std::string_view name = shell != nullptr ? shell : "";
  if (c || (!bourne && options.command.empty() && name.ends_with("csh"))) options.style = ShellStyle::c;
  return options;
}

std::string_view agent_usage() {
  return "usage: glassh-agent [-c | -s] [-Dd] [-a bind_address] [-E fingerprint_hash]\n"
         "                    [-O option] [-P allowed_providers] [-t life]\n"
         "       glassh-agent [-a bind_address] [-E fingerprint_hash] [-O option]\n"
         "                    [-P allowed_providers] [-t life] command [arg ...]\n"
         "       glassh-agent [-c | -s] -k\n";
}

std::string setting_commands(ShellStyle style, const std::string& socket, std::optional<long> agent_pid, long pid) {
  const auto set = [style](std::string_view name, const std::string& value) {
    return style == ShellStyle::c ? fmt::format("setenv {} {};\n", name, value)
                                  : fmt::format("{}={}; export {};\n", name, value, name);
  };
  std::string out = set("SSH_AUTH_SOCK", socket);
  if (agent_pid) out += set("SSH_AGENT_PID", std::to_string(*agent_pid));
  return out + fmt::format("echo Agent pid {};\n", pid);
}

std::string unsetting_commands(ShellStyle style, long killed_pid) {
  const std::string_view unset = style == ShellStyle::c ? "unsetenv" : "unset";
  return fmt::format("{0} SSH_AUTH_SOCK;\n{0} SSH_AGENT_PID;\necho Agent pid {1} killed;\n", unset, killed_pid);
}

}  // namespace glassh
