#include "client/terminal/askpass.h"

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "channels/io/descriptor.h"
#include "channels/io/launcher.h"

extern char** environ;

namespace glassh {

namespace asio = boost::asio;

namespace {

constexpr std::size_t longest_answer = 1024;
constexpr std::string_view kind_variable = "SSH_ASKPASS_PROMPT";

// The program, ended and waited for when this dies.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    wait();
  }
  // Whether it ended well. Blocks until it has ended.
  bool wait() {
    const std::optional<int> status = wait_for_end(std::exchange(pid_, 0));
    return status && WIFEXITED(*status) && WEXITSTATUS(*status) == 0;
  }
  // Becomes readable when the program has ended.
  Fd ending() const { return open_pidfd(pid_); }

 private:
  pid_t pid_;
};

// Our environment, with the kind of question or without a word about it.
std::vector<std::string> environment_for(AskpassKind kind) {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    if (!std::string_view(*variable).starts_with(fmt::format("{}=", kind_variable))) variables.emplace_back(*variable);
  }
  if (kind == AskpassKind::confirm) variables.push_back(fmt::format("{}=confirm", kind_variable));
  return variables;
}

// Its standard output goes to `output`; ours are close-on-exec, all of them. Throws std::system_error.
pid_t start(const std::string& program, const std::string& question, AskpassKind kind, int output) {
  return launch({.program = program,
                 .search_path = true,
                 .arguments = {program, question},
                 .environment = environment_for(kind),
                 .streams = {{.as = STDOUT_FILENO, .from = output}}});
}

// Everything up to the end of the file; what does not fit is read and dropped, so that the program can end.
asio::awaitable<SecretBytes> read_all(Descriptor& output) {
  SecretBytes text(longest_answer);
  SecretBytes dropped(64);
  std::size_t size = 0;
  while (true) {
    const IoResult got = size < text.size() ? output.read(text.reveal().subspan(size)) : output.read(dropped.reveal());
    if (got.would_block()) {
      co_await output.readable();
    } else if (got.size == 0) {
      break;
    } else if (size < text.size()) {
      size += got.size;
    }
  }
  text.truncate(size);
  co_return text;
}

SecretBytes first_line(SecretBytes text) {
  const std::string_view whole = text_of(text.reveal());
  text.truncate(std::min(whole.find_first_of("\r\n"), whole.size()));
  return text;
}

}  // namespace

AskpassRules askpass_rules(const EnvironmentLookup& environment) {
  AskpassRules rules;
  if (const auto program = environment("SSH_ASKPASS")) rules.program = *program;
  rules.allowed = !environment("DISPLAY").value_or("").empty();
  const std::string required = lower_case(environment("SSH_ASKPASS_REQUIRE").value_or(""));
  if (required == "never") {
    rules.allowed = false;
  } else if (required == "prefer") {
    rules.preferred = rules.allowed;
  } else if (required == "force") {
    rules.allowed = rules.preferred = true;
  }
  return rules;
}

asio::awaitable<AskpassAnswer> run_askpass(asio::any_io_executor executor, std::string program, std::string question,
                                           AskpassKind kind) {
  Pipe pipe = make_pipe();
  pid_t pid = 0;
  try {
    pid = start(program, question, kind, pipe.write_end.get());
  } catch (const std::system_error& error) {
    co_return AskpassAnswer{std::nullopt,
                            fmt::format("cannot run {} (SSH_ASKPASS) to ask: {}", program, error.code().message())};
  }
  Child child(pid);
  pipe.write_end.close();
  Descriptor output = Descriptor::own(executor, std::move(pipe.read_end));
  SecretBytes text = first_line(co_await read_all(output));
  if (Fd ending = child.ending()) co_await Descriptor::own(executor, std::move(ending)).readable();
  if (!child.wait()) co_return AskpassAnswer{};
  co_return AskpassAnswer{std::move(text), ""};
}

}  // namespace glassh
