//! The smallest part of a history that still shows something: delta debugging with a bound on the work.

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shortest {
    /// The places of what is left, in order.
    pub(super) kept: Vec<usize>,
    /// Nothing of it can be left out. Where this is false, work stopped before that was known.
    pub(super) minimal: bool,
}

/// Looks for the fewest of `length` things that still show it; `shows` is asked about places in order. Nothing where not
/// even all of them do. Asking about n things costs n + 1, and no more than `work` is spent, but for the first two
/// questions.
pub(super) fn shortest(length: usize, work: usize, mut shows: impl FnMut(&[usize]) -> bool) -> Option<Shortest> {
    if shows(&[]) {
        return Some(Shortest { kept: Vec::new(), minimal: true });
    }
    let mut kept: Vec<usize> = (0..length).collect();
    if kept.is_empty() || !shows(&kept) {
        return None;
    }
    let mut left = work;
    let mut parts = 2;
    while kept.len() > 1 {
        let size = kept.len().div_ceil(parts);
        let mut found = None;
        // What is late is nearer to what it shows: those parts are tried first, then all but each part.
        let chunks: Vec<&[usize]> = kept.chunks(size).rev().collect();
        let without = |gone: &[usize]| kept.iter().copied().filter(|at| !gone.contains(at)).collect::<Vec<usize>>();
        let alone = chunks.iter().map(|chunk| (chunk.to_vec(), 2));
        let others = chunks.iter().rev().map(|chunk| (without(chunk), parts.saturating_sub(1).max(2)));
        for (candidate, next) in alone.chain(others.filter(|_| chunks.len() > 2)) {
            match left.checked_sub(candidate.len() + 1) {
                Some(rest) => left = rest,
                None => return Some(Shortest { kept, minimal: false }),
            }
            if shows(&candidate) {
                found = Some((candidate, next));
                break;
            }
        }
        match found {
            Some((smaller, next)) => (kept, parts) = (smaller, next),
            None if size == 1 => break,
            None => parts = (parts * 2).min(kept.len()),
        }
    }
    Some(Shortest { kept, minimal: true })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needing(length: usize, needed: &[usize]) -> Option<Shortest> {
        shortest(length, 10_000, |kept| needed.iter().all(|at| kept.contains(at)))
    }

    #[test]
    fn leaves_what_is_needed_and_nothing_else() {
        for needed in [&[][..], &[0], &[99], &[3, 50], &[0, 1, 2, 98, 99], &[10, 20, 30, 40, 50, 60, 70]] {
            let found = needing(100, needed).unwrap();
            assert_eq!((found.kept.as_slice(), found.minimal), (needed, true));
        }
        assert_eq!(needing(5, &[7]), None);
        assert_eq!(needing(0, &[7]), None);
    }

    #[test]
    fn stops_at_its_bound_and_says_so() {
        let mut spent = 0;
        let found = shortest(1_000, 3_000, |kept| {
            spent += kept.len() + 1;
            kept.contains(&1) && kept.contains(&998)
        });
        let found = found.unwrap();
        assert!(!found.minimal && found.kept.contains(&1) && found.kept.contains(&998));
        assert!(spent <= 3_000 + 1_002, "{spent}");
    }

    #[test]
    fn one_that_needs_a_number_of_them_keeps_that_number() {
        let found = shortest(40, 10_000, |kept| kept.len() >= 3).unwrap();
        assert_eq!((found.kept.len(), found.minimal), (3, true));
    }
}
