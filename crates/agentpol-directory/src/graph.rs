//! What lies in what: circles, and everything above.

/// For each thing the things that it lies in.
pub(crate) type Graph = Vec<Vec<usize>>;

/// Finds a circle, as the things on it in order; `None` where there is none.
pub(crate) fn circle(graph: &Graph) -> Option<Vec<usize>> {
    /// How far a thing has been followed.
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        Fresh,
        Open,
        Done,
    }
    let mut marks = vec![Mark::Fresh; graph.len()];
    for start in 0..graph.len() {
        // The way from the start, each with the next step to take.
        let mut way: Vec<(usize, usize)> = Vec::new();
        if marks[start] == Mark::Fresh {
            marks[start] = Mark::Open;
            way.push((start, 0));
        }
        while let Some((here, step)) = way.last_mut() {
            match graph[*here].get(*step).copied() {
                Some(next) => {
                    *step += 1;
                    match marks[next] {
                        Mark::Fresh => {
                            marks[next] = Mark::Open;
                            way.push((next, 0));
                        }
                        Mark::Open => {
                            let from = way.iter().position(|(at, _)| *at == next).unwrap_or(0);
                            return Some(way[from..].iter().map(|(at, _)| *at).collect());
                        }
                        Mark::Done => {}
                    }
                }
                None => {
                    marks[*here] = Mark::Done;
                    way.pop();
                }
            }
        }
    }
    None
}

/// Lists everything above one thing, the nearest first and without itself; `None` where that is more than `most`.
pub(crate) fn above(graph: &Graph, start: usize, most: usize) -> Option<Vec<usize>> {
    let mut seen = std::collections::BTreeSet::from([start]);
    let mut found: Vec<usize> = Vec::new();
    let mut ring = vec![start];
    while !ring.is_empty() {
        let mut next: Vec<usize> = ring.iter().flat_map(|at| graph[*at].iter().copied()).collect();
        next.sort_unstable();
        next.retain(|at| seen.insert(*at));
        found.extend_from_slice(&next);
        if found.len() > most {
            return None;
        }
        ring = next;
    }
    Some(found)
}
