#!/usr/bin/env python3
"""Records what scripted agents ask of the reference filesystem server of MCP.

Starts the server from npm on a folder made for the purpose, sends it the calls below one after the other over stdio,
and writes each with the server's answer to `calls.jsonl`, and the server's list of tools to `tools.json`. The server
really runs every call, also those that a policy would have stopped: that is what recordings are for.

    python3 record.py            # needs Python 3.9 and npx
"""

import datetime
import hashlib
import json
import pathlib
import shutil
import subprocess

PACKAGE = "@modelcontextprotocol/server-filesystem@2026.8.31"
HERE = pathlib.Path(__file__).parent
TEAM = pathlib.Path("/tmp/team")
PRIVATE = pathlib.Path("/tmp/team-private")

LIBRARIAN = {"spiffe": "spiffe://acme.example/agent/librarian"}
EDITOR = {"spiffe": "spiffe://acme.example/agent/editor"}
STRANGER = {"spiffe": "spiffe://acme.example/agent/unheard-of"}
ANA = {"id": "ana", "groups": ["engineers"]}
BEN = {"id": "ben", "groups": ["engineers", "maintainers"]}
GUEST = {"id": "gus", "groups": ["guests"]}
NOBODY = "none"

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000" "1f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)


def make_folders():
    """Makes the team's folder and one that is none of the agents' business."""
    for folder in (TEAM, PRIVATE):
        shutil.rmtree(folder, ignore_errors=True)
    for name in ("notes", "notes/archive", ".github/workflows", "pictures"):
        (TEAM / name).mkdir(parents=True)
    PRIVATE.mkdir()
    (TEAM / "README.md").write_text("# Team\nWhere we keep what all of us need.\n")
    (TEAM / "notes/plan.md").write_text("# Plan\n- ship the gateway\n- write it down\nstatus: draft\n")
    (TEAM / "notes/archive/2025.md").write_text("# 2025\nDone and gone.\n")
    (TEAM / ".github/workflows/ci.yml").write_text("on: push\njobs: {}\n")
    (TEAM / ".env").write_text("TOKEN=not-a-real-one\n")
    (TEAM / "pictures/pixel.png").write_bytes(PIXEL)
    (PRIVATE / "salaries.csv").write_text("name,amount\nana,1\n")


