// A session with a terminal: the client at a pseudo-terminal, in front of a server that says what the test wants.
#include "client/remote_session.h"

#include <cstdlib>
#include <vector>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/ioctl.h>

#include "channels/terminal_modes.h"
#include "proto/messages_session.h"
#include "test/client/ssh_client_fixture.h"
#include "test/client/terminal/person.h"

namespace glassh {
namespace {

TEST(TerminalDecision, FollowsTheFlagsTheCommandAndTheInput) {
  struct Case {
    RequestTty request;
    bool has_command, input_is_terminal;
    bool wanted, refused;
  };
  const Case cases[] = {
      {RequestTty::automatic, false, true, true, false},  {RequestTty::automatic, true, true, false, false},
      {RequestTty::automatic, false, false, false, true}, {RequestTty::automatic, true, false, false, false},
      {RequestTty::yes, true, true, true, false},         {RequestTty::yes, true, false, false, true},
      {RequestTty::force, true, false, true, false},      {RequestTty::no, false, true, false, false},
      {RequestTty::no, false, false, false, false},
  };
  for (const Case& c : cases) {
    ClientConfig config;
    config.request_tty = c.request;
    const TerminalDecision decision = decide_terminal(config, c.has_command, c.input_is_terminal);
    EXPECT_EQ(decision.wanted, c.wanted) << &c - cases;
    EXPECT_EQ(decision.refused, c.refused) << &c - cases;
  }
}

TEST(TerminalDecision, InputFromNowhereIsNoTerminal) {
  ClientConfig config;
  config.stdin_null = true;
  EXPECT_FALSE(decide_terminal(config, false, true).wanted);
  EXPECT_TRUE(decide_terminal(config, false, true).refused);
  config.request_tty = RequestTty::force;
  EXPECT_TRUE(decide_terminal(config, false, true).wanted);
}

TEST(TerminalDecision, WithoutASessionThereIsNone) {
  ClientConfig config;
  config.session_type = SessionType::none;
  EXPECT_FALSE(decide_terminal(config, false, true).wanted);
  EXPECT_FALSE(decide_terminal(config, false, false).refused);
}

struct TerminalSessionTest : SshClientTest {
  TerminalSessionTest() {
    const winsize size{24, 80, 800, 480};
    in_ = Fd(::open(person.terminal().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_EQ(::ioctl(in_.get(), TIOCSWINSZ, &size), 0);
    found = *LocalTerminal(in_.get()).modes();
    has_terminal_ = true;
    ::setenv("TERM", "glass", 1);
  }

  // Accepts the session, answers requests with `answers` (yes, when they have run out), and keeps what came. `typed` is
  // called for each piece of data.
  std::function<bool(PacketWriter&, Bytes)> server(std::vector<bool> answers = {}) {
    return [this, answers, next = std::size_t{0}](PacketWriter& writer, Bytes payload) mutable {
      if (payload.empty()) return true;
      if (payload[0] == message_number::channel_open) {
        const auto open = decode<msg::ChannelOpen>(payload);
        writer.send(msg::ChannelOpenConfirmation{open.sender_channel, 5, 1 << 20, 1 << 15, {}});
      } else if (payload[0] == message_number::channel_request) {
        on_request(decode<msg::ChannelRequest>(payload));
        if (requests.back().want_reply) {
          const bool yes = next >= answers.size() || answers[next++];
          yes ? writer.send(msg::ChannelSuccess{0}) : writer.send(msg::ChannelFailure{0});
        }
        if (requests.back().type == "shell" || requests.back().type == "exec") started = true;
      } else if (payload[0] == message_number::channel_data) {
        data.emplace_back(text_of(decode<msg::ChannelData>(payload).data));
      }
      if (!ended && ends_when && ends_when()) {
        ended = true;
        const auto status = encode(msg::ExitStatus{7});
        writer.send(msg::ChannelRequest{0, msg::ExitStatus::name, false, Rest{status}});
        writer.send(msg::ChannelClose{0});
      }
      return true;
    };
  }

  struct Request {
    std::string type;
    bool want_reply = false;
    std::vector<std::uint8_t> details;
  };
  void on_request(const msg::ChannelRequest& request) {
    const Bytes details = request.type_specific_data.bytes;
    requests.push_back({std::string(request.request_type), request.want_reply, {details.begin(), details.end()}});
  }
  std::vector<std::string> request_types() const {
    std::vector<std::string> types;
    for (const Request& request : requests) types.push_back(request.type);
    return types;
  }
  const Request* find(std::string_view type) const {
    for (const Request& request : requests) {
      if (request.type == type) return &request;
    }
    return nullptr;
  }

  Person person;
  termios found{};
  std::vector<Request> requests;
  std::vector<std::string> data;
  bool started = false;
  bool ended = false;
  std::function<bool()> ends_when = [this] { return started; };
};

// RFC 4254 section 6.2, section 8 [4254-8-1] [4254-8-4]: size, TERM and all modes as the user has them, and in front of
// the program.
TEST_F(TerminalSessionTest, AsksForATerminalLikeOurs) {
  bool was_raw = false;
  meanwhile_ = [&] { was_raw = was_raw || !person.echo(); };
  const Result result = run({.script = server()}, "");
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(request_types(), (std::vector<std::string>{"pty-req", "shell"}));
  const auto request = decode<msg::PtyReq>(requests[0].details);
  EXPECT_TRUE(requests[0].want_reply);
  EXPECT_EQ(request.term, "glass");
  EXPECT_EQ(request.terminal_width_characters, 80U);
  EXPECT_EQ(request.terminal_height_rows, 24U);
  EXPECT_EQ(request.terminal_width_pixels, 800U);
  EXPECT_EQ(request.terminal_height_pixels, 480U);
  const auto modes = encode_terminal_modes(found);
  EXPECT_EQ(std::vector<std::uint8_t>(request.encoded_terminal_modes.begin(), request.encoded_terminal_modes.end()),
            modes);
  EXPECT_TRUE(was_raw);
  EXPECT_TRUE(person.echo());
  EXPECT_EQ(result.log, "Connection to example.com closed.\n");
}

TEST_F(TerminalSessionTest, WithoutATerminalOfOursTheListOfModesIsEmpty) {
  in_.close();
  config_.request_tty = RequestTty::force;
  const Result result = run({.script = server()}, "");
  EXPECT_EQ(result.status, 7);
  const auto request = decode<msg::PtyReq>(requests[0].details);
  EXPECT_EQ(request.terminal_width_characters, 0U);
  EXPECT_EQ(hex(request.encoded_terminal_modes), "00");
}

TEST_F(TerminalSessionTest, GoesOnWithoutTheTerminalThatTheServerRefuses) {
  bool raw_at_last = false;
  ends_when = [this] { return !data.empty(); };
  meanwhile_ = [&] {
    if (!started) return;
    raw_at_last = !person.echo();
    if (!raw_at_last) person.types("x\n");
  };
  const Result result = run({.script = server({false})}, "");
  EXPECT_EQ(result.status, 7);
  EXPECT_FALSE(raw_at_last);
  EXPECT_EQ(result.log, "PTY allocation request failed on channel 0\nConnection to example.com closed.\n");
}

TEST_F(TerminalSessionTest, ATerminalThatWasAskedForMustBeThere) {
  config_.request_tty = RequestTty::yes;
  ends_when = nullptr;
  const Result result = run({.script = server({false})}, "");
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(result.log, "PTY allocation request failed on channel 0\n");
  EXPECT_TRUE(person.echo());
}

// RFC 4254 section 5.4 [4254-5.4-4]: the second answer is the second request's.
TEST_F(TerminalSessionTest, AShellThatIsRefusedIsTheEnd) {
  ends_when = nullptr;
  const Result result = run({.script = server({true, false})}, "");
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(result.log, "shell request failed on channel 0\nConnection to example.com closed.\n");
  EXPECT_TRUE(person.echo());
}

// RFC 4254 section 6.7 [4254-6.7-1] [4254-6.7-2]
TEST_F(TerminalSessionTest, TellsANewSizeOnceAndWantsNoAnswer) {
  const Fd line(::open(person.terminal().c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC));
  bool resized = false;
  meanwhile_ = [&] {
    if (!started || resized) return;
    resized = true;
    const winsize size{50, 132, 0, 0};
    ASSERT_EQ(::ioctl(line.get(), TIOCSWINSZ, &size), 0);
    ::raise(SIGWINCH);
    ::raise(SIGWINCH);
    person.types("x");
  };
  ends_when = [this] { return !data.empty(); };
  const Result result = run({.script = server()}, "");
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(request_types(), (std::vector<std::string>{"pty-req", "shell", "window-change"}));
  EXPECT_FALSE(requests[2].want_reply);
  const auto change = decode<msg::WindowChange>(requests[2].details);
  EXPECT_EQ(change.terminal_width_columns, 132U);
  EXPECT_EQ(change.terminal_height_rows, 50U);
}

// Past vulnerability 80: traffic that hides keys was sent at the wrong times. We send none: a key is a packet, at once,
// whether it is echoed or not.
TEST_F(TerminalSessionTest, EachKeyIsOnePacket) {
  const std::string keys = "secret\r";
  std::size_t typed = 0;
  meanwhile_ = [&] {
    if (!started || data.size() != typed || typed == keys.size()) return;
    person.types(keys.substr(typed++, 1));
  };
  ends_when = [&] { return data.size() == keys.size(); };
  const Result result = run({.script = server()}, "");
  EXPECT_EQ(result.status, 7);
  std::vector<std::string> one_by_one;
  for (const char key : keys) one_by_one.emplace_back(1, key);
  EXPECT_EQ(data, one_by_one);
}

// RFC 4335 section 3.
TEST_F(TerminalSessionTest, SendsABreakBetweenWhatWasTyped) {
  bool typed = false;
  meanwhile_ = [&] {
    if (started && !std::exchange(typed, true)) person.types("a\r~Bb");
  };
  ends_when = [this] { return !data.empty() && data.back() == "b"; };
  const Result result = run({.script = server()}, "");
  EXPECT_EQ(result.status, 7);
  EXPECT_EQ(data, (std::vector<std::string>{"a\r", "b"}));
  const Request* const request = find("break");
  ASSERT_NE(request, nullptr);
  EXPECT_FALSE(request->want_reply);
  EXPECT_EQ(decode<msg::Break>(request->details).break_length, 1000U);
  EXPECT_EQ(result.err, "~B\r\n");
}

TEST_F(TerminalSessionTest, EndsAtOnceWhenTheUserSaysSo) {
  bool typed = false;
  ends_when = nullptr;
  meanwhile_ = [&] {
    if (started && !std::exchange(typed, true)) person.types("~.never sent");
  };
  const Result result = run({.script = server()}, "");
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(data, std::vector<std::string>{});
  EXPECT_EQ(result.err, "~.\r\n");
  EXPECT_EQ(result.log, "Connection to example.com closed.\n");
  EXPECT_TRUE(person.echo());
  ASSERT_TRUE(result.disconnected);
  EXPECT_EQ(result.disconnected->reason, DisconnectReason::by_application);
}

TEST_F(TerminalSessionTest, ChangesWhatIsLogged) {
  bool typed = false;
  meanwhile_ = [&] {
    if (started && !std::exchange(typed, true)) person.types("~v~#~?x");
  };
  ends_when = [this] { return !data.empty(); };
  const Result result = run({.script = server()}, "");
  EXPECT_EQ(result.err.substr(0, 28), "~v [Logging to a file]\r\n~#\r\n");
  EXPECT_NE(result.err.find("  #0 session (open, "), std::string::npos) << result.err;
  EXPECT_NE(result.err.find(escape_help('~')), std::string::npos) << result.err;
}

TEST_F(TerminalSessionTest, ASignalGivesTheTerminalBack) {
  ends_when = nullptr;
  SshClient* its = nullptr;
  bool raw = false;
  meanwhile_ = [&] {
    if (!started || its == nullptr) return;
    raw = !person.echo();
    its->end_by_signal(SIGTERM);
    its = nullptr;
    EXPECT_TRUE(person.echo());
  };
  log_level_ = LogLevel::verbose;
  const Result result = run({.script = server()}, "", [&](SshClient& client) { its = &client; });
  EXPECT_TRUE(raw);
  EXPECT_EQ(result.status, 255);
  EXPECT_NE(result.log.find("Killed by signal 15.\n"), std::string::npos) << result.log;
  EXPECT_EQ(result.log.find("closed"), std::string::npos) << result.log;
}

}  // namespace
}  // namespace glassh
