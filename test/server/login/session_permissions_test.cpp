#include "server/login/session_permissions.h"
#include "auth/our_algorithms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace glassh {
namespace {

ServerConfig read(std::string_view text) {
  ServerConfigReader reader(our_algorithm_names(Role::server));
  reader.text(text, "sshd_config");
  return reader.finish();
}
SessionPermissions permissions(std::string_view config, std::string_view options = "") {
  const auto parsed = parse_key_options(options);
  EXPECT_EQ(parsed.reason, "") << options;
  return session_permissions(read(config), *parsed.options);
}

// Past vulnerability 84: each switch, and each kind that it has to close.
TEST(Permissions, EachSideCanOnlyTakeAway) {
  struct {
    std::string config, options;
    bool pty, agent, port, x11;
  } const cases[] = {
      {"", "", true, true, true, true},
      {"PermitTTY no", "", false, true, true, true},
      {"PermitTTY no", "restrict,pty", false, false, false, false},
      {"", "no-pty", false, true, true, true},
      {"", "restrict", false, false, false, false},
      {"", "restrict,agent-forwarding", false, true, false, false},
      {"AllowAgentForwarding no", "agent-forwarding", true, false, true, true},
      {"AllowAgentForwarding no", "restrict,agent-forwarding", false, false, false, false},
      {"DisableForwarding yes", "", true, false, false, false},
      {"DisableForwarding yes\nAllowAgentForwarding yes", "agent-forwarding,port-forwarding,X11-forwarding", true,
       false, false, false},
      {"", "no-port-forwarding", true, true, false, true},
      {"", "no-X11-forwarding", true, true, true, false},
      {"", "no-agent-forwarding", true, false, true, true},
      {"X11Forwarding no", "X11-forwarding", true, true, true, false},
  };
  for (const auto& [config, options, pty, agent, port, x11] : cases) {
    const SessionPermissions got = permissions(config + "\nX11Forwarding yes", options);
    SCOPED_TRACE(config + " | " + options);
    EXPECT_EQ(got.pty, pty);
    EXPECT_EQ(got.agent_forwarding, agent);
    for (const Forwardable& kind : {got.tcp, got.sockets}) {
      EXPECT_EQ(kind.open, port);
      EXPECT_EQ(kind.listen, port);
    }
    EXPECT_EQ(got.x11_forwarding, x11);
  }
}

TEST(Permissions, ForceCommandGoesBeforeTheKeys) {
  EXPECT_EQ(permissions("").forced_command, std::nullopt);
  EXPECT_EQ(permissions("", "command=\"key\"").forced_command, "key");
  EXPECT_EQ(permissions("", "command=\"\"").forced_command, "") << "an empty command is one";
  EXPECT_EQ(permissions("ForceCommand config", "command=\"key\"").forced_command, "config");
  EXPECT_EQ(permissions("ForceCommand config", "command=\"key\"").forced_by, "config");
  EXPECT_EQ(permissions("ForceCommand none", "command=\"key\"").forced_by, "key-option");
}

// Past vulnerability 86: no variable comes in by a pattern that was not meant for it.
TEST(Permissions, VariablesOfKeysNeedPermitUserEnvironment) {
  const std::string options = R"(environment="LD_PRELOAD=/x",environment="GLASSH_A=1")";
  const auto names = [](const SessionPermissions& permissions) {
    std::string all;
    for (const EnvironmentVariable& variable : permissions.environment) all += variable.name + " ";
    return all;
  };
  EXPECT_EQ(names(permissions("", options)), "");
  EXPECT_EQ(names(permissions("PermitUserEnvironment no", options)), "");
  EXPECT_EQ(names(permissions("PermitUserEnvironment YES", options)), "LD_PRELOAD GLASSH_A ");
  EXPECT_EQ(names(permissions("PermitUserEnvironment GLASSH_*", options)), "GLASSH_A ");
  EXPECT_EQ(names(permissions("PermitUserEnvironment *,!LD_*", options)), "GLASSH_A ");
}

// Past vulnerability 84: a list of places closes Unix sockets as well, as with sshd.
TEST(Permissions, WhoMayReachSomePlacesOnlyReachesNoSocket) {
  EXPECT_TRUE(permissions("").may_open_socket());
  EXPECT_TRUE(permissions("PermitOpen any").may_open_socket());
  EXPECT_TRUE(permissions("PermitOpen a:1 *:*", R"(permitopen="*:*",permitlisten="1")").may_open_socket());
  EXPECT_TRUE(permissions("PermitListen none").may_open_socket());
  for (const char* const places : {"PermitOpen none", "PermitOpen host:80", "PermitOpen *:80", "PermitOpen host:*"}) {
    EXPECT_FALSE(permissions(places).may_open_socket()) << places;
    EXPECT_FALSE(permissions(places, R"(permitopen="*:*")").may_open_socket()) << places;
  }
  EXPECT_FALSE(permissions("", R"(permitopen="host:80")").may_open_socket());
  EXPECT_FALSE(permissions("PermitOpen *:*", R"(permitopen="host:80")").may_open_socket());
  EXPECT_FALSE(permissions("AllowStreamLocalForwarding no").may_open_socket());
}

TEST(Permissions, EndpointsMustBeOnEachList) {
  const SessionPermissions all = permissions("");
  EXPECT_TRUE(all.may_open("host", 80));
  EXPECT_TRUE(all.may_listen("", 80));
  const SessionPermissions some =
      permissions("", R"(permitopen="host:80",permitopen="[::1]:*",permitlisten="8080",permitlisten="*.example:90")");
  EXPECT_TRUE(some.may_open("host", 80));
  EXPECT_TRUE(some.may_open("::1", 12345));
  EXPECT_FALSE(some.may_open("host", 81));
  EXPECT_FALSE(some.may_open("HOST", 80));
  EXPECT_FALSE(some.may_open("other", 80));
  EXPECT_TRUE(some.may_listen("anything", 8080));
  EXPECT_TRUE(some.may_listen("a.example", 90));
  EXPECT_FALSE(some.may_listen("a.other", 90));
  EXPECT_FALSE(some.may_listen("a.example", 91));
  EXPECT_FALSE(permissions("", R"(restrict,permitopen="host:80")").may_open("host", 80));
  EXPECT_FALSE(permissions("DisableForwarding yes", R"(permitlisten="80")").may_listen("", 80));

  // Two keys: what both permit, even if that is nothing (past vulnerability 14).
  const auto both = combine(*parse_key_options(R"(permitopen="a:1",permitopen="b:1")").options,
                            *parse_key_options(R"(permitopen="b:*")").options);
  const SessionPermissions shared = session_permissions(ServerConfig(), *both);
  EXPECT_TRUE(shared.may_open("b", 1));
  EXPECT_FALSE(shared.may_open("a", 1));
  EXPECT_FALSE(shared.may_open("b", 2));
}

}  // namespace
}  // namespace glassh
