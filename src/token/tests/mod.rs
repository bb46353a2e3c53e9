//! Decision tables for tokens: the answer to each kind of token, under a clock that the test moves.

mod bench;
mod cached;
mod claims;
mod confusion;
mod key_sources;
mod signatures;
mod signing;
mod single_flight;
mod sources;
