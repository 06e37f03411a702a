# Functional tests of QEMU.
#
#   make check      run the quick tests on the installed QEMU (installs one if none is there)
#   make test       run the tests of the library itself
#   make torture    run their long versions and the fuzz targets, for 20 minutes
#
# QEMU_TEST_… variables are explained in README.md. ARGS are passed on to
# go test: make check ARGS='-run TestArm'.

SHELL := /bin/bash
GO ?= go
BUILD := build
ARGS ?=

TARGETS := $(filter-out internal,$(notdir $(patsubst %/,%,$(wildcard tests/*/))))

# run-suite runs packages of the suite with a line for each test, and closes
# with the counts and the table of skips. $(1) is the name of the run, $(2) the
# arguments for go test.
define run-suite
	@mkdir -p $(BUILD)
	@$(GO) build -o $(BUILD)/ ./cmd/qemu-test-summary
	@status=0; \
	$(GO) tool gotestsum --format testname --format-hide-empty-pkg --hide-summary=skipped --jsonfile $(BUILD)/$(1).json -- -count=1 $(2) $(ARGS) || status=$$?; \
	$(BUILD)/qemu-test-summary $(BUILD)/$(1).json || status=$$?; \
	exit $$status
endef

.PHONY: help
help:
	@sed -n 's/^# \?//p' Makefile | sed -n '2,8p'
	@echo 'targets of the suite: $(TARGETS)'

.PHONY: qemu
qemu:
	@.ci/install-qemu

.PHONY: check
check: qemu
	$(call run-suite,check,-short -timeout 30m ./tests/...)

.PHONY: check-thorough
check-thorough: qemu
	$(call run-suite,check-thorough,-timeout 0 ./tests/...)

.PHONY: $(TARGETS:%=check-%)
$(TARGETS:%=check-%): check-%: qemu
	$(call run-suite,$@,-timeout 0 ./tests/$*/...)

# Boards with the distribution's kernels, which are fetched with apt.
LINUX_BOARDS := $(patsubst %/linux_boards_test.go,./%,$(wildcard tests/*/linux_boards_test.go))

.PHONY: check-linux
check-linux: qemu
	$(call run-suite,$@,-timeout 0 -run LinuxBoards $(LINUX_BOARDS))

# One board for each architecture that has a kernel.
.PHONY: check-linux-short
check-linux-short: qemu
	$(call run-suite,$@,-timeout 0 -run 'LinuxBoards/^(malta|malta-5KEc|pseries-power9|q35|raspi1ap|s390-ccw-virtio|virt)$$' $(LINUX_BOARDS))

# Tests of Go's standard library in machines, compared with the host. docs/std.md
# explains the differences.
GOARCHES ?= amd64 arm64 arm riscv64 ppc64le s390x mips64le
STDFLAGS ?= -short
.PHONY: check-std
check-std: qemu
	$(GO) run ./tests/internal/std $(STDFLAGS) $(ARGS) $(GOARCHES)

.PHONY: precache
precache:
	QEMU_TEST_PRECACHE=1 $(GO) test -timeout 0 $(ARGS) ./tests/...

# The packages of the library and of the suite's families, without the suite.
LIBRARY = $$($(GO) list ./... | grep -v -E '/tests/[^/]+$$')

.PHONY: test
test: vet
	$(GO) test -race -timeout 20m $(ARGS) $(LIBRARY)

# What docs/reliability.md promises, at length. ARGS are packages; it stops after
# TORTURE_MINUTES.
.PHONY: torture
torture:
	.ci/torture $(ARGS)

.PHONY: vet
vet:
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then echo "gofmt would change:"; echo "$$files"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	GOOS=darwin GOARCH=arm64 $(GO) vet ./...
	GOARCH=386 $(GO) build ./archive/... ./asset/... ./cmd/... ./console/... ./qemutest/...
	@for target in $(TARGETS); do \
		$(GO) vet -tags qemu_select,qemu_$$target ./tests/... || exit 1; \
	done
	$(GO) mod verify

.PHONY: ports
ports:
	$(GO) run ./tests/internal/ports

.PHONY: bench
bench: qemu
	$(GO) test -run '^$$' -bench . -benchmem $(ARGS) $(LIBRARY)

.PHONY: clean-cache
clean-cache:
	$(GO) run ./cmd/qemu-asset-cache evict $(ARGS)

.PHONY: clean
clean:
	rm -rf $(BUILD)
