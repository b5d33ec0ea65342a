#include "server/sessions/session.h"

#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "test/server/sessions/session_fixture.h"
#include "test/support/no_descriptors.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

using test::SessionTest;
using testing::ElementsAre;
using testing::HasSubstr;

// [4254-6.5-4] [4254-6.10-1] [4254-6.10-3]: output, then the exit status, then EOF and CLOSE.
TEST_F(SessionTest, ExecRunsACommand) {
  request(msg::Exec{"echo out; echo err >&2; exit 37"});
  run_to_close();
  EXPECT_EQ(output, "out\n");
  EXPECT_EQ(error, "err\n");
  EXPECT_EQ(status, 37u);
  EXPECT_EQ(order, "SdREC");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie was left";
}

TEST_F(SessionTest, ShellIsALoginShellThatReadsItsInput) {
  request(msg::Shell{});
  const std::string script = "echo $0; pwd -P; exit 5\n";
  receive(msg::ChannelData{0, bytes_of(script)});
  run_to_close();
  EXPECT_EQ(output, "-sh\n" + home.path() + "\n");
  EXPECT_EQ(status, 5u);
}

TEST_F(SessionTest, EofEndsTheInput) {
  request(msg::Exec{"cat; echo end"});
  receive(msg::ChannelData{0, bytes_of("text ")});
  receive(msg::ChannelEof{0});
  run_to_close();
  EXPECT_EQ(output, "text end\n");
}

TEST_F(SessionTest, AnEofBeforeTheProgramEndsItsInputAsWell) {  // [4254-5.3-2] keeps
  receive(msg::ChannelEof{0});
  request(msg::Exec{"cat; echo done"});
  run_until([&] { return order.ends_with("C"); });
  EXPECT_EQ(output, "done\n");
  EXPECT_EQ(status, 0u);
}

TEST_F(SessionTest, SubsystemsAreCommandsOfTheConfiguration) {
  request(msg::Subsystem{"echo"});
  run_to_close();
  EXPECT_EQ(output, "subsystem\n");
  EXPECT_EQ(status, 6u);
}

TEST_F(SessionTest, SubsystemsThatWeDoNotHaveFail) {
  request(msg::Subsystem{"nonsense\x1b"});
  request(msg::Subsystem{"sftp"});
  collect();
  EXPECT_EQ(order, "FF");
  EXPECT_THAT(lines.text(), HasSubstr("subsystem request for nonsense\\033 by user ann failed, subsystem not found"));
  EXPECT_THAT(lines.text(), HasSubstr("subsystem request for sftp by user ann failed, internal-sftp is not done yet"));
}

// [4254-6.5-1] breaks
TEST_F(SessionTest, OnlyOneProgramPerChannel) {
  request(msg::Exec{"cat"});
  request(msg::Exec{"echo second"});
  request(msg::Shell{});
  request(msg::Subsystem{"echo"});
  collect();
  EXPECT_EQ(order, "SFFF");
  receive(msg::ChannelEof{0});
  run_to_close();
  EXPECT_EQ(output, "");
}

// [4254-6.5-2]: what runs is what was asked for, not a part of it.
TEST_F(SessionTest, ACommandWithNulFails) {
  request(msg::Exec{std::string_view("echo a\0b", 8)});
  collect();
  EXPECT_EQ(order, "F");
  request(msg::Exec{"echo fine"});
  run_to_close();
  EXPECT_EQ(output, "fine\n");
}

// The same once more, for tests that need several.
struct SessionTestAgain : SessionTest {
  void TestBody() override {}
};

