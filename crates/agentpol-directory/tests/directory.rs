//! From sources to a directory that can be looked things up in, and what is said where they are wrong.

use agentpol_bytecode::directory::{Directory, DirectoryError, encode};
use agentpol_directory::{Builder, Built, UserKey};

fn build(sources: &[&str]) -> Result<Built, Vec<String>> {
    let mut builder = Builder::new(UserKey::UserName);
    for (number, source) in sources.iter().enumerate() {
        builder.read(&format!("f{number}"), source.as_bytes()).expect("bytes can be read");
    }
    builder.finish(None).map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

fn load(sources: &[&str]) -> Directory {
    Directory::load(&build(sources).unwrap_or_else(|problems| panic!("{problems:?}")).bytes).expect("a directory")
}

const LINES: &str = r#"{"directory": {"as_of": "2026-03-02T15:00:00Z"}}
{"group": {"name": "staff"}}
{"group": {"name": "leads", "within": ["support"], "members": [{"user": "bo"}]}}
{"group": {"name": "support", "within": ["staff"]}}

{"user": {"id": "ana", "groups": ["support"], "attributes": {"region": "eu", "limit": 1e2, "tags": ["a", "a"]}}}
{"user": {"id": "bo", "active": false}}
{"agent": {"id": "bot", "suspended": true}}
{"agent": {"id": "store_bot", "attributes": {"store": "2"}, "phase": "read_only"}}
{"resource": {"type": "folder", "id": "top"}}
{"resource": {"type": "folder", "id": "sub", "within": [{"type": "folder", "id": "top"}]}}
{"resource": {"type": "document", "id": "d", "within": [{"type": "folder", "id": "sub"}]}}
"#;

fn names(directory: &Directory, groups: &[u32]) -> Vec<String> {
    let tables = directory.tables();
    groups.iter().map(|group| directory.word(tables.groups[*group as usize].name).to_owned()).collect()
}

#[test]
fn lines_become_closed_tables() {
    let directory = load(&[LINES]);
    let tables = directory.tables();
    assert_eq!(directory.as_of(), Some(1_772_463_600_000));
    let user = |id: &str| &tables.users[directory.find_user(id).expect(id) as usize];
    assert_eq!(names(&directory, &user("ana").groups), ["staff", "support"]);
    assert_eq!(names(&directory, &user("bo").groups), ["leads", "staff", "support"]);
    assert!(user("ana").active && !user("bo").active && directory.find_user("Ana").is_none());
    let kind = directory.find_kind("document").expect("documents");
    let document = directory.find_resource(kind, "d").expect("d");
    let above: Vec<&str> = tables.kinds[kind as usize].resources[document as usize]
        .above
        .iter()
        .map(|place| directory.word(tables.resource(*place).expect("there").id))
        .collect();
    assert_eq!(above, ["sub", "top"]);
    assert!(directory.statuses("bot")[0].suspended && directory.statuses("store_bot")[0].read_only);
    assert!(directory.statuses("nobody").is_empty());
}

#[test]
fn the_order_of_lines_and_files_does_not_show() {
    let mut lines: Vec<&str> = LINES.lines().collect();
    lines.reverse();
    let (one, two) = lines.split_at(4);
    let other = build(&[&one.join("\n"), &two.join("\n")]).expect("the same records").bytes;
    assert_eq!(other, build(&[LINES]).expect("a directory").bytes);
}

const SCIM: &str = r#"{
  "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
  "totalResults": 4,
  "Resources": [
    {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User",
                 "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
     "id": "u1", "userName": "ana", "active": true, "password": "t0ps3cret", "title": "Clerk",
     "emails": [{"value": "a@home.example"}, {"value": "ana@acme.example", "primary": true}],
     "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
        "department": "Support", "employeeNumber": "701984", "manager": {"value": "u2"}},
     "meta": {"resourceType": "User"}},
    {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u2", "userName": "bo", "active": false},
    {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g1", "displayName": "Support",
     "members": [{"value": "u1"}, {"value": "g2", "type": "Group"}]},
    {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": "g2", "displayName": "Leads",
     "members": [{"value": "u2"}]}
  ]
}"#;