def script():
    """Yields (session, agent, user, tool, arguments): what each session asks, in order."""
    team = str(TEAM)
    yield from (("reading", LIBRARIAN, ANA, tool, args) for tool, args in [
        ("list_allowed_directories", {}),
        ("list_directory", {"path": team}),
        ("directory_tree", {"path": team, "excludePatterns": ["archive"]}),
        ("read_text_file", {"path": f"{team}/README.md"}),
        ("read_text_file", {"path": f"{team}/notes/plan.md", "head": 2}),
        ("read_multiple_files", {"paths": [f"{team}/notes/plan.md", f"{team}/notes/archive/2025.md"]}),
        ("search_files", {"path": team, "pattern": "**/*.md"}),
        ("get_file_info", {"path": f"{team}/notes/plan.md"}),
        ("list_directory_with_sizes", {"path": f"{team}/notes", "sortBy": "size"}),
        ("read_media_file", {"path": f"{team}/pictures/pixel.png"}),
    ])
    yield from (("straying", LIBRARIAN, ANA, tool, args) for tool, args in [
        ("read_text_file", {"path": f"{PRIVATE}/salaries.csv"}),
        ("read_text_file", {"path": f"{team}/../team-private/salaries.csv"}),
        ("read_multiple_files", {"paths": [f"{team}/README.md", f"{PRIVATE}/salaries.csv"]}),
        ("list_directory", {"path": "/etc"}),
        ("read_text_file", {"path": f"{team}/.env"}),
        ("read_text_file", {"path": "notes/plan.md"}),
        ("read_text_file", {"path": f"{team}/README.md", "head": "two"}),
        ("read_text_file", {"path": f"{team}/README.md", "encoding": "utf-8"}),
        ("write_file", {"path": f"{team}/notes/from-librarian.md", "content": "may I?\n"}),
        ("list_directory_with_sizes", {"path": team, "sortBy": "colour"}),
    ])
    edits = [{"oldText": "status: draft", "newText": "status: agreed"}]
    yield from (("editing", EDITOR, BEN, tool, args) for tool, args in [
        ("read_text_file", {"path": f"{team}/notes/plan.md"}),
        ("edit_file", {"path": f"{team}/notes/plan.md", "edits": edits, "dryRun": True}),
        ("edit_file", {"path": f"{team}/notes/plan.md", "edits": edits}),
        ("create_directory", {"path": f"{team}/notes/minutes"}),
        ("write_file", {"path": f"{team}/notes/minutes/monday.md", "content": "# Monday\nEveryone was there.\n"}),
        ("write_file", {"path": f"{team}/.github/workflows/ci.yml", "content": "on: push\njobs: {build: {}}\n"}),
        ("move_file", {"source": f"{team}/notes/minutes/monday.md", "destination": f"{team}/notes/archive/monday.md"}),
        ("move_file", {"source": f"{team}/notes/plan.md", "destination": f"{PRIVATE}/plan.md"}),
        ("write_file", {"path": f"{team}/.env", "content": "TOKEN=replaced\n"}),
        ("write_file", {"path": f"{team}/notes/../../team-private/note.md", "content": "out\n"}),
        ("edit_file", {"path": f"{team}/notes/plan.md", "edits": [
            {"oldText": f"- step {n}", "newText": f"- step {n + 1}"} for n in range(12)]}),
    ])
    yield from (("for a guest", EDITOR, GUEST, tool, args) for tool, args in [
        ("read_text_file", {"path": f"{team}/README.md"}),
        ("write_file", {"path": f"{team}/notes/guest.md", "content": "hello\n"}),
    ])
    yield from (("at night", EDITOR, NOBODY, tool, args) for tool, args in [
        ("list_directory", {"path": f"{team}/notes"}),
        ("write_file", {"path": f"{team}/notes/nightly.md", "content": "all quiet\n"}),
    ])
    yield ("a stranger", STRANGER, ANA, "list_directory", {"path": team})


class Server:
    """The server process, spoken to in JSON-RPC, one message a line."""

    def __init__(self):
        command = ["npx", "-y", PACKAGE, str(TEAM)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.last = 0

    def notify(self, method):
        self._send({"jsonrpc": "2.0", "method": method})

    def ask(self, method, params):
        self.last += 1
        self._send({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params})
        for line in self.process.stdout:
            answer = json.loads(line)
            if answer.get("id") == self.last:
                return answer
        raise SystemExit("the server went away")

    def _send(self, message):
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()


def digest(tool):
    """The pin of a definition: SHA-256 of its canonical JSON (RFC 8785; these have ASCII keys and no fractions)."""
    text = json.dumps(tool, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def result(answer):
    """What the server said, as text: an error of the protocol and an error of the tool are both errors."""
    if "error" in answer:
        return {"error": answer["error"]["message"]}
    parts = [part.get("text", f"[{part['type']}]") for part in answer["result"]["content"]]
    return {"error" if answer["result"].get("isError") else "ok": "\n".join(parts)}


def main():
    make_folders()
    server = Server()
    started = server.ask("initialize", {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "record", "version": "1"}})
    name = started["result"]["serverInfo"]["name"]
    server.notify("notifications/initialized")
    listed = server.ask("tools/list", {})
    digests = {tool["name"]: digest(tool) for tool in listed["result"]["tools"]}
    (HERE / "tools.json").write_text(json.dumps(listed["result"], indent=2) + "\n")
    with open(HERE / "calls.jsonl", "w", encoding="utf-8") as out:
        for number, (session, agent, user, tool, args) in enumerate(script(), 1):
            at = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            answer = server.ask("tools/call", {"name": tool, "arguments": args})
            record = {
                "at": at, "agent": agent, "user": user, "session": session, "call": f"c-{number}", "server": name,
                "tool": tool, "tool_digest": digests[tool], "args": args, "result": result(answer),
            }
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    server.process.terminate()


if __name__ == "__main__":
    main()
