//! What is shown when the command itself is broken: never a backtrace alone, never a success.

use std::io::{self, Write};
use std::panic::{self, PanicHookInfo};

/// Replaces what is printed on a panic.
pub(crate) fn install() {
    panic::set_hook(Box::new(|info| {
        let _ = io::stderr().write_all(text(info).as_bytes());
    }));
}

fn text(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let what = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let place = info.location().map(|at| format!(" at {}:{}", at.file(), at.line())).unwrap_or_default();
    format!(
        "error: polc is broken, and sorry for it: {}{place}\n\
         help: nothing was decided; please report this with the files that led here\n",
        crate::escape::one_line(what.unwrap_or("no reason given"))
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[test]
    fn says_what_broke_and_where_on_lines_of_their_own() {
        let said = Arc::new(Mutex::new(String::new()));
        let heard = Arc::clone(&said);
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |info| *heard.lock().unwrap() = text(info)));
        let ended = panic::catch_unwind(|| panic!("it\u{1b}[2J broke"));
        panic::set_hook(usual);
        assert!(ended.is_err());
        let said = said.lock().unwrap();
        assert!(said.starts_with("error: polc is broken, and sorry for it: it\\u{1b}[2J broke at "), "{said}");
        assert_eq!(said.lines().count(), 2);
    }
}
