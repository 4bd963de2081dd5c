//! Tests that are files: literate pages, the pages of the diagnostics, and the packs that the project ships.

mod cases;
mod docs;
mod hostile;
mod order;
mod packs;
mod pages;
