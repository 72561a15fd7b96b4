# keyretire: `make` builds, `make demo` shows the main job, `make check` runs every test.
#
# One non-recursive makefile. VARIANT=release|asan|tsan|cov|fuzz puts each build beside the others in
# build/VARIANT. CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS of the user come last and win.

VERSION  := 0.1.0
VARIANT  ?= release
PREFIX   ?= /usr/local
B        := build/$(VARIANT)
PKGS     := sqlite3 zlib libisal libzstd liblz4 libarchive liblzma libxxhash libcrypto

ifeq ($(origin CC),default)
CC := gcc
endif

warn     := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wformat=2 -Wswitch-enum
cpp      := -I. -D_POSIX_C_SOURCE=200809L -DKEYRETIRE_VERSION='"$(VERSION)"' -MMD -MP
flags    := -std=c17 -g -fno-strict-aliasing -pthread
opt_release := -O2 -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2 -fstack-clash-protection
ld_release  := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack
opt_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
ld_asan  := -fsanitize=address,undefined
opt_tsan := -O1 -fsanitize=thread
ld_tsan  := -fsanitize=thread
opt_cov  := -O0 --coverage
ld_cov   := --coverage
opt_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ld_fuzz  := -fsanitize=address,undefined
ifeq ($(VARIANT),fuzz)
CC := clang
endif

pkg_cflags = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
pkg_libs   = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lbz2
compile    = $(CC) $(cpp) $(flags) $(warn) $(opt_$(VARIANT)) $(pkg_cflags) $(CPPFLAGS) $(CFLAGS)
link       = $(CC) $(flags) $(opt_$(VARIANT)) $(ld_$(VARIANT)) $(CFLAGS) $(LDFLAGS)

find_c    = $(sort $(shell find $(1) -name '*.c' 2>/dev/null))
src_common   := $(call find_c,common)
src_formats  := $(call find_c,formats)
src_analyzer := $(filter-out analyzer/main.c,$(call find_c,analyzer))
src_applier  := $(filter-out applier/main.c applier/vault/%,$(call find_c,applier))
src_all      := $(src_common) $(src_formats) $(src_analyzer) $(src_applier) analyzer/main.c applier/main.c
objs      = $(patsubst %.c,$(B)/%.o,$(1))
lib_base     := $(call objs,$(src_common) $(src_formats))
lib_analyzer := $(call objs,$(src_analyzer))
lib_applier  := $(call objs,$(src_applier))

programs  := $(B)/keycensus $(B)/keyretire
unit_src  := $(sort $(wildcard tests/unit/test_*.c))
unit_bins := $(patsubst tests/unit/%.c,$(B)/unit/%,$(unit_src))
fuzz_src  := $(sort $(wildcard tests/fuzz/fuzz_*.c))

.PHONY: all
all: programs
.PHONY: programs
programs: $(programs)

$(B)/keycensus: $(B)/analyzer/main.o $(lib_analyzer) $(lib_base)
	$(link) -o $@ $^ $(pkg_libs) $(LDLIBS)
$(B)/keyretire: $(B)/applier/main.o $(lib_applier) $(lib_base)
	$(link) -o $@ $^ $(pkg_libs) $(LDLIBS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(compile) -c -o $@ $<

# One unit test alone: make build/release/unit/test_NAME. The modules come from static archives, so a
# test links only what it uses.
$(B)/libbase.a: $(lib_base)
	@rm -f $@; ar rcs $@ $^
$(B)/libanalyzer.a: $(lib_analyzer)
	@rm -f $@; ar rcs $@ $^
$(B)/libapplier.a: $(lib_applier)
	@rm -f $@; ar rcs $@ $^
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libanalyzer.a $(B)/libapplier.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(pkg_libs) -lcmocka $(LDLIBS)

-include $(patsubst %.c,$(B)/%.d,$(src_all) $(unit_src) $(fuzz_src))
