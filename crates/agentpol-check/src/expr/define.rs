//! Definitions: checked once where they are declared, written out where they are used.
//!
//! A definition is typed in the words of its own module. Where it is used, its body is typed again with the arguments
//! in the place of its parameters: a path or a literal itself, anything else through a local that is bound once.

use super::functions::FUNCTIONS;
use super::scope::{Binding, Frame, local_key};
use super::typed::{Missing, Typed};
use super::written::survey;
use super::{MAX_NODES, Place, Surroundings, Typer};
use crate::names::{DefineId, Definition, Names};
use crate::policy::{Expr, ExprKind, LocalId, ModuleId, Policy, Question, Type, ZoneId};
use agentpol_diagnostics::{Code, Diagnostic, Diagnostics, SourceMap, Span};
use agentpol_syntax::ast;

/// The longest list that takes the place of a parameter itself.
const MAX_REPEATED: usize = 16;
/// How many parts a definition without parameters may have that is written out in others before it is used.
const MAX_LITERAL_PARTS: u32 = 64;
/// How many definitions may be written out inside each other.
const MAX_FRAMES: usize = 48;

/// Types every definition in its own module and finds those that use themselves.
pub(crate) fn check_defines(names: &Names<'_>, policy: &Policy, sources: &SourceMap, diagnostics: &mut Diagnostics) {
    let order = order(names, diagnostics);
    let mut results = vec![Type::Unknown; names.defines.len()];
    for id in order {
        let Some(define) = names.defines.get(id.0 as usize) else { continue };
        let zone = zone_of(names, policy, define.module);
        let cx = Surroundings { policy, names, sources, module: define.module, zone };
        let mut typer = Typer::new(&cx, Place::Definition, diagnostics);
        typer.results = Some(&results);
        let ty = typer.definition_alone(id, define);
        results[id.0 as usize] = ty;
    }
}

/// Finds the zone of a module.
pub(super) fn zone_of(names: &Names<'_>, policy: &Policy, module: ModuleId) -> Option<ZoneId> {
    let zone = names.modules.get(module.index())?.timezone.as_ref()?;
    let at = policy.zones.iter().position(|known| known == zone)?;
    u32::try_from(at).ok().map(ZoneId)
}

/// Orders definitions so that each comes after those it uses. A circle is told at the first of it that is met.
fn order(names: &Names<'_>, diagnostics: &mut Diagnostics) -> Vec<DefineId> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let uses: Vec<Vec<DefineId>> =
        names.defines.iter().map(|define| survey(names, define.module, &define.ast.body).1).collect();
    let mut marks = vec![Mark::New; uses.len()];
    let mut order = Vec::with_capacity(uses.len());
    for root in 0..uses.len() {
        let mut path: Vec<(usize, usize)> = Vec::new();
        if marks[root] == Mark::New {
            marks[root] = Mark::Open;
            path.push((root, 0));
        }
        while let Some((at, next)) = path.last_mut() {
            let Some(used) = uses[*at].get(*next) else {
                marks[*at] = Mark::Done;
                order.push(DefineId(*at as u32));
                path.pop();
                continue;
            };
            *next += 1;
            let used = used.0 as usize;
            match marks.get(used) {
                Some(Mark::New) => {
                    marks[used] = Mark::Open;
                    path.push((used, 0));
                }
                Some(Mark::Open) => {
                    let circle: Vec<usize> = path.iter().map(|(at, _)| *at).skip_while(|at| *at != used).collect();
                    report_circle(names, &circle, diagnostics);
                }
                Some(Mark::Done) | None => {}
            }
        }
    }
    order
}

fn report_circle(names: &Names<'_>, circle: &[usize], diagnostics: &mut Diagnostics) {
    let defined: Vec<&Definition<'_>> = circle.iter().filter_map(|at| names.defines.get(*at)).collect();
    let Some((first, others)) = defined.split_first() else { return };
    let name = first.ast.name;
    let title = match others.first() {
        None => format!("`{}` uses itself", name.text),
        Some(other) => format!("`{}` uses itself through `{}`", name.text, other.ast.name.text),
    };
    let mut diagnostic = Diagnostic::new(Code::AP0502, title, name.span, "never ends");
    for other in others.iter().take(2) {
        diagnostic = diagnostic.because(other.ast.name.span, format!("by way of `{}`", other.ast.name.text));
    }
    diagnostics.push(
        diagnostic.help("a definition stands for what can be written out; go through a list with `any` or `all`"),
    );
}

