// Nothing: the library needs a source, to have a precompiled header (test/CMakeLists.txt).
