// Any text as an authorized_keys file and as a comment: what glassh-copy-id makes of it keeps the text, adds a key
// once, and never lets a comment become a line of its own.
#include <algorithm>
#include <cstdlib>

#include "client/tools/copied_keys.h"
#include "crypto/base64.h"
#include "proto/bytes.h"

namespace {

void check(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glassh;
  static const auto blob = *base64_decode("AAAAC3NzaC1lZDI1NTE5AAAAIGtra2tra2tra2tra2tra2tra2tra2tra2tra2tra2tr");
  const std::string text(text_of({data, size}));
  const CopiedKey key = copied_key("ssh-ed25519", blob, text);
  const std::string line = key.line();
  check(line.find_first_of("\n\r") == std::string::npos && line.starts_with("ssh-ed25519 "));

  const MergedKeys merged = merge_keys(text, {&key, 1});
  check(merged.text.starts_with(text) && merged.added <= 1);
  check((merged.added == 1) == (merged.text != text));
  if (merged.added == 1) check(merged.text.ends_with("\n" + line + "\n") || merged.text == line + "\n");
  check(merge_keys(merged.text, {&key, 1}).added == 0);
  installed_count(text);
  return 0;
}
