//! How files that hold recordings are called.

/// The endings of recordings, without those of packed ones.
const ENDINGS: [&str; 5] = [".jsonl", ".ndjson", ".json", ".traj", ".eval"];
/// The endings of what is packed.
const PACKED: [&str; 2] = [".gz", ".zst"];

/// The name of a recording without its endings, `desk` of `desk.jsonl.gz`; `None` for the name of another kind of file.
///
/// Recordings may be called anything. This says what is taken for one among the files of a folder.
pub fn recording_stem(name: &str) -> Option<&str> {
    let plain = PACKED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
    ENDINGS.iter().find_map(|ending| plain.strip_suffix(ending))
}

#[cfg(test)]
mod tests {
    use super::recording_stem as stem;

    #[test]
    fn recordings_are_told_by_their_endings() {
        for name in ["desk.jsonl", "desk.json", "desk.ndjson.zst", "desk.jsonl.gz", "desk.traj", "desk.eval"] {
            assert_eq!(stem(name), Some("desk"), "{name}");
        }
        for name in ["desk.log", "desk", "desk.gz", "README.md", "desk.jsonl.bz2"] {
            assert_eq!(stem(name), None, "{name}");
        }
    }
}