#[test]
fn scim_users_and_groups_are_read() {
    let directory = load(&[SCIM]);
    let tables = directory.tables();
    let ana = &tables.users[directory.find_user("ana").expect("ana") as usize];
    assert_eq!(names(&directory, &ana.groups), ["Support"]);
    let bo = &tables.users[directory.find_user("bo").expect("bo") as usize];
    assert_eq!((names(&directory, &bo.groups), bo.active), (vec!["Leads".to_owned(), "Support".to_owned()], false));
    let attributes: Vec<&str> = ana.attributes.iter().map(|(name, _)| directory.word(*name)).collect();
    assert_eq!(attributes, ["department", "email", "emails", "employeeNumber", "manager", "title", "userName"]);
    assert!(directory.find_word("ana@acme.example").is_some() && directory.find_word("t0ps3cret").is_none());
    let mut by_id = Builder::new(UserKey::Id);
    by_id.read("scim", SCIM.as_bytes()).expect("readable");
    let directory = Directory::load(&by_id.finish(None).expect("sound").bytes).expect("a directory");
    assert!(directory.find_user("u1").is_some() && directory.find_user("ana").is_none());
}

#[test]
fn single_resources_are_read_too() {
    let user = r#"{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": "u1", "userName": "ana"}"#;
    let directory = load(&[user, r#"{"resource": {"type": "desk", "id": "1"}}"#]);
    assert!(directory.find_user("ana").is_some() && directory.find_kind("desk").is_some());
    assert!(load(&[&format!("[{user}]")]).find_user("ana").is_some());
}

#[test]
fn what_is_wrong_is_named_by_file_and_line() {
    let cases: [(&str, &str); 20] = [
        ("{\"user\": {\"id\": \"ana\"}}\n{\"user\": {\"id\": \"ana\"}}", "f0:2: user \"ana\" is there already, f0:1"),
        ("{\"user\": {\"id\": \"ana\", \"groups\": [\"suport\"]}}", "f0:1: group \"suport\" is not in the directory"),
        ("\n{\"user\": {\"id\": \"ana\", \"id\": \"bo\"}}", "f0:2: not JSON: `id` stands twice"),
        ("{\"user\": {\"id\": \"\"}}", "f0:1: `id` must be a text that is not empty"),
        ("{\"user\": {}}", "f0:1: `id` is missing"),
        ("{\"user\": {\"id\": \"a\", \"region\": 1}}", "f0:1: a record of `user` has no `region`"),
        ("{\"person\": {\"id\": \"a\"}}", "f0:1: unknown kind of record `person`"),
        ("{\"user\": {\"id\": \"a\", \"active\": 1}}", "f0:1: `active` must be true or false"),
        ("{\"user\": [1]}", "f0:1: `user` must be an object"),
        ("{\"user\": {\"id\": \"a\"", "f0:1: not JSON at column 19: EOF while parsing an object"),
        ("{\"group\": {\"name\": \"a\", \"within\": [\"a\"]}}", "f0:1: these contain each other: \"a\""),
        (
            "{\"group\": {\"name\": \"a\", \"within\": [\"b\"]}}\n{\"group\": {\"name\": \"b\", \"within\": [\"a\"]}}",
            "f0:1: these contain each other: \"a\", \"b\"",
        ),
        (
            "{\"group\": {\"name\": \"a\", \"members\": [{\"user\": \"x\"}]}}",
            "f0:1: user \"x\" is not in the directory",
        ),
        ("{\"group\": {\"name\": \"a\", \"members\": [\"x\"]}}", "f0:1: `members` must be a list of"),
        ("{\"agent\": {\"id\": \"a\", \"phase\": \"autonomous\"}}", "f0:1: `phase` must be `read_only`"),
        (
            "{\"resource\": {\"type\": \"d\", \"id\": \"1\", \"within\": [{\"type\": \"f\", \"id\": \"2\"}]}}",
            "f0:1: f \"2\" is not in the directory",
        ),
        (
            "{\"resource\": {\"type\": \"d\", \"id\": \"1\", \"within\": [{\"type\": \"d\", \"id\": \"1\"}]}}",
            "f0:1: these contain each other: d \"1\"",
        ),
        ("{\"directory\": {\"as_of\": \"today\"}}", "f0:1: `as_of` must be a time"),
        ("{\n  \"Resources\": 7\n}", "f0:1: not a SCIM document: `Resources` is not a list"),
        (
            "{\n\"Resources\": [\n{\"schemas\": [], \"id\": \"1\"}\n]}",
            "f0:3: not a SCIM document: `schemas` names neither",
        ),
    ];
    for (source, expected) in cases {
        let found = build(&[source]).map(|_| ()).expect_err(source);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{source}\n  {found:?}\n  {expected}");
    }
    let deep =
        format!("{{\"user\": {{\"id\": \"a\", \"attributes\": {{\"x\": {}1{}}}}}}}", "[".repeat(20), "]".repeat(20));
    assert_eq!(build(&[&deep]).map(|_| ()).expect_err("too deep"), ["f0:1: a value nests more than 16 deep"]);
    let mut builder = Builder::new(UserKey::UserName);
    builder.read("f", &b"{\"user\": {\"id\": \"\xff\"}}\n"[..]).expect("readable");
    assert_eq!(builder.finish(None).map(|_| ()).expect_err("bad bytes")[0].to_string(), "f:1: not UTF-8");
}

#[test]
fn a_long_way_up_is_refused() {
    let folder = |n: u32| match n {
        0 => "{\"resource\": {\"type\": \"f\", \"id\": \"0\"}}\n".to_owned(),
        n => format!(
            "{{\"resource\": {{\"type\": \"f\", \"id\": \"{n}\", \"within\": [{{\"type\": \"f\", \"id\": \"{}\"}}]}}}}\n",
            n - 1
        ),
    };
    let chain = |length: u32| (0..length).map(folder).collect::<String>();
    assert!(build(&[&chain(256)]).is_ok());
    let found = build(&[&chain(257)]).map(|_| ()).expect_err("too long");
    assert_eq!(found, ["f0:257: f \"256\" lies in more than 255 others"]);
}

#[test]
fn hostile_bytes_are_refused() {
    let bytes = build(&[LINES]).expect("a directory").bytes;
    assert_eq!(Directory::load(b"agentpol").map(|_| ()), Err(DirectoryError::NotADirectory));
    let mut other = bytes.clone();
    other[8] = 9;
    assert_eq!(Directory::load(&other).map(|_| ()), Err(DirectoryError::Version { found: 9 }));
    for at in 12..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x55;
        assert!(Directory::load(&changed).is_err(), "byte {at}");
        assert!(Directory::load(&bytes[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn tables_that_break_a_law_are_refused() {
    let directory = load(&[LINES]);
    let broken = |change: &dyn Fn(&mut agentpol_bytecode::directory::Tables)| {
        let mut tables = directory.tables().clone();
        change(&mut tables);
        match Directory::load(&encode(&tables)) {
            Err(DirectoryError::Refused { table, .. }) => table,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(broken(&|tables| tables.ends.swap(0, 1)), "texts");
    assert_eq!(broken(&|tables| tables.texts.push('x')), "texts");
    assert_eq!(broken(&|tables| tables.users.swap(0, 1)), "users");
    assert_eq!(broken(&|tables| tables.users[0].groups = vec![9]), "users");
    assert_eq!(broken(&|tables| tables.users[1].groups = vec![0]), "users");
    assert_eq!(broken(&|tables| tables.users[0].attributes[0].1 = 99), "users");
    assert_eq!(broken(&|tables| tables.groups[0].above.clear()), "groups");
    assert_eq!(broken(&|tables| tables.groups[0].above = vec![0, 2]), "groups");
    assert_eq!(broken(&|tables| tables.agents.reverse()), "agents");
    assert_eq!(broken(&|tables| tables.kinds.reverse()), "resources");
    assert_eq!(broken(&|tables| tables.kinds[0].resources[0].above.truncate(1)), "resources");
    assert_eq!(broken(&|tables| tables.items[0] = agentpol_bytecode::directory::Item::List(vec![0])), "values");
}
