#include "client/tools/copy_id_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

CopyIdOptions parse(const std::vector<std::string>& arguments) { return parse_copy_id_options(arguments); }

TEST(CopyIdOptions, FlagsAreThoseOfSshCopyId) {
  const CopyIdOptions plain = parse({"user@host"});
  EXPECT_EQ(plain.destination, "user@host");
  EXPECT_FALSE(plain.identity || plain.forced || plain.dry_run || plain.sftp);
  EXPECT_THAT(plain.client_flags, IsEmpty());

  const CopyIdOptions all = parse({"-fns", "-i", "k.pub", "-p2222", "-o", "User=a b", "-F", "none", "--", "host"});
  EXPECT_TRUE(all.identity == "k.pub" && all.forced && all.dry_run && all.sftp);
  EXPECT_THAT(all.client_flags, ElementsAre("-p", "2222", "-o", "User=a b", "-F", "none"));
  EXPECT_THAT(flags_for_sftp(all.client_flags), ElementsAre("-P", "2222", "-o", "User=a b", "-F", "none"));
  EXPECT_THAT(flags_for_sftp({"-o", "-p"}), ElementsAre("-o", "-p")) << "a value is no flag";
}

TEST(CopyIdOptions, WrongOnesAreNamed) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{}, ""},
      {{"-h"}, ""},
      {{"-?"}, ""},
      {{""}, ""},
      {{"-i", "a", "-i", "b", "host"}, "-i may be given only once"},
      {{"host", "more"}, "'more' is too much: expected one destination"},
      {{"--", "-oProxyCommand=x"}, "'-oProxyCommand=x' is no destination"},
  };
  for (const auto& [arguments, text] : cases) {
    try {
      parse(arguments);
      ADD_FAILURE() << text;
    } catch (const UsageError& error) {
      EXPECT_EQ(error.what(), text);
    }
  }
}

}  // namespace
}  // namespace glassh
