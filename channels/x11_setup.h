// The first bytes of an X11 connection: they carry a cookie, which is checked and replaced by another. Without I/O.
//
// RFC 4254 section 6.3.1 [4254-6.3.1-1]: the cookie that a client gives to a server is a made-up one. Who connects to
// the server's proxy display must show it; only then does the real one go to the user's display. What an X11 client
// sends first is in the X Window System Protocol, chapter 8: byte order, versions, and the cookie with its protocol.
// Neither opens a display; the cookies themselves come from others (client/forwarding/xauth.h, x11-req).
//
//   X11Setup setup(fake, real);  data = data.subspan(setup.take(data));
//   if (setup.verdict() == X11Setup::Verdict::accepted) …setup.bytes(), then what is left of data, to the display
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "crypto/rng.h"
#include "proto/secret_bytes.h"

namespace glassh {

struct X11Cookie {
  std::string protocol;  // "MIT-MAGIC-COOKIE-1"
  SecretBytes data;      // not in hexadecimal

  X11Cookie clone() const { return {protocol, data.clone()}; }
};

// As x11-req and xauth(1) write it. Nothing unless the protocol is a plain word and the cookie is hexadecimal: both
// stand in lines that xauth(1) reads (past vulnerability 90).
std::optional<X11Cookie> parse_x11_cookie(std::string_view protocol, std::string_view hexadecimal);
// Another cookie of the same protocol and length.
X11Cookie fake_x11_cookie(const X11Cookie& real, Rng& rng);

class X11Setup {
 public:
  enum class Verdict { incomplete, accepted, refused };

  // `fake` is what must come, `real` what goes on in its place: of the same protocol and length.
  X11Setup(const X11Cookie& fake, const X11Cookie& real);

  // The next bytes of the connection. How many of them belong to the setup; after the verdict, none.
  std::size_t take(Bytes bytes);
  Verdict verdict() const { return verdict_; }
  std::string_view why() const { return why_; }  // it was refused
  // Once it is accepted: the whole setup, with the real cookie. As many bytes as take() took; a view into this object.
  Bytes bytes() const { return setup_.reveal(); }

 private:
  void judge();
  void refuse(std::string_view why);
  std::size_t cookie_offset() const;

  const std::string protocol_;
  const SecretBytes fake_;
  SecretBytes real_;
  SecretBytes setup_;
  std::size_t filled_ = 0;
  Verdict verdict_ = Verdict::incomplete;
  std::string_view why_;
};

}  // namespace glassh
