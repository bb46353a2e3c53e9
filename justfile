# Everyday commands. `just` lists them.

default:
    @just --list

# Format, lints and documentation
check:
    cargo fmt --all --check
    cargo clippy --locked --all-targets -- -D warnings
    cargo clippy --locked --package scopegate-load -- -D warnings
    RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps

# The Rust tests; with arguments, those that they name
test *ARGS:
    cargo test --locked {{ARGS}}

# Everything, as it must hold before a merge: also real nginx and a real identity provider
all:
    tests/run

# The same with soaks, fuzzing and load
long:
    tests/run --long

# The service with the built-in development policy
run:
    cargo run --release -- serve --dev

# One fuzz target for some seconds
fuzz TARGET SECONDS='60':
    FUZZ_SECONDS={{SECONDS}} fuzz/run {{TARGET}}

# Licences, sources, advisories of the dependencies
deny:
    cargo deny check
