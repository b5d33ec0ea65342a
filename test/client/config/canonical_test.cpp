#include "client/config/canonical.h"

#include <map>

#include <gtest/gtest.h>

#include "client/config/client_config.h"
#include "test/support/config_names.h"

namespace glassh {
namespace {

using test::config_error_of;
using test::few_algorithms;

// What the name service knows: a name, with the one that it is an alias of.
using Names = std::map<std::string, std::string>;

std::string canonical(const std::string& host, const CanonicalRules& rules, const Names& names) {
  return canonical_host(host, rules, [&names](const std::string& name) -> std::optional<std::string> {
    const auto found = names.find(name);
    return found != names.end() ? std::optional<std::string>(found->second) : std::nullopt;
  });
}

CanonicalRules rules_for(std::vector<std::string> domains) {
  CanonicalRules rules;
  rules.domains = std::move(domains);
  return rules;
}

ClientConfig load(const std::string& text, const Names& names, const std::string& host = "db") {
  ClientContext context{host, "alice", "/home/alice", 1000, "desk", {}};
  context.environment = [](std::string_view) { return std::nullopt; };
  context.canonical_name = [&names](const std::string& name) -> std::optional<std::string> {
    const auto found = names.find(name);
    return found != names.end() ? std::optional<std::string>(found->second) : std::nullopt;
  };
  ClientConfigReader reader(context, few_algorithms());
  reader.text(text, "config");
  if (reader.wants_final_pass()) {
    reader.begin_final_pass();
    reader.text(text, "config");
  }
  return reader.finish();
}

TEST(Canonical, TheFirstDomainThatHasTheHostGivesTheName) {
  const CanonicalRules rules = rules_for({"a.example", "b.example"});
  const Names names = {{"db.b.example.", "db.b.example"}, {"db.x.b.example.", ""}, {"x.db.b.example.", ""}};
  EXPECT_EQ(canonical("db", rules, names), "db.b.example");
  EXPECT_EQ(canonical("other", rules, names), "other");
  EXPECT_EQ(canonical("db.x.y", rules, names), "db.x.y");  // more dots than one: it is full already
  EXPECT_EQ(canonical("127.0.0.1", rules, {{"127.0.0.1.a.example.", ""}}), "127.0.0.1");
  EXPECT_EQ(canonical("::1", rules, {}), "::1");
  EXPECT_EQ(canonical("db.b.example.", rules, names), "db.b.example");
}

TEST(Canonical, ANameThatMustBeFoundAndIsNotIsAnError) {
  CanonicalRules rules = rules_for({"a.example"});
  rules.fallback_local = false;
  EXPECT_EQ(config_error_of([&] { canonical("db", rules, {}); }), "Could not resolve host \"db\"");
  EXPECT_EQ(canonical("db.in.full", rules, {}), "db.in.full");
}

TEST(Canonical, AnAliasIsFollowedOnlyWhereARuleAllowsIt) {
  CanonicalRules rules = rules_for({"a.example"});
  const Names names = {{"db.a.example.", "host7.b.example"}, {"short", "long.c.example"}};
  EXPECT_EQ(canonical("db", rules, names), "db.a.example");
  rules.permitted_cnames = {{"*.x.example", "*"}, {"*.a.example", "*.z.example"}};
  EXPECT_EQ(canonical("db", rules, names), "db.a.example");
  rules.permitted_cnames.emplace_back("*.a.example", "*.c.example,*.b.example");
  EXPECT_EQ(canonical("db", rules, names), "host7.b.example");
  EXPECT_EQ(canonical("short", rules, names), "short");
  rules.permitted_cnames.emplace_back("short", "long.*");
  EXPECT_EQ(canonical("short", rules, names), "long.c.example");
}

TEST(Canonical, TheFilesAreReadAgainForTheNameThatWasFound) {
  const Names names = {{"db.lab.example.", "db.lab.example"}};
  const std::string text =
      "CanonicalizeHostname yes\nCanonicalDomains lab.example\nHost db.lab.example\nPort 5\nMatch canonical host "
      "*.lab.example\nUser x\nHost db\nConnectionAttempts 2\n";
  const auto config = load(text, names);
  EXPECT_EQ(config.host_name, "db.lab.example");
  EXPECT_EQ(config.port, 5);
  EXPECT_EQ(config.user, "x");
  EXPECT_EQ(config.connection_attempts, 2U);
  EXPECT_EQ(load(text.substr(text.find('\n') + 1), names).host_name, "db");
}

TEST(Canonical, NamesBehindAProxyAreLeftToItUnlessAlways) {
  const Names names = {{"db.lab.example.", "db.lab.example"}};
  const std::string rest = "CanonicalDomains lab.example\nProxyJump a\n";
  EXPECT_EQ(load("CanonicalizeHostname yes\n" + rest, names).host_name, "db");
  EXPECT_EQ(load("CanonicalizeHostname always\n" + rest, names).host_name, "db.lab.example");
  EXPECT_EQ(load("CanonicalizeHostname yes\nCanonicalDomains lab.example\nProxyCommand none\n", names).host_name,
            "db.lab.example");
}

TEST(Canonical, MistakesAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"CanonicalizeHostname maybe", "CanonicalizeHostname: bad value 'maybe': expected yes, no or always"},
      {"CanonicalDomains a/b", "CanonicalDomains: bad domain 'a/b': expected a name such as example.org"},
      {"CanonicalDomains a .b", "CanonicalDomains: bad domain '.b': expected a name such as example.org"},
      {"CanonicalDomains a..b", "CanonicalDomains: bad domain 'a..b': expected a name such as example.org"},
      {"CanonicalDomains none a", "CanonicalDomains: 'none' stands alone"},
      {"CanonicalizePermittedCNAMEs a", "CanonicalizePermittedCNAMEs: bad rule 'a': expected patterns:patterns"},
      {"CanonicalizePermittedCNAMEs a:", "CanonicalizePermittedCNAMEs: bad rule 'a:': expected patterns:patterns"},
      {"CanonicalizeMaxDots -1", "CanonicalizeMaxDots: bad value '-1': expected a number"},
  };
  for (const auto& [text, error] : cases) {
    EXPECT_EQ(config_error_of([text = text] { load(text, {}); }), "config:1: " + error);
  }
}

}  // namespace
}  // namespace glassh
