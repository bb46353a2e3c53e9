//! Decision tables for tokens: what each kind of token is told, under a clock that a test moves.

mod bench;
mod cached;
mod claims;
mod coalescing;
mod confusion;
mod key_sources;
mod signatures;
mod signing;
mod sources;
