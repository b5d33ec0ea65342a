// Sessions on a terminal: RFC 4254 sections 6.2, 6.7 and 8, RFC 4335, and what comes before a program.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>

#include "channels/terminal_modes.h"
#include "test/server/sessions/session_fixture.h"
#include "test/support/patience.h"

namespace glassh {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct SessionTerminal : test::SessionTest {
  SessionTerminal() {
    auto settings = std::make_shared<ServerConfig>(config);
    settings->print_motd = false;
    context->config = settings;
    shared_config = settings;
  }
  void ask_for_terminal(std::initializer_list<std::uint8_t> modes = {0}) {
    const std::vector<std::uint8_t> encoded(modes);
    request(msg::PtyReq{"vt220", 99, 33, 640, 480, encoded});
  }
  void type(std::string_view keys) { receive(msg::ChannelData{0, bytes_of(keys)}); }
  void wait_for(std::string_view text) {
    run_until([&] { return output.find(text) != std::string::npos; });
  }

  std::shared_ptr<ServerConfig> shared_config;
};

TEST_F(SessionTerminal, AProgramRunsOnTheTerminalThatItsSessionAskedFor) {
  ask_for_terminal();
  request(
      msg::Exec{"test \"$(tty)\" = \"$SSH_TTY\" && echo same; echo $TERM; stty size; tty -s <&2 && echo all; exit 3"});
  run_to_close();
  EXPECT_EQ(output, "same\r\nvt220\r\n33 99\r\nall\r\n");
  EXPECT_EQ(error, "") << "a terminal has one stream";
  EXPECT_EQ(status, 3u);
  EXPECT_EQ(order, "SSdREC");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie was left";
  EXPECT_THAT(lines.text(), HasSubstr("Starting session: command on pts/"));
}

TEST_F(SessionTerminal, ALoginShellLeadsASessionThatControlsIt) {
  ask_for_terminal();
  request(msg::Shell{});
  type("echo $0; read pid name state parent group session tty front rest < /proc/$$/stat\n");
  type("[ $group = $$ ] && [ $session = $$ ] && [ $front = $$ ] && [ $tty != 0 ] && echo it leads; exit 4\n");
  run_to_close();
  EXPECT_THAT(output, HasSubstr("-sh\r\n"));
  EXPECT_THAT(output, HasSubstr("it leads\r\n"));
  EXPECT_EQ(status, 4u);
}

TEST_F(SessionTerminal, CtrlCInterruptsWhatRuns) {
  ask_for_terminal();
  request(msg::Exec{"trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.01; done"});
  wait_for("ready");
  type("\x03");
  run_to_close();
  EXPECT_THAT(output, HasSubstr("interrupted"));
  EXPECT_EQ(status, 5u);
}

// RFC 4254 section 8 [4254-8-3]: Ctrl-X instead of Ctrl-C, and no echo.
TEST_F(SessionTerminal, TheClientsModesAreTheTerminals) {
  ask_for_terminal({1, 0, 0, 0, 24, 53, 0, 0, 0, 0, 42, 0, 0, 0, 1, 0});
  request(msg::Exec{"trap 'echo interrupted; exit 5' INT; stty -a; while :; do sleep 0.01; done"});
  wait_for(" -echo ");
  EXPECT_THAT(output, HasSubstr("intr = ^X;"));
  EXPECT_THAT(output, HasSubstr(" iutf8"));
  type("\x18");
  run_to_close();
  EXPECT_EQ(status, 5u);
}

// Past vulnerability 49: more modes than there are, no end, and a mode cut short.
TEST_F(SessionTerminal, AnyListOfModesIsTaken) {
  std::vector<std::uint8_t> modes;
  for (int i = 0; i < 1000; ++i) modes.insert(modes.end(), {static_cast<std::uint8_t>(100 + i % 59), 0, 0, 0, 1});
  modes.insert(modes.end(), {53, 0, 0});
  request(msg::PtyReq{"vt220", 99, 33, 0, 0, modes});
  request(msg::Exec{"stty -a | grep -c ' echo '"});
  run_to_close();
  EXPECT_EQ(output, "1\r\n");
}

TEST_F(SessionTerminal, AResizedWindowIsSeenAndTold) {
  ask_for_terminal();
  request(msg::Exec{"trap 'stty size; exit 6' WINCH; echo ready; while :; do sleep 0.01; done"});
  wait_for("ready");
  request(msg::WindowChange{132, 50, 0, 0}, false);
  run_to_close();
  EXPECT_THAT(output, HasSubstr("50 132"));
  EXPECT_EQ(order, "SSdREC") << "[4254-6.7-2]: it is not answered";
}

// [4254-6.2-1] [4254-6.2-2]
TEST_F(SessionTerminal, DimensionsOfZeroAreIgnored) {
  ask_for_terminal();
  request(msg::WindowChange{0, 40, 0, 0}, false);
  request(msg::Exec{"stty size; read line; stty size"});
  wait_for("40 99");
  request(msg::WindowChange{0, 0, 1000, 1000}, false);  // pixels change nothing for who counts characters
  request(msg::WindowChange{70'000, 0, 0, 0}, false);
  type("\n");
  run_to_close();
  EXPECT_THAT(output, HasSubstr("40 65535"));
}

TEST_F(SessionTerminal, OnlyOneIsGivenAndOnlyBeforeTheProgram) {
  ask_for_terminal();
  ask_for_terminal();
  request(msg::Exec{"read line"});
  ask_for_terminal();
  type("\n");
  run_to_close();
  EXPECT_THAT(order, StartsWith("SFSF"));
}

TEST_F(SessionTerminal, NoneIsGivenThatIsNotPermitted) {
  context->permissions.pty = false;
  ask_for_terminal();
  request(msg::WindowChange{132, 50, 0, 0}, true);
  request(msg::Break{500});
  request(msg::Exec{"tty; echo ${SSH_TTY-none} ${TERM-none}"});
  run_to_close();
  EXPECT_EQ(output, "not a tty\nnone none\n");
  EXPECT_THAT(order, StartsWith("FFFS"));
  EXPECT_THAT(lines.text(), HasSubstr("a terminal is not permitted"));
}

TEST_F(SessionTerminal, ATermWithNulIsRefused) {
  request(msg::PtyReq{std::string_view("vt\0LD_PRELOAD=x", 15), 80, 24, 0, 0, {}});
  collect();
  EXPECT_EQ(order, "F");
}

// RFC 4335 section 3, in the three ways of termios(3). [4335-3-2] [4335-3-3] [4335-3-4]
TEST_F(SessionTerminal, ABreakInterruptsWhereTheTerminalSaysSo) {
  ask_for_terminal();
  request(msg::Exec{"stty brkint; trap 'echo interrupted; exit 7' INT; echo ready; while :; do sleep 0.01; done"});
  wait_for("ready");
  request(msg::Break{500});
  run_to_close();
  EXPECT_EQ(status, 7u);
  EXPECT_THAT(order, StartsWith("SSdS")) << "a break of any kind is answered with success";
}

TEST_F(SessionTerminal, ABreakThatIsIgnoredFails) {  // [4335-3-5]; [4335-3-1]: its length is, too
  ask_for_terminal();
  request(msg::Exec{"stty ignbrk; echo ready; read line; exit 8"});
  wait_for("ready");
  request(msg::Break{0xffffffff});
  type("\n");
  run_to_close();
  EXPECT_EQ(status, 8u);
  EXPECT_THAT(order, StartsWith("SSdF"));
}

TEST_F(SessionTerminal, ABreakIsReadAsAZeroOtherwise) {
  ask_for_terminal();
  request(msg::Exec{"stty raw -echo; echo ready; head -c 1 | od -An -tx1"});
  wait_for("ready");
  request(msg::Break{0});
  run_to_close();
  EXPECT_THAT(output, HasSubstr(" 00"));
}

TEST_F(SessionTerminal, ABreakWithoutAProgramIsRefused) {
  ask_for_terminal();
  request(msg::Break{500});
  collect();
  EXPECT_EQ(order, "SF");
}

// It would block the thread that serves others.
TEST_F(SessionTerminal, ABreakIsRefusedWhereTheTerminalHasNoRoomLeft) {
  ask_for_terminal();
  request(msg::Exec{"stty raw -echo parmrk; echo ready; exec sleep 1000"});
  wait_for("ready");
  for (int i = 0; i < 6700; ++i) request(msg::Break{500}, false);
  request(msg::Break{500});
  receive(msg::ChannelClose{0});
  io.restart();
  io.run_for(test::patience);  // returns when the program is reaped
  collect();
  EXPECT_THAT(order, StartsWith("SSdF"));
}

// The last copy of our side is closed: the kernel hangs up, and so do we.
TEST_F(SessionTerminal, CloseHangsUp) {
  ask_for_terminal();
  request(msg::Exec{"trap 'echo hup > hangup; exit' HUP; echo up; while :; do sleep 0.01; done"});
  wait_for("up");
  receive(msg::ChannelClose{0});
  io.restart();
  io.run_for(test::patience);  // returns when the program is reaped
  EXPECT_EQ(home.read("hangup"), "hup\n");
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie was left";
}

TEST_F(SessionTerminal, AllThatTheProgramWroteArrives) {
  ask_for_terminal();
  request(msg::Exec{"head -c 300000 /dev/zero | tr '\\0' x; exit 4"});
  run_to_close();
  EXPECT_EQ(output.size(), 300'000u);
  EXPECT_EQ(status, 4u);
}

TEST_F(SessionTerminal, ABackgroundProcessDoesNotKeepTheSession) {
  ask_for_terminal();
  request(msg::Exec{"sleep 1000 & echo $!; exit 2"});
  run_to_close();
  EXPECT_EQ(status, 2u);
}

TEST_F(SessionTerminal, EndOfWriteHangsUp) {  // OpenSSH PROTOCOL section 2.1
  ask_for_terminal();
  request(msg::Exec{"trap 'exit 9' HUP; echo up; while :; do sleep 0.01; done"});
  wait_for("up");
  request(msg::Eow{}, false);
  run_to_close();
  EXPECT_EQ(status, 9u);
}

// ---- what comes before the program

TEST_F(SessionTerminal, ALoginShellGreets) {
  shared_config->print_last_log = true;
  context->login_files = LoginRecordFiles{home.path("utmp"), home.path("wtmp"), home.path("lastlog")};
  context->records_logins = true;
  for (const char* name : {"utmp", "wtmp", "lastlog"}) home.write(name, "");
  LoginRecord(*context->login_files, {"pts/99", "ann", ::geteuid(), 1, "192.0.2.9"}, lines.log).end();

  ask_for_terminal();
  request(msg::Shell{});
  type("exit 3\n");
  run_to_close();
  EXPECT_THAT(output, testing::ContainsRegex("Last login: [A-Z][a-z]+ [A-Z][a-z]+ .* from 192.0.2.9\r\n"));
  EXPECT_EQ(status, 3u);
  const auto last = last_login(*context->login_files, account.uid);
  ASSERT_TRUE(last.has_value());
  EXPECT_EQ(last->host, "192.0.2.1") << "this login is the next one's last one";
}

TEST_F(SessionTerminal, NobodyIsGreetedWhoDoesNotWantTo) {
  context->login_files = LoginRecordFiles{home.path("utmp"), home.path("wtmp"), home.path("lastlog")};
  home.write("lastlog", "");
  LoginRecord(*context->login_files, {"pts/99", "ann", ::geteuid(), 1, "192.0.2.9"}, lines.log).end();
  ask_for_terminal();
  request(msg::Exec{"echo command"});
  run_to_close();
  EXPECT_EQ(output, "command\r\n");
}

TEST_F(SessionTerminal, TheUsersRcFileRunsFirst) {
  ASSERT_EQ(::mkdir(home.path(".ssh").c_str(), 0700), 0);
  home.write(".ssh/rc", "echo rc $USER $0; tty; echo error >&2; cat; sleep 0.05\n");
  request(msg::Exec{"echo program; exit 4"});
  run_to_close();
  EXPECT_EQ(output, "rc ann .ssh/rc\nnot a tty\nprogram\n");
  EXPECT_EQ(error, "error\n");
  EXPECT_EQ(status, 4u);
  EXPECT_EQ(order, "SdREC");
}

TEST_F(SessionTerminal, AnRcFileDoesNotTakeTheTerminalAway) {
  ASSERT_EQ(::mkdir(home.path(".ssh").c_str(), 0700), 0);
  home.write(".ssh/rc", "echo rc; stty size <&1\n");
  ask_for_terminal();
  request(msg::Exec{"trap 'exit 5' INT; echo program; while :; do sleep 0.01; done"});
  wait_for("program");
  EXPECT_EQ(output, "rc\r\n33 99\r\nprogram\r\n");
  type("\x03");
  run_to_close();
  EXPECT_EQ(status, 5u);
}

TEST_F(SessionTerminal, TheUsersRcFileStaysWhereItMayNotRun) {
  ASSERT_EQ(::mkdir(home.path(".ssh").c_str(), 0700), 0);
  home.write(".ssh/rc", "echo rc\n");
  context->permissions.user_rc = false;
  request(msg::Exec{"echo program"});
  run_to_close();
  EXPECT_EQ(output, "program\n");
}

TEST_F(SessionTerminal, EndOfWriteWhileAnRcFileRunsEndsTheSession) {
  ASSERT_EQ(::mkdir(home.path(".ssh").c_str(), 0700), 0);
  home.write(".ssh/rc", "echo rc; while [ ! -e go ]; do sleep 0.01; done\n");
  ask_for_terminal();
  request(msg::Exec{"echo program > program"});
  wait_for("rc");
  request(msg::Eow{}, false);
  home.write("go", "");
  run_to_close();
  EXPECT_EQ(status, 255u);
  EXPECT_NE(::access(home.path("program").c_str(), F_OK), 0) << "it would have had no terminal";
}

// A program that cannot be started after all: the session ends, and says so.
TEST_F(SessionTerminal, AShellThatGoesAwayWhileAnRcFileRunsEndsTheSession) {
  ASSERT_EQ(::mkdir(home.path(".ssh").c_str(), 0700), 0);
  context->account.shell = home.write("shell", "#!/bin/sh\nexec /bin/sh \"$@\"\n", 0700);
  home.write(".ssh/rc", "rm shell\n");
  request(msg::Exec{"echo program"});
  run_to_close();
  EXPECT_EQ(output, "");
  EXPECT_EQ(status, 255u);
  EXPECT_THAT(lines.text(), HasSubstr("cannot start " + context->account.shell));
}

// Who has hung up does not get the program as well; [4254-6.5-3] the connection goes on while rc runs.
TEST_F(SessionTerminal, CloseEndsAnRcFile) {
  ASSERT_EQ(::mkdir(home.path(".ssh").c_str(), 0700), 0);
  home.write(".ssh/rc", "trap 'exit 1' HUP; echo rc; while :; do sleep 0.01; done\n");
  ask_for_terminal();
  request(msg::Exec{"echo program > program"});
  wait_for("rc");
  request(msg::WindowChange{132, 50, 0, 0}, true);
  collect();
  EXPECT_THAT(order, HasSubstr("S"));
  receive(msg::ChannelClose{0});
  io.restart();
  io.run_for(test::patience);
  EXPECT_NE(::access(home.path("program").c_str(), F_OK), 0);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie was left";
}

}  // namespace
}  // namespace glassh
