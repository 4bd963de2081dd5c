//! The vm with memory of earlier calls, over programs put together by hand and a store that is a map.

mod brute;
mod evidence;
mod hostile;
#[path = "../../../agentpol-bytecode/tests/lab/mod.rs"]
mod lab;
mod log;
mod protocol;
mod slots;
mod upgrade;
mod world;
