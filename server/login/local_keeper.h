// The keeper in this process.
//
// Lives as long as what was read at one time (a Generation, server/setup.h). Job: has the private host keys, the
// configuration, the account and the passwords, and opens a LoginDesk for each connection.
//
//   const LocalKeeper keeper({config, std::move(host_keys), version, algorithms, account, log, passwords});
#pragma once

#include "server/login/login_desk.h"

namespace glassh {

class LocalKeeper final : public Keeper {
 public:
  explicit LocalKeeper(KeeperFacts facts) : facts_(std::move(facts)) {}
  std::unique_ptr<KeeperRecord> arrived(Arrived arrived) const override {
    return std::make_unique<LoginDesk>(facts_, std::move(arrived));
  }

 private:
  const KeeperFacts facts_;
};

}  // namespace glassh