// Past vulnerability 10: whatever is asked for.
TEST_F(SessionTest, AForcedCommandRunsInsteadOfWhatWasAskedFor) {
  struct {
    void (*ask)(SessionTest& test);
    std::string original;
  } const cases[] = {
      {[](SessionTest& test) { test.request(msg::Exec{"echo \"$HOME\""}); }, "echo \"$HOME\""},
      {[](SessionTest& test) { test.request(msg::Shell{}); }, "unset"},
      {[](SessionTest& test) { test.request(msg::Subsystem{"echo"}); }, "echo subsystem; exit 6"},
      {[](SessionTest& test) { test.request(msg::Subsystem{"sftp"}); }, "internal-sftp -l INFO"},
  };
  for (const auto& [ask, original] : cases) {
    SessionTestAgain again;
    again.context->permissions.forced_command = "echo forced; echo \"${SSH_ORIGINAL_COMMAND-unset}\"";
    again.context->permissions.forced_by = "key-option";
    ask(again);
    again.run_to_close();
    EXPECT_EQ(again.output, "forced\n" + original + "\n");
    EXPECT_THAT(again.lines.text(), HasSubstr("Starting session: forced-command (key-option) 'echo forced"));
  }
}

TEST_F(SessionTest, AForcedCommandDoesNotMakeUpSubsystems) {
  context->permissions.forced_command = "echo forced";
  request(msg::Subsystem{"nonsense"});
  collect();
  EXPECT_EQ(order, "F");
  context->permissions.forced_command = "internal-sftp";
  request(msg::Exec{"echo hi"});
  collect();
  EXPECT_EQ(order, "FF") << "nothing else may run in its place";
}

// Past vulnerability 86
TEST_F(SessionTest, VariablesComeFromTheKeysAndTheLogin) {
  context->permissions.environment = {{"GLASSH_A", "of the key"}, {"PATH", "/bin:/of/the/key"}};
  context->auth_info_file = "/tmp/info";
  request(msg::Env{"GLASSH_A", "of the client"});
  request(msg::Exec{"echo \"$GLASSH_A|$PATH|$SSH_USER_AUTH|${SSH_ORIGINAL_COMMAND-unset}\""});
  run_to_close();
  EXPECT_EQ(output, "of the key|/bin:/of/the/key|/tmp/info|unset\n");
}

TEST_F(SessionTest, AProgramFindsTheAgentThatItsSessionAskedFor) {
  context->forward_agent = [] { return std::optional<std::string>("/run/agent"); };
  request(msg::AuthAgentReq{});
  request(msg::Exec{"echo ${SSH_AUTH_SOCK:-none}"});
  run_to_close();
  EXPECT_EQ(output, "/run/agent\n");
  EXPECT_TRUE(order.starts_with("SS")) << order;
}

// Past vulnerability 84: what `restrict` and DisableForwarding take away does not come back by asking for it.
TEST_F(SessionTest, AnAgentThatIsNotPermittedOrNotAskedForIsNotMade) {
  int made = 0;
  context->forward_agent = [&made] {
    ++made;
    return std::optional<std::string>("/run/agent");
  };
  context->permissions.agent_forwarding = false;
  request(msg::AuthAgentReq{});
  request(msg::Exec{"echo ${SSH_AUTH_SOCK:-none}"});
  run_to_close();
  EXPECT_EQ(output, "none\n");
  EXPECT_TRUE(order.starts_with("FS")) << order;
  EXPECT_EQ(made, 0);
}

TEST_F(SessionTest, AnAgentComesTooLateForAProgramThatRuns) {
  context->forward_agent = [] { return std::optional<std::string>("/run/agent"); };
  request(msg::Exec{"cat; echo ${SSH_AUTH_SOCK:-none}"});
  request(msg::AuthAgentReq{});
  receive(msg::ChannelEof{0});
  run_to_close();
  EXPECT_EQ(output, "none\n");
  EXPECT_TRUE(order.starts_with("SF")) << order;
}

TEST_F(SessionTest, AMissingShellFailsTheRequest) {
  context->account.shell = "/nonexistent/shell";
  request(msg::Exec{"true"});
  collect();
  EXPECT_EQ(order, "F");
  EXPECT_THAT(lines.text(), HasSubstr("/nonexistent/shell"));
}

