//! Decisions that look users and resources up: they take no memory, and go on with whichever directory is there.

use agentpol::{Bound, Directory, Evaluator, Options, Program, Scratch, SourceMap, build, decide};
use agentpol_directory::Builder;
use std::sync::Arc;

const POLICY: &str = r#"
module documents
users from directory max age 1h
resources from directory
group staff, contractors
resource folder   { viewers: list<principal>, within folder }
resource document { owner: user, readers: group, within folder }
user { manager?: user, folders: list<folder> }
system drive { dataset files: internal }
tool docs.read(id: string) of document(args.id) reads drive.files
agent bot { function "documents"  owner "drive@acme.example"  phase autonomous }
allow "read" {
  agent bot
  user  any
  tool  docs.read
  when  user == resource.owner or user in resource.readers or resource in user.folders
     or has resource.owner.manager and resource.owner.manager == user
     or any place in resource.path: has place.viewers and user in place.viewers
}
deny "contractors" { agent any  tool docs.read  when user in contractors and not resource.id like "public-*" }
"#;

/// Who may read what, in so many words.
fn lines(users: usize, at: &str) -> String {
    let mut lines = format!("{{\"directory\": {{\"as_of\": \"{at}\"}}}}\n");
    lines.push_str(
        "{\"group\": {\"name\": \"staff\"}}\n{\"group\": {\"name\": \"contractors\", \"within\": [\"staff\"]}}\n",
    );
    lines.push_str("{\"resource\": {\"type\": \"folder\", \"id\": \"top\", \"attributes\": {\"viewers\": [{\"group\": \"staff\"}]}}}\n");
    for user in 0..users {
        let manager = user / 2;
        lines.push_str(&format!(
            "{{\"user\": {{\"id\": \"u{user}\", \"attributes\": {{\"manager\": \"u{manager}\", \"folders\": [\"f{user}\"]}}}}}}\n\
             {{\"resource\": {{\"type\": \"folder\", \"id\": \"f{user}\", \"attributes\": {{\"viewers\": []}}}}}}\n\
             {{\"resource\": {{\"type\": \"document\", \"id\": \"d{user}\", \"within\": [{{\"type\": \"folder\", \"id\": \"f{user}\"}}], \
             \"attributes\": {{\"owner\": \"u{user}\", \"readers\": \"contractors\"}}}}}}\n"
        ));
    }
    lines.push_str("{\"user\": {\"id\": \"eve\", \"groups\": [\"contractors\"], \"attributes\": {\"folders\": []}}}\n");
    lines
}

fn directory(text: &str) -> Arc<Directory> {
    let mut builder = Builder::default();
    builder.read("lines", text.as_bytes()).expect("a text is readable");
    let built = builder.finish(None).expect("the lines are sound");
    Arc::new(Directory::load(&built.bytes).expect("what was built is sound"))
}

fn program() -> Vec<u8> {
    let mut sources = SourceMap::new();
    sources.add("documents.agentpol".to_owned(), POLICY.to_owned());
    let (built, found) = build(&sources, &Options::default());
    built.unwrap_or_else(|| panic!("{found:?}")).bytes
}

fn request(user: &str, document: &str) -> String {
    let start = r#"{"at":"2026-03-02T15:00:00Z","agent":"bot","tool":"read""#;
    format!(r#"{start},"user":"{user}","args":{{"id":"{document}"}}}}"#)
}

#[test]
fn looking_things_up_takes_no_memory() {
    let program: Program = agentpol::bytecode::load(&program()).expect("the program is sound");
    let bound = Bound::new(directory(&lines(1000, "2026-03-02T14:30:00Z")), &program);
    assert_eq!(bound.findings(), []);
    let mut scratch = Scratch::new(&program);
    scratch.use_directory(Some(Arc::new(bound)));
    let expected = [
        (request("u7", "d7"), "allowed"),
        (request("u7", "d15"), "allowed"),
        (request("u7", "d16"), "no_allow"),
        (request("eve", "d7"), "denied_by_rule"),
        (request("u1000", "d7"), "user_unknown"),
        (request("u7", "d1000"), "resource_missing"),
    ];
    for (request, code) in &expected {
        let info = allocation_counter::measure(|| {
            assert_eq!(decide(&program, request.as_bytes(), &mut scratch).code().as_str(), *code);
        });
        assert_eq!((info.count_total, info.bytes_total), (0, 0), "{request}");
    }
}

#[test]
fn evaluators_go_on_with_the_newest() {
    let evaluator = Evaluator::load(&program()).expect("the program is sound");
    let code = |user, document| evaluator.decide(request(user, document).as_bytes()).code().as_str();
    assert_eq!(code("u7", "d7"), "directory_stale");
    assert!(evaluator.replace_directory(Some(directory(&lines(8, "2026-03-02T14:30:00Z")))).is_empty());
    assert_eq!((code("u7", "d7"), code("u8", "d7")), ("allowed", "user_unknown"));
    let _ = evaluator.replace_directory(Some(directory(&lines(9, "2026-03-02T13:59:59Z"))));
    assert_eq!(code("u8", "d7"), "directory_stale");
    let _ = evaluator.replace_directory(Some(directory(&lines(9, "2026-03-02T14:00:00Z"))));
    assert_eq!((code("u8", "d8"), code("u8", "d7")), ("allowed", "no_allow"));
    let _ = evaluator.replace_directory(None);
    assert_eq!(code("u7", "d7"), "directory_stale");
}
