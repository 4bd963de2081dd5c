//! The vm as WASM, run by wasmtime the way a host would: input in, views out (docs/reference/wasm-abi.md).

use crate::artifact;
use std::sync::OnceLock;
use wasmtime::{Engine, Instance, Memory, Module, Store, TypedFunc};

/// The version of the interface that is spoken here.
const VERSION: i32 = 2;
/// What `agentpol_decide` says where the call may be dispatched.
pub(crate) const PERMITS: i32 = 1;

/// The module, built and compiled once.
fn module() -> Result<&'static Module, String> {
    static MODULE: OnceLock<Result<Module, String>> = OnceLock::new();
    let made = MODULE.get_or_init(|| {
        let bytes = artifact::build()?;
        Module::new(&Engine::default(), &bytes).map_err(|error| format!("the artefact does not compile: {error}"))
    });
    made.as_ref().map_err(String::clone)
}

/// An instance with a program loaded.
pub(crate) struct Wasm {
    store: Store<()>,
    instance: Instance,
    memory: Memory,
}

/// What it answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// What `agentpol_decide` returned.
    pub(crate) number: i32,
    /// What it tells operators.
    pub(crate) operator: String,
    /// What it tells the agent.
    pub(crate) agent: String,
}

impl Wasm {
    /// Starts an instance and loads a program into it.
    pub(crate) fn load(program: &[u8]) -> Result<Wasm, String> {
        let module = module()?;
        let mut store = Store::new(module.engine(), ());
        let instance = Instance::new(&mut store, module, &[]).map_err(|error| format!("{error}"))?;
        let memory = instance.get_memory(&mut store, "memory").ok_or("no memory is exported")?;
        let mut wasm = Wasm { store, instance, memory };
        if wasm.number("agentpol_abi_version") != VERSION {
            return Err("another version of the interface".to_owned());
        }
        wasm.input(program);
        match wasm.number("agentpol_load") {
            0 => Ok(wasm),
            _ => Err(format!("does not load as WASM: {}", wasm.text("agentpol_error", "agentpol_error_length"))),
        }
    }

    /// Begins to remember, with what was saved.
    pub(crate) fn remember(&mut self, key: &[u8; 32], saved: &[u8], at: i64) -> Result<(), String> {
        self.input(&[key.as_slice(), saved].concat());
        let name = "agentpol_remember";
        let function: TypedFunc<(i32, i32), i32> =
            self.instance.get_typed_func(&mut self.store, name).map_err(|error| format!("{error}"))?;
        let halves = ((at >> 32) as i32, at as i32);
        match function.call(&mut self.store, halves).map_err(|error| format!("{error}"))? {
            0 => Ok(()),
            _ => Err(format!("remembers nothing: {}", self.text("agentpol_error", "agentpol_error_length"))),
        }
    }

    /// Writes out what is remembered.
    pub(crate) fn save(&mut self) -> Vec<u8> {
        self.bytes("agentpol_save", "agentpol_save_length")
    }

    /// Tells an event, and returns why it was refused.
    pub(crate) fn tell(&mut self, event: &[u8]) -> Option<String> {
        self.input(event);
        let taken = self.number("agentpol_tell") == 0;
        let view: serde_json::Value =
            serde_json::from_str(&self.text("agentpol_output", "agentpol_output_length")).expect("a view in JSON");
        assert_eq!(view["taken"], taken, "{view}");
        view["refused"].as_str().map(str::to_owned)
    }

    /// Goes on with a built directory.
    pub(crate) fn use_directory(&mut self, directory: &[u8]) -> Result<(), String> {
        self.input(directory);
        match self.number("agentpol_directory") {
            0 => Ok(()),
            _ => Err(format!("no directory as WASM: {}", self.text("agentpol_error", "agentpol_error_length"))),
        }
    }

    /// Decides a request.
    pub(crate) fn decide(&mut self, request: &[u8]) -> Answer {
        self.input(request);
        Answer {
            number: self.number("agentpol_decide"),
            operator: self.text("agentpol_output", "agentpol_output_length"),
            agent: self.text("agentpol_agent_output", "agentpol_agent_output_length"),
        }
    }

    fn number(&mut self, name: &str) -> i32 {
        let function: TypedFunc<(), i32> = self.instance.get_typed_func(&mut self.store, name).expect("an export");
        function.call(&mut self.store, ()).unwrap_or_else(|error| panic!("{name} trapped: {error}"))
    }

    fn input(&mut self, bytes: &[u8]) {
        let name = "agentpol_input";
        let function: TypedFunc<i32, i32> = self.instance.get_typed_func(&mut self.store, name).expect("an export");
        let length = i32::try_from(bytes.len()).expect("an input of this size");
        let place = function.call(&mut self.store, length).expect("room for the input");
        self.memory.write(&mut self.store, place as u32 as usize, bytes).expect("room for the input");
    }

    fn text(&mut self, place: &str, length: &str) -> String {
        String::from_utf8(self.bytes(place, length)).expect("an output that is UTF-8")
    }

    fn bytes(&mut self, place: &str, length: &str) -> Vec<u8> {
        let (place, length) = (self.number(place) as u32 as usize, self.number(length) as u32 as usize);
        self.memory.data(&self.store).get(place..place + length).expect("an output inside of memory").to_vec()
    }
}
