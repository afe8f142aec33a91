# Every command a developer needs. `make` alone lists them.

CARGO ?= cargo
NPM := npm --prefix web
# The databases the Rust tests run on: sqlite, postgres, mysql or all.
ENGINE ?= all

.DEFAULT_GOAL := help
.PHONY: help run dev test test-rust test-databases test-web test-e2e check validate format model faults bench web release openapi docs clean

help: ## List the commands
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

run: release ## Build everything and serve on http://127.0.0.1:8080 with data in ./data
	$(or $(CARGO_TARGET_DIR),target)/release/duly serve

dev: web/node_modules ## Server and page with hot reload on http://127.0.0.1:5173
	./scripts/dev

test: $(if $(filter sqlite,$(ENGINE)),,test-databases) test-rust test-web test-e2e validate ## Every test there is, on every database (quicker: ENGINE=sqlite); installs what it lacks when it may

test-rust: web
	./scripts/need cargo cc
	CARGO="$(CARGO)" ENGINE=$(ENGINE) ./scripts/test-rust

test-databases:
	./scripts/need postgres pgbouncer mariadb haproxy
	./scripts/databases check

test-web: web/node_modules
	$(NPM) run test
	$(NPM) run budget

test-e2e: web
	./scripts/need cargo cc node chromium
	./scripts/e2e

check: web/node_modules ## Format, lints, types, dead code, licences, structure
	./scripts/need cargo cc node
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features --locked -- -D warnings
	$(NPM) run check
	node scripts/check-structure.mjs
	node scripts/check-licences.mjs
	node scripts/configuration-reference.mjs --check

validate: ## Check the files in deploy/ and the Dockerfile, without a cluster and a network
	./scripts/need node promtool compose python-yaml python-jsonschema
	./scripts/validate

format: web/node_modules ## Write every file in the one format
	$(CARGO) fmt --all
	$(NPM) run format

model: ## Explore the protocol of the cache within larger bounds than the tests: some minutes and gigabytes
	./scripts/need cargo cc
	MODEL_BOUNDS=large $(CARGO) test --release --locked -p duly-cache --all-features --test model -- --nocapture

faults: ## Plant known faults one after the other and see that the tests named for them fail
	./scripts/need cargo cc node
	CARGO="$(CARGO)" node scripts/planted-faults.mjs

bench: release ## Measure the hot paths against their limits
	./scripts/need cargo cc wrk $(if $(filter laravel,$(suite)),laravel nginx mariadb redis)
	./scripts/bench $(suite)

web: web/dist/index.html ## Build the page into web/dist

web/dist/index.html: web/node_modules web/index.html $(shell find web/src web/public web/build -type f 2>/dev/null) web/vite.config.ts
	$(NPM) run build
	@touch $@

# Not `npm ci`: it refuses a lock file without the binaries of every other platform, and not every
# registry serves those. This installs what the lock file says, too, and leaves it as it is.
web/node_modules: web/package-lock.json
	./scripts/need node
	$(NPM) install --no-save --no-audit --no-fund
	@touch $@

release: web
	./scripts/need cargo cc
	$(CARGO) build --release --locked --bin duly

openapi: ## Write docs/openapi.json and the page's types from the code
	$(CARGO) run --quiet --locked --bin duly -- openapi > docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json
	$(NPM) run api

docs: ## Write the configuration reference from config.default.toml
	node scripts/configuration-reference.mjs

clean: ## Remove everything that was built
	$(CARGO) clean
	rm -rf web/dist web/node_modules web/test-results bench/out bench/queue/bullmq/node_modules
