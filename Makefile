# Every target works on a bare Debian 12 or 13 as root: what it needs is installed first.
SHELL := /bin/bash
export PATH := $(PATH):/usr/local/go/bin:/usr/lib/go-1.24/bin:/usr/lib/go-1.23/bin
# Debian's Go is older than the one in go.mod, which it then fetches.
export GOTOOLCHAIN ?= auto

.PHONY: help demo demo-openstack test unit netns vm fuzz nightly browser lint certify bench build docs docs-site dist packages release sign prepare prepare-checkers clean

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: prepare ## the main job on a throw-away host (KEEP=1 leaves it running)
	@go run ./internal/demo $(if $(KEEP),-keep)

demo-openstack: prepare ## from openstack_user_config.yml to the network of six hosts and 54 containers (KEEP=1 as above)
	@go run ./internal/demo -scenario openstack $(if $(KEEP),-keep)

test: prepare-checkers ## all tests; ends with the counts of tests passed, failed and skipped
	@go run ./internal/runtests lint unit netns vm

unit: prepare ## tests that need no privileges
	@go run ./internal/runtests unit

netns: prepare-checkers ## tests in throw-away network namespaces, as root
	@go run ./internal/runtests netns

vm: prepare ## tests on a real Debian under QEMU
	@go run ./internal/runtests vm

fuzz: prepare ## every fuzz target for 60 s, for the night; `make test` runs their seeds
	@go run ./internal/runtests fuzz

nightly: prepare ## 2,000 runs that are killed at random, and all neighbours side by side, for the night
	@HOSTNET_SIDE_BY_SIDE=all go test -tags=vm -count=1 -timeout=120m -run='^TestSideBySide$$' -v ./internal/vmtest
	@HOSTNET_KILLS=1000 go test -tags=netns -count=1 -timeout=120m -run='^TestKilledAtRandom$$' -v ./internal/task
	@HOSTNET_KILLS=1000 go test -tags=netns -count=1 -timeout=240m -run='^TestContainersKilledAtRandom$$' -v ./internal/cli

browser: prepare-checkers ## the part of lint that is the documentation site in a real browser
	@go run ./internal/runtests browser

lint: prepare-checkers ## the linters, and whether generated files are up to date
	@go run ./internal/runtests lint

certify: prepare ## the part of lint that Galaxy and Automation Hub run on the built artifact
	@go run ./internal/runtests certify

bench: prepare ## benchmarks, each as a ratio to a baseline in the same run
	@go run ./internal/runtests bench

build: prepare ## the binaries, in plugins/plugin_utils/_bin
	@go run ./internal/dist/cmd/dist -build

docs: prepare ## the modules' documentation from their option tables, and NOTICE
	@go run ./internal/schema/docgen/cmd/docgen
	@go run ./internal/dist/cmd/notice

docs-site: prepare ## the documentation site, in build/site, checked for dead links
	@go run ./internal/schema/docgen/cmd/site

dist: prepare docs ## the collection, in build/
	@go run ./internal/dist/cmd/dist

packages: prepare ## Debian and RPM packages of the command hostnet, in build/
	@go run ./internal/dist/cmd/dist -packages

release: prepare docs ## the collection and the packages with bills of materials, provenance and sums, in build/
	@rm -rf build
	@go run ./internal/dist/cmd/dist -release

sign: ## signatures of what is in build/, with KEY=<a key of gpg's>
	@go run ./internal/dist/cmd/dist -sign "$(or $(KEY),$(error name a key of gpg: make sign KEY=you@example.org))"

prepare:
	@internal/prepare/prepare.sh

prepare-checkers:
	@internal/prepare/prepare.sh checkers

clean: ## what was built
	rm -rf build plugins/plugin_utils/_bin
