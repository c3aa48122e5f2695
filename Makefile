# SPDX-License-Identifier: ISC
# The short way to say the usual things; CMake and the scripts in tools/ do them.
BUILD ?= build
SAN ?= 0
ifeq ($(SAN),1)
BUILD := build-san
CMAKE_FLAGS += -DSAN=ON
endif
export SAN BUILD T

.PHONY: all deps demo check bench fuzz floors install clean

all: deps
	@cmake -S . -B $(BUILD) -G Ninja $(CMAKE_FLAGS) >/dev/null
	@ninja -C $(BUILD)

deps:
	@tools/deps

demo: all
	@lab/hearth-lab watch lab/homes/two-isp.toml

check: all
	@tools/check

bench: all
	@bench/run $(ONLY)

fuzz: deps
	@fuzz/run $(ONLY)

floors: all
	@tools/floors

install: all
	cmake --install $(BUILD) $(if $(PREFIX),--prefix $(PREFIX))

clean:
	rm -rf build build-san build-clang build-fuzz
