# Everything a developer runs. No C compiler is needed, except for `make race`.
export CGO_ENABLED ?= 0
# gms_pure_go keeps go-mysql-server free of cgo; programs that embed the engine set it too.
export GOFLAGS := -tags=gms_pure_go -trimpath -buildvcs=false

TOOLS := $(CURDIR)/.tools
GOLANGCI_LINT_VERSION := v2.15.0
VERSITYGW_VERSION := v1.8.0
FUZZTIME ?= 30s

# Tools are built outside the module, so that they never enter go.mod.
install = cd / && GOFLAGS= GOBIN=$(TOOLS) go install $(1)

.PHONY: help build demo test soak race lint fuzz bench jdbc clients
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## build ./bin/meshql
	go build -o bin/meshql ./cmd/meshql

demo: build ## serve the demo mesh and ask it a question as two principals
	./bin/meshql demo

test: $(TOOLS)/versitygw ## all tests that need nothing but Go; S3 against a real server
	MESHQL_REQUIRE_S3=1 MESHQL_VERSITYGW=$(TOOLS)/versitygw go test -timeout 20m ./...

soak: $(TOOLS)/versitygw ## the long runs of the same tests
	MESHQL_SOAK=1 MESHQL_REQUIRE_S3=1 MESHQL_VERSITYGW=$(TOOLS)/versitygw go test -timeout 6h ./...

race: $(TOOLS)/versitygw ## the tests under the race detector; needs a C compiler
	CGO_ENABLED=1 MESHQL_REQUIRE_S3=1 MESHQL_VERSITYGW=$(TOOLS)/versitygw go test -race -timeout 40m ./...

lint: $(TOOLS)/golangci-lint ## format, vet, static checks, who may import what
	$(TOOLS)/golangci-lint run ./...

fuzz: ## every fuzz target for FUZZTIME each
	@set -e; for dir in $$(grep -rlE '^func Fuzz' --include='*_test.go' . | xargs -n1 dirname | sort -u); do \
		for target in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go | cut -c6-); do \
			echo "$$dir $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s $$dir; \
		done; done

bench: build ## TPC-H against DuckDB: answers and times
	$(MAKE) -C bench

jdbc: build ## MySQL Connector/J and MariaDB Connector/J over TLS; needs Java and Maven
	$(MAKE) -C testdata/jdbc

clients: $(TOOLS)/versitygw ## MariaDB's command-line client against a real server; needs mariadb-client
	MESHQL_REQUIRE_CLIENTS=1 MESHQL_REQUIRE_S3=1 MESHQL_VERSITYGW=$(TOOLS)/versitygw go test -count=1 -run 'TestMariaDBClient|TestFlights' ./engine/wire/

$(TOOLS)/golangci-lint:
	$(call install,github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION))

$(TOOLS)/versitygw:
	$(call install,github.com/versity/versitygw/cmd/versitygw@$(VERSITYGW_VERSION))
