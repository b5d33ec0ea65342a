// Past vulnerability 113 (conformance/known_attacks): a connection goes on in another object when its login is
// complete. Events and data are the same as without a hand-over, whatever has arrived behind the login and whatever
// comes after it. The object that was left says nothing any more.
#include <gtest/gtest.h>

#include "proto/messages_auth.h"
#include "proto/messages_session.h"
#include "test/support/cipher_suites.h"
#include "test/support/hand_made_peer.h"
#include "test/support/pair.h"

namespace glassh::test {
namespace {

void expect_silence(ServerConnection& left) {
  EXPECT_TRUE(left.closed());
  EXPECT_FALSE(left.waiting());
  EXPECT_FALSE(left.next_event());
  EXPECT_FALSE(left.next_deadline());
  left.set_now(TimePoint{} + std::chrono::hours(10000));
  left.disconnect(DisconnectReason::by_application, "one more word");
  left.welcome();
  EXPECT_FALSE(left.next_event());
  EXPECT_TRUE(left.ready().empty());
  EXPECT_EQ(left.backlog(), 0u);
  EXPECT_THROW(left.hand_over(), std::logic_error);
}

// ---- a peer made by hand, which says what it likes behind its password

struct Case {
  CipherNames suite;
  bool strict = true;
  std::string compression = "none";
  std::size_t pipelined = 0;  // bytes behind the request, at least
  enum class Rekey { no, by_peer, by_us } rekey = Rekey::no;
  bool rekey_is_pipelined = false;  // the peer's KEXINIT is what comes last behind the request
  bool tells_extensions = false;    // the peer sends EXT_INFO
  RekeyLimit rekey_limit = {};
};

std::string text_of(const Case& c) {
  return fmt::format("{} {}, strict {}, {}, {} pipelined, rekey {}{}", c.suite.cipher, c.suite.mac, c.strict,
                     c.compression, c.pipelined, static_cast<int>(c.rekey), c.rekey_is_pipelined ? " at once" : "");
}

Payload password_request(std::string_view password) {
  const Payload tail = encode(msg::PasswordRequest{false, {bytes_of(password)}, {}});
  return encode(msg::UserauthRequest{"student", "ssh-connection", "password", Rest{tail}});
}

// One run as both sides saw it. Key exchanges are random, so only that they took place is compared.
struct Story {
  std::vector<std::string> events;
  std::vector<std::uint8_t> received;
  std::vector<Payload> said;
  std::string end;
  bool operator==(const Story&) const = default;
};

class Session {
 public:
  Session(const Case& its_case, bool hands_over)
      : case_(its_case),
        victim_(proposal(its_case), {}, hands_over, its_case.rekey_limit),
        peer_(victim_, {.strict = its_case.strict,
                        .wants_ext_info = its_case.tells_extensions,
                        .cipher = its_case.suite,
                        .compression = its_case.compression}) {}

  // The whole login, with nothing behind it. The clock goes on meanwhile.
  void log_in() {
    reach_login();
    victim_.let_pass(std::chrono::seconds(1));
    peer_.say(password_request("wrong"));
    victim_.let_pass(std::chrono::minutes(1));
    peer_.say(password_request(right_password));
  }

  // One message after another until the victim begins a key exchange, which is then carried out: how many it took.
  std::size_t say_until_rekey(const std::function<void()>& say_one) {
    std::size_t said = 0;
    for (; peer_.heard_number(msg::KexInit::number) < 2 && said < 1000; ++said) say_one();
    peer_.say_kexinit();
    finish_rekey();
    return said;
  }

