# Everyday recipes; `just` lists them.

# list the recipes
default:
    @just --list

# play the demo
demo *args:
    cargo run --release -- demo {{ args }}

# all tests
test *args:
    cargo test --workspace {{ args }}

# formatting, clippy, documentation
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# format everything
fmt:
    cargo fmt --all

# build and open the documentation of the crates
doc:
    cargo doc --workspace --no-deps --open

# write schemas/ and docs/reference/config.md anew
schemas:
    UPDATE_SCHEMAS=1 cargo test -p hotfix --test it up_to_date

# make the README's pictures anew (python3 and chromium)
capture:
    scripts/capture-demo
    scripts/capture-logdiff

# what must pass, in under 20 minutes
ci:
    .ci/run

# the same, a crash at every kill point, and a line of 4 GB
full:
    .ci/full
