//! From what was gathered to the flat form: names to numbers, closures, sorted tables.

use crate::graph::{self, Graph};
use crate::json::{Json, Members};
use crate::problem::{Problem, ProblemKind};
use crate::records::{Builder, Member, Place};
use agentpol_bytecode::directory::{
    AgentStatus, Group, Item, Kind, MAX_GROUPS, MAX_PATH, Place as At, Resource, Tables, User, Word, encode,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A directory, written.
#[derive(Clone, Debug)]
pub struct Built {
    /// The flat form.
    pub bytes: Vec<u8>,
    /// How much is in it.
    pub counts: Counts,
    /// When it was taken, in milliseconds since 1970-01-01T00:00:00Z.
    pub as_of: Option<i64>,
}

/// How much is in a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the count of its name")]
pub struct Counts {
    pub users: usize,
    pub groups: usize,
    pub agents: usize,
    pub resources: usize,
}

impl Builder {
    /// Makes the directory. `as_of` says when it was taken, where no source does.
    ///
    /// # Errors
    /// Everything that is wrong with the sources, by file and line.
    pub fn finish(mut self, as_of: Option<i64>) -> Result<Built, Vec<Problem>> {
        let as_of = self.as_of.or(as_of);
        self.name_people();
        let groups = self.group_graph();
        let resources = self.resource_graph();
        if self.problems.is_empty() {
            let tables = tables(&mut self, as_of, &groups, &resources);
            if let Some(tables) = tables.filter(|_| self.problems.is_empty()) {
                let counts = Counts {
                    users: self.users.len(),
                    groups: self.groups.len(),
                    agents: self.agents.len(),
                    resources: self.resources.len(),
                };
                return Ok(Built { bytes: encode(&tables), counts, as_of });
            }
        }
        if self.problems.is_empty() {
            self.problem(Place { file: 0, line: 1 }, ProblemKind::TooMany);
        }
        self.problems.sort_by(|one, other| (&one.file, one.line).cmp(&(&other.file, other.line)));
        Err(self.problems)
    }

    /// Gives attributes that name users by SCIM id the ids that requests name.
    fn name_people(&mut self) {
        let mut missing = Vec::new();
        for user in self.users.values_mut() {
            for (attribute, id) in std::mem::take(&mut user.people) {
                match self.scim_users.get(&id) {
                    Some(name) => user.attributes.push((attribute, Json::Text(name.clone()))),
                    None => missing.push((user.place, format!("user {id:?}"))),
                }
            }
        }
        missing.into_iter().for_each(|(place, what)| self.problem(place, ProblemKind::NotThere { what }));
    }

    /// Finds what a reference names: a user or a group.
    fn member(&self, member: &Member) -> Result<Member, String> {
        let user = |id: &String| self.users.contains_key(id).then(|| Member::User(id.clone()));
        let group = |name: &String| self.groups.contains_key(name).then(|| Member::Group(name.clone()));
        match member {
            Member::User(id) => user(id).ok_or_else(|| format!("user {id:?}")),
            Member::Group(name) => group(name).ok_or_else(|| format!("group {name:?}")),
            Member::Scim(id) => {
                let known = self.scim_users.get(id).and_then(user);
                known.or_else(|| self.scim_groups.get(id).and_then(group)).ok_or_else(|| format!("member {id:?}"))
            }
        }
    }

    /// Puts every membership on the side of the member, and returns which groups lie in which.
    fn group_graph(&mut self) -> Graph {
        let numbers: BTreeMap<&str, usize> = self.groups.keys().map(String::as_str).zip(0..).collect();
        let mut graph: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); numbers.len()];
        let mut of_users: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut missing: Vec<(Place, String)> = Vec::new();
        for (at, (name, group)) in self.groups.iter().enumerate() {
            for member in &group.members {
                match self.member(member) {
                    Ok(Member::User(id)) => drop(of_users.entry(id).or_default().insert(name.clone())),
                    Ok(Member::Group(inner)) => drop(graph[numbers[inner.as_str()]].insert(at)),
                    Ok(Member::Scim(_)) => {}
                    Err(what) => missing.push((group.place, what)),
                }
            }
            for outer in &group.within {
                match numbers.get(outer.as_str()) {
                    Some(outer) => drop(graph[at].insert(*outer)),
                    None => missing.push((group.place, format!("group {outer:?}"))),
                }
            }
        }
        for (id, user) in &self.users {
            for group in &user.groups {
                match self.member(group) {
                    Ok(Member::Group(name)) => drop(of_users.entry(id.clone()).or_default().insert(name)),
                    Ok(_) => missing.push((user.place, "a group that a user is in".to_owned())),
                    Err(what) => missing.push((user.place, what)),
                }
            }
        }
        let graph: Graph = graph.into_iter().map(|outer| outer.into_iter().collect()).collect();
        let names: Vec<(String, Place)> =
            self.groups.iter().map(|(name, one)| (format!("{name:?}"), one.place)).collect();
        missing.into_iter().for_each(|(place, what)| self.problem(place, ProblemKind::NotThere { what }));
        self.refuse_circle(&graph, &names);
        for (id, groups) in of_users {
            if let Some(user) = self.users.get_mut(&id) {
                user.groups = groups.into_iter().map(Member::Group).collect();
            }
        }
        graph
    }

    fn resource_graph(&mut self) -> Graph {
        let numbers: HashMap<&(String, String), usize> = self.resources.keys().zip(0..).collect();
        let mut graph: Graph = vec![Vec::new(); numbers.len()];
        let mut missing: Vec<(Place, String)> = Vec::new();
        for (at, resource) in self.resources.values().enumerate() {
            for outer in &resource.within {
                match numbers.get(outer) {
                    Some(outer) => graph[at].push(*outer),
                    None => missing.push((resource.place, format!("{} {:?}", outer.0, outer.1))),
                }
            }
        }
        drop(numbers);
        let names: Vec<(String, Place)> =
            self.resources.iter().map(|((of, id), one)| (format!("{of} {id:?}"), one.place)).collect();
        missing.into_iter().for_each(|(place, what)| self.problem(place, ProblemKind::NotThere { what }));
        self.refuse_circle(&graph, &names);
        graph
    }

    fn refuse_circle(&mut self, graph: &Graph, names: &[(String, Place)]) {
        let Some(circle) = graph::circle(graph) else { return };
        let place = circle.iter().map(|at| names[*at].1).min();
        let through = circle.iter().map(|at| names[*at].0.clone()).collect();
        place.into_iter().for_each(|place| self.problem(place, ProblemKind::Circle { through: Vec::clone(&through) }));
    }
}

