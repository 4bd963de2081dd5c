//! Patterns of files in `agentpol.toml`: `*` any run and `?` one character inside a name, `**` any folders.

use std::fs;
use std::path::{Path, PathBuf};

use crate::exit::Problem;
use crate::files;

/// How many folders may lie in each other before the search stops.
const DEPTH_LIMIT: usize = 64;

/// Returns the files and folders that fit the pattern below `base`, sorted. Names that begin with a dot fit only a
/// pattern that says so. A pattern without signs is one path, which need not exist.
pub(crate) fn expand(base: &Path, pattern: &str) -> Result<Vec<PathBuf>, Problem> {
    if !pattern.contains(['*', '?']) {
        return Ok(vec![base.join(pattern)]);
    }
    let parts: Vec<&str> = pattern.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let root = if pattern.starts_with('/') { Path::new("/") } else { base };
    let mut found = Vec::new();
    search(root, &parts, 0, &mut found)?;
    found.sort();
    found.dedup();
    Ok(found)
}

fn search(folder: &Path, parts: &[&str], depth: usize, found: &mut Vec<PathBuf>) -> Result<(), Problem> {
    let Some((first, rest)) = parts.split_first() else { return Ok(()) };
    if depth > DEPTH_LIMIT {
        return Err(Problem::file(format!("{}: folders nest too deeply", files::shown(folder))));
    }
    if *first == "**" {
        search(folder, rest, depth, found)?;
    } else if !first.contains(['*', '?']) {
        let path = folder.join(first);
        return match rest.is_empty() {
            true if path.exists() => {
                found.push(path);
                Ok(())
            }
            true => Ok(()),
            false if path.is_dir() => search(&path, rest, depth + 1, found),
            false => Ok(()),
        };
    }
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in fs::read_dir(here).map_err(|error| files::unreadable(here, &error))? {
        let entry = entry.map_err(|error| files::unreadable(here, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = folder.join(entry.file_name());
        // Links to folders are not followed: that is what keeps a search from running in circles.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if *first == "**" {
            if is_folder && !name.starts_with('.') {
                search(&path, parts, depth + 1, found)?;
            }
        } else if fits(first, &name) && (!name.starts_with('.') || first.starts_with('.')) {
            match rest.is_empty() {
                true => found.push(path),
                false if is_folder => search(&path, rest, depth + 1, found)?,
                false => {}
            }
        }
    }
    Ok(())
}

/// Returns whether the parts of a path fit those of a pattern. Names that begin with a dot fit only a part that does.
pub(crate) fn fits_path(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) if fits_path(rest, path) => true,
        (["**", ..], [first, below @ ..]) => !first.starts_with('.') && fits_path(pattern, below),
        ([part, rest @ ..], [first, below @ ..]) => {
            (!first.starts_with('.') || part.starts_with('.')) && fits(part, first) && fits_path(rest, below)
        }
        _ => false,
    }
}

/// Returns whether a name fits one part of a pattern.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    // The last `*` may always be given one character more: that is all the going back there is.
    let (mut p, mut n, mut again) = (0, 0, None);
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                again = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match again {
                Some((star, from)) => {
                    again = Some((star, from + 1));
                    (p, n) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        for (pattern, name) in
            [("*", "a"), ("*.agentpol", "x.agentpol"), ("a?c", "abc"), ("a*b*c", "axxbyc"), ("a*", "a")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.agentpol", "x.agentpo"), ("a?c", "ac"), ("a*b", "acbd"), ("", "a")] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn paths_fit_patterns() {
        let fits = |pattern: &str, path: &str| {
            fits_path(&pattern.split('/').collect::<Vec<_>>(), &path.split('/').collect::<Vec<_>>())
        };
        for (pattern, path) in [("**/*.x", "a.x"), ("**/*.x", "s/d/a.x"), ("s/**/a.x", "s/a.x"), ("s/a.x", "s/a.x")] {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [("**/*.x", ".h/a.x"), ("*.x", "s/a.x"), ("s/a.x", "s"), ("s", "s/a.x")] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn patterns_find_files() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for name in ["a.x", "sub/b.x", "sub/deep/c.x", ".hidden/d.x", "sub/e.y"] {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = |pattern: &str| -> Vec<String> {
            let found = expand(root, pattern).unwrap();
            found.iter().map(|path| path.strip_prefix(root).unwrap().display().to_string()).collect()
        };
        assert_eq!(found("**/*.x"), ["a.x", "sub/b.x", "sub/deep/c.x"]);
        assert_eq!(found("*/*.x"), ["sub/b.x"]);
        assert_eq!(found("sub/**/c.x"), ["sub/deep/c.x"]);
        assert_eq!(found("none/*.x"), Vec::<String>::new());
        assert_eq!(found("not-there"), ["not-there"]);
    }
}
