#include "client/terminal/asker.h"

#include <csignal>

#include <gtest/gtest.h>

#include <sys/resource.h>
#include <sys/wait.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "test/client/terminal/person.h"
#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

namespace asio = boost::asio;

constexpr std::string_view no_terminal = "/nonexistent/tty";

struct AskTest : testing::Test {
  TemporaryDirectory directory;
  std::vector<std::string> complaints;

  AskpassRules window(bool preferred, const std::string& script = "echo \"from the window: $1\"") {
    return {true, preferred, directory.write("askpass", "#!/bin/sh\n" + script, 0700)};
  }
  Asker asker(const AskpassRules& rules, std::string_view terminal) {
    return Asker(
        rules, [this](const std::string& text) { complaints.push_back(text); }, std::string(terminal));
  }
  // What comes back when a person has typed `typed` ahead.
  std::optional<std::string> ask(const Asker& asker, const Question& question) {
    asio::io_context io;
    std::optional<std::string> result;
    asio::co_spawn(io, asker.ask(io.get_executor(), question),
                   [&](std::exception_ptr error, std::optional<SecretBytes> answer) {
                     EXPECT_FALSE(error);
                     if (answer) result = text_of(answer->reveal());
                   });
    io.run();
    return result;
  }
};

TEST_F(AskTest, WhoIsAskedDependsOnTerminalAndDisplay) {
  Person person;
  const Question question{"Who? ", Echo::on};  // a secret that was typed ahead would be thrown away
  person.types("typed\n");
  EXPECT_EQ(ask(asker({}, person.terminal()), question), "typed");
  EXPECT_EQ(ask(asker({}, no_terminal), question), std::nullopt);
  person.types("typed\n");
  EXPECT_EQ(ask(asker(window(false), person.terminal()), question), "typed");
  EXPECT_EQ(ask(asker(window(false), no_terminal), question), "from the window: Who? ");
  EXPECT_EQ(ask(asker(window(true), person.terminal()), question), "from the window: Who? ");
  // An agent asks its window even if it was started at a terminal.
  EXPECT_EQ(ask(asker({}, person.terminal()), {.text = "Who? ", .where = Question::Where::window}), std::nullopt);
  EXPECT_EQ(ask(asker(window(false), person.terminal()), {.text = "Who? ", .where = Question::Where::window}),
            "from the window: Who? ");
  EXPECT_TRUE(asker(window(false), no_terminal).can_ask());
  EXPECT_TRUE(asker({}, person.terminal()).can_ask());
  EXPECT_FALSE(asker({}, no_terminal).can_ask());
}

TEST_F(AskTest, AMissingWindowIsComplainedAbout) {
  EXPECT_EQ(ask(asker({true, true, directory.path("none")}, no_terminal), {"Who? "}), std::nullopt);
  ASSERT_EQ(complaints.size(), 1u);
  EXPECT_NE(complaints[0].find(directory.path("none")), std::string::npos);
}

TEST_F(AskTest, YesOrNothingPermits) {
  const std::pair<std::string, bool> cases[] = {{"echo", true},        {"echo yes", true}, {"echo YES", true},
                                                {"echo no", false},    {"echo y", false},  {"exit 1", false},
                                                {"echo 'yes '", false}};
  for (const auto& [script, permitted] : cases) {
    asio::io_context io;
    std::optional<bool> result;
    const Asker its = asker(window(true, script), no_terminal);
    asio::co_spawn(io, its.permits(io.get_executor(), "May I?", Question::Where::window),
                   [&](std::exception_ptr, bool answer) { result = answer; });
    io.run();
    EXPECT_EQ(result, permitted) << script;
  }
  EXPECT_EQ(ask(asker(window(true, "echo $SSH_ASKPASS_PROMPT"), no_terminal),
                {.text = "May I?", .kind = AskpassKind::confirm}),
            "confirm");
}

// Another process asks and waits; `then` happens once its question shows. Its exit status, as waitpid(2) has it.
int asked_in_a_child(Person& person, const std::function<void(pid_t)>& then) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);  // the kernel does not stop a group that no shell looks after
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP}) std::signal(signal, SIG_DFL);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    const Asker its({}, {}, person.terminal());
    const auto answer = its.ask_and_wait({"Password: "});
    ::_exit(answer && text_of(answer->reveal()) == "secret" ? 7 : 8);
  }
  std::string seen;
  while (seen.find("Password: ") == std::string::npos) seen += person.sees();
  EXPECT_FALSE(person.echo());
  then(child);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(person.echo());
  return status;
}

TEST_F(AskTest, APersonAnswersAWaitingProgram) {
  Person person;
  const int status = asked_in_a_child(person, [&](pid_t) { person.types("secret\n"); });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(AskTest, ASignalEndsTheProgramAndTheTerminalIsAsBefore) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) {
    Person person;
    const int status = asked_in_a_child(person, [&](pid_t child) { ::kill(child, signal); });
    ASSERT_TRUE(WIFSIGNALED(status)) << signal;
    EXPECT_EQ(WTERMSIG(status), signal);
  }
}

TEST_F(AskTest, WhoComesBackFromAStopIsAskedAgain) {
  Person person;
  const int status = asked_in_a_child(person, [&](pid_t child) {
    ::kill(child, SIGTSTP);
    int stopped = 0;
    ASSERT_EQ(::waitpid(child, &stopped, WUNTRACED), child);
    ASSERT_TRUE(WIFSTOPPED(stopped));
    EXPECT_TRUE(person.echo()) << "while it is stopped the terminal is somebody else's";
    ::kill(child, SIGCONT);
    std::string seen;
    while (seen.find("Password: ") == std::string::npos) seen += person.sees();
    EXPECT_FALSE(person.echo());
    person.types("secret\n");
  });
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

// Standard input and output of this process, for one test.
class StandardInput {
 public:
  explicit StandardInput(const std::string& file) : saved_(::dup(STDIN_FILENO)) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(::dup2(fd, STDIN_FILENO), STDIN_FILENO);
    ::close(fd);
  }
  ~StandardInput() {
    ::dup2(saved_, STDIN_FILENO);
    ::close(saved_);
  }

 private:
  int saved_;
};

TEST_F(AskTest, StandardInputAnswersWhereThatIsAllowed) {
  const StandardInput input(directory.write("in", "first\r\nsecond\nlast"));
  const Question question{.text = "", .where = Question::Where::terminal_or_input};
  EXPECT_EQ(ask(asker({}, no_terminal), question), "first");
  EXPECT_EQ(ask(asker({}, no_terminal), question), "second");
  EXPECT_EQ(ask(asker({}, no_terminal), question), "last");
  EXPECT_EQ(ask(asker({}, no_terminal), question), std::nullopt);
}

TEST_F(AskTest, AnUnattendedInputAsksTheWindow) {
  const StandardInput input(directory.write("in", "first\n"));
  Person person;
  const Question question{.text = "Who? ", .where = Question::Where::terminal_or_input};
  EXPECT_EQ(ask(asker(window(false), person.terminal()), question), "from the window: Who? ");
}

}  // namespace
}  // namespace glassh
