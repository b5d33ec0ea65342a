// Any bytes as a SOCKS request: it ends within a few hundred of them, in a host and a port that could be one, or in a
// problem; and how the bytes were cut makes no difference.
#include <algorithm>
#include <cstdlib>

#include "client/forwarding/socks_request.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

std::size_t feed(SocksRequest& socks, Bytes bytes, std::size_t at_most, std::string& answers) {
  std::size_t taken = 0;
  while (socks.wanted() > 0 && taken < bytes.size()) {
    const std::size_t size = std::min({socks.wanted(), bytes.size() - taken, at_most});
    answers += socks.take(bytes.subspan(taken, size));
    taken += size;
  }
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SocksRequest whole;
  SocksRequest cut;
  std::string answers;
  std::string same_answers;
  const std::size_t taken = feed(whole, {data, size}, 4096, answers);
  check(taken == feed(cut, {data, size}, 1, same_answers));
  check(answers == same_answers && whole.target() == cut.target() && whole.problem() == cut.problem());
  check(taken <= 8 + 256 + 256 + 512 && answers.size() <= 2 + 10);
  if (whole.wanted() > 0) {
    check(taken == size && !whole.target() && whole.problem().empty());
  } else {
    check(whole.target().has_value() == whole.problem().empty());
  }
  if (whole.target()) {
    const ForwardEndpoint& target = *whole.target();
    check(!target.host.empty() && target.host.size() <= 255 && target.port != 0 && target.path.empty());
    for (const char each : target.host) check(static_cast<unsigned char>(each) > ' ');
  }
  return 0;
}
