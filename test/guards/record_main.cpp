// Writes conformance/state_machine.md anew.
#include <fstream>

#include "test/guards/state_table.h"
#include "test/support/source_directory.h"

int main() {
  std::ofstream out(glassh::source_directory() + "/conformance/state_machine.md");
  out << glassh::test::state_table(glassh::test::probe);
  return out.flush() ? 0 : 1;
}
