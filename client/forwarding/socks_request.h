// SocksRequest is the server's side of SOCKS 4, 4a and 5, without I/O: it reads a request, in which a program says
// where it wants to be connected to.
//
// Lives until its request is answered. Job: parse the request and write the answer. SOCKS 5 is RFC 1928; SOCKS 4 and 4a
// are described only by their authors. CONNECT is the only command, and there is no authentication: every program that
// reaches the port may use it, as with ssh(1). It never asks for a byte beyond the request, so the data that the
// program sends after it is still in its socket.
//
//   while (socks.wanted() > 0) { … read at most socks.wanted() bytes … const std::string answer = socks.take(bytes); }
//   if (socks.target()) … socks.granted() … socks.refused(SocksRefusal::connection_refused)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "client/config/forward.h"
#include "proto/bytes.h"

namespace glassh {

// RFC 1928 section 6.
enum class SocksRefusal : std::uint8_t { general = 1, not_allowed = 2, host_unreachable = 4, connection_refused = 5 };

class SocksRequest {
 public:
  // The number of bytes that it needs now; 0 if the request is complete, or cannot be served.
  std::size_t wanted() const { return wanted_ - buffer_.size(); }
  // Takes up to wanted() bytes. Returns the bytes to send back now, often none.
  std::string take(Bytes bytes);

  // Set when the request is complete. The host may be a name or an address.
  const std::optional<ForwardEndpoint>& target() const { return target_; }
  // The reason why the request cannot be served; empty if it can.
  const std::string& problem() const { return problem_; }

  // The answers to a complete request.
  std::string granted() const;
  std::string refused(SocksRefusal why) const;

 private:
  enum class Stage {
    version,
    socks4_header,
    socks4_user,
    socks4_host,
    methods_count,
    methods,
    request,
    name_size,
    address,
    done
  };

  std::string step();
  void go_to(Stage stage, std::size_t wanted);
  std::string fail(std::string problem, std::string answer = {});
  void complete(std::string host, std::uint16_t port);
  void on_socks4_header();
  void on_socks4_user();
  void on_socks4_host();
  std::string on_methods();
  std::string on_request();
  std::string on_address();

  Stage stage_ = Stage::version;
  int version_ = 0;
  std::size_t wanted_ = 1;  // the size of buffer_ at which the next step is made
  std::string buffer_;
  std::uint8_t address_type_ = 0;
  std::string host_;  // only for SOCKS 4, like port_
  std::uint16_t port_ = 0;
  std::optional<ForwardEndpoint> target_;
  std::string problem_;
};

}  // namespace glassh
