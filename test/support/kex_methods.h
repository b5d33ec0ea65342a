// Key exchange methods for tests that go through all names: group exchange with a group at once.
#pragma once

#include <memory>
#include <string_view>

#include "crypto/kex/dh_group.h"
#include "crypto/kex/kex_method.h"

namespace glassh::test {

inline std::unique_ptr<KexMethod> any_kex_method(std::string_view name) {
  if (name == group_exchange_name) return make_group_exchange_method(rfc3526_group(2048));
  return make_kex_method(name);
}

}  // namespace glassh::test
