# SPDX-License-Identifier: ISC
# Tests that are not unit tests. Their names say what they need: unit.*, replay.* and fuzz.* nothing, tool.* the sources
# (and the archives), lab.* root, network namespaces and the machine for themselves.
find_program(PYTHON3 python3 REQUIRED)
find_program(CLANG_FORMAT clang-format)

# hearth_python_tests(KIND DIRECTORY property value...): every DIRECTORY/test_*.py is a test called KIND.NAME.
function(hearth_python_tests kind directory)
    file(GLOB programs CONFIGURE_DEPENDS ${directory}/test_*.py)
    foreach(program ${programs})
        get_filename_component(name ${program} NAME_WE)
        string(REGEX REPLACE "^test_" "${kind}." name ${name})
        add_test(NAME ${name} COMMAND ${PYTHON3} ${program} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
        set_tests_properties(${name} PROPERTIES ENVIRONMENT
            "HEARTH_BUILD=${CMAKE_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1" ${ARGN})
    endforeach()
endfunction()

# Scenarios (test/replay/README.md): every test/replay/NAME.rpl is a test called replay.NAME.
file(GLOB replay_sources CONFIGURE_DEPENDS test/replay/*.c)
add_executable(replay ${replay_sources})
target_include_directories(replay PRIVATE test)
target_link_libraries(replay PRIVATE ${PURE})
file(GLOB scenarios CONFIGURE_DEPENDS test/replay/*.rpl)
foreach(scenario ${scenarios})
    get_filename_component(name ${scenario} NAME_WLE)
    add_test(NAME replay.${name} COMMAND replay ${scenario})
    set_tests_properties(replay.${name} PROPERTIES TIMEOUT 120)
endforeach()

hearth_python_tests(tool test/tools TIMEOUT 60)
hearth_python_tests(lab test/lab TIMEOUT 300 RUN_SERIAL TRUE)

# Tests that look at the sources themselves.
function(hearth_tool_test name)
    add_test(NAME tool.${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(tool.${name} PROPERTIES ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1" TIMEOUT 60)
endfunction()

hearth_tool_test(check-tidy ${PYTHON3} tools/tidy)
hearth_tool_test(check-floors ${PYTHON3} tools/floors ${CMAKE_BINARY_DIR})
if(CLANG_FORMAT)
    file(GLOB_RECURSE c_files CONFIGURE_DEPENDS src/*.[ch] sim/*.[ch] fuzz/*.[ch] test/*.[ch] bench/*.[ch])
    hearth_tool_test(check-format ${CLANG_FORMAT} --dry-run -Werror ${c_files})
endif()