/// Texts and values by number.
struct Pool {
    words: HashMap<String, Word>,
    items: Vec<Item>,
    known: HashMap<Item, u32>,
}

impl Pool {
    fn word(&self, text: &str) -> Word {
        self.words.get(text).copied().unwrap_or(Word::MAX)
    }

    fn attributes(&mut self, members: &Members) -> Vec<(Word, u32)> {
        let mut found: Vec<(Word, u32)> =
            members.iter().map(|(name, value)| (self.word(name), self.item(value))).collect();
        found.sort_unstable();
        found
    }

    fn item(&mut self, value: &Json) -> u32 {
        let item = match value {
            Json::Null => Item::Null,
            Json::Bool(value) => Item::Bool(*value),
            Json::Number(lexeme) => Item::Number(self.word(lexeme)),
            Json::Text(text) => Item::Text(self.word(text)),
            Json::List(elements) => Item::List(elements.iter().map(|element| self.item(element)).collect()),
            Json::Object(members) => Item::Object(self.attributes(members)),
        };
        if let Some(known) = self.known.get(&item) {
            return *known;
        }
        let number = self.items.len() as u32;
        self.items.push(item.clone());
        self.known.insert(item, number);
        number
    }
}

/// Every text that stands anywhere.
fn texts(builder: &Builder) -> BTreeSet<&str> {
    fn of_value<'j>(value: &'j Json, texts: &mut BTreeSet<&'j str>) {
        match value {
            Json::Null | Json::Bool(_) => {}
            Json::Number(text) | Json::Text(text) => drop(texts.insert(text)),
            Json::List(elements) => elements.iter().for_each(|element| of_value(element, texts)),
            Json::Object(members) => of_members(members, texts),
        }
    }
    fn of_members<'j>(members: &'j Members, texts: &mut BTreeSet<&'j str>) {
        for (name, value) in members {
            texts.insert(name);
            of_value(value, texts);
        }
    }
    let mut texts: BTreeSet<&str> = BTreeSet::new();
    texts.extend(builder.groups.keys().map(String::as_str));
    for (id, user) in &builder.users {
        texts.insert(id);
        of_members(&user.attributes, &mut texts);
    }
    for (id, attributes) in builder.agents.keys() {
        texts.insert(id);
        texts.extend(attributes.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]));
    }
    for ((of, id), resource) in &builder.resources {
        texts.extend([of.as_str(), id.as_str()]);
        of_members(&resource.attributes, &mut texts);
    }
    texts
}

