#include "client/terminal/utf8.h"

#include <utility>

#include <iconv.h>
#include <langinfo.h>

#include "config/syntax.h"

namespace glassh {
namespace {

class Converter {
 public:
  explicit Converter(const std::string& encoding) : descriptor_(::iconv_open("UTF-8", encoding.c_str())) {}
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;
  ~Converter() {
    if (known()) ::iconv_close(descriptor_);
  }
  bool known() const { return descriptor_ != iconv_t(-1); }

  // False if `text` is not in that encoding. `out` is shortened to what was written.
  bool convert(SecretBytes& text, SecretBytes& out) {
    void* const from = text.reveal().data();
    void* const to = out.reveal().data();
    char* in_at = static_cast<char*>(from);
    char* out_at = static_cast<char*>(to);
    std::size_t in_left = text.size();
    std::size_t out_left = out.size();
    if (::iconv(descriptor_, &in_at, &in_left, &out_at, &out_left) == std::size_t(-1)) return false;
    out.truncate(out.size() - out_left);
    return true;
  }

 private:
  iconv_t descriptor_;
};

}  // namespace

std::string terminal_encoding() { return ::nl_langinfo(CODESET); }

SecretBytes to_utf8(SecretBytes text, const std::string& encoding) {
  if (text.empty() || equal_ignoring_case(encoding, "UTF-8")) return text;
  Converter converter(encoding);
  if (!converter.known()) return text;
  SecretBytes converted(text.size() * 4);  // no character takes more
  return converter.convert(text, converted) ? std::move(converted) : std::move(text);
}

}  // namespace glassh
