#include "channels/io/home_thread.h"

#include <boost/asio/execution/context.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/query.hpp>

namespace glassh {

// An io_context shuts its services down before it takes itself apart, the youngest first: so this one before those that
// post() needs.
class HomeThread::Watch final : public asio::execution_context::service {
 public:
  static asio::execution_context::id id;
  explicit Watch(asio::execution_context& context) : service(context) {}
  const std::shared_ptr<Context> context = std::make_shared<Context>();

 private:
  void shutdown() override {
    const std::lock_guard lock(context->mutex);
    context->alive = false;
  }
};

asio::execution_context::id HomeThread::Watch::id;

HomeThread::HomeThread(const asio::any_io_executor& executor)
    : executor_(executor),
      context_(asio::use_service<Watch>(asio::query(executor, asio::execution::context)).context) {}

}  // namespace glassh
