//! The process: arguments, exit code.

fn main() {}
