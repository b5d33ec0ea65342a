// A handshake and a login with one message left out, said twice, or said after the next one: for every family of key
// exchange methods, in both roles. And what strict key exchange says to anything between the messages of the exchange.
//
// Past vulnerabilities 1 to 7, 25 to 30.
#include <gtest/gtest.h>

#include <set>

#include "proto/messages_connection.h"
#include "proto/messages_kex.h"
#include "test/support/recorded_peer.h"

namespace glassh {
namespace {

using test::Payload;
using test::RecordedPeer;
using test::Victim;

// One method of each family: the larger groups say the same messages and only take longer.
std::vector<std::string> families() {
  std::vector<std::string> names;
  for (const std::string_view name : kex_names()) {
    if (name.starts_with("diffie-hellman-group16") || name.starts_with("diffie-hellman-group18")) continue;
    names.emplace_back(name);
  }
  return names;
}

struct Edit {
  std::string text;
  std::size_t at;  // the first message that is not where it was
  std::vector<Payload> messages;
};

std::vector<Edit> edits_of(const std::vector<Payload>& messages) {
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto place = static_cast<std::ptrdiff_t>(i);
    std::vector<Payload> omitted = messages;
    omitted.erase(omitted.begin() + place);
    edits.push_back({fmt::format("message {} ({}) omitted", messages[i][0], i), i, std::move(omitted)});
    std::vector<Payload> doubled = messages;
    doubled.insert(doubled.begin() + place, messages[i]);
    edits.push_back({fmt::format("message {} ({}) doubled", messages[i][0], i), i, std::move(doubled)});
    if (i + 1 == messages.size()) continue;
    std::vector<Payload> swapped = messages;
    std::swap(swapped[i], swapped[i + 1]);
    edits.push_back(
        {fmt::format("messages {} and {} ({}) swapped", messages[i][0], messages[i + 1][0], i), i, std::move(swapped)});
  }
  return edits;
}

// A server may let in only who answered its question rightly, after asking for the service: RFC 4253 section 10, RFC
// 4256 section 3.1. The messages behind NEWKEYS of a peer that knows the password.
bool answers_a_question(const std::vector<Payload>& messages) {
  bool service = false, asked = false;
  for (const Payload& message : messages) {
    if (message[0] == msg::ServiceRequest::number) service = true;
    if (message[0] == msg::UserauthRequest::number) {
      if (!service) return false;
      asked = decode<msg::UserauthRequest>(message).method_name == "keyboard-interactive";
    }
    if (message[0] == msg::UserauthInfoResponse::number) return asked;
  }
  return false;
}

bool has_event(const Victim& victim, std::string_view words) {
  return std::find(victim.events.begin(), victim.events.end(), words) != victim.events.end();
}

// [4253-7.1-32] [4253-7.3-3] [4253-10-4] [openssh-strict-kex-1.9-4] [openssh-strict-kex-1.9-6] break
TEST(Reordering, NoMessageOfTheKeyExchangeCanBeLeftOutDoubledOrMoved) {  // past vulnerability 29
  for (const std::string& kex : families()) {
    for (const Role role : {Role::server, Role::client}) {
      const RecordedPeer peer(role, kex);
      const std::unique_ptr<Victim> honest = peer.make_victim();
      peer.say(*honest, peer.messages());
      ASSERT_TRUE(honest->logged_in) << kex;
      ASSERT_GE(peer.of_key_exchange(), 3U) << kex;
      for (const Edit& edit : edits_of(peer.messages())) {
        if (edit.at >= peer.of_key_exchange()) continue;
        const std::unique_ptr<Victim> victim = peer.make_victim();
        peer.say(*victim, edit.messages);
        SCOPED_TRACE(fmt::format("{}, {}: {}", kex, role == Role::server ? "server" : "client", edit.text));
        EXPECT_FALSE(victim->logged_in);
        EXPECT_TRUE(victim->end && !victim->end->by_peer);
        EXPECT_FALSE(has_event(*victim, "answers wanted") || has_event(*victim, "password wanted"));
        EXPECT_FALSE(has_event(*victim, "keyboard-interactive to judge"));
      }
    }
  }
}

// Behind the keys it is the same for all methods.
TEST(Reordering, NoMessageOfTheLoginLeadsAroundIt) {  // past vulnerabilities 1, 3, 4 and 5
  const RecordedPeer to_server(Role::server, "curve25519-sha256");
  std::size_t let_in = 0;
  for (const Edit& edit : edits_of(to_server.messages())) {
    if (edit.at < to_server.of_key_exchange()) continue;
    const std::unique_ptr<Victim> victim = to_server.make_victim();
    to_server.say(*victim, edit.messages);
    EXPECT_EQ(victim->logged_in, answers_a_question(edit.messages)) << edit.text;
    let_in += victim->logged_in;
  }
  EXPECT_GT(let_in, 0U);

  const RecordedPeer to_client(Role::client, "curve25519-sha256");
  for (const Edit& edit : edits_of(to_client.messages())) {
    if (edit.at < to_client.of_key_exchange()) continue;
    const std::unique_ptr<Victim> victim = to_client.make_victim();
    to_client.say(*victim, edit.messages);
    const auto index_of = [&](std::uint8_t number) {
      return std::find_if(edit.messages.begin(), edit.messages.end(),
                          [=](const Payload& it) { return it[0] == number; });
    };
    const auto accept = index_of(msg::ServiceAccept::number), success = index_of(msg::UserauthSuccess::number);
    const bool in_order = success != edit.messages.end() && accept < success;
    EXPECT_TRUE(in_order || !victim->logged_in) << edit.text;
    const auto question = index_of(msg::UserauthInfoRequest::number), failure = index_of(msg::UserauthFailure::number);
    const bool question_in_order = question != edit.messages.end() && accept < failure && failure < question;
    EXPECT_TRUE(question_in_order || !has_event(*victim, "answers wanted")) << edit.text;
  }
}

// In each gap of each family's exchange, also the two of group exchange that others have not. Each number, for the
// cheapest method, is a line of conformance/state_machine.md.
TEST(StrictKex, NothingMayStandBetweenTheMessagesOfTheExchange) {  // [openssh-strict-kex-1.9-4]
                                                                   // [openssh-strict-kex-1.9-5] break; past
                                                                   // vulnerabilities 26, 27, 28 and 30
  const std::vector<Payload> strangers = {encode(msg::Ignore{}),
                                          encode(msg::Unimplemented{0}),
                                          encode(msg::Debug{}),
                                          encode(msg::ServiceRequest{"ssh-userauth"}),
                                          encode(msg::ServiceAccept{"ssh-userauth"}),
                                          encode(msg::ExtInfo{{{"server-sig-algs", bytes_of("ssh-ed25519")}}}),
                                          {8},
                                          {22},
                                          encode(msg::KexDhGexRequestOld{2048}),
                                          encode(msg::KexDhGexRequest{2048, 2048, 8192}),
                                          {35},
                                          encode(msg::UserauthRequest{"root", "ssh-connection", "none", {}}),
                                          encode(msg::UserauthSuccess{}),
                                          encode(msg::GlobalRequest{"keepalive@openssh.com", true, {}}),
                                          encode(msg::ChannelOpen{"session", 0, 1 << 20, 1 << 15, {}}),
                                          encode(msg::Ping{bytes_of("ping")}),
                                          {255}};
  for (const std::string& kex : families()) {
    for (const Role role : {Role::server, Role::client}) {
      const RecordedPeer peer(role, kex);
      for (std::size_t gap = 0; gap < peer.of_key_exchange(); ++gap) {
        for (const Payload& stranger : strangers) {
          std::vector<Payload> messages = peer.messages();
          messages.insert(messages.begin() + static_cast<std::ptrdiff_t>(gap), stranger);
          const std::unique_ptr<Victim> victim = peer.make_victim();
          peer.say(*victim, messages);
          SCOPED_TRACE(fmt::format("{}, {}: message {} before its message {}", kex,
                                   role == Role::server ? "server" : "client", stranger[0], gap));
          EXPECT_TRUE(victim->end && !victim->end->by_peer);
          EXPECT_FALSE(victim->logged_in);
          EXPECT_FALSE(has_event(*victim, "new keys"));
        }
      }
    }
  }
}

}  // namespace
}  // namespace glassh
