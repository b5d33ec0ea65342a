// Any bytes as the beginning of an X11 connection, in any pieces: the verdict does not depend on the pieces, the real
// cookie comes out only when the fake one went in, and nothing else is changed. And any text as a cookie of x11-req.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "channels/x11_setup.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

constexpr std::string_view fake_cookie = "FAKE";
constexpr std::string_view real_cookie = "real";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glassh;
  using Verdict = X11Setup::Verdict;
  const Bytes input(data, size);
  const X11Cookie fake{"MIT", SecretBytes(bytes_of(fake_cookie))};
  const X11Cookie real{"MIT", SecretBytes(bytes_of(real_cookie))};

  X11Setup whole(fake, real);
  const std::size_t taken = whole.take(input);
  check(taken <= std::min<std::size_t>(size, 20));
  X11Setup pieces(fake, real);
  std::size_t in_pieces = 0;
  for (std::size_t i = 0; i < size; ++i) in_pieces += pieces.take(input.subspan(i, 1));
  check(pieces.verdict() == whole.verdict() && in_pieces == taken);
  if (whole.verdict() == Verdict::accepted) {
    check(taken == 20 && whole.bytes().size() == 20);
    check(text_of(whole.bytes().subspan(16)) == real_cookie && text_of(input.subspan(16, 4)) == fake_cookie);
    check(equal(whole.bytes().first(16), input.first(16)));
  }
  check(whole.verdict() != Verdict::incomplete || taken == size);

  const std::string_view text = text_of(input);
  const std::size_t space = text.find(' ');
  if (space == text.npos) return 0;
  const auto cookie = parse_x11_cookie(text.substr(0, space), text.substr(space + 1));
  if (!cookie) return 0;
  const std::string line = cookie->protocol + " " + hex(cookie->data.reveal());
  check(line.find_first_of(" \n\r\t\"'\\;$`", space + 1) == std::string::npos && line.find('\n') == std::string::npos);
  return 0;
}
