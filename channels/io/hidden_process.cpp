#include "channels/io/hidden_process.h"

#include <cerrno>
#include <mutex>
#include <optional>
#include <system_error>

#include <sys/prctl.h>
#include <sys/resource.h>

namespace glassh {
namespace {

std::optional<rlimit> callers_limit;
std::mutex counting;
unsigned starting = 0;  // CallersCoreLimit objects

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

void give_back_core_limit() {
  if (callers_limit) (void)::setrlimit(RLIMIT_CORE, &*callers_limit);
}

CallersCoreLimit::CallersCoreLimit() {
  const std::lock_guard lock(counting);
  if (++starting == 1) give_back_core_limit();
}

CallersCoreLimit::~CallersCoreLimit() {
  const std::lock_guard lock(counting);
  if (--starting > 0 || !callers_limit) return;
  const rlimit none{0, callers_limit->rlim_max};
  (void)::setrlimit(RLIMIT_CORE, &none);
}

}  // namespace glassh
