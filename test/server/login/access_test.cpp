#include "server/login/access.h"
#include "auth/our_algorithms.h"

#include <gtest/gtest.h>

namespace glassh {
namespace {

const Account ann{"ann", 1000, 1000, "/home/ann", "/bin/sh"};
const LoginOrigin origin{"client.example", "192.0.2.7", 0};

ServerConfig read(std::string_view text) {
  ServerConfigReader reader(our_algorithm_names(Role::server));
  reader.text(text, "sshd_config");
  return reader.finish();
}

std::string refusal(std::string_view text) {
  return access_refusal(read(text), ann, origin, [](const std::string&) {
    return std::vector<std::string>{"users", "staff"};
  });
}

// The verdicts are sshd's, the reasons are what its log says. [4251-9.4.3-2] [4251-9.4.3-3]
TEST(Access, ListsOfUsersAndGroups) {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"AllowUsers ann", ""},
      {"AllowUsers bob\nAllowUsers a?n", ""},
      {"AllowUsers bob eve", "not listed in AllowUsers"},
      {"AllowUsers Ann", "not listed in AllowUsers"},
      {"DenyUsers bob", ""},
      {"DenyUsers bob a*", "listed in DenyUsers"},
      {"AllowUsers ann\nDenyUsers ann", "listed in DenyUsers"},
      {"AllowUsers ann@192.0.2.0/24", ""},
      {"AllowUsers ann@*.example", ""},
      {"AllowUsers *@client.example", ""},
      {"AllowUsers ann@10.0.0.0/8", "not listed in AllowUsers"},
      {"AllowUsers bob@192.0.2.*", "not listed in AllowUsers"},
      {"DenyUsers ann@10.*", ""},
      {"DenyUsers *@192.0.2.7", "listed in DenyUsers"},
      {"AllowGroups staff", ""},
      {"AllowGroups wheel s*", ""},
      {"AllowGroups wheel", "none of user's groups are listed in AllowGroups"},
      {"DenyGroups wheel", ""},
      {"DenyGroups users", "a group is listed in DenyGroups"},
      {"AllowGroups staff\nDenyGroups staff", "a group is listed in DenyGroups"},
      {"AllowUsers ann\nAllowGroups wheel", "none of user's groups are listed in AllowGroups"},
  };
  for (const auto& [text, why] : cases) EXPECT_EQ(refusal(text), why) << text;
}

TEST(Access, AUserWithoutGroupsIsInNoneThatIsAllowed) {
  const auto nowhere = [](const std::string&) { return std::vector<std::string>(); };
  EXPECT_EQ(access_refusal(read("AllowGroups *"), ann, origin, nowhere), "not in any group");
  EXPECT_EQ(access_refusal(read("DenyGroups x"), ann, origin, nowhere), "not in any group");
  EXPECT_EQ(access_refusal(read(""), ann, origin, nullptr), "") << "nobody is asked without need";
}

TEST(Access, RootMayBeKeptToSomeMethods) {
  KeyOptions plain;
  KeyOptions forced;
  forced.command = "date";
  struct {
    std::string value, method;
    const KeyOptions& options;
    bool may;
  } const cases[] = {
      {"yes", "password", plain, true},
      {"no", "publickey", forced, false},
      {"prohibit-password", "publickey", plain, true},
      {"without-password", "publickey-hostbound-v00@openssh.com", plain, true},
      {"prohibit-password", "password", plain, false},
      {"prohibit-password", "keyboard-interactive", plain, false},
      {"forced-commands-only", "publickey", plain, false},
      {"forced-commands-only", "publickey", forced, true},
      {"forced-commands-only", "password", forced, false},
  };
  for (const auto& [value, method, options, may] : cases) {
    EXPECT_EQ(root_may_log_in(read("PermitRootLogin " + value), method, options), may) << value << " " << method;
  }
  EXPECT_FALSE(root_may_log_in(read(""), "password", plain)) << "prohibit-password is the default";
}

}  // namespace
}  // namespace glassh
