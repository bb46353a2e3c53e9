//! A JSON-RPC body, or headers, to an Operation.
