//! Why a piece cannot be read: one message for each mistake, at the smallest place.

use crate::seams::{Piece, Seams};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics};

/// Reports what is wrong with a piece that pest has refused or that was hurt before.
pub(crate) fn piece(seams: &Seams<'_>, piece: &Piece, out: &mut Diagnostics) {
    if piece.hurt {
        return;
    }
    out.push(Diagnostic::new(Code::AP0102, "cannot read this", seams.span(piece.first), ""));
}
