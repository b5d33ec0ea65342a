// A server core, and a client that says what no proper client says: every message number before the login, in every
// state that there is. Past vulnerabilities 1 to 5.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "proto/messages_session.h"
#include "server/server_connection.h"
#include "test/support/test_keys.h"
#include "test/support/transport_pair.h"

namespace glassh {
namespace {

using Payload = std::vector<std::uint8_t>;

enum class State { keys, service, failure, question, partial_success, logged_in };

std::string_view text_of(State state) {
  constexpr std::string_view texts[] = {"after the key exchange",   "after SERVICE_ACCEPT",    "after a failure",
                                        "while a question is open", "after a partial success", "after the login"};
  return texts[static_cast<std::size_t>(state)];
}

// The client is a Transport and nothing above it.
class HandMade {
 public:
  HandMade() : client_settings_(settings_of(Role::client)) {
    auto settings = std::make_shared<ServerConnectionSettings>();
    settings->transport = settings_of(Role::server);
    settings->transport.kex.host_keys = {
        {std::string(host_key_.public_key().type()), copy_of(host_key_.public_key().blob())}};
    server = std::make_unique<ServerConnection>(settings, server_rng_);
    client = std::make_unique<Transport>(client_settings_, client_rng_, nullptr);
    const TimePoint now = TimePoint{} + std::chrono::hours(1);
    server->set_now(now);
    client->set_now(now);
    exchange();
  }

  // Everything on its way arrives, and everything that follows from it happens.
  void exchange() {
    for (bool moved = true; moved;) {
      moved = move(client->writer(), [this](Bytes bytes) { to_server(bytes); });
      moved |= move(server_writer(), [this](Bytes bytes) { to_client(bytes); });
    }
  }

  void send(const Payload& payload) {
    client->writer().send_payload(payload);
    exchange();
  }
  template <class M>
  void send_message(const M& message) {
    send(encode(message));
  }
  void send_request(std::string_view method, Bytes fields) {
    send_message(msg::UserauthRequest{"student", "ssh-connection", method, Rest{fields}});
  }
  void send_password(std::string_view password) {
    send_request("password", encode(msg::PasswordRequest{false, {bytes_of(password)}, {}}));
  }

  void reach(State state) {
    if (state == State::keys) return;
    client->request_service("ssh-userauth");
    exchange();
    client->enter(Phase::authentication);
    if (state == State::partial_success) auth_settings.methods = {{"password", "publickey"}};
    if (state == State::failure) send_request("none", {});
    if (state == State::question) {
      send_request("keyboard-interactive", encode(msg::KeyboardInteractiveRequest{}));
    }
    if (state == State::partial_success || state == State::logged_in) send_password("right");
    answers.clear();
    events.clear();
  }

  bool logged_in() const { return !server->user().empty(); }

  ServerAuthSettings auth_settings{
      .password = true, .keyboard_interactive = true, .accepted_algorithms = {"ssh-ed25519", "rsa-sha2-512"}};
  std::unique_ptr<ServerConnection> server;
  std::unique_ptr<Transport> client;
  std::vector<Payload> answers;       // numbers 50 and up that the client got
  std::vector<std::string> events;    // of the server, in words
  std::optional<Disconnected> ended;  // as the server saw it

 private:
  static TransportSettings settings_of(Role role) {
    TransportSettings settings;
    settings.kex.role = role;
    settings.kex.proposal = default_proposal();
    settings.kex.proposal.kex = {"curve25519-sha256"};
    settings.kex.proposal.host_key = {"ssh-ed25519"};
    return settings;
  }

  PacketWriter& server_writer() { return server->transport().writer(); }

  template <class Deliver>
  static bool move(PacketWriter& writer, Deliver deliver) {
    const Payload bytes = test::take_ready(writer);
    if (!bytes.empty()) deliver(bytes);
    return !bytes.empty();
  }

  void to_server(Bytes bytes) {
    while (!bytes.empty() && !server->closed()) {
      bytes = bytes.subspan(test::feed(server->transport().reader(), bytes));
      while (auto event = server->next_event()) on(*event);
    }
  }

  void on(ServerEvent& event) {
    if (auto* wanted = std::get_if<SignatureWanted>(&event)) {
      server->provide_signature(host_key_.sign(wanted->host_key_algorithm, wanted->exchange_hash));
    } else if (std::holds_alternative<AuthSettingsWanted>(event)) {
      server->provide_auth_settings(auth_settings);
    } else if (auto* attempt = std::get_if<LoginAttempt>(&event)) {
      const bool right = attempt->key != nullptr || glassh::text_of(attempt->password) == "right";
      server->decide_login(right ? LoginDecision::accept : LoginDecision::refuse);
    } else if (std::holds_alternative<LoginComplete>(event)) {
      server->welcome();
      events.emplace_back("logged in");
    } else if (auto* wanted_open = std::get_if<ChannelOpenWanted>(&event)) {
      events.push_back(fmt::format("open {}", wanted_open->type));
      server->channels().accept_open(wanted_open->channel);
    } else if (auto* global = std::get_if<GlobalRequested>(&event)) {
      events.push_back(fmt::format("global {}", global->name));
    } else if (auto* disconnected = std::get_if<Disconnected>(&event)) {
      ended = *disconnected;
    }
  }

  void to_client(Bytes bytes) {
    while (!bytes.empty() && !client->closed()) {
      bytes = bytes.subspan(test::feed(client->reader(), bytes));
      while (auto event = client->next_event()) {
        if (std::holds_alternative<HostKeyOffered>(*event)) client->accept_host_key();
        auto* const arrived = std::get_if<PayloadArrived>(&*event);
        if (arrived == nullptr) continue;
        answers.push_back(copy_of(arrived->payload));
        if (answers.back()[0] == msg::UserauthSuccess::number) client->enter(Phase::connection);
      }
    }
  }

