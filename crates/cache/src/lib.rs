//! What may be answered without SQL: today the counters behind rate [`limits`].

pub mod limits;
