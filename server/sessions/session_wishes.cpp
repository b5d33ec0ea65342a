#include "server/sessions/session_wishes.h"

#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "proto/messages_session.h"

namespace glassh {
namespace {

constexpr std::size_t most_variables = 128;
constexpr std::size_t most_environment_bytes = 64 * 1024;

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

bool is_variable_name(std::string_view name) {
  return !name.empty() && name.find('=') == std::string_view::npos && !has_nul(name);
}

}  // namespace

// RFC 4254 section 6.4 [4254-6.4-1]: only variables that AcceptEnv names, before a program runs, and only so many.
bool SessionWishes::on_environment(Bytes details) {
  const auto variable = decode<msg::Env>(details);
  if (!context_->takes(variable, channel_)) return false;
  const bool accepted = !closed_ && is_variable_name(variable.variable_name) && !has_nul(variable.variable_value) &&
                        context_->config->accepts_env(variable.variable_name);
  const std::size_t size = variable.variable_name.size() + variable.variable_value.size();
  if (!accepted || environment_.size() >= most_variables || environment_size_ + size > most_environment_bytes) {
    context_->log.print(LogLevel::debug2, "session {}: environment variable {} refused", channel_,
                        escaped(variable.variable_name));
    return false;
  }
  environment_size_ += size;
  environment_.push_back({std::string(variable.variable_name), std::string(variable.variable_value)});
  return true;
}

// RFC 4254 section 6.2: before a program runs, and once.
bool SessionWishes::on_terminal_wanted(Bytes details) {
  const auto wanted = decode<msg::PtyReq>(details);
  if (!context_->takes(wanted, channel_)) return false;
  if (!context_->permissions.pty) {
    context_->log.verbose("session {}: a terminal is not permitted (PermitTTY or the options of the key)", channel_);
    return false;
  }
  if (closed_ || terminal_ || has_nul(wanted.term)) return false;
  try {
    DescriptorClaim claim = hub_->allowance().claim(2);
    Pty pty = Pty::open(context_->account);
    pty.stands_for(std::move(claim));
    pty.apply_modes(wanted.encoded_terminal_modes);
    pty.resize({wanted.terminal_width_characters, wanted.terminal_height_rows, wanted.terminal_width_pixels,
                wanted.terminal_height_pixels});
    terminal_ = std::make_shared<Pty>(std::move(pty));
  } catch (const std::system_error& error) {
    context_->log.error("session {}: no terminal: {}", channel_, error.what());
    return false;
  }
  term_ = wanted.term;
  return true;
}

// RFC 9987: asked for before a program runs, because the program finds the agent in its environment.
bool SessionWishes::on_agent_wanted() {
  if (!context_->permissions.agent_forwarding) {
    context_->log.verbose(
        "session {}: agent forwarding is not permitted (AllowAgentForwarding, DisableForwarding or the "
        "options of the key)",
        channel_);
    return false;
  }
  if (closed_ || !context_->forward_agent) return false;
  if (const auto socket = context_->forward_agent()) agent_socket_ = *socket;
  return !agent_socket_.empty();
}

// RFC 4254 section 6.3.1: before a program runs, and once. [4254-6.3.1-4]: with a cookie in hexadecimal.
bool SessionWishes::on_display_wanted(Bytes details) {
  const auto wanted = decode<msg::X11Req>(details);
  if (!context_->takes(wanted, channel_)) return false;
  const auto refuse = [this](std::string_view why) {
    context_->log.verbose("session {}: no X11 forwarding: {}", channel_, why);
    return false;
  };
  if (!context_->permissions.x11_forwarding) {
    return refuse("X11Forwarding, DisableForwarding or the options of the key do not permit it");
  }
  const std::string& xauth = context_->config->xauth_location;
  if (xauth.empty() || ::access(xauth.c_str(), X_OK) < 0) return refuse("there is no xauth program (XAuthLocation)");
  if (closed_ || display_sought_ || !context_->forward_x11) {
    return refuse("it is too late, or has been asked before");
  }
  auto cookie = parse_x11_cookie(wanted.x11_authentication_protocol, text_of(wanted.x11_authentication_cookie.bytes));
  if (!cookie) return refuse("Invalid X11 forwarding data");
  display_sought_ = true;  // once, since it may take a thousand ports
  display_ = context_->forward_x11({wanted.single_connection, std::move(*cookie), wanted.x11_screen_number});
  return display_ != nullptr;
}

void SessionWishes::close() {
  closed_ = true;
  environment_ = {};
  drop_terminal();
}

}  // namespace glassh
