//! The vm for hosts that are not Rust: a core module with a C-like ABI that imports nothing.
//!
//! Bytes go in through one buffer and come out through others, all owned by the module; docs/reference/wasm-abi.md
//! says how. One instance holds one program and decides one request at a time.

mod session;

pub use session::{Answer, Session};

use std::sync::{Mutex, MutexGuard, PoisonError};

static SESSION: Mutex<Session> = Mutex::new(Session::new());

fn session() -> MutexGuard<'static, Session> {
    SESSION.lock().unwrap_or_else(PoisonError::into_inner)
}

fn clip(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Returns the version of these functions: 1.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_abi_version() -> u32 {
    1
}

/// Makes room for so many bytes of input and returns where they go; null where there is no room. The place is valid until
/// the next call of this function.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_input(length: u32) -> *mut u8 {
    session().input(length as usize).map_or(std::ptr::null_mut(), <[u8]>::as_mut_ptr)
}

/// Loads the program in the input: 0 where it is sound, 1 where it is not, with the reason in the error text. The program
/// before is gone in either case.
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

/// Returns where the reason stands for which the last program or directory did not load.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_error() -> *const u8 {
    session().error().as_ptr()
}

/// Returns how many bytes the reason has; 0 where it did.
#[expect(unsafe_code, reason = "a C-like ABI exports by name")]
#[unsafe(no_mangle)]
pub extern "C" fn agentpol_error_length() -> u32 {
    clip(session().error().len())
}
