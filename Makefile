# What there is to do with PropertyOS from a checkout. Each target installs what it lacks.
.PHONY: run test audit bench bench-large fuzz

export PATH := $(PATH):$(HOME)/.cargo/bin
target := $(or $(CARGO_TARGET_DIR),target)

run:
	@scripts/setup
	cargo build --locked --profile quick --package api --bin propertyos
	@exec $(target)/quick/propertyos serve

test:
	@scripts/setup --tests
	scripts/with-postgres scripts/with-kafka cargo test --locked --workspace

# How fast it is, on a machine that does nothing else: prints a table and writes it to docs/benchmarks.md. `make bench only=serve` measures
# one section and writes nothing.
peers := $(abspath $(target)/peers)
bench:
	@scripts/setup --bench
	$(if $(filter peers,$(or $(only),peers)),cargo build --release --locked --manifest-path tests/peers/Cargo.toml --target-dir $(peers))
	cargo bench --locked --package tests --bench bench -- --peers $(peers)/release/peers \
	  $(or $(only),--write $(CURDIR)/docs/benchmarks.md)

# The same at ten times as much, once: 100,000 units and 10 million events. Takes half an hour to an hour and about 30 GB; cut off, it
# goes on where it was. Writes docs/benchmarks-large.md.
bench-large:
	@scripts/setup
	cargo bench --locked --package tests --bench bench -- --large $(abspath $(target)/bench-large) \
	  --write $(CURDIR)/docs/benchmarks-large.md

# Licences, bans and sources of what is built; advisories where their database can be reached.
audit:
	@scripts/setup
	@command -v cargo-deny >/dev/null || cargo install --locked cargo-deny
	cargo deny --locked check licenses bans sources
	@if timeout 20 git ls-remote --quiet https://github.com/RustSec/advisory-db HEAD >/dev/null 2>&1; then \
	  cargo deny --locked check advisories; \
	else \
	  echo 'The advisory database can not be reached from here: advisories were not checked.' >&2; \
	fi

# Requests that nobody thought of, made from the OpenAPI document, as a manager and as an admin. Takes some minutes.
fuzz:
	@scripts/setup --fuzz
	cargo build --locked --profile quick --package api --bin propertyos
	scripts/schemathesis $(target)/quick/propertyos
