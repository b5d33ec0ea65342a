// The keywords of ssh_config(5) that say which way the connection takes: through which hosts or which program, and from
// which address.
#include <array>

#include "client/config/jump.h"
#include "client/config/values.h"

namespace glassh {
namespace {

using Call = ClientKeyword::Call;

// Of ProxyCommand and ProxyJump the one that comes first counts, and then "ProxyCommand none" leaves no jump either.
void handle_proxy_command(Call& call) {
  check_tokens(call.line.rest, "hnpr", false);
  if (call.target.proxy_jump && !call.target.proxy_jump->empty()) return;
  call.target.proxy_command = command_or_nothing(call.line.rest);
}

void handle_proxy_jump(Call& call) {
  const std::string& list = call.words[0];
  check_tokens(list, "hnpr", false);
  if (list.find('%') == std::string::npos) parse_jump_hosts(list);  // with tokens, when their values are known
  if (call.target.proxy_command) return;
  call.target.proxy_jump = equal_ignoring_case(list, "none") ? std::string() : list;
}

constexpr std::array table{
    ClientKeyword{"ProxyCommand", 0, 0, false, handle_proxy_command},
    ClientKeyword{"ProxyJump", 1, 1, false, handle_proxy_jump},
    ClientKeyword{"BindAddress", 1, 1, false, [](Call& call) { call.target.config.bind_address = call.words[0]; }},
    ClientKeyword{"BindInterface", 1, 1, false, [](Call& call) { call.target.config.bind_interface = call.words[0]; }},
    ClientKeyword{"Tag", 1, 1, false, [](Call& call) { call.target.config.tag = call.words[0]; }},
};

}  // namespace

std::span<const ClientKeyword> way_client_keywords() { return table; }

}  // namespace glassh
