//! The command as people run it: the real binary over files, and over every command that the pages show.

mod cases;
mod ci;
mod pages;
mod policies;
mod shell;