  // Up to the login, then `first` of the bytes of the request and what is behind it, then the rest, then more. A part
  // of no bytes is none; `first` of none is all at once.
  void run(std::optional<std::size_t> first = std::nullopt, std::size_t chunk = 0) {
    reach_login();
    peer_.deaf = true;
    peer_.say(password_request("wrong"));  // answered by FAILURE, which is unwritten when the login is complete
    peer_.say(password_request(right_password));
    pipeline();
    if (case_.rekey_is_pipelined) peer_.say_kexinit();
    peer_.deaf = false;
    std::vector<std::uint8_t> bytes = std::exchange(peer_.undelivered, {});
    size_behind_login = bytes.size();
    if (first) {
      const std::size_t size = std::min(*first, bytes.size());
      victim_.hear(Bytes(bytes).first(size));
      bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    }
    if (chunk == 0) chunk = bytes.size();
    for (Bytes rest = bytes; !rest.empty(); rest = rest.subspan(std::min(chunk, rest.size()))) {
      victim_.hear(rest.first(std::min(chunk, rest.size())));
    }
    peer_.listen();
    if (case_.rekey_is_pipelined) finish_rekey();
    use_channel(0);
    if (case_.rekey == Case::Rekey::by_peer) {
      peer_.say_kexinit();
      finish_rekey();
    } else if (case_.rekey == Case::Rekey::by_us) {
      victim_.start_key_exchange();
      peer_.listen();
      peer_.say_kexinit();
      finish_rekey();
    }
    use_channel(1);
  }

  Story story() {
    Story story{victim_.events, victim_.received, {}, victim_.end ? victim_.end->description : ""};
    for (const Payload& heard : peer_.heard) {
      if (heard[0] < message_number::kexinit || heard[0] >= message_number::userauth_request)
        story.said.push_back(heard);
    }
    EXPECT_EQ(peer_.not_understood, "");
    return story;
  }

  std::size_t size_behind_login = 0;
  ServerVictim& victim() { return victim_; }
  HandMadePeer& peer() { return peer_; }

 private:
  static Proposal proposal(const Case& its_case) {
    Proposal proposal = default_proposal();
    proposal.compression_client_to_server = proposal.compression_server_to_client = {"none", "zlib@openssh.com"};
    if (its_case.compression != "none") proposal.compression_client_to_server = {"zlib@openssh.com", "none"};
    return proposal;
  }

  void reach_login() {
    peer_.say_version();
    peer_.say_kexinit();
    victim_.let_pass(std::chrono::seconds(20));
    peer_.say_share();
    peer_.say_newkeys();
    if (case_.tells_extensions) {
      peer_.say(
          msg::ExtInfo{{{"ping@openssh.com", bytes_of("0")}, {"publickey-hostbound@openssh.com", bytes_of("0")}}});
    }
    victim_.let_pass(std::chrono::seconds(3));
    peer_.say(msg::ServiceRequest{"ssh-userauth"});
    victim_.let_pass(std::chrono::milliseconds(80));
    peer_.say(msg::UserauthRequest{"student", "ssh-connection", "none", {}});
  }

  // Packets of odd sizes. PING is answered only if it comes after the login, so its answers show that it did.
  void pipeline() {
    std::size_t size = 0;
    for (std::size_t i = 0; size < case_.pipelined; ++i) {
      Payload details(std::min<std::size_t>(i * i * 7 % 3001, case_.pipelined - size));
      SeededRng(i).fill(details);
      size += details.size() + 60;
      peer_.say(msg::GlobalRequest{"to-be-kept@glassh", false, Rest{details}});
      peer_.say(msg::Ping{Bytes(details).first(std::min<std::size_t>(details.size(), 20))});
      if (i % 3 == 0) peer_.say(msg::Ignore{bytes_of("ignore me")});
    }
  }

  void finish_rekey() {
    peer_.say_share();
    peer_.say_newkeys();
  }

  void use_channel(std::uint32_t our_channel) {
    peer_.say(msg::ChannelOpen{"session", our_channel, 1 << 20, 1 << 15, {}});
    std::uint32_t channel = 0;
    for (const Payload& heard : peer_.heard) {
      if (heard[0] != msg::ChannelOpenConfirmation::number) continue;
      channel = decode<msg::ChannelOpenConfirmation>(heard).sender_channel;
    }
    const Payload command = encode(msg::Exec{"echo"});
    peer_.say(msg::ChannelRequest{channel, "exec", true, Rest{command}});
    Payload data(5000);
    SeededRng(our_channel + 5).fill(data);
    peer_.say(msg::ChannelData{channel, data});
    peer_.say(msg::ChannelEof{channel});
    peer_.say(msg::ChannelClose{channel});
  }

