# Everything a developer runs. No C compiler is needed, except for `make race`.
export CGO_ENABLED ?= 0
# gms_pure_go keeps go-mysql-server free of cgo; programs that embed the engine set it too.
export GOFLAGS := -tags=gms_pure_go -trimpath -buildvcs=false

TOOLS := $(CURDIR)/.tools

.PHONY: help build test lint
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

build: ## build ./bin/meshql
	go build -o bin/meshql ./cmd/meshql

test: ## all tests that need nothing but Go
	go test ./...

lint: ## vet and format
	go vet ./...
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
