//! The RFC 9728 document of a resource, as a value.
