// Asio's functions that are no templates, for all of the program: they are only declared elsewhere
// (BOOST_ASIO_SEPARATE_COMPILATION in CMakeLists.txt), which takes a sixth off compiling each file that uses Asio.
#include <boost/asio/impl/src.hpp>