impl<'a> Typer<'_, 'a> {
    /// Types a definition by its declared parameters alone and returns the type of its value.
    fn definition_alone(&mut self, id: DefineId, define: &Definition<'a>) -> Type {
        let name = &define.ast.name;
        if FUNCTIONS.contains(&name.text) {
            let title = format!("`{}` is a function of the language", name.text);
            let diagnostic = Diagnostic::new(Code::AP0203, title, name.span, "hides it");
            self.report(diagnostic.help("choose another name for this one"));
        }
        let types = self.cx.names.define_params.get(id.0 as usize).map(Vec::as_slice).unwrap_or_default();
        for (param, ty) in define.ast.params.unwrap_or_default().iter().zip(types) {
            self.check_fresh(&param.name);
            let local = self.fresh();
            self.traced.push(local);
            let expr = Expr { kind: ExprKind::Local(local), ty: ty.clone(), span: param.name.span };
            let written = param.name.text.to_owned();
            let absent = Missing { key: local_key(local), written: written.clone(), declared: param.name.span };
            let missing = if param.optional { vec![absent] } else { Vec::new() };
            let declared = Some((written, param.name.span));
            let stands_for = Typed { expr, at: param.name.span, missing, secret: param.ty.secret, declared };
            self.bindings.push(Binding {
                name: param.name.text,
                span: param.name.span,
                stands_for,
                literal: None,
                call: None,
            });
        }
        self.infer(&define.ast.body, None).expr.ty
    }

    /// Types the use of a definition: its body, with the arguments in it.
    pub(super) fn use_definition(
        &mut self,
        id: DefineId,
        arguments: Option<&[ast::Expr<'a>]>,
        span: Span,
        asked: Option<&Type>,
    ) -> Typed {
        let Some(define) = self.cx.names.defines.get(id.0 as usize).copied() else {
            return self.unknown(span).at(span);
        };
        let Some(arguments) = self.arguments(id, &define, arguments, span) else { return self.unknown(span).at(span) };
        if let Some(results) = self.results
            && !(define.ast.params.is_none() && self.is_flexible_body(&define, &mut { MAX_LITERAL_PARTS }))
        {
            return self.opaque(results.get(id.0 as usize).cloned().unwrap_or(Type::Unknown), span);
        }
        if self.frames.iter().any(|frame| frame.define == id) {
            return self.unknown(span).at(span);
        }
        let size = self.size_written_out(id, 0);
        if self.frames.len() >= MAX_FRAMES {
            self.full_of(span, &format!("more than {MAX_FRAMES} definitions, each inside the one before"));
            return self.unknown(span).at(span);
        }
        if self.nodes.saturating_add(size) > MAX_NODES {
            self.too_large(span);
            return self.unknown(span).at(span);
        }
        let (floor, start) = (self.floor, self.bindings.len());
        let mut bound = Vec::new();
        for (param, argument) in define.ast.params.unwrap_or_default().iter().zip(arguments) {
            let stands_for = self.stand_in(&param.name, argument, &mut bound);
            self.bindings.push(Binding {
                name: param.name.text,
                span: param.name.span,
                stands_for,
                literal: None,
                call: None,
            });
        }
        self.floor = start;
        let zone = zone_of(self.cx.names, self.cx.policy, define.module);
        self.frames.push(Frame { define: id, module: define.module, zone, used: span });
        let mut typed = self.infer(&define.ast.body, asked);
        self.frames.pop();
        self.floor = floor;
        self.bindings.truncate(start);
        for (local, value) in bound.into_iter().rev() {
            let ty = typed.expr.ty.clone();
            typed.expr = self.node(ExprKind::Let(local, Box::new(value), Box::new(typed.expr)), ty, span);
        }
        typed.at(span)
    }

    /// Returns whether only the use of a definition shows what a value is: a parameter, or another definition.
    pub(super) fn shows_later(&self, expr: &Expr) -> bool {
        matches!(self.place, Place::Definition) && matches!(expr.kind, ExprKind::Local(_))
    }

    /// Types the arguments for the parameters, or tells that their number is wrong.
    fn arguments(
        &mut self,
        id: DefineId,
        define: &Definition<'a>,
        given: Option<&[ast::Expr<'a>]>,
        span: Span,
    ) -> Option<Vec<Typed>> {
        let params = define.ast.params;
        if params.map(<[_]>::len) != given.map(<[_]>::len) {
            self.wrong_number(define, given.map(<[_]>::len), span);
            return None;
        }
        let types = self.cx.names.define_params.get(id.0 as usize).map(Vec::as_slice).unwrap_or_default();
        let mut typed = Vec::new();
        for ((param, argument), ty) in params.unwrap_or_default().iter().zip(given.unwrap_or_default()).zip(types) {
            let argument = if param.optional { self.asking(argument) } else { self.infer(argument, Some(ty)) };
            let argument = self.fit(argument, ty, &format!("for `{}`", param.name.text));
            typed.push(if param.optional { argument } else { self.guarded(argument) });
        }
        Some(typed)
    }

    fn wrong_number(&mut self, define: &Definition<'a>, given: Option<usize>, span: Span) {
        let name = define.ast.name;
        let params =
            define.ast.params.unwrap_or_default().iter().map(|param| param.name.text).collect::<Vec<_>>().join(", ");
        let title = match define.ast.params {
            None => format!("`{}` takes no arguments", name.text),
            Some([_]) => format!("`{}` takes 1 argument", name.text),
            Some(params) => format!("`{}` takes {} arguments", name.text, params.len()),
        };
        let label = match given {
            None => "none given".to_owned(),
            Some(count) => format!("{count} given"),
        };
        let help = match define.ast.params {
            None => format!("write `{}` alone", name.text),
            Some(_) => format!("write `{}({params})`", name.text),
        };
        let diagnostic = Diagnostic::new(Code::AP0309, title, span, label).because(name.span, "defined here");
        self.report(diagnostic.help(help));
    }

    /// Puts an argument in the place of a parameter: itself where it is a path or a literal, else through a local.
    fn stand_in(&mut self, name: &ast::Name<'a>, argument: Typed, bound: &mut Vec<(LocalId, Expr)>) -> Typed {
        if argument.is_unknown() || repeats(&argument.expr) {
            return argument;
        }
        let local = self.fresh();
        let expr = Expr { kind: ExprKind::Local(local), ty: argument.expr.ty.clone(), span: argument.expr.span };
        let mut missing = argument.missing.clone();
        if !missing.is_empty() {
            missing = vec![Missing { key: local_key(local), written: name.text.to_owned(), declared: name.span }];
        }
        self.lets.push((local, argument.expr.clone()));
        bound.push((local, argument.expr));
        Typed { expr, missing, ..argument }
    }

    /// Counts the nodes that a definition becomes, without writing it out; what nests too deep is not looked into.
    fn size_written_out(&mut self, id: DefineId, depth: usize) -> u64 {
        if let Some(size) = self.sizes.get(&id) {
            return *size;
        }
        if depth > MAX_FRAMES {
            return 0;
        }
        let Some(define) = self.cx.names.defines.get(id.0 as usize) else { return 0 };
        // A circle, which has been told, counts once.
        self.sizes.insert(id, 0);
        let (own, used) = survey(self.cx.names, define.module, &define.ast.body);
        let mut size = own;
        for used in used {
            size = size.saturating_add(self.size_written_out(used, depth + 1));
            if size > MAX_NODES {
                break;
            }
        }
        self.sizes.insert(id, size);
        size
    }
}

/// Returns whether an argument may be repeated at each use of its parameter.
fn repeats(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Literal(_)
        | ExprKind::Arg(_)
        | ExprKind::User(_)
        | ExprKind::UserId
        | ExprKind::Context(_)
        | ExprKind::Agent(_)
        | ExprKind::SessionId
        | ExprKind::Now
        | ExprKind::Today(_)
        | ExprKind::Local(_) => true,
        ExprKind::Field(of, _) | ExprKind::Part(_, of) | ExprKind::First(of) | ExprKind::Last(of) => repeats(of),
        ExprKind::Index(a, b) | ExprKind::Otherwise(a, b) => repeats(a) && repeats(b),
        ExprKind::Known(known) => known.keys.iter().all(repeats),
        ExprKind::Earlier(earlier) => {
            matches!(earlier.question, Question::First(_) | Question::Last(_)) && earlier.now().into_iter().all(repeats)
        }
        ExprKind::List(elements) => elements.len() <= MAX_REPEATED && elements.iter().all(repeats),
        _ => false,
    }
}