// [4254-6.4-1]
TEST_F(SessionTest, EnvironmentIsWhatAcceptEnvNames) {
  using namespace std::string_view_literals;
  request(msg::Env{"GLASSH_A", "one two"});
  request(msg::Env{"GLASSH_A", "again"});
  request(msg::Env{"LD_PRELOAD", "/evil.so"});
  request(msg::Env{"", "x"});
  request(msg::Env{"GLASSH_=x", "x"});
  request(msg::Env{"GLASSH_\0"sv, "x"});
  request(msg::Env{"GLASSH_B", "x\0y"sv});
  collect();
  EXPECT_EQ(order, "SSFFFFF");
  request(msg::Exec{"echo \"$GLASSH_A $LD_PRELOAD\"; env | grep -c GLASSH"});
  request(msg::Env{"GLASSH_C", "late"});
  run_to_close();
  EXPECT_EQ(output, "again \n1\n");
  EXPECT_THAT(order, HasSubstr("SF"));
}

TEST_F(SessionTest, EnvironmentHasLimits) {
  const std::string large(20'000, 'x');
  for (int i = 0; i < 4; ++i) request(msg::Env{fmt::format("GLASSH_LARGE{}", i), large});
  collect();
  EXPECT_EQ(order, "SSSF") << "64 KiB in all";
  order.clear();
  for (int i = 0; i < 200; ++i) request(msg::Env{fmt::format("GLASSH_{}", i), "x"});
  collect();
  EXPECT_EQ(order, std::string(125, 'S') + std::string(75, 'F')) << "128 variables in all";
}

// [4254-6.9-2]
TEST_F(SessionTest, SignalsReachTheProgram) {
  request(msg::Exec{"trap 'echo got; exit 3' USR1; echo up; while :; do sleep 0.01; done"});
  run_until([&] { return output == "up\n"; });
  request(msg::Signal{"USR1"}, false);
  run_to_close();
  EXPECT_EQ(output, "up\ngot\n");
  EXPECT_EQ(status, 3u);
  EXPECT_EQ(order, "SdREC") << "a signal is not answered";
}

TEST_F(SessionTest, SignalsDoNotReachAForcedCommandOrASubsystem) {
  struct {
    void (*ask)(SessionTest& test);
  } const cases[] = {
      {[](SessionTest& test) {
        test.context->permissions.forced_command = "cat; exit 2";
        test.request(msg::Exec{"other"});
      }},
      {[](SessionTest& test) { test.request(msg::Subsystem{"cat"}); }},
  };
  for (const auto& [ask] : cases) {
    SessionTestAgain again;
    ask(again);
    again.request(msg::Signal{"KILL"}, false);
    again.receive(msg::ChannelEof{0});
    again.run_to_close();
    EXPECT_EQ(again.status, 2u) << "it was killed";
    EXPECT_THAT(again.lines.text(), HasSubstr("signal KILL refused"));
  }
}

// [4254-6.10-6]
TEST_F(SessionTest, DeathBySignalIsReported) {
  request(msg::Exec{"cat"});
  request(msg::Signal{"SIGKILL"}, false);  // no such name
  request(msg::Signal{"KILL"}, false);
  run_to_close();
  EXPECT_THAT(requests, ElementsAre("exit-signal"));
  EXPECT_EQ(signal_name, "KILL");
  EXPECT_FALSE(core_dumped);
  EXPECT_THAT(lines.text(), HasSubstr("signal SIGKILL not delivered"));
}

TEST_F(SessionTest, SignalsBeforeAndAfterTheProgramDoNothing) {
  request(msg::Signal{"KILL"}, false);
  request(msg::Exec{"exit 1"});
  run_to_close();
  request(msg::Signal{"KILL"}, false);
  EXPECT_EQ(order, "SREC");
}

// [4254-5.4-2]
TEST_F(SessionTest, RefusesWhatIsNotDone) {
  request(msg::X11Req{false, "MIT-MAGIC-COOKIE-1", {}, 0});
  request(msg::AuthAgentReq{});
  receive(msg::ChannelRequest{0, "nonsense@example.com", true, {}});
  receive(msg::ChannelRequest{0, "keepalive@openssh.com", true, {}});
  collect();
  EXPECT_EQ(order, "FFFF") << "the last one is a keepalive, which gets an answer always";
}

TEST_F(SessionTest, DetailsThatDoNotDecodeAreAProtocolError) {
  const std::uint8_t truncated[] = {0, 0, 0, 9, 'd', 'a', 't', 'e'};
  receive(msg::ChannelRequest{0, "exec", true, Rest{truncated}});
  ASSERT_NE(failure, nullptr);
  EXPECT_THAT(test::protocol_error_of([&] { std::rethrow_exception(failure); }), HasSubstr("exec"));
}

TEST_F(SessionTest, DataBeforeAProgramIsDropped) {
  receive(msg::ChannelData{0, bytes_of("nobody reads this")});
  const std::string stderr_data = "nor this";
  receive(msg::ChannelExtendedData{0, 1, bytes_of(stderr_data)});
  request(msg::Exec{"cat"});
  receive(msg::ChannelEof{0});
  run_to_close();
  EXPECT_EQ(output, "");
}

TEST_F(SessionTest, TheExitStatusDoesNotWaitForBackgroundProcesses) {
  const std::string fifo = home.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  request(msg::Exec{fmt::format("cat {} & exit 4", fifo)});
  run_until([&] { return status.has_value(); });
  EXPECT_EQ(status, 4u);
  EXPECT_EQ(order, "SR") << "the channel stays while somebody has the pipes";
  Fd writer(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
  ASSERT_EQ(::write(writer.get(), "late\n", 5), 5);
  run_until([&] { return output == "late\n"; });
  writer.close();
  run_to_close();
  EXPECT_EQ(order, "SRdEC");
}

TEST_F(SessionTest, TheExitStatusComesAfterAllThatTheProgramWrote) {
  request(msg::Exec{"sleep 1000 & head -c 200000 /dev/zero; exit 4"});
  run_until([&] { return status.has_value(); });
  EXPECT_EQ(output.size(), 200'000u);
  EXPECT_EQ(order, "SdR");
}

TEST_F(SessionTest, AProgramMayOutliveItsOutput) {
  const std::string fifo = home.path("fifo");
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  request(msg::Exec{fmt::format("exec >&- 2>&-; read line < {}; exit 9", fifo)});
  Fd writer(::open(fifo.c_str(), O_WRONLY | O_CLOEXEC));
  io.restart();
  io.run_for(std::chrono::milliseconds(20));
  collect();
  EXPECT_EQ(order, "S") << "EOF would let the client close the channel before the status is known";
  ASSERT_EQ(::write(writer.get(), "go\n", 3), 3);
  run_to_close();
  EXPECT_EQ(status, 9u);
}

// The programs of a client that has gone get a hangup.
TEST_F(SessionTest, CloseHangsUp) {
  // The shells' own complaints about the hangup would end them: nobody reads them any more.
  request(msg::Exec{"exec 2>/dev/null; trap 'echo hup > hangup; exit' HUP; echo up; while :; do sleep 0.01; done"});
  run_until([&] { return output == "up\n"; });
  receive(msg::ChannelClose{0});
  io.restart();
  io.run_for(test::patience);  // returns when the program is reaped
  EXPECT_EQ(home.read("hangup"), "hup\n");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie was left";
}

// [4254-5.3-6]: a program that goes on after the hangup reads what had come before it.
TEST_F(SessionTest, ClosedChannelsInputStillReachesItsProgram) {
  request(
      msg::Exec{"exec 2>/dev/null; trap '' HUP; echo up; while [ ! -e go ]; do sleep 0.01; done; wc -c > new; mv new "
                "size"});
  run_until([&] { return output == "up\n"; });
  const std::string data(20'000, 'x');
  for (int i = 0; i < 10; ++i) receive(msg::ChannelData{0, bytes_of(data)});
  receive(msg::ChannelClose{0});
  hub->finish();
  home.write("go", "");
  io.restart();
  io.run_for(test::patience);  // returns when the program is reaped
  EXPECT_EQ(home.read("size"), "200000\n");
}

TEST_F(SessionTest, ProgramIsRefusedWhenTheConnectionMayHaveNoMoreDescriptors) {
  {
    const test::NoDescriptors none;
    request(msg::PtyReq{"vt100", 80, 24, 0, 0, {}});
    request(msg::Exec{"echo no"});
  }
  collect();
  EXPECT_EQ(order, "FF");
  request(msg::Exec{"echo yes"});
  run_to_close();
  EXPECT_EQ(output, "yes\n");
}

TEST_F(SessionTest, CloseHangsUpBackgroundProcessesToo) {
  request(
      msg::Exec{"exec 2>/dev/null; sh -c 'trap \"echo hup > hangup; exit\" HUP; echo up; while :; do sleep 0.01; done' "
                "& exit 4"});
  run_until([&] { return output == "up\n" && status.has_value(); });
  receive(msg::ChannelClose{0});
  EXPECT_TRUE(test::run_until(io, [this] { return std::filesystem::exists(home.path("hangup")); }));
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie was left";
}

// OpenSSH PROTOCOL section 2.1, from the client.
TEST_F(SessionTest, EndOfWriteStopsTheProgramsOutput) {
  request(msg::Exec{"trap '' PIPE; echo up; while echo more 2>/dev/null; do :; done; exit 8"});
  run_until([&] { return !output.empty(); });
  request(msg::Eow{}, false);
  run_to_close();
  EXPECT_EQ(status, 8u);
}

// And from us: the program has closed its input.
TEST_F(SessionTest, TellsOpenSshThatNobodyReads) {
  request(msg::Exec{"exec <&-; echo up; while :; do sleep 0.01; done"});
  run_until([&] { return output == "up\n"; });
  receive(msg::ChannelData{0, bytes_of("data")});
  run_until([&] { return !requests.empty(); });
  EXPECT_THAT(requests, ElementsAre("eow@openssh.com"));
}

TEST_F(SessionTest, TellsOtherPeersNothing) {
  context->peer_is_openssh = false;
  request(msg::Exec{"exec <&-; echo up; while :; do sleep 0.01; done"});
  run_until([&] { return output == "up\n"; });
  receive(msg::ChannelData{0, bytes_of("data")});
  request(msg::Signal{"TERM"}, false);
  run_to_close();
  EXPECT_THAT(requests, ElementsAre("exit-signal"));
}

// ---- limits of strings

TEST_F(SessionTest, AStringThatIsTooLongRefusesItsRequestAndNoMore) {
  const std::string much(260'000, 'A');
  request(msg::PtyReq{.term = much});
  request(msg::PtyReq{.term = "xterm", .encoded_terminal_modes = bytes_of(much)});
  request(msg::X11Req{.x11_authentication_protocol = much});
  request(msg::X11Req{.x11_authentication_cookie = Hidden{bytes_of(much)}});
  request(msg::Env{much, "C"});
  request(msg::Env{"LANG", much});
  request(msg::Signal{much});
  request(msg::Subsystem{much});
  request(msg::Exec{much});
  receive(msg::ChannelRequest{0, much, true, {}});
  EXPECT_TRUE(failure == nullptr);
  request(msg::Exec{"exit 5"});
  run_to_close();
  EXPECT_EQ(order, "FFFFFFFFFFSREC") << "as many failures as requests, and then a program";
  EXPECT_EQ(status, 5U);
  EXPECT_NE(lines.text().find("refused pty-req: term has 260000 bytes; at most 256 are taken"), std::string::npos);
  EXPECT_NE(lines.text().find("refused exec: command has 260000 bytes; at most 131071 are taken"), std::string::npos);
}

// RFC 4253 section 7.1: its end has to wait for a key exchange, behind more than may wait. That is this connection's
// end.
TEST_F(SessionTest, AProgramWhoseEndCannotBeToldEndsItsConnection) {
  request(msg::Exec{"read line; exit 3"});
  out.writer.hold();
  const std::vector<std::uint8_t> zeros(200'000);
  EXPECT_THROW(
      {
        while (true) out.writer.send(msg::GlobalRequest{"x", false, Rest{zeros}});
      },
      ProtocolError);
  receive(msg::ChannelEof{0});
  std::exception_ptr ended;
  ASSERT_TRUE(test::run_until(io, [&] { return (ended = hub->take_failure()) != nullptr; }));
  EXPECT_THROW(std::rethrow_exception(ended), ProtocolError);
}

}  // namespace
}  // namespace glassh
