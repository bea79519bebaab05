# Rules of make for scripts: `include` it, and ask for objects.
#
#   include /usr/share/bpfscript/bpfscript.mk
#   all: opens.o reads.o
#
# BPFSCRIPT is the command, BPFSCRIPT_FLAGS what `bpfscript build` gets besides. An object is built again when its script
# changes, or anything that it depends on: imports, headers, programs, descriptions of kernels.

BPFSCRIPT ?= bpfscript
BPFSCRIPT_FLAGS ?=

%.o: %.bt
	$(BPFSCRIPT) build $(BPFSCRIPT_FLAGS) -MD $< -o $@

-include $(patsubst %.bt,%.d,$(wildcard *.bt))
