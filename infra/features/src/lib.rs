//! Nothing but features: the members that depend on it ask for the same ones, whether they are built alone or together.
//!
//! Cargo chooses a dependency's features by all members that one command builds. Without this crate `cargo test -p X`
//! would compile some 20 dependencies again that `cargo dev demo` has compiled already. A test of `infra/local` names what
//! is missing here.
