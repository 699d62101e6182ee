# Laurel. `make test` is everything that guards a change; it installs what it
# lacks (Debian packages, npm packages, Go modules: all pinned) and stays under
# twenty minutes on two cores. The longer targets hold the full amounts.

GO     ?= go
TAGS   := nomsgpack
BIN    := $(CURDIR)/bin
KILLS  ?= 20
MUTANTS ?= 5
FUZZ   ?= 5s

# What `make crash` does. POINTS are for each kind of act; 0 points or failures
# are all there are.
CRASHKILLS ?= 500
IMAGES     ?= 20000
POINTS     ?= 150
FAULTS     ?= 0

export GOFLAGS := -tags=$(TAGS) $(GOFLAGS)

.PHONY: build test lint race backends plain fuzz crash scale mutants mutate prerequisites generate clean bench bench-ratios bench-check bench-load

build: ## the binary, reproducible and without cgo
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags=-buildid= -o $(BIN)/laurel ./cmd/laurel

test: prerequisites lint race backends plain fuzz mutants bench-check ## everything; what CI runs
	@echo "make test: all passed"

prerequisites:
	@test/prerequisites

lint: ## format, vet, staticcheck
	$(GO) -C test/tools build -o $(BIN)/ honnef.co/go/tools/cmd/staticcheck mvdan.cc/gofumpt
	@unformatted="$$(git ls-files -co --exclude-standard '*.go' | xargs $(BIN)/gofumpt -l)"; \
		if [ -n "$$unformatted" ]; then echo "not formatted by gofumpt:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(BIN)/staticcheck ./...

# What test/crash tests is a program of its own: it is in `plain`.
race: ## all tests under the race detector, with foreign clients and kills
	LAUREL_NPM=1 LAUREL_KILLS=$(KILLS) $(GO) test -race -timeout 15m $$($(GO) list ./... | grep -v '/test/crash$$')

# The tags are not those of other targets, so this compiles anew what depends on them.
backends: ## the places of signing keys that are built with tags: SoftHSM, and imitations of services
	CGO_ENABLED=1 LAUREL_REQUIRE_SOFTHSM=1 $(GO) test -tags=$(TAGS),pkcs11,transit,awskms -timeout 5m ./internal/keys/...
	CGO_ENABLED=1 LAUREL_REQUIRE_SOFTHSM=1 $(GO) test -tags=$(TAGS),pkcs11,transit,awskms -timeout 5m -run TestInstitutionWithToken ./cmd/laurel

# Costs, and full amounts, are not for the race detector: those tests skip or cut
# themselves short under it.
plain: ## what the race detector is too slow for, and crashes
	LAUREL_KILLS=$(KILLS) $(GO) test -p 1 -timeout 10m ./credential/bbs ./credential/dataintegrity ./credential/jsonld ./credential/rdfc ./internal/award ./test/negative ./test/crash

fuzz: ## every fuzz target for $(FUZZ)
	FUZZ=$(FUZZ) GO=$(GO) test/fuzz

mutants: ## takes the first $(MUTANTS) defences out, one at a time: a test must notice
	LAUREL_MUTANTS=$(MUTANTS) $(GO) test -timeout 30m -count=1 ./test/mutate

mutate: ## takes every defence out, one at a time
	LAUREL_MUTANTS=all $(GO) test -timeout 30m -count=1 -v -run TestMutants ./test/mutate

crash: prerequisites ## kills, kill points, power losses and failing system calls in full; writes docs/reliability.md
	LAUREL_FIGURES=1 LAUREL_PROGRESS=1 LAUREL_KILLS=$(CRASHKILLS) LAUREL_IMAGES=$(IMAGES) LAUREL_POINTS=$(POINTS) LAUREL_FAULTS=$(FAULTS) $(GO) test -timeout 180m -count=1 -v ./test/crash
	LAUREL_KILLS=200 $(GO) test -timeout 60m -count=1 -v -run Kill ./storage/boltstore

scale: ## a file of 100,000 people, a store of 1,000,000 badges; writes docs/reliability.md
	LAUREL_FIGURES=1 LAUREL_PROGRESS=1 LAUREL_SCALE=1 $(GO) test -timeout 90m -count=1 -v ./test/scale

# The flags of `build`, so that what that has compiled need not be again.
BENCH = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags=-buildid= -o $(BIN)/bench ./bench

bench: prerequisites ## everything measured, with foreign implementations; writes docs/performance.md
	cd bench/node && { cmp -s package-lock.json node_modules/.installed || { npm ci --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed; }; }
	$(BENCH)
	$(BIN)/bench report

bench-ratios: ## the ratios that are held, as one line of JSON, within 50 s
	@until=$$(($$(date +%s) + 42)); $(BENCH) >&2 && $(BIN)/bench ratios -until $$until

bench-check: ## fails when a ratio is a quarter worse than bench/limits.json, within a minute
	@$(BENCH) >&2 && $(BIN)/bench check

bench-load: ## fails when an attack makes an ordinary client wait twice as long
	@$(BENCH) >&2 && $(BIN)/bench load

generate: ## the documents that are made from the code
	$(GO) test ./internal/server -run TestErrorDocument -update
	$(GO) test ./verifier -run TestVerificationDocument -update

clean:
	rm -rf $(BIN) test/interop/node_modules
