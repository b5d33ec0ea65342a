#include "client/terminal/prompt.h"

#include <memory>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "test/client/terminal/person.h"

namespace glassh {
namespace {

namespace asio = boost::asio;

struct Asked {
  bool done = false;
  std::optional<std::string> answer;
};

void ask(asio::io_context& io, Person& person, Echo echo, Asked& asked) {
  auto prompt = Prompt::open(io.get_executor(), person.terminal());
  ASSERT_TRUE(prompt);
  auto shared = std::make_shared<Prompt>(std::move(*prompt));
  asio::co_spawn(io, shared->ask("Question? ", echo),
                 [shared, &asked](std::exception_ptr error, std::optional<SecretBytes> answer) {
                   EXPECT_FALSE(error);
                   asked.done = true;
                   if (answer) asked.answer = text_of(answer->reveal());
                 });
}

TEST(Prompt, AnAnswerIsOneLine) {
  struct Case {
    std::string typed;
    std::optional<std::string> answer;
  };
  const Case cases[] = {
      {"yes\n", "yes"},
      {"\n", ""},
      {"mistake\x15right\n", "right"},  // the terminal's line editing works
      {"first\nsecond\n", "first"},
      {std::string(1500, 'x') + "\n", std::string(1024, 'x')},
      {"\x04", std::nullopt},  // end of file
  };
  for (const Case& c : cases) {
    asio::io_context io;
    Person person;
    Asked asked;
    ask(io, person, Echo::on, asked);
    io.poll();
    EXPECT_EQ(person.sees_all(), "Question? ");
    EXPECT_FALSE(asked.done);
    person.types(c.typed);
    io.run();
    EXPECT_TRUE(asked.done);
    EXPECT_EQ(asked.answer, c.answer);
  }
}

TEST(Prompt, ASecretDoesNotShowAndTheTerminalIsAsBefore) {
  asio::io_context io;
  Person person;
  Asked asked;
  ask(io, person, Echo::off, asked);
  io.poll();
  EXPECT_FALSE(person.echo());
  person.types("secret\n");
  io.run();
  EXPECT_EQ(asked.answer, "secret");
  EXPECT_EQ(person.sees_all(), "Question? \r\n");
  EXPECT_TRUE(person.echo());
}

TEST(Prompt, TheTerminalIsAsBeforeWhenNobodyAnswered) {
  Person person;
  {
    asio::io_context io;
    Asked asked;
    ask(io, person, Echo::off, asked);
    io.poll();
    EXPECT_FALSE(person.echo());
  }  // as when a signal ends the program
  EXPECT_TRUE(person.echo());
  EXPECT_EQ(person.sees_all(), "Question? \r\n") << "what comes next does not stand behind the question";
}

TEST(Prompt, AHungUpTerminalGivesNoAnswer) {
  asio::io_context io;
  Person person;
  Asked asked;
  ask(io, person, Echo::on, asked);
  io.poll();
  person.hang_up();
  io.run();
  EXPECT_TRUE(asked.done);
  EXPECT_FALSE(asked.answer);
}

TEST(Prompt, WithoutATerminalThereIsNoPrompt) {
  asio::io_context io;
  EXPECT_FALSE(Prompt::open(io.get_executor(), "/nonexistent/tty"));
}

}  // namespace
}  // namespace glassh
