#include "client/agent/add_options.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

AddOptions parse(std::vector<std::string> arguments) { return parse_add_options(arguments); }
std::string error_of(std::vector<std::string> arguments) {
  try {
    parse(std::move(arguments));
  } catch (const AddUsageError& error) {
    return std::to_string(error.status()) + " " + error.what();
  } catch (const UsageError& error) {
    return std::string("usage ") + error.what();
  }
  return "";
}

TEST(AddOptions, WithoutFlagsFilesAreAdded) {
  const AddOptions options = parse({"-c", "-t", "2m", "-h", "a>b", "-h", "c", "-H", "/k", "-q", "one", "-"});
  EXPECT_EQ(options.action, AddAction::add);
  EXPECT_TRUE(options.confirm && options.quiet);
  EXPECT_EQ(options.lifetime_seconds, 120u);
  EXPECT_EQ(options.destinations, (std::vector<std::string>{"a>b", "c"}));
  EXPECT_EQ(options.host_key_files, std::vector<std::string>{"/k"});
  EXPECT_EQ(options.files, (std::vector<std::string>{"one", "-"}));
}

TEST(AddOptions, EachActionHasItsLetter) {
  EXPECT_EQ(parse({"-l", "-E", "md5"}).fingerprint_hash, HashName::md5);
  const std::pair<const char*, AddAction> table[] = {
      {"-d", AddAction::remove},           {"-D", AddAction::remove_all}, {"-l", AddAction::list},
      {"-L", AddAction::list_public_keys}, {"-x", AddAction::lock},       {"-X", AddAction::unlock},
  };
  for (const auto& [flag, action] : table) EXPECT_EQ(parse({flag}).action, action) << flag;
  EXPECT_EQ(parse({"-T", "key.pub"}).action, AddAction::test);
}

TEST(AddOptions, WhatMakesNoSenseIsSaidWithSshAddsStatus) {
  EXPECT_EQ(error_of({"-l", "-L"}), "255 -l flag already specified");
  EXPECT_EQ(error_of({"-x", "-l"}), "255 Invalid combination of actions");
  EXPECT_EQ(error_of({"-E", "sha1"}), "255 Invalid hash algorithm \"sha1\": must be sha256 or md5");
  EXPECT_EQ(error_of({"-t", "soon"}), "1 Invalid lifetime 'soon': must be a time such as 3600, 90m or 1h30m");
  EXPECT_EQ(error_of({"-t", "0"}), "1 Invalid lifetime '0': must be a time such as 3600, 90m or 1h30m");
  EXPECT_EQ(error_of({"-T"}), "usage no keys to test: -T wants files with public keys");
  EXPECT_EQ(error_of({"-s", "lib"}), "1 glassh-add has no tokens yet: -s is not supported");
  EXPECT_EQ(error_of({"-C"}), "1 glassh-add has no certificates yet: -C is not supported");
  EXPECT_TRUE(error_of({"-Z"}).starts_with("usage "));
}

}  // namespace
}  // namespace glassh
