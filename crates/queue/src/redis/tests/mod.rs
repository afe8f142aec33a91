//! What is between the steps: who dies there, and who comes at the same time.

mod cluster;
mod draining;
mod house;
mod lasting;
mod moving;
mod relaying;
mod waking;
