# SPDX-License-Identifier: ISC
# Tests that are Python programs. Their names say what they need: unit.* and replay.* nothing, tool.* the sources (and
# the archives), lab.* root, network namespaces and the machine for themselves.
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

hearth_python_tests(replay test/replay TIMEOUT 120)
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