  const Case case_;
  ServerVictim victim_;
  HandMadePeer peer_;
};

Story story_of(const Case& c, bool hands_over, std::optional<std::size_t> first = std::nullopt, std::size_t chunk = 0) {
  Session session(c, hands_over);
  session.run(first, chunk);
  EXPECT_TRUE(session.victim().logged_in) << text_of(c);
  EXPECT_EQ(session.victim().handed_over.size(), hands_over ? 1u : 0u) << text_of(c);
  for (const auto& left : session.victim().handed_over) expect_silence(*left);
  return session.story();
}

// How the keys change after the login.
struct Rekeys {
  Case::Rekey rekey;
  bool is_pipelined;
};
constexpr Rekeys all_rekeys[] = {{Case::Rekey::no, false},      {Case::Rekey::no, true},
                                 {Case::Rekey::by_peer, false}, {Case::Rekey::by_peer, true},
                                 {Case::Rekey::by_us, false},   {Case::Rekey::by_us, true}};

void expect_no_difference(const Case& c, std::size_t chunk) {
  SCOPED_TRACE(text_of(c));
  const Story without = story_of(c, false);
  EXPECT_EQ(without.end, "");
  EXPECT_EQ(std::count(without.events.begin(), without.events.end(), "close"), 2);
  EXPECT_GE(without.received.size(), 10000 + (c.pipelined > 1000 ? c.pipelined / 2 : 0));
  EXPECT_TRUE(story_of(c, true) == without);
  EXPECT_TRUE(story_of(c, true, std::nullopt, chunk) == without) << "in other pieces";
}

TEST(HandOver, ChangesNothingWithAnyCipherInEitherModeWhateverIsBehindTheLogin) {
  unsigned round = 0;
  for (const CipherNames& suite : all_suites()) {
    for (const bool strict : {true, false}) {
      for (const std::size_t pipelined : {std::size_t{0}, std::size_t{100}, std::size_t{64 * 1024}}) {
        for (const Rekeys& each : all_rekeys) {
          expect_no_difference({suite, strict, "none", pipelined, each.rekey, each.is_pipelined},
                               1 + ++round * 977 % 5000);
        }
      }
    }
  }
}

// Behind SUCCESS the client compresses, so nothing may stand there already.
TEST(HandOver, ChangesNothingWithAnyCipherInEitherModeWhenCompressionBegins) {
  unsigned round = 0;
  for (const CipherNames& suite : all_suites()) {
    for (const bool strict : {true, false}) {
      for (const Case::Rekey rekey : {Case::Rekey::no, Case::Rekey::by_peer, Case::Rekey::by_us}) {
        expect_no_difference({suite, strict, "zlib@openssh.com", 0, rekey}, 1 + ++round * 977 % 5000);
      }
    }
  }
}

// Behind SUCCESS a peer has to compress; one that does not ends the connection, with a hand-over in the same way.
TEST(HandOver, WhatIsNotCompressedBehindTheLoginIsRefusedAsEver) {
  Case c{{"aes128-gcm@openssh.com", ""}, true, "zlib@openssh.com", 1000};
  const auto end_of = [&](bool hands_over) {
    Session session(c, hands_over);
    session.run();
    return session.story().end;
  };
  EXPECT_NE(end_of(false), "");
  EXPECT_EQ(end_of(true), end_of(false));
}

// As many bytes of the request and of what is behind it as there are have arrived when the connection is handed over:
// none, a part of a length, a length that was not looked at, a part of a packet, whole ones.
//
// All suites, modes, rekeys and splits together would take minutes. There are 12 kinds of a connection (a mode and a
// way to rekey), and each step, of the suite or of the split, goes to the next kind. With 15 suites and hundreds of
// splits each suite meets each split, each kind meets each suite, and each kind meets each split.
TEST(HandOver, EachSplitOfTheBytesChangesNothing) {
  const std::vector<CipherNames> suites = all_suites();
  constexpr std::size_t kinds = 2 * std::size(all_rekeys);
  ASSERT_GE(suites.size(), kinds);
  for (std::size_t i = 0; i < suites.size(); ++i) {
    const auto case_of = [&](std::size_t kind) {
      const Rekeys& rekeys = all_rekeys[kind / 2];
      return Case{suites[i], kind % 2 == 0, "none", 150, rekeys.rekey, rekeys.is_pipelined};
    };
    std::vector<Story> without;
    for (std::size_t kind = 0; kind < kinds; ++kind) without.push_back(story_of(case_of(kind), false));
    Session longest(Case{suites[i], true, "none", 150, Case::Rekey::no, true}, true);
    longest.run();
    ASSERT_GT(longest.size_behind_login, kinds);
    for (std::size_t first = 0; first <= longest.size_behind_login; ++first) {
      const std::size_t kind = (first + i) % kinds;
      const Case c = case_of(kind);
      ASSERT_TRUE(story_of(c, true, first) == without[kind]) << text_of(c) << ", after " << first << " bytes";
    }
  }
}

// From the first byte on, so that the request is the last that has come; and from the middle on, with much behind it.
TEST(HandOver, OneByteAtATimeChangesNothing) {
  for (const CipherNames& suite : all_suites()) {
    const Case c{suite, false, "none", 3000, Case::Rekey::by_peer};
    SCOPED_TRACE(text_of(c));
    const Story without = story_of(c, false);
    EXPECT_TRUE(story_of(c, true, std::nullopt, 1) == without);
    EXPECT_TRUE(story_of(c, true, 1500, 1) == without);
  }
}

// The socket has taken a part of the answer to the wrong password: the rest leaves with the state.
TEST(HandOver, WhatIsSealedAndNotWrittenIsWrittenByTheNextOne) {
  const Case c{{"aes128-ctr", "hmac-sha2-256"}, true, "none", 500};
  const Story without = story_of(c, false);
  for (const std::size_t written : {0U, 1U, 17U}) {
    Session session(c, true);
    ServerVictim& victim = session.victim();
    std::size_t unwritten = 0;
    victim.before_hand_over = [&] {
      const Bytes sealed = victim.core->ready().at(0);
      victim.said_before = copy_of(sealed.first(written));
      victim.core->written(written);
      unwritten = victim.core->backlog();
    };
    session.run();
    EXPECT_GT(unwritten, 20u);
    EXPECT_TRUE(session.story() == without) << written;
  }
}

// ---- what is carried over and shows only later

void expect_same_counters(ServerVictim& with, ServerVictim& without) {
  EXPECT_EQ(with.transport().reader().packets_under_key(), without.transport().reader().packets_under_key());
  EXPECT_EQ(with.transport().reader().bytes_under_key(), without.transport().reader().bytes_under_key());
  EXPECT_EQ(with.transport().writer().packets_under_key(), without.transport().writer().packets_under_key());
  EXPECT_EQ(with.transport().writer().bytes_under_key(), without.transport().writer().bytes_under_key());
}

TEST(HandOver, WhatThePeerSaidAndTheAgeOfTheKeysGoAlong) {
  for (const bool tells_extensions : {true, false}) {
    const Case c{{"aes128-gcm@openssh.com", ""}, true, "none", 0, Case::Rekey::no, false, tells_extensions};
    Session one(c, false), other(c, true);
    one.log_in();
    other.log_in();
    ServerVictim& without = one.victim();
    ServerVictim& with = other.victim();
    ASSERT_EQ(with.handed_over.size(), 1u);
    EXPECT_EQ(without.transport().peer_answers_ping(), tells_extensions);
    EXPECT_EQ(with.transport().peer_answers_ping(), tells_extensions);
    EXPECT_EQ(without.transport().peer_takes_host_bound_keys(), tells_extensions);
    EXPECT_EQ(with.transport().peer_takes_host_bound_keys(), tells_extensions);
    EXPECT_EQ(without.transport().shortest_turn(), std::chrono::milliseconds(80));
    EXPECT_EQ(with.transport().shortest_turn(), std::chrono::milliseconds(80));
    EXPECT_EQ(with.transport().peer_version(), HandMadePeer::version);
    const KeyExchange& kex = with.transport().key_exchange();
    EXPECT_EQ(kex.algorithms().host_key, "ssh-ed25519");
    EXPECT_TRUE(equal(kex.host_key(), victims_host_key().public_key().blob()));
    EXPECT_EQ(kex.strict(), c.strict);
    expect_same_counters(with, without);

    const TimePoint keys_since = TimePoint{} + std::chrono::hours(1) + std::chrono::seconds(20);
    EXPECT_GT(with.now, keys_since);
    EXPECT_EQ(without.core->next_deadline(), keys_since + std::chrono::hours(1));
    EXPECT_EQ(with.core->next_deadline(), keys_since + std::chrono::hours(1));
    for (Session* session : {&one, &other}) {
      session->victim().let_pass(keys_since + std::chrono::hours(1) - session->victim().now);
      EXPECT_EQ(session->say_until_rekey([&] { session->peer().listen(); }), 1u) << "it is due";
    }
    EXPECT_TRUE(other.story() == one.story());
  }
}

// Each direction by itself reaches RekeyLimit, with what it carried before the login counted.
TEST(HandOver, TheNextKeyExchangeIsDueAtTheSamePacket) {
  for (const CipherNames& suite : all_suites()) {
    for (const bool of_the_peer : {true, false}) {
      const Case c{suite, true, "none", 0, Case::Rekey::no, false, false, {.bytes = 2000}};
      SCOPED_TRACE(fmt::format("{}, by what {} says", text_of(c), of_the_peer ? "the peer" : "the server"));
      Session one(c, false), other(c, true);
      std::vector<std::size_t> counts;
      for (Session* session : {&one, &other}) {
        session->log_in();
        EXPECT_EQ(session->peer().heard_number(msg::KexInit::number), 1u);
        counts.push_back(session->say_until_rekey([&] {
          if (of_the_peer) return session->peer().say(msg::Ignore{});
          session->victim().transport().send_debug("");
          session->victim().hear({});
          session->peer().listen();
        }));
      }
      EXPECT_GT(counts[0], 10u);
      EXPECT_LT(counts[0], 100u);
      EXPECT_EQ(counts[1], counts[0]);
      expect_same_counters(other.victim(), one.victim());
      EXPECT_TRUE(other.story() == one.story());
    }
  }
}

// ---- who may be handed over

TEST(HandOver, OnlyACompleteLoginIsHandedOver) {
  const Case c{{"aes128-gcm@openssh.com", ""}};
  ServerVictim early(default_proposal(), {}, true);
  EXPECT_THROW(early.core->hand_over(), std::logic_error);
  Session session(c, true);
  session.run();
  EXPECT_THROW(session.victim().core->hand_over(), std::logic_error) << "it is over";
  session.victim().core->disconnect(DisconnectReason::by_application, "enough");
  EXPECT_THROW(session.victim().core->hand_over(), std::logic_error);
}

TEST(HandOver, KeysThatWereNotKeptCannotBeHandedOver) {
  Pair pair;
  bool asked = false;
  pair.on_login_complete = [&] {
    asked = true;
    EXPECT_THROW(pair.server().hand_over(), std::logic_error);
  };
  pair.run();
  EXPECT_TRUE(asked);
  EXPECT_TRUE(pair.complete()) << "it was refused, and the connection goes on";
}

// ---- a client of ours

TEST(HandOver, AnyClientOfOursSeesNoDifference) {
  for (const CipherNames& suite : all_suites()) {
    for (const bool compressed : {false, true}) {
      for (unsigned variant = 0; variant < 4; ++variant) {
        PairOptions options;
        options.seed = 100 + variant;
        options.payload_size = 20000;
        options.channels = 2;
        options.proposal.cipher_client_to_server = options.proposal.cipher_server_to_client = {suite.cipher};
        if (!suite.mac.empty())
          options.proposal.mac_client_to_server = options.proposal.mac_server_to_client = {suite.mac};
        if (compressed) {
          options.proposal.compression_client_to_server = {"zlib@openssh.com"};
          options.proposal.compression_server_to_client = {"zlib@openssh.com"};
        }
        options.chunk = variant == 1 ? 700 : 0;
        options.random_chunks = variant == 1;
        options.late = variant == 2 ? 3 : 0;
        // A client that begins an exchange before it has seen SUCCESS does not compress what the server then inflates:
        // that is the draft's own race, with a hand-over or without.
        options.client_rekeys_each_round = variant == 2 && !compressed;
        options.server_rekeys_each_round = variant == 3 || (variant == 2 && compressed);
        Pair without(options);
        options.hands_over = true;
        Pair with(options);
        SCOPED_TRACE(fmt::format("{} {}, compressed {}, variant {}", suite.cipher, suite.mac, compressed, variant));
        without.run();
        with.run();
        ASSERT_EQ(with.handed_over.size(), 1u);
        EXPECT_TRUE(without.complete());
        EXPECT_TRUE(with.complete());
        EXPECT_EQ(with.client_log, without.client_log);
        EXPECT_EQ(with.server_log, without.server_log);
        if (variant >= 2) {
          EXPECT_GT(with.server_key_changes, 1u);
          EXPECT_GT(with.client_key_changes, 1u);
        }
        for (const auto& left : with.handed_over) expect_silence(*left);
      }
    }
  }
}

TEST(HandOver, SuccessIsSentOnceAndWhenTheOwnerSaysSo) {  // [4252-5.1-6] [4252-5.1-12] [4252-7-16] keeps
  Pair pair;
  pair.on_login_complete = [&] {
    pair.welcomes = false;
    EXPECT_EQ(pair.server().user(), "student");
    EXPECT_TRUE(pair.server().ready().empty());
  };
  pair.run();
  ASSERT_FALSE(pair.welcomes);
  EXPECT_TRUE(pair.server().ready().empty()) << "nothing is said before";
  const std::uint32_t packets = pair.server().transport().writer().sequence_number();
  pair.server().welcome();
  EXPECT_EQ(pair.server().transport().writer().sequence_number(), packets + 1);
  EXPECT_THROW(pair.server().welcome(), std::logic_error);
  pair.run();
  EXPECT_TRUE(pair.complete());
}

// LoginGraceTime goes on while the answer to LoginComplete is awaited; who takes over counts it no more.
TEST(HandOver, TheLoginIsLateUntilItIsAnswered) {  // [4252-4-6] keeps
  PairOptions options;
  Pair pair(options);
  bool asked = false;
  pair.on_login_complete = [&] {
    asked = true;
    pair.welcomes = false;
  };
  pair.run();
  ASSERT_TRUE(asked);
  EXPECT_TRUE(pair.server().waiting());
  EXPECT_EQ(pair.server().next_deadline(), pair.now + std::chrono::seconds(120));
  pair.set_now(pair.now + std::chrono::seconds(120));
  pair.run();
  ASSERT_TRUE(pair.server_end);
  EXPECT_EQ(pair.server_end->description, "no login within 120 seconds (LoginGraceTime)");
  EXPECT_TRUE(pair.server().login_is_late());
  EXPECT_THROW(pair.server().hand_over(), std::logic_error) << "too late";
  pair.server().welcome();
  EXPECT_TRUE(pair.server().closed()) << "and it stays so";
}

TEST(HandOver, TheOneThatTakesOverHasNoLoginGraceTime) {
  PairOptions options;
  options.hands_over = true;
  Pair pair(options);
  pair.run();
  ASSERT_TRUE(pair.complete());
  EXPECT_EQ(pair.server().next_deadline(), pair.now + std::chrono::hours(1)) << "a new key exchange is what comes next";
}

// The name comes with everything else that serving the user needs (server/login/welcome.h), not with the state.
TEST(HandOver, TheOneThatTakesOverIsNotToldTheName) {
  PairOptions options;
  options.hands_over = true;
  Pair pair(options);
  pair.run();
  ASSERT_TRUE(pair.complete());
  EXPECT_EQ(pair.handed_over.at(0)->user(), "student");
  EXPECT_EQ(pair.server().user(), "");
}

}  // namespace
}  // namespace glassh::test