  SeededRng client_rng_{1}, server_rng_{2}, key_rng_{3};
  PrivateKey host_key_ = PrivateKey::generate("ssh-ed25519", key_rng_);
  TransportSettings client_settings_;
};

// Nobody is let in, nothing is opened, and what belongs to a later layer or to the other side ends the connection.
// [4252-6-1] breaks; [4252-6-4] breaks
TEST(LoginStates, PastVulnerabilities1To5EveryNumberInEveryState) {
  for (const State state : {State::keys, State::service, State::failure, State::question, State::partial_success}) {
    for (int number = 1; number <= 255; ++number) {
      for (const std::size_t size : {4, 40}) {
        HandMade hand;
        hand.reach(state);
        ASSERT_FALSE(hand.ended) << text_of(state);
        Payload payload(size + 1, 0);
        payload[0] = static_cast<std::uint8_t>(number);
        hand.send(payload);
        const std::string what = fmt::format("{} bytes of message {} {}", size, number, text_of(state));
        EXPECT_FALSE(hand.logged_in()) << what;
        EXPECT_TRUE(hand.events.empty()) << what << ": " << hand.events[0];
        for (const Payload& answer : hand.answers) EXPECT_NE(answer[0], msg::UserauthSuccess::number) << what;
        const bool of_the_service = number >= 80 && number != 192 && number != 193;  // PING and PONG
        const bool of_servers = number == 51 || number == 52 || number == 53 || number == 60;
        if (of_the_service || of_servers) {
          EXPECT_TRUE(hand.ended && !hand.ended->by_peer) << what;
        }
      }
    }
  }
}

// A session and its program, asked for as by a client that believes it is in: past vulnerability 2.
TEST(LoginStates, PastVulnerability2NoChannelBeforeTheLogin) {  // [4252-6-1] breaks
  for (const State state : {State::keys, State::service, State::failure, State::question, State::partial_success}) {
    HandMade hand;
    hand.reach(state);
    hand.client->writer().send_payload(encode(msg::ChannelOpen{"session", 0, 1 << 20, 1 << 15, {}}));
    hand.client->writer().send_payload(encode(msg::ChannelRequest{0, "exec", true, Rest{encode(msg::Exec{"id"})}}));
    hand.exchange();
    EXPECT_TRUE(hand.ended) << text_of(state);
    EXPECT_TRUE(hand.events.empty()) << text_of(state);
  }
}

// [4252-5.3-2] [4252-6-3] [4252-5.1-14] keeps: what follows the request that succeeds is the service's, also when the
// client did not wait for the answer.
TEST(LoginStates, AfterTheLoginTheServiceBegins) {
  HandMade hand;
  hand.reach(State::logged_in);
  hand.send_message(msg::ChannelOpen{"session", 0, 1 << 20, 1 << 15, {}});
  EXPECT_EQ(hand.events, std::vector<std::string>{"open session"});
  EXPECT_FALSE(hand.ended);

  HandMade hasty;
  hasty.reach(State::service);
  const Payload request = encode(msg::PasswordRequest{false, {bytes_of("right")}, {}});
  hasty.client->writer().send_payload(
      encode(msg::UserauthRequest{"student", "ssh-connection", "password", Rest{request}}));
  hasty.client->writer().send_payload(encode(msg::ChannelOpen{"session", 0, 1 << 20, 1 << 15, {}}));
  hasty.exchange();
  EXPECT_EQ(hasty.events, (std::vector<std::string>{"logged in", "open session"}));
  EXPECT_FALSE(hasty.ended);
}

// [4252-7-8] keeps: the key exchange agreed on ssh-ed25519 for the host, which says nothing of users.
TEST(LoginStates, AlgorithmsOfUsersAreNotThoseOfTheHost) {
  HandMade hand;
  hand.reach(State::service);
  const PrivateKey rsa = test_key("rsa2048");
  msg::PublicKeySignedData data;
  data.session_identifier = hand.client->session_id();
  data.user_name = "student";
  data.service_name = "ssh-connection";
  data.algorithm = "rsa-sha2-512";
  data.public_key = rsa.public_key().blob();
  const auto signature = rsa.sign(data.algorithm, encode(data));
  hand.send_request("publickey", encode(msg::PublicKeyRequest{true, data.algorithm, data.public_key, signature}));
  EXPECT_TRUE(hand.logged_in());
  ASSERT_FALSE(hand.answers.empty());
  EXPECT_EQ(hand.answers.back()[0], msg::UserauthSuccess::number);  // [4252-5.1-6] [4252-7-16] keeps
}

// OpenSSH PROTOCOL section 3.1: the host key is that of this connection.
TEST(LoginStates, HostboundSignaturesNameTheHostKeyOfTheConnection) {
  for (const bool right : {true, false}) {
    HandMade hand;
    hand.reach(State::service);
    const PrivateKey key = test_key("ed25519");
    Payload host_key = copy_of(hand.client->key_exchange().host_key());
    if (!right) host_key.back() ^= 1;
    msg::PublicKeySignedData data;
    data.session_identifier = hand.client->session_id();
    data.user_name = "student";
    data.service_name = "ssh-connection";
    data.method_name = msg::PublicKeyHostboundRequest::name;
    data.algorithm = "ssh-ed25519";
    data.public_key = key.public_key().blob();
    data.server_host_key = host_key;
    const auto signature = key.sign(data.algorithm, encode(data));
    hand.send_request(data.method_name, encode(msg::PublicKeyHostboundRequest{true, data.algorithm, data.public_key,
                                                                              host_key, signature}));
    EXPECT_EQ(hand.logged_in(), right);
  }
}

}  // namespace
}  // namespace glassh
