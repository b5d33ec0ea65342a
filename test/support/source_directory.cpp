#include "test/support/source_directory.h"

namespace glassh {

std::string source_directory() { return GLASSH_SOURCE_DIR; }

}  // namespace glassh
