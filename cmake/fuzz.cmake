# SPDX-License-Identifier: ISC
# Every fuzz/NAME.c is a libFuzzer target. Built with -DFUZZ=ON (clang; fuzz/run does it) it is the program fuzz_NAME;
# any other build replays the corpus through it as the test fuzz.NAME.
file(GLOB fuzz_targets CONFIGURE_DEPENDS fuzz/*.c)
foreach(source ${fuzz_targets})
    get_filename_component(name ${source} NAME_WE)
    add_executable(fuzz_${name} ${source})
    target_include_directories(fuzz_${name} PRIVATE ${CMAKE_SOURCE_DIR})
    target_link_libraries(fuzz_${name} PRIVATE sys ${PURE})
    if(FUZZ)
        target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    else()
        target_sources(fuzz_${name} PRIVATE fuzz/support/replay.c)
        add_test(NAME fuzz.${name} COMMAND fuzz_${name} ${CMAKE_SOURCE_DIR}/fuzz/corpus/${name})
        set_tests_properties(fuzz.${name} PROPERTIES TIMEOUT 120)
    endif()
endforeach()

# Writes the inputs that fuzzing begins with: what real routers say to each other.
add_executable(fuzz_seeds test/support/fuzz_seeds.c)
target_include_directories(fuzz_seeds PRIVATE test)
target_link_libraries(fuzz_seeds PRIVATE sys ${PURE})
