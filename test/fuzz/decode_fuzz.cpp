// Each message's decoder: the first byte chooses the message, the rest is its payload. What decodes encodes to the same
// bytes, and where every field lies is known; everything else is a ProtocolError.
#include <cstdlib>

#include "proto/any_message.h"

namespace {

using namespace glassh;

void check(bool holds) {
  if (!holds) std::abort();
}

template <class M>
void try_message(Bytes input) {
  std::vector<std::uint8_t> payload;
  if constexpr (Numbered<M>) payload.push_back(M::number);
  payload.insert(payload.end(), input.begin(), input.end());
  try {
    const M message = decode<M>(payload);
    const std::vector<std::uint8_t> again = encode(message);
    check(again.size() == payload.size() && measure(message) == payload.size());
    for (std::size_t i = 0; i < payload.size(); ++i) {
      // RFC 4251 section 5 [4251-5-1] [4251-5-2]: a boolean may come as any number but 0; it leaves as 1.
      check(again[i] == payload[i] || (again[i] == 1 && payload[i] > 1));
    }
    std::size_t end = 0;
    for (const FieldSpan& span : map_fields<M>(payload)) {
      check(span.begin == end);
      end = span.end;
    }
    check(end == payload.size());
  } catch (const ProtocolError&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  with_index(AllMessages{}, data[0] % AllMessages::size, [&](auto type) {
    try_message<typename decltype(type)::type>({data + 1, size - 1});
  });
  return 0;
}
