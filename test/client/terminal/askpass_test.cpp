#include "client/terminal/askpass.h"

#include <csignal>
#include <map>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "test/support/temporary_directory.h"

namespace glassh {
namespace {

namespace asio = boost::asio;

AskpassRules rules(const std::map<std::string, std::string>& variables) {
  return askpass_rules([&](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    return found != variables.end() ? std::optional<std::string>(found->second) : std::nullopt;
  });
}

TEST(Askpass, TheEnvironmentDecidesWhenItIsUsed) {
  struct Case {
    std::map<std::string, std::string> variables;
    bool allowed, preferred;
  };
  const Case cases[] = {
      {{}, false, false},
      {{{"DISPLAY", ":0"}}, true, false},
      {{{"DISPLAY", ""}}, false, false},
      {{{"SSH_ASKPASS", "/bin/true"}}, false, false},
      {{{"DISPLAY", ":0"}, {"SSH_ASKPASS_REQUIRE", "never"}}, false, false},
      {{{"DISPLAY", ":0"}, {"SSH_ASKPASS_REQUIRE", "prefer"}}, true, true},
      {{{"SSH_ASKPASS_REQUIRE", "prefer"}}, false, false},
      {{{"SSH_ASKPASS_REQUIRE", "force"}}, true, true},
      {{{"SSH_ASKPASS_REQUIRE", "FORCE"}}, true, true},
      {{{"DISPLAY", ":0"}, {"SSH_ASKPASS_REQUIRE", "perhaps"}}, true, false},
  };
  for (const Case& each : cases) {
    std::string said;
    for (const auto& [name, value] : each.variables) said += fmt::format("{}={} ", name, value);
    EXPECT_EQ(rules(each.variables).allowed, each.allowed) << said;
    EXPECT_EQ(rules(each.variables).preferred, each.preferred) << said;
  }
  EXPECT_EQ(rules({}).program, "/usr/bin/ssh-askpass");
  EXPECT_EQ(rules({{"SSH_ASKPASS", "ask me"}}).program, "ask me");
}

struct AskpassTest : testing::Test {
  TemporaryDirectory directory;

  // A program that is that shell script.
  std::string program(const std::string& script) { return directory.write("askpass", "#!/bin/sh\n" + script, 0700); }
  AskpassAnswer run(const std::string& path, AskpassKind kind = AskpassKind::secret) {
    asio::io_context io;
    AskpassAnswer result;
    asio::co_spawn(io, run_askpass(io.get_executor(), path, "What's it?\n'\"$ ", kind),
                   [&](std::exception_ptr error, AskpassAnswer answer) {
                     EXPECT_FALSE(error);
                     result = std::move(answer);
                   });
    io.run();
    return result;
  }
};

std::optional<std::string> text(const AskpassAnswer& answer) {
  return answer.text ? std::optional<std::string>(text_of(answer.text->reveal())) : std::nullopt;
}

TEST_F(AskpassTest, TheAnswerIsTheFirstLineOfItsOutput) {
  struct Case {
    std::string script;
    std::optional<std::string> answer;
  };
  const Case cases[] = {
      {"echo secret", "secret"},
      {"printf 'no end'", "no end"},
      {"printf 'one\\r\\ntwo\\n'", "one"},
      {"echo", ""},
      {"true", ""},
      {"echo secret; exit 1", std::nullopt},  // the user closed the window
      {"kill -9 $$", std::nullopt},
      {"head -c 5000 /dev/zero | tr '\\0' x; echo", std::string(1024, 'x')},
      {"echo early; exec >&-; sleep 0.1", "early"},
  };
  for (const Case& each : cases) {
    const AskpassAnswer answer = run(program(each.script));
    EXPECT_EQ(text(answer), each.answer) << each.script;
    EXPECT_EQ(answer.problem, "") << each.script;
  }
}

TEST_F(AskpassTest, TheQuestionIsOneArgumentAndTheKindAVariable) {
  const std::string path = program("printf %s \"$#$1${SSH_ASKPASS_PROMPT-unset}\" | tr '\\n' _");
  ::setenv("SSH_ASKPASS_PROMPT", "left over", 1);
  EXPECT_EQ(text(run(path)), "1What's it?_'\"$ unset");
  EXPECT_EQ(text(run(path, AskpassKind::confirm)), "1What's it?_'\"$ confirm");
  ::unsetenv("SSH_ASKPASS_PROMPT");
}

TEST_F(AskpassTest, AProgramThatIsNotThereIsSaid) {
  const AskpassAnswer answer = run(directory.path("none"));
  EXPECT_FALSE(answer.text);
  EXPECT_EQ(answer.problem,
            "cannot run " + directory.path("none") + " (SSH_ASKPASS) to ask: No such file or directory");
}

TEST_F(AskpassTest, TheWindowClosesWhenNobodyWaitsAnyMore) {
  const std::string path = program("echo $$ > " + directory.path("pid") + "\nexec sleep 60");
  {
    asio::io_context io;
    asio::co_spawn(io, run_askpass(io.get_executor(), path, "?", AskpassKind::secret),
                   [](std::exception_ptr, AskpassAnswer) { FAIL() << "it cannot have an answer"; });
    while (!std::filesystem::exists(directory.path("pid")) || directory.read("pid").empty()) io.poll();
  }
  EXPECT_EQ(::kill(std::stoi(directory.read("pid")), 0), -1) << "it still runs";
}

}  // namespace
}  // namespace glassh
