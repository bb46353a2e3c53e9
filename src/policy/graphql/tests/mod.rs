//! The room by its tables of cases, its attacks and its properties.
