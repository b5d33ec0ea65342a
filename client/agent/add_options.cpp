#include "client/agent/add_options.h"

#include <fmt/format.h>

#include "config/syntax.h"

namespace glassh {

namespace {

HashName read_hash(const std::string& text) {
  if (text == "sha256") return HashName::sha256;
  if (text == "md5") return HashName::md5;
  throw AddUsageError(AddUsageError::fatal, fmt::format("Invalid hash algorithm \"{}\": must be sha256 or md5", text));
}

std::optional<AddAction> action_of(std::string_view flag) {
  if (flag == "d") return AddAction::remove;
  if (flag == "D") return AddAction::remove_all;
  if (flag == "l") return AddAction::list;
  if (flag == "L") return AddAction::list_public_keys;
  if (flag == "x") return AddAction::lock;
  if (flag == "X") return AddAction::unlock;
  if (flag == "T") return AddAction::test;
  return std::nullopt;
}

void refuse_what_is_not_done(std::string_view flag) {
  if (flag == "s" || flag == "e" || flag == "S" || flag == "K") {
    throw AddUsageError(1, fmt::format("glassh-add has no tokens yet: -{} is not supported", flag));
  }
  if (flag == "C") throw AddUsageError(1, "glassh-add has no certificates yet: -C is not supported");
}

}  // namespace

AddOptions parse_add_options(std::span<const std::string> arguments) {
  AddOptions options;
  std::string action;
  FlagReader reader(arguments, "vkKlLCcdDTxXE:e:h:H:M:m:qs:S:t:", {{"help", false}});
  while (const auto flag = reader.next_flag()) {
    refuse_what_is_not_done(flag->name);
    if (const auto wanted = action_of(flag->name)) {
      const bool listing = (flag->name == "l" || flag->name == "L") && (action == "l" || action == "L");
      if (listing) throw AddUsageError(AddUsageError::fatal, fmt::format("-{} flag already specified", action));
      if (!action.empty() && action != flag->name)
        throw AddUsageError(AddUsageError::fatal, "Invalid combination of actions");
      action = flag->name;
      options.action = *wanted;
    }
    if (flag->name == "c") options.confirm = true;
    if (flag->name == "q") options.quiet = true;
    if (flag->name == "v") ++options.verbose;
    if (flag->name == "h") options.destinations.push_back(flag->value);
    if (flag->name == "H") options.host_key_files.push_back(flag->value);
    if (flag->name == "E") options.fingerprint_hash = read_hash(flag->value);
    if (flag->name == "help") options.help = true;
    if (flag->name == "t") {
      options.lifetime_seconds = parse_time(flag->value);
      // 0 is what "no limit" would look like in a script that got its arithmetic wrong.
      if (!options.lifetime_seconds || *options.lifetime_seconds == 0) {
        throw AddUsageError(
            1, fmt::format("Invalid lifetime '{}': must be a time such as 3600, 90m or 1h30m", flag->value));
      }
    }
  }
  while (auto word = reader.next_word()) options.files.push_back(std::move(*word));
  if (options.action == AddAction::test && options.files.empty()) {
    throw UsageError("no keys to test: -T wants files with public keys");
  }
  return options;
}

std::string_view add_usage() {
  return "usage: glassh-add [-cDdkLlqvXx] [-E fingerprint_hash] [-H hostkey_file]\n"
         "                  [-h destination_constraint] [-t life] [file ...]\n"
         "       glassh-add -T pubkey ...\n";
}

}  // namespace glassh
