# llvm-bindings' objects for arm64: called by build-arm64.sh, with OBJECTS, LLVM_INCLUDE and NODE_INCLUDE.
SOURCE := node_modules/llvm-bindings
SOURCES := $(shell find $(SOURCE)/src -name '*.cpp')
# As its CMakeLists.txt and LLVM's say it; -iquote as in bindings.sh.
FLAGS := -std=gnu++17 -O2 -DNDEBUG -fPIC -D_GNU_SOURCE -D__STDC_CONSTANT_MACROS -D__STDC_FORMAT_MACROS \
	-D__STDC_LIMIT_MACROS -DNAPI_VERSION=8 -iquote compiler/llvm/bindings -I$(LLVM_INCLUDE) -I$(NODE_INCLUDE) \
	-I$(SOURCE)/include -Inode_modules/node-addon-api -ffunction-sections -fdata-sections

all: $(SOURCES:$(SOURCE)/src/%.cpp=$(OBJECTS)/src/%.cpp.o)

$(OBJECTS)/src/%.cpp.o: $(SOURCE)/src/%.cpp scripts/bindings-arm64.mk
	@mkdir -p $(@D)
	aarch64-linux-gnu-g++ $(FLAGS) -c -o $@ $<

.PHONY: all
