//! The one use case: check a request.
