#include "client/ssh_client.h"

#include <cstdlib>

#include <gtest/gtest.h>

#include "proto/messages_connection.h"
#include "proto/messages_forward.h"
#include "proto/messages_session.h"
#include "test/client/ssh_client_fixture.h"

namespace glassh {
namespace {

template <class Tail>
void request(PacketWriter& writer, const Tail& tail, bool want_reply = false) {
  const auto details = encode(tail);
  writer.send(msg::ChannelRequest{0, Tail::name, want_reply, Rest{details}});
}

bool finish(PacketWriter& writer, std::uint32_t status = 0) {
  request(writer, msg::ExitStatus{status});
  writer.send(msg::ChannelEof{0});
  writer.send(msg::ChannelClose{0});
  return true;
}

TEST_F(SshClientTest, OutputAndStatusAreTheCommands) {
  const Result result = run_after_start([](PacketWriter& writer) {
    writer.send(msg::ChannelData{0, bytes_of("out")});
    writer.send(msg::ChannelExtendedData{0, extended_data_type::standard_error, bytes_of("err")});
    writer.send(msg::ChannelExtendedData{0, 77, bytes_of("nobody knows this stream")});
    writer.send(msg::ChannelData{0, bytes_of("put")});
    return finish(writer, 37);
  });
  EXPECT_EQ(result.status, 37);
  EXPECT_EQ(result.out, "output");
  EXPECT_EQ(result.err, "err");
  EXPECT_EQ(result.log, "");
  ASSERT_TRUE(result.disconnected);
  EXPECT_EQ(result.disconnected->reason, DisconnectReason::by_application);
}

TEST_F(SshClientTest, EachBadEndIs255AndSaysSo) {
  struct Case {
    std::string name;
    Then script;
    std::string log;
  };
  const Case cases[] = {
      {"closed without a status",
       [](PacketWriter& writer) {
         writer.send(msg::ChannelClose{0});
         return true;
       },
       ""},
      {"signal",
       [](PacketWriter& writer) {
         request(writer, msg::ExitSignal{"KILL", true, "by\x1b[2Jadmin", ""});
         writer.send(msg::ChannelClose{0});
         return true;
       },
       ""},
      // What came after the status may be missing.
      {"cut off after the status",
       [](PacketWriter& writer) {
         request(writer, msg::ExitStatus{0});
         return false;
       },
       "Connection to example.com closed by remote host.\n"},
      {"DISCONNECT",  // [4253-11.1-1], [4253-11.1-5] keeps
       [](PacketWriter& writer) {
         writer.send(msg::Disconnect{11, "going\x1b[31m down", ""});
         return true;
       },
       "Received disconnect from 192.0.2.1 port 22:11: going\\033[31m down\n"
       "Disconnected from 192.0.2.1 port 22\n"},
  };
  for (const Case& c : cases) {
    const Result result = run_after_start(c.script);
    EXPECT_EQ(result.status, 255) << c.name;
    EXPECT_EQ(result.log, c.log) << c.name;
  }
}

TEST_F(SshClientTest, AStatusThatDoesNotDecodeEndsTheConnection) {
  const Result result = run_after_start([](PacketWriter& writer) {
    writer.send(msg::ChannelRequest{0, "exit-status", false, Rest{bytes_of("12")}});
    return true;
  });
  EXPECT_EQ(result.status, 255);
  ASSERT_TRUE(result.disconnected);
  EXPECT_EQ(result.disconnected->reason, DisconnectReason::protocol_error);
  EXPECT_NE(result.disconnected->description.find("exit_status"), std::string::npos)
      << result.disconnected->description;
}

TEST_F(SshClientTest, ASignalsNameIsShownOnRequestAndFiltered) {  // [4254-6.10-7]
  log_level_ = LogLevel::verbose;
  const Result result = run_after_start([](PacketWriter& writer) {
    request(writer, msg::ExitSignal{"KILL", true, "by\x1b[2Jadmin", ""});
    writer.send(msg::ChannelClose{0});
    return true;
  });
  EXPECT_NE(result.log.find("The program was ended by signal KILL (core dumped): by\\033[2Jadmin\n"), std::string::npos)
      << result.log;
}

TEST_F(SshClientTest, ARefusedStartOrSessionIs255) {
  const auto refuse_exec = [](PacketWriter& writer, Bytes payload) {
    if (!payload.empty() && payload[0] == message_number::channel_open) {
      writer.send(msg::ChannelOpenConfirmation{0, 5, 1 << 20, 1 << 15, {}});
    } else if (!payload.empty() && payload[0] == message_number::channel_request) {
      writer.send(msg::ChannelFailure{0});  // [4254-6.5-5] keeps
    }
    return true;
  };
  Result result = run({.script = refuse_exec});
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(result.log, "exec request failed on channel 0\n");
  result = run({.script = refuse_exec}, "");
  EXPECT_EQ(result.log, "shell request failed on channel 0\n");

  const auto refuse_open = [](PacketWriter& writer, Bytes payload) {
    if (payload.empty() || payload[0] != message_number::channel_open) return true;
    writer.send(msg::ChannelOpenFailure{0, 1, "not\x07here", ""});  // [4254-5.1-2] [4254-5.1-3] keeps
    return true;
  };
  result = run({.script = refuse_open});
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(result.log, "channel 0: open failed: not\\007here (reason 1)\n");
}

// Sends `ask` once the program runs, then a ping of its own kind to see what was answered until then.
struct Answers {
  std::vector<std::uint8_t> numbers;
  std::vector<std::uint32_t> reasons;
};
std::function<bool(PacketWriter&, Bytes)> collect(Answers& answers, std::size_t expected, Then ask) {
  return [&answers, expected, start = after_start(std::move(ask))](PacketWriter& writer, Bytes payload) {
    if (!payload.empty() && payload[0] == message_number::channel_open_failure) {
      answers.reasons.push_back(decode<msg::ChannelOpenFailure>(payload).reason_code);
    }
    const bool answer =
        !payload.empty() &&
        (payload[0] == message_number::channel_open_failure || payload[0] == message_number::request_failure ||
         payload[0] == message_number::request_success || payload[0] == message_number::channel_success ||
         payload[0] == message_number::channel_failure);
    if (!answer) return start(writer, payload);
    answers.numbers.push_back(payload[0]);
    return answers.numbers.size() < expected || finish(writer);
  };
}

// [4254-6.1-1] [4254-6.3.2-2] [4254-7.2-1] [4254-7.2-5] [4251-4.3-8] keeps; [4254-5.1-5] keeps
TEST_F(SshClientTest, AServerMayOpenNothing) {
  Answers answers;
  const auto tcpip = encode(msg::ForwardedTcpip{"localhost", 80, "192.0.2.9", 1});
  const auto streamlocal = encode(msg::ForwardedStreamlocal{"/run/s", {}});
  struct Open {
    std::string type;
    Bytes details = {};
  };
  const std::vector<Open> opens = {{"session"},
                                   {"x11"},
                                   {"forwarded-tcpip", tcpip},
                                   {"direct-tcpip"},
                                   {"auth-agent@openssh.com"},
                                   {"forwarded-streamlocal@openssh.com", streamlocal},
                                   {""},
                                   {"nobody@here"}};
  const Result result = run({.script = collect(answers, opens.size(), [&](PacketWriter& writer) {
                               std::uint32_t number = 100;
                               for (const auto& [type, details] : opens) {
                                 writer.send(msg::ChannelOpen{type, number++, 1 << 20, 1 << 15, Rest{details}});
                               }
                               return true;
                             })});
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(answers.reasons, (std::vector<std::uint32_t>{1, 1, 1, 1, 1, 1, 3, 3}));
}

// [4254-4-3] [4254-4-4] [4254-4-5] [4254-7.1-3] [4254-7.1-5] [4254-6.5-6] [4254-6.2-3] [4254-6.10-2] [4254-6.8-2] keeps
TEST_F(SshClientTest, RequestsAreRefusedIfTheyWantAnAnswer) {
  Answers answers;
  const Result result = run({.script = collect(answers, 6, [](PacketWriter& writer) {
                               writer.send(msg::GlobalRequest{"hostkeys-00@openssh.com", false, {}});
                               writer.send(msg::GlobalRequest{"keepalive@openssh.com", true, {}});
                               writer.send(msg::GlobalRequest{"tcpip-forward", true, {}});
                               writer.send(msg::GlobalRequest{"cancel-tcpip-forward", true, {}});
                               writer.send(msg::ChannelRequest{0, "keepalive@openssh.com", true, {}});
                               writer.send(msg::ChannelRequest{0, "xon-xoff", false, Rest{bytes_of("\1")}});
                               request(writer, msg::Shell{}, true);
                               writer.send(msg::ChannelRequest{0, "pty-req", true, {}});
                               return true;
                             })});
  EXPECT_EQ(result.status, 0);
  const auto global = message_number::request_failure, channel = message_number::channel_failure;
  EXPECT_EQ(answers.numbers, (std::vector<std::uint8_t>{global, global, global, channel, channel, channel}));
}

TEST_F(SshClientTest, TextsOfTheServerAreFiltered) {  // [4252-5.4-2] [4252-5.4-4] [4253-11.3-2] [4253-11.3-4] keeps
  ScriptedServerSettings settings{.banner = "Wel\x1b[1mcome\r\nto us"};
  settings.script = after_start([](PacketWriter& writer) {
    writer.send(msg::Debug{true, "look\x07here", ""});
    writer.send(msg::Debug{false, "not for everyone", ""});  // [4253-11.3-3] keeps
    return finish(writer);
  });
  EXPECT_EQ(run(settings).log, "Wel\\033[1mcome\nto us\nRemote: look\\007here\n");
  log_level_ = LogLevel::quiet;  // [4252-5.4-3]
  EXPECT_EQ(run(settings).log, "");
}

TEST_F(SshClientTest, WithoutAnAcceptableKeyPermissionIsDenied) {
  const Result result = run({.lets_in = false});
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(result.log, "ada@example.com: Permission denied (publickey).\n");
  ASSERT_TRUE(result.disconnected);
  EXPECT_EQ(result.disconnected->reason, DisconnectReason::no_more_auth_methods_available);
}

TEST_F(SshClientTest, AnUnknownHostKeyEndsTheConnectionBeforeTheLogin) {  // [4253-8-8] breaks
  config_.strict_host_key_checking = StrictHostKeyChecking::yes;
  const Result result = run({});
  EXPECT_EQ(result.status, 255);
  ASSERT_TRUE(result.disconnected);
  EXPECT_EQ(result.disconnected->reason, DisconnectReason::host_key_not_verifiable);
}

TEST_F(SshClientTest, NoCommonAlgorithmSaysWhatBothOffer) {
  config_.host_key_algorithms = {"rsa-sha2-512"};
  const Result result = run({});
  EXPECT_EQ(result.status, 255);
  EXPECT_TRUE(result.log.starts_with(
      "Unable to negotiate with 192.0.2.1 port 22: no matching host key type found. Their offer: "
      "ssh-ed25519\nSSH_MSG_KEXINIT: server_host_key_algorithms: nothing in common: the client "
      "offers \"rsa-sha2-512\", the server \"ssh-ed25519\"\n"))
      << result.log;
}

// Every request of the client, as "name" or "name=details", and its input.
struct Heard {
  std::vector<std::string> requests;
  std::string input;
  bool eof = false;
};
std::function<bool(PacketWriter&, Bytes)> hear(Heard& heard) {
  return [&heard, start = after_start([](PacketWriter&) { return true; })](PacketWriter& writer, Bytes payload) {
    if (payload.empty()) return true;
    if (payload[0] == message_number::global_request) {
      heard.requests.emplace_back(decode<msg::GlobalRequest>(payload).request_name);
    } else if (payload[0] == message_number::channel_open) {
      heard.requests.emplace_back(decode<msg::ChannelOpen>(payload).channel_type);
    } else if (payload[0] == message_number::channel_request) {
      const auto request = decode<msg::ChannelRequest>(payload);
      std::string text(request.request_type);
      if (text == "env") {
        const auto env = decode<msg::Env>(request.type_specific_data.bytes);
        text += fmt::format(" {}={}", env.variable_name, env.variable_value);
      } else if (text == "exec") {
        text += fmt::format(" {}", decode<msg::Exec>(request.type_specific_data.bytes).command);
      }
      heard.requests.push_back(text);
    } else if (payload[0] == message_number::channel_data) {
      heard.input += text_of(decode<msg::ChannelData>(payload).data);
    } else if (payload[0] == message_number::channel_eof) {
      heard.eof = true;
      return finish(writer);
    }
    return start(writer, payload);
  };
}

TEST_F(SshClientTest, EnvironmentCommandAndInputAreSent) {
  Heard heard;
  home_.write("in", "typed\n");
  ::setenv("GLASSH_TEST_VARIABLE", "yes = yes", 1);
  config_.send_env = {"GLASSH_TEST_*"};
  config_.set_env = {{"OTHER", "2"}};
  EXPECT_EQ(run({.script = hear(heard)}, "date +%s").status, 0);
  ::unsetenv("GLASSH_TEST_VARIABLE");
  EXPECT_EQ(heard.requests,
            (std::vector<std::string>{"session", "no-more-sessions@openssh.com", "env GLASSH_TEST_VARIABLE=yes = yes",
                                      "env OTHER=2", "exec date +%s"}));
  EXPECT_EQ(heard.input, "typed\n");
}

TEST_F(SshClientTest, ACommandThatFitsInNoPacketIsRefusedInPlainWords) {
  Heard heard;
  const Result result = run({.script = hear(heard)}, std::string(300000, 'x'));
  EXPECT_EQ(result.status, 255);
  EXPECT_EQ(result.log, "The command has 300000 bytes; 261376 is the most that can be sent\n");
  EXPECT_EQ(heard.requests, (std::vector<std::string>{"session", "no-more-sessions@openssh.com"}));
}

TEST_F(SshClientTest, AVariableThatFitsInNoPacketIsLeftOut) {
  Heard heard;
  config_.set_env = {{"HUGE", std::string(300000, 'x')}, {"SMALL", "1"}};
  const Result result = run({.script = hear(heard)}, "date");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.log, "The environment variable HUGE is not sent: it has 300004 bytes, 261376 is the most\n");
  EXPECT_EQ(heard.requests,
            (std::vector<std::string>{"session", "no-more-sessions@openssh.com", "env SMALL=1", "exec date"}));
}

TEST_F(SshClientTest, InputIsLeftAloneWithStdinNull) {
  Heard heard;
  home_.write("in", "typed\n");
  config_.stdin_null = true;
  EXPECT_EQ(run({.software_version = "other_1.0", .script = hear(heard)}, "").status, 0);
  // OpenSSH's own messages go to those who know them.
  EXPECT_EQ(heard.requests, (std::vector<std::string>{"session", "shell"}));
  EXPECT_EQ(heard.input, "");
  EXPECT_TRUE(heard.eof);
}

TEST_F(SshClientTest, ASubsystemIsAskedForByName) {
  Heard heard;
  config_.session_type = SessionType::subsystem;
  EXPECT_EQ(run({.software_version = "other_1.0", .script = hear(heard)}, "sftp").status, 0);
  EXPECT_EQ(heard.requests, (std::vector<std::string>{"session", "subsystem"}));
}

TEST_F(SshClientTest, AReaderThatGoesAwayIsReportedToTheServer) {
  Pipe pipe = make_pipe();
  pipe.read_end.close();
  out_ = std::move(pipe.write_end);
  bool told = false;
  const auto start = after_start([](PacketWriter& writer) {
    writer.send(msg::ChannelData{0, bytes_of("for nobody")});
    return true;
  });
  const Result result = run({.script = [&](PacketWriter& writer, Bytes payload) {
    if (!payload.empty() && payload[0] == message_number::channel_request &&
        decode<msg::ChannelRequest>(payload).request_type == msg::Eow::name) {
      told = true;
      return finish(writer, 141);
    }
    return start(writer, payload);
  }});
  EXPECT_TRUE(told);
  EXPECT_EQ(result.status, 141);
}

TEST_F(SshClientTest, WithoutASessionOnlyASignalEndsIt) {
  config_.session_type = SessionType::none;
  for (const int signal : {SIGTERM, SIGINT}) {
    SshClient* client = nullptr;
    Heard heard;
    const auto script = [&, listen = hear(heard)](PacketWriter& writer, Bytes payload) {
      const bool go_on = listen(writer, payload);
      if (!payload.empty()) client->end_by_signal(signal);
      return go_on;
    };
    const Result result = run({.script = script}, "", [&](SshClient& its) { client = &its; });
    EXPECT_EQ(result.status, signal == SIGTERM ? 0 : 255);  // as ssh(1): SIGTERM is how it is meant to end
    EXPECT_EQ(heard.requests, std::vector<std::string>{"no-more-sessions@openssh.com"});
    ASSERT_TRUE(result.disconnected);
    EXPECT_EQ(result.disconnected->reason, DisconnectReason::by_application);
  }
}

}  // namespace
}  // namespace glassh
