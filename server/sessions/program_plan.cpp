#include "server/sessions/program_plan.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "server/sessions/environment.h"

namespace glassh {
namespace {

constexpr std::string_view no_internal_sftp = "internal-sftp is not done yet; give the path of a program";
bool is_internal_sftp(std::string_view command) { return command.starts_with("internal-sftp"); }

EnvironmentSources environment_sources(const SessionWishes& wishes, const SessionContext& context) {
  EnvironmentSources sources;
  sources.from_client = wishes.environment();
  sources.from_keys = context.permissions.environment;
  const auto from_file = user_environment(*context.config, context.account, sources.complaints);
  sources.from_keys.insert(sources.from_keys.end(), from_file.begin(), from_file.end());
  sources.from_config = context.config->set_env;
  sources.auth_info_file = context.auth_info_file;
  sources.agent_socket = wishes.agent_socket();
  if (wishes.display()) sources.display = wishes.display()->display();
  if (wishes.terminal()) {
    sources.terminal = wishes.terminal()->path();
    sources.term = wishes.term();
  }
  return sources;
}

// Only a login shell on a terminal greets.
Preparation preparation(const ProgramWish& wish, const SessionWishes& wishes, const SessionContext& context,
                        const std::vector<std::string>& environment) {
  const ServerConfig& config = *context.config;
  Preparation before;
  if (wishes.terminal() && !wish.command) {
    const auto& files = context.login_files;
    const auto last = files ? last_login(*files, context.account.uid) : std::nullopt;
    before.greeting = greeting(config, context.account, last);
  }
  const bool user_rc = config.permit_user_rc && context.permissions.user_rc && config.force_command.empty();
  before.program = rc_program(context.account, user_rc && !wish.subsystem, environment);
  if (wishes.display()) add_cookie(before, *wishes.display(), config.xauth_location, context.account, environment);
  if (before.program) before.program->open_files = context.open_files;
  return before;
}

}  // namespace

std::optional<ProgramWish> subsystem_wish(std::string_view name, const SessionContext& context) {
  const SubsystemCommand* const subsystem = context.config->subsystem(name);
  std::string_view problem;
  if (subsystem == nullptr) {
    problem = "subsystem not found";
  } else if (!context.permissions.forced_command && is_internal_sftp(subsystem->command)) {
    problem = no_internal_sftp;
  }
  if (!problem.empty()) {
    context.log.info("subsystem request for {} by user {} failed, {}", escaped(name), context.account.name, problem);
    return std::nullopt;
  }
  return ProgramWish{.kind = fmt::format("subsystem '{}'", escaped(name)),
                     .idles_as = fmt::format("session:subsystem:{}", name),
                     .command = subsystem->command,
                     .subsystem = true};
}

std::optional<ProgramPlan> plan_program(ProgramWish wish, const SessionWishes& wishes, const SessionContext& context) {
  // RFC 4254 section 6.5 [4254-6.5-2] and past vulnerability 10: whatever was asked for, a shell and a subsystem
  // included, the forced command is what runs.
  const SessionPermissions& permissions = context.permissions;
  EnvironmentSources sources = environment_sources(wishes, context);
  if (permissions.forced_command) {
    wish.kind = fmt::format("forced-command ({}) '{}'", permissions.forced_by, escaped(*permissions.forced_command));
    sources.original_command = std::exchange(wish.command, permissions.forced_command);
    if (is_internal_sftp(*wish.command)) {
      context.log.info("{} for user {} failed, {}", wish.kind, context.account.name, no_internal_sftp);
      return std::nullopt;
    }
  }
  ProgramPlan plan;
  plan.program =
      shell_request(context.account, wish.command, session_environment(context.account, context.addresses, sources));
  plan.program.open_files = context.open_files;
  plan.program.complaints = std::move(sources.complaints);
  plan.before = preparation(wish, wishes, context, plan.program.environment);
  plan.terminal = wishes.terminal();
  plan.takes_signals = !wish.subsystem && !permissions.forced_command;
  plan.kind = std::move(wish.kind);
  plan.command = std::move(wish.command);
  return plan;
}

}  // namespace glassh