/// Fills the tables; `None` where they do not fit, which is then said.
fn tables(builder: &mut Builder, as_of: Option<i64>, groups: &Graph, resources: &Graph) -> Option<Tables> {
    let mut tables = Tables { as_of, ..Tables::default() };
    let mut words = HashMap::new();
    for (number, text) in texts(builder).into_iter().enumerate() {
        words.insert(text.to_owned(), u32::try_from(number).ok()?);
        tables.texts.push_str(text);
        tables.ends.push(u32::try_from(tables.texts.len()).ok()?);
    }
    let mut pool = Pool { words, items: Vec::new(), known: HashMap::new() };
    let above = closed_groups(builder, groups)?;
    let numbers: HashMap<&str, u32> = builder.groups.keys().map(String::as_str).zip(0..).collect();
    for (name, above) in builder.groups.keys().zip(&above) {
        tables.groups.push(Group { name: pool.word(name), above: above.clone() });
    }
    for (id, user) in &builder.users {
        let direct = user.groups.iter().filter_map(|group| match group {
            Member::Group(name) => numbers.get(name.as_str()),
            _ => None,
        });
        let mut groups: Vec<u32> = direct.flat_map(|group| above[*group as usize].iter().copied()).collect();
        groups.sort_unstable();
        groups.dedup();
        let attributes = pool.attributes(&user.attributes);
        tables.users.push(User { id: pool.word(id), active: user.active, groups, attributes });
    }
    tables.agents = agents(builder, &pool);
    tables.kinds = kinds(builder, resources, &mut pool)?;
    tables.items = pool.items;
    Some(tables)
}

/// For each group those that it belongs to and itself, sorted.
fn closed_groups(builder: &mut Builder, groups: &Graph) -> Option<Vec<Vec<u32>>> {
    let mut closed = Vec::with_capacity(groups.len());
    for at in 0..groups.len() {
        let Some(found) = graph::above(groups, at, MAX_GROUPS as usize - 1) else {
            let (name, place) = builder.groups.iter().nth(at).map(|(name, group)| (name.clone(), group.place))?;
            let what = format!("group {name:?}");
            builder.problem(place, ProblemKind::TooMuchAbove { what, most: MAX_GROUPS - 1 });
            return None;
        };
        let mut above: Vec<u32> = found.into_iter().chain([at]).map(|at| at as u32).collect();
        above.sort_unstable();
        closed.push(above);
    }
    Some(closed)
}

fn agents(builder: &Builder, pool: &Pool) -> Vec<AgentStatus> {
    let mut agents = Vec::with_capacity(builder.agents.len());
    for ((id, attributes), agent) in &builder.agents {
        agents.push(AgentStatus {
            id: pool.word(id),
            attributes: attributes.iter().map(|(name, value)| (pool.word(name), pool.word(value))).collect(),
            suspended: agent.suspended,
            read_only: agent.read_only,
        });
    }
    agents.sort_by(|one, other| (one.id, &one.attributes).cmp(&(other.id, &other.attributes)));
    agents
}

/// Types with their resources; what each lies in is named by type and number.
fn kinds(builder: &mut Builder, graph: &Graph, pool: &mut Pool) -> Option<Vec<Kind>> {
    let mut kinds: Vec<Kind> = Vec::new();
    let mut places: Vec<At> = Vec::with_capacity(graph.len());
    for (of, _) in builder.resources.keys() {
        let name = pool.word(of);
        if kinds.last().is_none_or(|kind| kind.name != name) {
            kinds.push(Kind { name, resources: Vec::new() });
        }
        let kind = kinds.len() - 1;
        let at =
            places.iter().rev().take_while(|place| place.kind as usize == kind).next().map_or(0, |place| place.at + 1);
        places.push(At { kind: kind as u32, at });
    }
    let mut too_much = None;
    for (at, ((of, id), resource)) in builder.resources.iter().enumerate() {
        let Some(above) = graph::above(graph, at, MAX_PATH as usize - 1) else {
            too_much = Some((resource.place, format!("{of} {id:?}")));
            break;
        };
        let above = above.into_iter().map(|at| places[at]).collect();
        let attributes = pool.attributes(&resource.attributes);
        let made = Resource { id: pool.word(id), above, attributes };
        kinds[places[at].kind as usize].resources.push(made);
    }
    if let Some((place, what)) = too_much {
        builder.problem(place, ProblemKind::TooMuchAbove { what, most: MAX_PATH - 1 });
        return None;
    }
    Some(kinds)
}
