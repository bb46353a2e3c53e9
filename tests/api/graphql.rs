//! Graphs in a running service: metadata, hot reload, mistakes, and queries made to hurt.
