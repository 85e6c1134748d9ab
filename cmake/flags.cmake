# Warnings are errors, hardening is on, sanitizers by preset. Each flag is probed: compilers differ.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C) # position-independent code for programs is also linked as such

add_library(redan_flags INTERFACE)
target_compile_definitions(redan_flags INTERFACE _GNU_SOURCE)

set(wanted
    -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wundef -Wvla
    -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition -Wcast-qual
    -Wcast-align -Wpointer-arith -Wwrite-strings -Wswitch-enum -Wdouble-promotion -Wnull-dereference
    -Wimplicit-fallthrough -Walloca -Wframe-larger-than=16384 -Wduplicated-cond -Wlogical-op
    -Wcomma -fno-common -fno-strict-overflow -fno-delete-null-pointer-checks
    -fstack-protector-strong -fstack-clash-protection -fcf-protection=full)
foreach(flag ${wanted})
    string(MAKE_C_IDENTIFIER "has${flag}" var)
    check_c_compiler_flag(${flag} ${var})
    if(${var})
        target_compile_options(redan_flags INTERFACE ${flag})
    endif()
endforeach()

target_link_options(redan_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)

set(REDAN_SANITIZE "" CACHE STRING "value of -fsanitize= for every target; empty for none")
if(REDAN_SANITIZE)
    add_compile_options(-fsanitize=${REDAN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${REDAN_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_definitions(redan_flags INTERFACE _FORTIFY_SOURCE=2)
    target_compile_options(redan_flags INTERFACE -fno-semantic-interposition) # nobody replaces our functions one by one
endif()
option(REDAN_COVER "instrument for gcov" OFF)
if(REDAN_COVER)
    add_compile_options(--coverage -O0 -fprofile-update=atomic) # threads count too
    add_link_options(--coverage)
endif()
