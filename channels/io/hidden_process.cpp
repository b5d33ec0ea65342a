#include "channels/io/hidden_process.h"

#include <cerrno>
#include <optional>
#include <system_error>

#include <sys/prctl.h>
#include <sys/resource.h>

namespace glassh {
namespace {

std::optional<rlimit> callers_limit;

}  // namespace

// Only the soft limit is lowered: raising a hard one takes a privilege that we may not have.
void hide_process() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) < 0) throw std::system_error(errno, std::generic_category(), "getrlimit");
  const rlimit none{0, limit.rlim_max};
  if (::setrlimit(RLIMIT_CORE, &none) < 0) throw std::system_error(errno, std::generic_category(), "setrlimit");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) throw std::system_error(errno, std::generic_category(), "prctl");
  callers_limit = limit;
}

void give_back_core_limit(pid_t pid) {
  if (callers_limit) (void)::prlimit(pid, RLIMIT_CORE, &*callers_limit, nullptr);
}

}  // namespace glassh
