# keyretire: `make` builds, `make demo` shows the main job, `make check` runs every test.
#
# One non-recursive makefile. VARIANT=release|asan|tsan|cov|fuzz puts each build beside the others in
# build/VARIANT. CFLAGS, CPPFLAGS, LDFLAGS and LDLIBS of the user come last and win.

VERSION  := 0.1.0
VARIANT  ?= release
PREFIX   ?= /usr/local
B        := build/$(VARIANT)
PKGS     := sqlite3 zlib libisal libzstd liblz4 libarchive liblzma libxxhash libcrypto libseccomp yaml-0.1

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
opt_cov  := -O0 --coverage -DUNDER_COVERAGE=1
ld_cov   := --coverage
opt_fuzz := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
ld_fuzz  := -fsanitize=address,undefined
ifeq ($(VARIANT),fuzz)
CC := clang
endif

pkg_cflags = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
# Of lean_vault alone: the other programs have no network code. Tests link what they use of it.
vault_libs = $(shell pkg-config --libs libcurl jansson 2>/dev/null)
pkg_libs   = $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lbz2
compile    = $(CC) $(cpp) $(flags) $(warn) $(opt_$(VARIANT)) $(pkg_cflags) $(CPPFLAGS) $(CFLAGS)
link       = $(CC) $(flags) $(opt_$(VARIANT)) $(ld_$(VARIANT)) $(CFLAGS) $(LDFLAGS)

find_c    = $(sort $(shell find $(1) -name '*.c' 2>/dev/null))
src_common   := $(call find_c,common)
src_formats  := $(call find_c,formats)
src_analyzer := $(filter-out analyzer/main.c,$(call find_c,analyzer))
src_applier  := $(filter-out applier/main.c applier/vault/%,$(call find_c,applier))
src_vault    := $(filter-out applier/vault/main.c,$(call find_c,applier/vault))
src_all      := $(src_common) $(src_formats) $(src_analyzer) $(src_applier) $(src_vault) analyzer/main.c applier/main.c applier/vault/main.c
objs      = $(patsubst %.c,$(B)/%.o,$(1))
lib_base     := $(call objs,$(src_common) $(src_formats))
lib_analyzer := $(call objs,$(src_analyzer))
lib_applier  := $(call objs,$(src_applier))
lib_vault    := $(call objs,$(src_vault))

programs  := $(B)/keycensus $(B)/keyretire $(B)/lean_vault
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

$(B)/lean_vault: $(B)/applier/vault/main.o $(lib_vault) $(lib_applier) $(lib_base)
	$(link) -o $@ $^ $(pkg_libs) $(vault_libs) $(LDLIBS)

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
$(B)/libvault.a: $(lib_vault)
	@rm -f $@; ar rcs $@ $^
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libanalyzer.a $(B)/libvault.a $(B)/libapplier.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(link) -Wl,--as-needed -o $@ $(filter %.o,$^) $(filter %.a,$^) $(pkg_libs) $(vault_libs) -lcmocka $(LDLIBS)
# Tests of the transaction run in a small world with a system-call table that fails on demand.
crash_tests := txn txn_act txn_faults txn_power journal backup audit
$(patsubst %,$(B)/unit/test_%,$(crash_tests)): \
	$(B)/tests/crash/fault.o $(B)/tests/crash/power.o $(B)/tests/crash/world.o


