// OpenSSH PROTOCOL.agent section 2: what destination constraints permit, hop by hop.
#include "auth/agent_destinations.h"

#include <gtest/gtest.h>

#include "proto/messages_agent_keys.h"
#include "test/auth/agent_hosts.h"

namespace glassh {
namespace {

const TestHost jump(1);
const TestHost inner(2);
const TestHost stranger(3);

std::optional<LoginToSign> login(std::string_view session, const TestHost* host, std::string_view user = "me") {
  return parse_login_to_sign(login_data(session, user, test_key("ssh-ed25519"), host));
}

// From here to the jump host, from there to the inner one as user "me".
std::vector<DestinationRule> two_hops() {
  return {{{}, jump.hop("jump")}, {jump.hop("jump"), inner.hop("inner", "me")}};
}

TEST(AgentDestinations, RulesSurviveTheWire) {
  std::vector<DestinationRule> rules = two_hops();
  rules[1].to.keys.push_back({stranger.key_blob(), true});
  const auto again = decode_destinations(encode_destinations(rules));
  ASSERT_EQ(again.size(), 2u);
  EXPECT_TRUE(again[0].from.hostname.empty());
  EXPECT_EQ(again[1].from.hostname, "jump");
  EXPECT_EQ(again[1].to.user, "me");
  ASSERT_EQ(again[1].to.keys.size(), 2u);
  EXPECT_EQ(again[1].to.keys[0].blob, inner.key_blob());
  EXPECT_TRUE(again[1].to.keys[1].is_ca);
}

TEST(AgentDestinations, RulesThatAreNotWholeAreRefused) {
  const auto refused = [](DestinationRule rule) {
    try {
      decode_destinations(encode_destinations(std::vector{rule}));
      return std::string();
    } catch (const ProtocolError& error) {
      return std::string(error.what());
    }
  };
  EXPECT_EQ(refused({{}, jump.hop("jump")}), "");
  EXPECT_NE(refused({jump.hop("jump", "user"), inner.hop("inner")}), "");
  EXPECT_NE(refused({{"", "jump", {}}, inner.hop("inner")}), "");
  EXPECT_NE(refused({jump.hop(""), inner.hop("inner")}), "");
  EXPECT_NE(refused({{}, jump.hop("")}), "");
  EXPECT_NE(refused({{}, {"", "jump", {}}}), "");
  EXPECT_THROW(decode_destinations({}), ProtocolError);
}

TEST(AgentDestinations, SomethingInAReservedFieldIsRefused) {
  const auto hop = encode(msg::AgentHop{"", "host", {}, {{{jump.key_blob(), false}}}});
  const auto none = encode(msg::AgentHop{});
  const auto with = [&](Bytes from, Bytes to, Bytes reserved) {
    const auto rule = encode(msg::AgentDestination{from, to, reserved});
    return encode(msg::AgentDestinations{{{{rule}}}});
  };
  EXPECT_NO_THROW(decode_destinations(with(none, hop, {})));
  EXPECT_THROW(decode_destinations(with(none, hop, bytes_of("x"))), ProtocolError);
  const auto odd = encode(msg::AgentHop{"", "host", bytes_of("x"), {{{jump.key_blob(), false}}}});
  EXPECT_THROW(decode_destinations(with(none, odd, {})), ProtocolError);
}

TEST(AgentDestinations, WithoutABindingTheKeyIsShownAndDoesNotSign) {
  EXPECT_TRUE(permits_listing(two_hops(), {}));
  EXPECT_TRUE(why_not_sign(two_hops(), {}, login("s", &jump)).has_value());
}

TEST(AgentDestinations, EachHopNeedsItsRule) {
  const auto rules = two_hops();
  const std::vector to_jump = {jump.binding("1", false)};
  EXPECT_TRUE(permits_listing(rules, to_jump));
  EXPECT_EQ(why_not_sign(rules, to_jump, login("1", &jump)), std::nullopt);

  const std::vector through_jump = {jump.binding("1", true), inner.binding("2", false)};
  EXPECT_TRUE(permits_listing(rules, through_jump));
  EXPECT_EQ(why_not_sign(rules, through_jump, login("2", &inner)), std::nullopt);
  EXPECT_EQ(destination_name(rules, through_jump), "inner");

  const std::vector directly = {inner.binding("2", false)};
  EXPECT_FALSE(permits_listing(rules, directly)) << "only from the jump host";
  EXPECT_TRUE(why_not_sign(rules, directly, login("2", &inner)).has_value());

  const std::vector through_stranger = {stranger.binding("1", true), inner.binding("2", false)};
  EXPECT_FALSE(permits_listing(rules, through_stranger));
  EXPECT_TRUE(why_not_sign(rules, through_stranger, login("2", &inner)).has_value());

  const std::vector too_far = {jump.binding("1", true), inner.binding("2", true), jump.binding("3", false)};
  EXPECT_FALSE(permits_listing(rules, too_far));
}

TEST(AgentDestinations, AKeyIsShownOnAHostOnlyIfItMayGoOnFromThere) {
  const auto rules = two_hops();
  EXPECT_TRUE(permits_listing(rules, std::vector{jump.binding("1", true)}));
  EXPECT_FALSE(permits_listing(rules, std::vector{jump.binding("1", true), inner.binding("2", true)}));
}

TEST(AgentDestinations, TheUserMustFit) {
  const std::vector path = {jump.binding("1", true), inner.binding("2", false)};
  EXPECT_EQ(why_not_sign(two_hops(), path, login("2", &inner, "me")), std::nullopt);
  EXPECT_TRUE(why_not_sign(two_hops(), path, login("2", &inner, "root")).has_value());
  std::vector<DestinationRule> rules = two_hops();
  rules[1].to.user = "r*,m?";
  EXPECT_TRUE(why_not_sign(rules, path, login("2", &inner, "me")).has_value()) << "one pattern, not a list";
  rules[1].to.user = "m*";
  EXPECT_EQ(why_not_sign(rules, path, login("2", &inner, "me")), std::nullopt);
}

TEST(AgentDestinations, TheLoginMustBeOfTheLastSessionAndHost) {
  const auto rules = two_hops();
  const std::vector path = {jump.binding("1", true), inner.binding("2", false)};
  EXPECT_TRUE(why_not_sign(rules, path, login("1", &inner)).has_value());
  EXPECT_TRUE(why_not_sign(rules, path, login("2", &jump)).has_value());
  EXPECT_TRUE(why_not_sign(rules, path, login("2", nullptr)).has_value())
      << "behind a forwarding it must be host-bound";
  EXPECT_TRUE(why_not_sign(rules, path, std::nullopt).has_value());
  const std::vector forwarding = {jump.binding("1", true)};
  EXPECT_TRUE(why_not_sign(rules, forwarding, login("1", &jump)).has_value()) << "a forwarding signs nothing";
  const std::vector after_login = {jump.binding("1", false), inner.binding("2", false)};
  EXPECT_TRUE(why_not_sign(rules, after_login, login("2", &inner)).has_value());
}

TEST(AgentDestinations, AnAuthoritysKeyIsNoHostKey) {
  std::vector<DestinationRule> rules = {{{}, jump.hop("jump")}};
  rules[0].to.keys[0].is_ca = true;
  EXPECT_FALSE(permits_listing(rules, std::vector{jump.binding("1", false)}));
}

// RFC 4252 section 7 [4252-7-13]
TEST(AgentDestinations, OnlyWhatAClientSignsToLogInIsALogin) {
  const PrivateKey key = test_key("ssh-ed25519");
  const std::vector<std::uint8_t> good = login_data("session", "me", key, &jump);
  const auto parsed = parse_login_to_sign(good);
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->user, "me");
  EXPECT_EQ(parsed->host_key, jump.key_blob());
  EXPECT_EQ(parsed->session_id, copy_of(bytes_of("session")));

  EXPECT_FALSE(parse_login_to_sign({}).has_value());
  EXPECT_FALSE(parse_login_to_sign(Bytes(good).first(good.size() - 1)).has_value());
  std::vector<std::uint8_t> longer = good;
  longer.push_back(0);
  EXPECT_FALSE(parse_login_to_sign(longer).has_value());

  const auto changed = [&](auto change) {
    msg::PublicKeySignedData data{.session_identifier = bytes_of("s"), .user_name = "me"};
    data.service_name = "ssh-connection";
    data.algorithm = "ssh-ed25519";
    data.public_key = key.public_key().blob();
    change(data);
    return parse_login_to_sign(encode(data)).has_value();
  };
  EXPECT_TRUE(changed([](auto&) {}));
  EXPECT_FALSE(changed([](auto& data) { data.request_number = 51; }));
  EXPECT_FALSE(changed([](auto& data) { data.service_name = "ssh-userauth"; }));
  EXPECT_FALSE(changed([](auto& data) { data.method_name = "hostbased"; }));
  EXPECT_FALSE(changed([](auto& data) { data.has_signature = false; }));
}

}  // namespace
}  // namespace glassh
