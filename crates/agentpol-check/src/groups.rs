//! Groups: what belongs to what, and who may say so.

use crate::declare::Declared;
use crate::draft::Draft;
use crate::policy::{Group, GroupId};
use agentpol_diagnostics::{Code, Diagnostic, Span};
use std::collections::{BTreeMap, BTreeSet};

/// Fills groups with their parents and everything below each.
pub(crate) fn fill_groups(draft: &mut Draft<'_, '_>, declared: &Declared<'_>) {
    let mut wires: BTreeMap<&str, Span> = BTreeMap::new();
    for (module, group) in &declared.groups {
        let name = group.wired.name;
        let wire = group.wired.wire.map_or(name.text, |text| text.value);
        let place = group.wired.wire.map_or(name.span, |text| text.span);
        if wire.is_empty() {
            let title = format!("the group `{}` has an empty name on the wire", name.text);
            draft.report(Diagnostic::new(Code::AP0407, title, place, "no directory has this").help("remove the text"));
        }
        if let Some(first) = wires.insert(wire, place) {
            let title = format!("two groups are `{wire}` on the wire");
            draft.report(
                Diagnostic::new(Code::AP0202, title, place, "the same group of the directory")
                    .because(first, "is this one already")
                    .help("`use` the module that declares it, or write its own name on the wire behind the name"),
            );
        }
        draft.policy.groups.push(Group {
            module: *module,
            name: name.text.to_owned(),
            wire: wire.to_owned(),
            parents: Vec::new(),
            closure: Vec::new(),
            span: name.span,
        });
    }
    for (at, (module, group)) in declared.groups.iter().enumerate() {
        let mut parents = BTreeSet::new();
        for path in group.parents {
            let Some(parent) = draft.group(*module, path) else { continue };
            let owner = draft.policy[parent].module;
            if owner != *module && !draft.is_root(*module) {
                let title = format!("`{}` is not this module's to widen", path.joined());
                let label = format!("a group of `{}`", draft.module_name(owner));
                let help = format!(
                    "who may be in it is said in `{}`: `group {} in {}`",
                    draft.module_name(owner),
                    group.wired.name.text,
                    draft.policy[parent].name
                );
                let place = draft.policy[parent].span;
                draft.report(
                    Diagnostic::new(Code::AP0208, title, path.span, label).because(place, "declared here").help(help),
                );
                continue;
            }
            parents.insert(parent);
        }
        draft.policy.groups[at].parents = parents.into_iter().collect();
    }
    refuse_circles(draft);
    close(draft);
}

/// Refuses groups that contain themselves: one message for each circle.
fn refuse_circles(draft: &mut Draft<'_, '_>) {
    let count = draft.policy.groups.len();
    // How many parents of each are not yet known to lead nowhere; what never reaches 0 leads into a circle.
    let mut open: Vec<usize> = draft.policy.groups.iter().map(|group| group.parents.len()).collect();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, group) in draft.policy.groups.iter().enumerate() {
        group.parents.iter().for_each(|parent| children[parent.index()].push(at));
    }
    let mut done: Vec<usize> = (0..count).filter(|&at| open[at] == 0).collect();
    while let Some(at) = done.pop() {
        for &child in &children[at] {
            open[child] -= 1;
            if open[child] == 0 {
                done.push(child);
            }
        }
    }
    let mut told = BTreeSet::new();
    for start in (0..count).filter(|&at| open[at] > 0) {
        let mut way = vec![start];
        let mut here = start;
        let circle = loop {
            let next = draft.policy.groups[here].parents.iter().map(|id| id.index()).find(|&at| open[at] > 0);
            let Some(next) = next else { break Vec::new() };
            if let Some(from) = way.iter().position(|&at| at == next) {
                break way.split_off(from);
            }
            way.push(next);
            here = next;
        };
        let Some(&first) = circle.iter().min() else { continue };
        if told.insert(first) {
            let group = &draft.policy.groups[first];
            let names: Vec<String> = circle.iter().map(|&at| format!("`{}`", draft.policy.groups[at].name)).collect();
            let title = format!("the group `{}` belongs to itself", group.name);
            let help = match circle.as_slice() {
                [_] => format!("`in` speaks of every group of its line: declare `{}` in a line of its own", group.name),
                _ => "remove one `in`".to_owned(),
            };
            let diagnostic =
                Diagnostic::new(Code::AP0210, title, group.span, format!("through {}", names.join(", "))).help(help);
            draft.report(diagnostic);
        }
    }
}

/// Fills for each group everything that belongs to it. Stops at what was seen, so circles do no harm.
fn close(draft: &mut Draft<'_, '_>) {
    let count = draft.policy.groups.len();
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (at, group) in draft.policy.groups.iter().enumerate() {
        group.parents.iter().for_each(|parent| children[parent.index()].push(at));
    }
    for at in 0..count {
        let mut seen = BTreeSet::from([at]);
        let mut open = vec![at];
        while let Some(here) = open.pop() {
            open.extend(children[here].iter().filter(|&&child| seen.insert(child)));
        }
        draft.policy.groups[at].closure = seen.into_iter().map(|at| GroupId(at as u32)).collect();
    }
}
