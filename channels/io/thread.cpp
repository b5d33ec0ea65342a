#include "channels/io/thread.h"

#include <system_error>
#include <utility>

#include <pthread.h>

namespace glassh {

BlockedSignals::BlockedSignals() {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

BlockedSignals::~BlockedSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

std::thread start_thread(std::string name, std::function<void()> work) {
  const BlockedSignals blocked;  // a new thread inherits the mask
  try {
    return std::thread([name = std::move(name), work = std::move(work)] {
      ::pthread_setname_np(::pthread_self(), name.c_str());
      work();
    });
  } catch (const std::system_error& error) {
    throw std::system_error(error.code(), "cannot start a thread");
  }
}

}  // namespace glassh
