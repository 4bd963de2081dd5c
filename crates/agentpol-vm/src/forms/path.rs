//! POSIX paths: compared by whole segments, never by what a file system would make of `..` or links.

/// Returns whether the text may be a path at all: not empty, no control, no `\`, no leading `~`.
pub(crate) fn is_path(text: &str) -> bool {
    let refused = |c: char| c.is_control() || c == '\\';
    !text.is_empty() && !text.starts_with('~') && !text.contains(refused)
}

/// Returns whether some segment is `.` or `..`: then nothing is known about where it leads.
pub(crate) fn has_dots(text: &str) -> bool {
    text.split('/').any(|segment| segment == "." || segment == "..")
}

/// Returns whether an absolute path is written canonically: no slash repeated, none at the end but the root's.
pub(crate) fn is_canonical(text: &str) -> bool {
    text == "/" || (text.starts_with('/') && !text.ends_with('/') && !text.contains("//"))
}

/// Returns whether a canonical path is the directory or below it.
pub(crate) fn within(path: &str, directory: &str) -> bool {
    let rest = path.strip_prefix(directory.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns where the last segment starts.
pub(crate) fn name(path: &str) -> usize {
    path.rfind('/').map_or(0, |slash| slash.saturating_add(1))
}

/// Returns where the extension starts: behind the last dot of the name; at the end without one, or where it is first.
pub(crate) fn extension(path: &str) -> usize {
    let name = name(path);
    let dot = path.rfind('.').filter(|dot| *dot > name);
    dot.map_or(path.len(), |dot| dot.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::{extension, has_dots, is_canonical, is_path, name, within};

    #[test]
    fn paths_are_plain() {
        for good in ["/", "/a/b", "a", "/ä/b c", "/a~"] {
            assert!(is_path(good), "{good}");
        }
        for refused in ["", "~/a", "/a\\b", "/a\0", "/a\n", "/a\u{85}"] {
            assert!(!is_path(refused), "{refused}");
        }
        assert!(has_dots("/a/../b") && has_dots("./a") && has_dots(".."));
        assert!(!has_dots("/a/.b/c..d/..."));
        assert!(is_canonical("/") && is_canonical("/a/b"));
        assert!(!is_canonical("/a/") && !is_canonical("/a//b") && !is_canonical("a") && !is_canonical("//"));
    }

    #[test]
    fn directories_hold_whole_segments() {
        assert!(
            within("/work", "/work") && within("/work/a", "/work") && within("/work/a", "/work/") && within("/a", "/")
        );
        assert!(!within("/worker", "/work") && !within("/", "/work") && !within("/other/work", "/work"));
    }

    #[test]
    fn names_and_extensions() {
        let split = |path: &'static str| (&path[name(path)..], &path[extension(path)..]);
        assert_eq!(split("/a/b.tar.gz"), ("b.tar.gz", "gz"));
        assert_eq!(split("/a.b/c"), ("c", ""));
        assert_eq!(split("/.bashrc"), (".bashrc", ""));
        assert_eq!(split("/a/b."), ("b.", ""));
        assert_eq!(split("/"), ("", ""));
    }
}
