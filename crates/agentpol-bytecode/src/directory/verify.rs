//! Everything that look-ups rely on, checked once at load: sorted tables, existing entries, closures that are closed.

use super::DirectoryError;
use super::tables::{Item, MAX_GROUPS, MAX_PATH, Resource, Tables};
use alloc::vec::Vec;

/// How deep values of attributes may nest: as deep as requests.
const MAX_DEPTH: u8 = 16;

/// Checks the tables against every law of directories.
pub(super) fn verify(tables: &Tables) -> Result<(), DirectoryError> {
    texts(tables)?;
    items(tables)?;
    groups(tables)?;
    for (at, user) in tables.users.iter().enumerate() {
        let groups = ascending(&user.groups) && user.groups.iter().all(|group| exists(&tables.groups, *group));
        let closed = user.groups.iter().all(|group| {
            let above = tables.groups.get(*group as usize).map_or(&[][..], |group| &group.above);
            above.iter().all(|group| user.groups.binary_search(group).is_ok())
        });
        let sound = is_word(tables, user.id) && groups && closed && attributes_exist(tables, &user.attributes);
        require(sound, "users", at)?;
    }
    require(ascending_by(&tables.users, |user| user.id), "users", 0)?;
    for (at, agent) in tables.agents.iter().enumerate() {
        let words = agent.attributes.iter().all(|(name, value)| is_word(tables, *name) && is_word(tables, *value));
        require(is_word(tables, agent.id) && words && ascending_by(&agent.attributes, |one| one.0), "agents", at)?;
    }
    require(ascending_by(&tables.agents, |agent| (agent.id, agent.attributes.as_slice())), "agents", 0)?;
    for (at, kind) in tables.kinds.iter().enumerate() {
        require(is_word(tables, kind.name) && ascending_by(&kind.resources, |one| one.id), "resources", at)?;
        for (number, resource) in kind.resources.iter().enumerate() {
            require(resource_is_sound(tables, resource, at, number), "resources", number)?;
        }
    }
    require(ascending_by(&tables.kinds, |kind| kind.name), "resources", 0)
}

/// Texts are distinct and sorted, and cut where characters end.
fn texts(tables: &Tables) -> Result<(), DirectoryError> {
    let mut before: Option<&str> = None;
    for word in 0..tables.ends.len() {
        let text = u32::try_from(word).ok().and_then(|word| tables.word(word));
        let greater = matches!((before, text), (None, Some(_))) || before < text && text.is_some();
        require(greater, "texts", word)?;
        before = text;
    }
    let end = tables.ends.last().map_or(0, |end| *end as usize);
    require(end == tables.texts.len(), "texts", tables.ends.len())
}

/// Values are made of values before them, and nest no deeper than those of requests.
fn items(tables: &Tables) -> Result<(), DirectoryError> {
    let mut depths: Vec<u8> = Vec::with_capacity(tables.items.len());
    for (at, item) in tables.items.iter().enumerate() {
        let inner = match item {
            Item::Null | Item::Bool(_) => Some(0),
            Item::Number(word) | Item::Text(word) => is_word(tables, *word).then_some(0),
            Item::List(items) => deepest(&depths, items.iter().copied()),
            Item::Object(members) => {
                let named = members.iter().all(|(name, _)| is_word(tables, *name));
                let sorted = ascending_by(members, |member| member.0);
                deepest(&depths, members.iter().map(|(_, item)| *item)).filter(|_| named && sorted)
            }
        };
        let depth = inner.map(|inner| inner.saturating_add(1)).filter(|depth| *depth <= MAX_DEPTH);
        require(depth.is_some(), "values", at)?;
        depths.push(depth.unwrap_or(MAX_DEPTH));
    }
    Ok(())
}

/// Returns how deep the deepest of these values nests; `None` where one does not exist yet.
fn deepest(depths: &[u8], mut items: impl Iterator<Item = u32>) -> Option<u8> {
    items.try_fold(0, |deepest: u8, item| depths.get(item as usize).map(|depth| deepest.max(*depth)))
}

/// Each group belongs to itself, and to whatever a group belongs to that it belongs to.
fn groups(tables: &Tables) -> Result<(), DirectoryError> {
    for (at, group) in tables.groups.iter().enumerate() {
        let itself = u32::try_from(at).is_ok_and(|at| group.above.binary_search(&at).is_ok());
        let bounded = group.above.len() <= MAX_GROUPS as usize;
        let closed = group.above.iter().all(|above| {
            let further = tables.groups.get(*above as usize).map(|group| group.above.as_slice());
            further.is_some_and(|further| further.iter().all(|group_| group.above.binary_search(group_).is_ok()))
        });
        require(is_word(tables, group.name) && ascending(&group.above) && itself && bounded && closed, "groups", at)?;
    }
    require(ascending_by(&tables.groups, |group| group.name), "groups", 0)
}

/// What it lies in exists, is distinct, is not itself, and is closed.
fn resource_is_sound(tables: &Tables, resource: &Resource, kind: usize, at: usize) -> bool {
    let above = &resource.above;
    let mut sorted = above.clone();
    sorted.sort_unstable();
    let closed = above.iter().all(|place| {
        let further = tables.resource(*place).map(|resource| resource.above.as_slice());
        let itself = place.kind as usize == kind && place.at as usize == at;
        !itself && further.is_some_and(|further| further.iter().all(|place| sorted.binary_search(place).is_ok()))
    });
    is_word(tables, resource.id)
        && above.len() < MAX_PATH as usize
        && ascending(&sorted)
        && closed
        && attributes_exist(tables, &resource.attributes)
}

fn attributes_exist(tables: &Tables, attributes: &[(u32, u32)]) -> bool {
    let exist = attributes.iter().all(|(name, item)| is_word(tables, *name) && exists(&tables.items, *item));
    exist && ascending_by(attributes, |attribute| attribute.0)
}

fn is_word(tables: &Tables, word: u32) -> bool {
    exists(&tables.ends, word)
}

fn exists<T>(table: &[T], index: u32) -> bool {
    (index as usize) < table.len()
}

fn ascending<T: PartialOrd>(elements: &[T]) -> bool {
    elements.is_sorted_by(|one, next| one < next)
}

fn ascending_by<'t, T, K: PartialOrd>(elements: &'t [T], key: impl Fn(&'t T) -> K) -> bool {
    elements.windows(2).all(|pair| match pair {
        [one, next] => key(one) < key(next),
        _ => true,
    })
}

fn require(kept: bool, table: &'static str, at: usize) -> Result<(), DirectoryError> {
    match kept {
        true => Ok(()),
        false => Err(DirectoryError::Refused { table, at: u32::try_from(at).unwrap_or(u32::MAX) }),
    }
}
