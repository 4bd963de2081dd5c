//! The vm for hosts that are not Rust: a core module with a C-like ABI that imports nothing.
//!
//! Bytes go in through one buffer and come out through others, all owned by the module; docs/reference/wasm-abi.md
//! says how. One instance holds one program and decides one request at a time.

mod session;
mod store;

pub use session::{Answer, Session};

use std::sync::{Mutex, MutexGuard, PoisonError};

static SESSION: Mutex<Session> = Mutex::new(Session::new());

fn session() -> MutexGuard<'static, Session> {
    SESSION.lock().unwrap_or_else(PoisonError::into_inner)
}

fn clip(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Returns the version of these functions: 2.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_abi_version() -> u32 {
    2
}

/// Makes room for so many bytes of input and returns where they go; null where there is no room. The place is valid until
/// the next call of this function.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_input(length: u32) -> *mut u8 {
    session().input(length as usize).map_or(std::ptr::null_mut(), <[u8]>::as_mut_ptr)
}

/// Loads the program in the input: 0 where it is sound, 1 where it is not, with the reason in the error text. The program
/// before is gone in either case, and what was remembered.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_load() -> i32 {
    i32::from(session().load().is_err())
}

/// Goes on with the directory in the input, or with none where it is empty: 0 where it is sound; 1 where it is not, with the
/// reason in the error text, and the one before goes on. It stays when another program is loaded.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_directory() -> i32 {
    i32::from(session().take_directory().is_err())
}

/// Returns where the 32 bytes of the loaded program's meaning hash stand; null without a program.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_meaning_hash() -> *const u8 {
    session().meaning_hash().map_or(std::ptr::null(), |hash| hash.as_ptr())
}

/// Begins to remember: the input is the host key, 32 bytes, and behind it what was saved, if anything. The parameters are
/// the upper and lower half of the time in milliseconds since 1970-01-01T00:00:00Z. 0 where it does, 1 where it does not,
/// with the reason in the error text.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_remember(at_upper: u32, at_lower: u32) -> i32 {
    let at = i64::from(at_upper) << 32 | i64::from(at_lower);
    i32::from(session().remember(at).is_err())
}

/// Takes the event in the input: 0 where it is taken, 1 where it is refused. The operator's view says more.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_tell() -> i32 {
    i32::from(session().tell().is_err())
}

/// Writes out what is remembered and returns where it stands.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_save() -> *const u8 {
    session().save().as_ptr()
}

/// Returns how many bytes were saved last; 0 where nothing is remembered.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_save_length() -> u32 {
    clip(session().saved().len())
}

/// Decides the request in the input: 1 where the call may be dispatched, 0 where it is denied, 2 where a person must
/// approve it, 3 where it may be tried later. Anything but 1 is no permission; without a program it is 0.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_decide() -> i32 {
    session().decide() as i32
}

/// Returns where the operator's view of the last decision stands, as JSON.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_output() -> *const u8 {
    session().operator_view().as_ptr()
}

/// Returns how many bytes the operator's view has.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_output_length() -> u32 {
    clip(session().operator_view().len())
}

/// Returns where the agent's view of the last decision stands, as JSON: the only one that may go back to a model.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_agent_output() -> *const u8 {
    session().agent_view().as_ptr()
}

/// Returns how many bytes the agent's view has.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_agent_output_length() -> u32 {
    clip(session().agent_view().len())
}

/// Returns where the reason stands for which the last program or directory did not load, or memory did not begin.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_error() -> *const u8 {
    session().error().as_ptr()
}

/// Returns how many bytes the reason has; 0 where there is none.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_error_length() -> u32 {
    clip(session().error().len())
}
