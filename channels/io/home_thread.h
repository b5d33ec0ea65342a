// HomeThread reaches the thread of an io_context from any other thread.
//
// Lives as long as its owner likes, also longer than the io_context. Job: post work to the io_context, or drop it if
// that is gone. So a thread that was told to report to a connection needs no descriptor for it, and does no harm if it
// reports late. Work that is posted must not own what belongs to the io_context, because it may be dropped, and then
// destroyed, in any thread: it holds a std::weak_ptr, and locks that when it runs.
//
//   const HomeThread home(executor);  …  home.post([weak] { if (const auto self = weak.lock()) self->wake(); });
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

namespace glassh {

namespace asio = boost::asio;

class HomeThread {
 public:
  // In the thread of the io_context, or while that does not run.
  explicit HomeThread(const asio::any_io_executor& executor);

  // From any thread. Returns whether the io_context was there; it may still end before the work had its turn.
  template <class Work>
  bool post(Work work) const {
    const std::lock_guard lock(context_->mutex);
    if (context_->alive) asio::post(executor_, std::move(work));
    return context_->alive;
  }

 private:
  // Shared by all that refer to one io_context, which says when it goes.
  struct Context {
    std::mutex mutex;
    bool alive = true;
  };
  class Watch;  // told by the io_context

  asio::any_io_executor executor_;
  std::shared_ptr<Context> context_;
};

}  // namespace glassh
