#include "client/forwarding/xauth.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <limits>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "client/child.h"

namespace glassh {

namespace {

constexpr std::string_view usual_protocol = "MIT-MAGIC-COOKIE-1";
// The X server keeps the cookie a little longer than we let its user in: a cookie that it does not know any more might
// be as good as none.
constexpr std::uint32_t slack_seconds = 60;

// A directory for one file, both gone with this object.
class PrivateFile {
 public:
  PrivateFile() {
    if (::mkdtemp(directory_.data()) == nullptr) {
      throw std::system_error(errno, std::generic_category(), directory_.data());
    }
    path_ = std::string(directory_.data()) + "/xauthfile";
  }
  PrivateFile(const PrivateFile&) = delete;
  PrivateFile& operator=(const PrivateFile&) = delete;
  ~PrivateFile() {
    ::unlink(path_.c_str());
    ::rmdir(directory_.data());
  }
  const std::string& path() const { return path_; }

 private:
  std::array<char, 20> directory_{"/tmp/ssh-XXXXXXXXXX"};
  std::string path_;
};

// "host/unix:0  MIT-MAGIC-COOKIE-1  0123…", of which the first line counts.
std::optional<X11Cookie> cookie_in_list(std::string_view list) {
  list = list.substr(0, list.find('\n'));
  std::array<std::string_view, 3> words;
  for (std::string_view& word : words) {
    list.remove_prefix(std::min(list.find_first_not_of(' '), list.size()));
    word = list.substr(0, list.find(' '));
    list.remove_prefix(word.size());
  }
  return parse_x11_cookie(words[1], words[2]);
}

std::optional<X11Cookie> listed(std::vector<std::string> command, const XauthQuestion& question, ClientLog& log) {
  command.insert(command.end(), {"list", question.display.authority_name()});
  log.debug2("running {}", fmt::join(command, " "));
  const ChildOutput list = run_child_for_output(command);
  return cookie_in_list(text_of(list.text.reveal()));
}

// xauth(1) asks the display's X server. This fails for the display of another hop, as it should: only that hop's fake
// cookie would come through to us.
std::optional<X11Cookie> generated(const XauthQuestion& question, ClientLog& log) {
  const PrivateFile file;
  std::uint32_t timeout = question.timeout_seconds;
  if (timeout > 0) timeout += std::min(slack_seconds, std::numeric_limits<std::uint32_t>::max() - timeout);
  const std::vector<std::string> on_file = {question.program, "-f", file.path()};
  std::vector<std::string> command = on_file;
  command.insert(command.end(), {"generate", question.display.authority_name(), std::string(usual_protocol),
                                 "untrusted", "timeout", std::to_string(timeout)});
  log.debug2("running {}", fmt::join(command, " "));
  if (run_child(command, {"/dev/null", "/dev/null", "/dev/null"}) != 0) return std::nullopt;
  return listed(on_file, question, log);
}

}  // namespace

std::optional<X11Cookie> find_x11_cookie(const XauthQuestion& question, ClientLog& log) {
  if (question.program.empty() || ::access(question.program.c_str(), X_OK) != 0) {
    log.debug1("No xauth program.");
    return std::nullopt;
  }
  try {
    return question.trusted ? listed({question.program}, question, log) : generated(question, log);
  } catch (const std::system_error& error) {
    log.debug1("xauth: {}", error.what());
    return std::nullopt;
  }
}

}  // namespace glassh
