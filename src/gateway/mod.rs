//! One file a dialect: how a gateway asks and how it wants to be answered.
