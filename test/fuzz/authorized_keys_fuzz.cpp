// Any text as authorized_keys gives a verdict for each line, throws nothing, and lets in nobody whose key is not there
// or whose options forbid it.
#include <algorithm>
#include <cstdlib>

#include "auth/authorized_keys.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

// The key of the seeds: 32 times "k".
PublicKey wanted() {
  return parse_public_key_line("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr").key;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const PublicKey key = wanted();
  const std::string_view text = text_of({data, size});
  const LoginOrigin origin{"host.example", "192.0.2.1", 1700000000};
  const AuthorizedKeySearch search = find_authorized_key(text, Credential(key), origin);
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  check(search.lines_refused >= search.refused.size() && search.lines_refused <= lines);
  const ParsedKeyOptions parsed = parse_key_options(text.substr(0, text.find('\n')));
  check(parsed.options.has_value() == parsed.reason.empty());
  if (parsed.options) {
    const auto twice = combine(*parsed.options, *parsed.options);
    check(twice && refusal_of(*twice, origin) == refusal_of(*parsed.options, origin));
  }
  std::size_t last = 0;
  for (const RefusedLine& refused : search.refused) {
    check(refused.line > last && refused.line <= lines && !refused.reason.empty());
    last = refused.line;
  }
  if (search.match) {
    check(refusal_of(search.match->options, origin).empty());
    check(search.match->line > last && search.match->line <= lines);
    check(text.find(key.line().substr(12)) != std::string_view::npos);
  }
  return 0;
}