# Test-only programs (tests/support/NAME.c -> build/VARIANT/support/NAME): tools that speak for one
# module on standard input and output, so that another implementation can be asked the same.
support_src  := $(sort $(wildcard tests/support/*.c))
support_bins := $(patsubst tests/support/%.c,$(B)/support/%,$(support_src))
$(B)/support/%: $(B)/tests/support/%.o $(B)/libanalyzer.a $(B)/libapplier.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(pkg_libs) $(LDLIBS)
.PHONY: support
support: $(support_bins)

# keyretire with a system-call table that fails or dies on demand (tests/crash/fault.c).
$(B)/crash/keyretire-faulty: $(B)/tests/crash/fault.o $(B)/applier/main.o $(lib_applier) $(lib_base)
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(pkg_libs) $(LDLIBS)

# The applier over a file system in memory: every legal crash state (tests/crash/simulate.t).
sim_objs := $(patsubst %,$(B)/tests/crash/%.o,simulate sim sim_judge sim_faults sim_foreign sim_mutants disk \
                                          disk_calls disk_power fault starve)
$(B)/crash/simulate: $(sim_objs) $(B)/libapplier.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(link) -Wl,--wrap=journal_add,--wrap=journal_close -o $@ $^ $(pkg_libs) $(LDLIBS)

# A sample damaged in every way, read by the census in one process (tests/crash/damage.t).
$(B)/crash/damage: $(B)/tests/crash/damage.o $(B)/libanalyzer.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(pkg_libs) $(LDLIBS)

# keyretire with /etc/keyretire in a folder of the test's (tests/crash/elsewhere.c).
$(B)/crash/keyretire-elsewhere: $(B)/tests/crash/elsewhere.o $(B)/applier/main.o $(lib_applier) $(lib_base)
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(pkg_libs) $(LDLIBS)

# Programs that try what their sandbox forbids (tests/crash/probe.c).
$(B)/crash/keyretire-probe: $(B)/tests/crash/probe.o $(B)/applier/main.o $(lib_applier) $(lib_base)
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(pkg_libs) $(LDLIBS)

$(B)/crash/keycensus-probe: $(B)/tests/crash/probe.o $(B)/analyzer/main.o $(lib_analyzer) $(lib_base)
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(pkg_libs) $(LDLIBS)

# lean_vault that searches its own memory when it ends (tests/crash/probe.c).
$(B)/crash/lean_vault-probe: $(B)/tests/crash/probe.o $(B)/applier/vault/main.o $(lib_vault) $(lib_applier) $(lib_base)
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(pkg_libs) $(vault_libs) $(LDLIBS)

# Fuzz targets. With clang's libFuzzer: `make fuzz FUZZ=dotenv SECONDS=60`. In every test run each
# target replays its corpus, linked with a plain main (tests/fuzz/replay.c) and the sanitizers.
fuzz_names   := $(patsubst tests/fuzz/fuzz_%.c,%,$(fuzz_src))
replay_bins  := $(patsubst %,$(B)/replay/%,$(fuzz_names))
$(B)/replay/%: $(B)/tests/fuzz/fuzz_%.o $(B)/tests/fuzz/replay.o $(B)/libanalyzer.a $(B)/libvault.a $(B)/libapplier.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(link) -Wl,--as-needed -o $@ $^ $(pkg_libs) $(vault_libs) $(LDLIBS)
build/fuzz/fuzzer/%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libanalyzer.a build/fuzz/libvault.a build/fuzz/libapplier.a build/fuzz/libbase.a
	@mkdir -p $(@D)
	clang -fsanitize=fuzzer,address,undefined -Wl,--as-needed -o $@ $^ $(pkg_libs) $(vault_libs)
.PHONY: fuzz
FUZZ    ?= dotenv
SECONDS ?= 60
fuzz:
	$(MAKE) VARIANT=fuzz build/fuzz/fuzzer/$(FUZZ)
	@mkdir -p build/fuzz/found/$(FUZZ)
	build/fuzz/fuzzer/$(FUZZ) -max_total_time=$(SECONDS) -rss_limit_mb=2048 \
	  -artifact_prefix=build/fuzz/found/ build/fuzz/found/$(FUZZ) tests/fuzz/corpus/$(FUZZ)

# ---- what users type -------------------------------------------------------------------------

# Debian packages: to build; to test as well. Idempotent; says what to do when it may not install.
deps_build := gcc make pkg-config libsqlite3-dev zlib1g-dev libisal-dev libzstd-dev liblz4-dev \
              libarchive-dev libbz2-dev liblzma-dev libxxhash-dev libssl-dev \
              libseccomp-dev libyaml-dev libcurl4-openssl-dev libjansson-dev
deps_test  := $(deps_build) clang clang-format clang-tidy libclang-rt-14-dev libcmocka-dev bats \
              perl python3 python3-dotenv python3-flask python3-yaml python3-cryptography sqlite3 postgresql mariadb-server strace gzip bzip2 xz-utils zstd lz4 zip tar \
              attr acl mandoc util-linux procps git shellcheck openssh-client openssl age
.PHONY: deps deps-build
deps:
	@tests/install_packages.sh $(deps_test)
deps-build:
	@tests/install_packages.sh $(deps_build) python3 python3-dotenv sqlite3 openssh-client

.PHONY: demo
demo: deps-build
	@$(MAKE) --no-print-directory -s -j2 programs
	@PATH="$(CURDIR)/$(B):$$PATH" tests/demo/demo.sh

# Every test: static checks, unit tests, corpus replays, end-to-end tests; one TAP runner.
.PHONY: check check-quick check-static
check: deps
	@$(MAKE) --no-print-directory -j2 test-programs
	@$(MAKE) --no-print-directory check-static
	@BUILD="$(CURDIR)/$(B)" tests/run.sh $(TESTS)

.PHONY: test-programs
test-programs: programs $(unit_bins) $(support_bins) $(replay_bins) $(B)/crash/keyretire-faulty $(B)/crash/keyretire-elsewhere $(B)/crash/keyretire-probe $(B)/crash/keycensus-probe $(B)/crash/lean_vault-probe $(B)/crash/damage \
               $(B)/crash/simulate

check-static: check-layers check-sys check-headers check-format check-errors check-man check-shell check-rules

.PHONY: check-layers check-sys check-headers check-format check-errors check-man check-shell check-rules tidy
check-layers:
	@tests/static/layers.sh
check-sys: programs
	@tests/static/sys_calls.sh $(B) $(call objs,$(src_all))
check-headers:
	@tests/static/headers.sh "$(CC)" $(cpp) $(flags) $(warn)
check-format:
	@git ls-files '*.c' '*.h' | grep -q . && clang-format --dry-run --Werror $$(git ls-files '*.c' '*.h')
	@echo "check-format: ok"
check-errors:
	@tests/static/error_ids.sh
check-shell:
	@tests/static/shell.sh
check-rules:
	@tests/static/rules.sh
check-man: programs
	@tests/static/man_pages.sh $(B)
tidy:
	@printf '%s\n' $(src_all) | xargs -P2 -n8 tests/static/tidy.sh
	@echo "tidy: ok"

# Man pages come from the option tables: `make man` after a change of a table.
.PHONY: man
man: programs
	$(B)/keycensus --man-page >analyzer/keycensus.1
	$(B)/keyretire --man-page >applier/keyretire.1
	$(B)/lean_vault --man-page >applier/vault/lean_vault.1

# The whole proof of the commit protocol, with its figures (tests/crash/crash.sh).
.PHONY: crash
crash: programs $(B)/crash/simulate
	@BUILD="$(CURDIR)/$(B)" tests/crash/crash.sh

.PHONY: bench
bench: programs $(B)/bench/generate
	@BUILD="$(CURDIR)/$(B)" tests/bench/bench.py $(BENCH)
$(B)/bench/%: $(B)/tests/bench/%.o $(B)/libanalyzer.a $(B)/libbase.a
	@mkdir -p $(@D)
	$(link) -o $@ $^ $(pkg_libs) $(LDLIBS)

.PHONY: install uninstall clean
install: programs
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 755 $(programs) $(DESTDIR)$(PREFIX)/bin
	install -m 644 analyzer/keycensus.1 applier/keyretire.1 applier/vault/lean_vault.1 $(DESTDIR)$(PREFIX)/share/man/man1
uninstall:
	rm -f $(patsubst $(B)/%,$(DESTDIR)$(PREFIX)/bin/%,$(programs))
	rm -f $(patsubst $(B)/%,$(DESTDIR)$(PREFIX)/share/man/man1/%.1,$(programs))
clean:
	rm -rf build

.SECONDARY:
-include $(patsubst %.c,$(B)/%.d,$(src_all) $(unit_src) $(fuzz_src) $(support_src) $(wildcard tests/crash/*.c))
