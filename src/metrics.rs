//! How good a ranking or a probability is.
