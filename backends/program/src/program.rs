//! Programs: typed equations in the order in which they run.

use crate::few::Few;
use crate::formula::is_literal;
use crate::infer::{TypeError, infer};
use crate::op::Op;
use crate::scalar::Scalar;
use crate::shape::ArrayType;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

/// A variable of a program: an index into its types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Var(u32);

impl Var {
    /// Returns the variable's index, counting from 0 within its program.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A list of variables.
pub type Vars = Few<Var, 3>;

/// `outputs = op(inputs)`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Equation {
    /// The operation.
    pub op: Op,
    /// The operands.
    pub inputs: Vars,
    /// The results: new variables, numbered in order.
    pub outputs: Vars,
}

/// A program without its literals, and the list of them.
pub type Lifted = (Arc<Program>, Arc<[Scalar]>);

/// A function of arrays as a list of equations. Each variable is defined once, before its use.
///
/// A [`Builder`] or a trace of a function (`kiln::program`) makes a program. The variables are numbered in
/// the order of their definition, inputs first. So programs that do the same in the same order are equal. A
/// program prints one line for each equation. `serde` saves a program, and checks a program that it reads.
///
/// ```
/// use kiln_program::{ArrayType, Binary, Builder, DType, Op, Program, Unary};
/// let mut b = Builder::new();
/// let [x, y] = [0, 1].map(|_| b.input(ArrayType::new(DType::F32, [3])));
/// let s = b.push(Op::Unary(Unary::Sin), &[x])?[0];
/// let z = b.push(Op::Binary(Binary::Mul), &[s, y])?;
/// let traced = b.finish(&z);
/// assert_eq!(traced.inputs().map(|var| var.index()).collect::<Vec<_>>(), [0, 1]);
/// let [sin, mul] = traced.equations() else { panic!("two equations") };
/// assert_eq!(mul.inputs[0], sin.outputs[0]);
/// assert_eq!(traced.outputs(), [mul.outputs[0]]);
/// assert_eq!(traced.type_of(mul.outputs[0]).to_string(), "f32[3]");
///
/// let text = serde_json::to_string(&traced).unwrap();
/// let read: Program = serde_json::from_str(&text).unwrap();
/// assert_eq!(read, traced);
/// # Ok::<(), kiln_program::TypeError>(())
/// ```
#[derive(Clone)]
pub struct Program {
    inputs: usize,
    equations: Vec<Equation>,
    outputs: Vec<Var>,
    types: Vec<ArrayType>,
    hash: u64,
    depth: usize,
    has_effect: bool,
    /// True if this program or a program within has literals that can be lifted.
    literals: bool,
    /// True if this program or a program within reads numbers that are passed when it runs.
    lifted: bool,
    /// The program without its literals, and the list, if there are any. It is computed once, since a program
    /// runs often.
    without_literals: OnceLock<Option<Lifted>>,
    /// Set if this program and the programs within are tidy: otherwise each level would tidy the nested
    /// programs again.
    tidy: OnceLock<()>,
}

impl Program {
    fn new(inputs: usize, equations: Vec<Equation>, outputs: Vec<Var>, types: Vec<ArrayType>) -> Program {
        let mut state = Fnv::default();
        (inputs, &types[..inputs], &outputs).hash(&mut state);
        for equation in &equations {
            equation.hash(&mut state);
        }
        let ops = || equations.iter().map(|equation| &equation.op);
        let held = || ops().flat_map(|op| op.held());
        let is_literal = |op: &Op| matches!(op, Op::Constant { value, .. } if is_literal(*value));
        Program {
            inputs,
            depth: held().map(|program| program.depth + 1).max().unwrap_or(0),
            has_effect: ops().any(|op| op.has_effect()),
            literals: ops().any(is_literal) || held().any(|program| program.literals),
            lifted: ops().any(|op| matches!(op, Op::Lifted { .. })) || held().any(|program| program.lifted),
            without_literals: OnceLock::new(),
            tidy: OnceLock::new(),
            hash: state.finish(),
            equations,
            outputs,
            types,
        }
    }

    /// Returns the program with other ops of the same types. The result is tidy if this program is. `f` takes
    /// an op and the equation's first result.
    pub(crate) fn with_ops(&self, mut f: impl FnMut(Option<Var>, &Op) -> Op) -> Program {
        let equations = self.equations.iter().map(|equation| Equation {
            op: f(equation.outputs.first().copied(), &equation.op),
            inputs: equation.inputs.clone(),
            outputs: equation.outputs.clone(),
        });
        let mut program = Program::new(
            self.inputs,
            equations.collect(),
            self.outputs.clone(),
            self.types.clone(),
        );
        program.tidy = self.tidy.clone();
        program
    }

    /// Returns true if `tidy` has nothing to do.
    pub(crate) fn is_tidy(&self) -> bool {
        self.tidy.get().is_some()
    }

    /// Marks the program as a result of `tidy`.
    pub(crate) fn mark_tidy(&self) {
        self.tidy.get_or_init(|| ());
    }

    /// Returns the approximate bytes in memory of the program, of the programs within, and of its form
    /// without literals.
    pub fn bytes(&self) -> usize {
        let own = |program: &Program| {
            size_of::<Program>() + size_of_val(&program.equations[..]) + size_of_val(&program.types[..])
        };
        let all: usize = self.distinct().into_iter().map(own).sum();
        if self.literals { 2 * all } else { all }
    }

    /// Returns true if `lift` could take literals out of the program.
    pub(crate) fn has_literals(&self) -> bool {
        self.literals
    }

    /// Returns the program without its literals, and the list, if there are any. Only the first call runs
    /// `find`.
    pub(crate) fn without_literals(&self, find: impl FnOnce() -> Option<Lifted>) -> Option<&Lifted> {
        self.without_literals.get_or_init(find).as_ref()
    }

    /// Returns true if the program reads numbers that are passed when it runs, as a result of
    /// `lift` does.
    pub fn is_lifted(&self) -> bool {
        self.lifted
    }

    /// Returns the input variables.
    pub fn inputs(&self) -> impl ExactSizeIterator<Item = Var> + use<> {
        (0..self.inputs).map(|i| Var(i as u32))
    }

    /// Returns the equations, in order.
    pub fn equations(&self) -> &[Equation] {
        &self.equations
    }

    /// Returns the equations, and the types of the variables.
    pub(crate) fn into_equations(self) -> (Vec<Equation>, Vec<ArrayType>) {
        (self.equations, self.types)
    }

    /// Returns the results. A variable may occur more than once.
    pub fn outputs(&self) -> &[Var] {
        &self.outputs
    }

    /// Returns the type of a variable.
    pub fn type_of(&self, var: Var) -> &ArrayType {
        &self.types[var.index()]
    }

    /// Returns the number of variables: inputs and results of equations.
    ///
    /// ```
    /// use kiln_program::{ArrayType, Binary, Builder, DType, Op, Reduction};
    /// let mut b = Builder::new();
    /// let x = b.input(ArrayType::new(DType::F32, [3]));
    /// let y = b.push(Op::Binary(Binary::Mul), &[x, x])?;
    /// let sum = Op::Reduce { kind: Reduction::Sum, axes: [0].into() };
    /// let z = b.push(sum, &y)?;
    /// let square = b.finish(&z);
    /// assert_eq!(square.variables(), 3); // the input, the product, and the sum
    /// # Ok::<(), kiln_program::TypeError>(())
    /// ```
    pub fn variables(&self) -> usize {
        self.types.len()
    }

    /// Returns the types of the inputs.
    ///
    /// ```
    /// use kiln_program::{ArrayType, Binary, Builder, DType, Op, Reduction};
    /// let mut b = Builder::new();
    /// let x = b.input(ArrayType::new(DType::F32, [3]));
    /// let y = b.push(Op::Binary(Binary::Mul), &[x, x])?;
    /// let sum = Op::Reduce { kind: Reduction::Sum, axes: [0].into() };
    /// let z = b.push(sum, &y)?;
    /// let square = b.finish(&z);
    /// assert_eq!(square.input_types()[0].to_string(), "f32[3]");
    /// # Ok::<(), kiln_program::TypeError>(())
    /// ```
    pub fn input_types(&self) -> Vec<ArrayType> {
        self.types[..self.inputs].to_vec()
    }

    /// Returns the types of the results.
    ///
    /// ```
    /// use kiln_program::{ArrayType, Binary, Builder, DType, Op, Reduction};
    /// let mut b = Builder::new();
    /// let x = b.input(ArrayType::new(DType::F32, [3]));
    /// let y = b.push(Op::Binary(Binary::Mul), &[x, x])?;
    /// let sum = Op::Reduce { kind: Reduction::Sum, axes: [0].into() };
    /// let z = b.push(sum, &y)?;
    /// let square = b.finish(&z);
    /// assert_eq!(square.output_types()[0].to_string(), "f32[]");
    /// # Ok::<(), kiln_program::TypeError>(())
    /// ```
    pub fn output_types(&self) -> Vec<ArrayType> {
        self.outputs
            .iter()
            .map(|&var| self.type_of(var).clone())
            .collect()
    }

    /// Returns true if running the program has a side effect.
    ///
    /// ```
    /// use kiln_program::{ArrayType, Builder, DType, Effect, Op};
    /// let mut b = Builder::new();
    /// let x = b.input(ArrayType::new(DType::F32, [3]));
    /// b.push(Op::Effect(Effect::Print("{}".into())), &[x])?;
    /// assert!(b.finish(&[x]).has_effect());
    /// # Ok::<(), kiln_program::TypeError>(())
    /// ```
    pub fn has_effect(&self) -> bool {
        self.has_effect
    }

    /// Returns the number of levels of programs within this program, which is 0 for a program that runs no
    /// other.
    ///
    /// ```
    /// use kiln_program::{ArrayType, Builder, DType, Op, Program};
    /// use std::sync::Arc;
    /// let calls = |inner: Program| {
    ///     let mut b = Builder::new();
    ///     let x = b.input(ArrayType::new(DType::F32, [3]));
    ///     let y = b.push(Op::Call(Arc::new(inner)), &[x]).unwrap();
    ///     b.finish(&y)
    /// };
    /// let mut b = Builder::new();
    /// let x = b.input(ArrayType::new(DType::F32, [3]));
    /// assert_eq!(calls(calls(b.finish(&[x]))).depth(), 2);
    /// ```
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// Returns this program and the programs within it, at any depth. Each occurs once, after the programs
    /// that it holds.
    ///
    /// A walk over this list takes time proportional to the distinct programs. A walk from each equation into
    /// the programs of its op takes exponentially long if programs are shared.
    ///
    /// ```
    /// use kiln_program::{ArrayType, Builder, DType, Op};
    /// use std::sync::Arc;
    /// let mut b = Builder::new();
    /// let x = b.input(ArrayType::new(DType::F32, [3]));
    /// let same = Arc::new(b.finish(&[x]));
    /// let mut b = Builder::new();
    /// let mut x = b.input(ArrayType::new(DType::F32, [3]));
    /// for _ in 0..4 {
    ///     x = b.push(Op::Call(same.clone()), &[x])?[0];
    /// }
    /// assert_eq!(b.finish(&[x]).distinct().len(), 2);
    /// # Ok::<(), kiln_program::TypeError>(())
    /// ```
    pub fn distinct(&self) -> Vec<&Program> {
        let mut seen = FxHashSet::default();
        let mut order = vec![];
        let mut open = vec![(self, self.held())];
        while let Some((program, rest)) = open.last_mut() {
            match rest.next() {
                Some(inner) if seen.insert(inner) => open.push((inner, inner.held())),
                Some(_) => {}
                None => {
                    order.push(*program);
                    open.pop();
                }
            }
        }
        order
    }

    /// Returns the programs that the equations hold, in order.
    pub(crate) fn held(&self) -> impl Iterator<Item = &Program> {
        let each = self.equations.iter().flat_map(|equation| equation.op.held());
        each.map(|program| &**program)
    }

    /// Writes this program's equations into another program, with `arguments` for its inputs. Returns the
    /// variables of its results in that program.
    ///
    /// # Errors
    /// When the arguments' types are not those of the inputs.
    ///
    /// ```
    /// use kiln_program::{ArrayType, Binary, Builder, DType, Op};
    /// let of = ArrayType::new(DType::F32, [3]);
    /// let mut builder = Builder::new();
    /// let x = builder.input(of.clone());
    /// let y = builder.push(Op::Binary(Binary::Mul), &[x, x])?;
    /// let square = builder.finish(&y);
    /// let mut builder = Builder::new();
    /// let x = builder.input(of);
    /// let once = square.inline(&mut builder, &[x])?;
    /// let twice = square.inline(&mut builder, &once)?;
    /// assert_eq!(builder.finish(&twice).equations().len(), 2);
    /// # Ok::<(), kiln_program::TypeError>(())
    /// ```
    pub fn inline(&self, into: &mut Builder, arguments: &[Var]) -> Result<Vec<Var>, TypeError> {
        let mut map: Vec<Var> = arguments.to_vec();
        for equation in &self.equations {
            let inputs: Vars = equation.inputs.iter().map(|var| map[var.index()]).collect();
            map.extend(into.push(equation.op.clone(), &inputs)?);
        }
        Ok(self.outputs.iter().map(|var| map[var.index()]).collect())
    }
}

/// Equality and hash use the equations; the hash is computed when the program is made.
impl PartialEq for Program {
    fn eq(&self, other: &Program) -> bool {
        std::ptr::eq(self, other)
            || self.hash == other.hash
                && self.inputs == other.inputs
                && self.outputs == other.outputs
                && self.types == other.types
                && same_equations(self, other)
    }
}

/// Returns true if two programs have the same equations. A pair of nested programs is compared once: shared
/// programs would take exponentially long.
fn same_equations(x: &Program, y: &Program) -> bool {
    /// Pairs that were compared, or are being compared. One pair that differs ends the whole comparison.
    type Compared = FxHashSet<(*const Program, *const Program)>;
    thread_local! {
        static COMPARED: RefCell<Option<Compared>> = const { RefCell::new(None) };
    }
    if x.depth == 0 {
        return x.equations == y.equations;
    }
    let (outermost, known) = COMPARED.with_borrow_mut(|compared| {
        let outermost = compared.is_none();
        (outermost, !compared.get_or_insert_default().insert((x, y)))
    });
    let same = known || x.equations == y.equations;
    if outermost {
        COMPARED.set(None);
    }
    same
}

impl Eq for Program {}

/// Prints the program like `Display`. A derived text would repeat a program that is shared.
impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Hash for Program {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// Builds a program, one equation at a time.
///
/// ```
/// use kiln_program::{ArrayType, Binary, Builder, DType, Op, Unary};
/// let mut b = Builder::new();
/// let x = b.input(ArrayType::new(DType::F32, [3]));
/// let y = b.push(Op::Unary(Unary::Sin), &[x])?[0];
/// let z = b.push(Op::Binary(Binary::Mul), &[x, y])?[0];
/// println!("{}", b.finish(&[z]));
/// # Ok::<(), kiln_program::TypeError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    inputs: Vec<Var>,
    equations: Vec<Equation>,
    types: Vec<ArrayType>,
}

impl Builder {
    /// Returns a builder of an empty program.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// Adds an input. Inputs may come after equations.
    pub fn input(&mut self, of: ArrayType) -> Var {
        let var = self.define(of);
        self.inputs.push(var);
        var
    }

    /// Adds an equation and returns its results.
    ///
    /// # Errors
    /// When the op does not take these operands.
    pub fn push(&mut self, op: Op, inputs: &[Var]) -> Result<Vars, TypeError> {
        let types = {
            let operands: Few<&ArrayType, 3> = inputs.iter().map(|&var| self.type_of(var)).collect();
            infer(&op, &operands)?
        };
        let outputs: Vars = types.into_iter().map(|of| self.define(of)).collect();
        self.equations.push(Equation {
            op,
            inputs: inputs.into(),
            outputs: outputs.clone(),
        });
        Ok(outputs)
    }

    /// Replaces the equations so far by these, whose variables were defined here.
    pub(crate) fn with_equations(self, equations: Vec<Equation>) -> Builder {
        Builder { equations, ..self }
    }

    /// Returns the type of a variable.
    pub fn type_of(&self, var: Var) -> &ArrayType {
        &self.types[var.index()]
    }

    /// Returns the number of variables so far.
    pub fn variables(&self) -> usize {
        self.types.len()
    }

    /// Returns the inputs so far.
    pub fn inputs(&self) -> &[Var] {
        &self.inputs
    }

    /// Returns the equations so far.
    pub fn equations(&self) -> &[Equation] {
        &self.equations
    }

    /// Returns the finished program. Its variables are numbered afresh: inputs first.
    pub fn finish(self, outputs: &[Var]) -> Program {
        let inputs = self.inputs.len();
        let (mut equations, mut types, mut outputs) = (self.equations, self.types, outputs.to_vec());
        let defined = equations.iter().flat_map(|equation| &equation.outputs);
        let in_order = self.inputs.iter().chain(defined).map(|var| var.index());
        if !in_order.eq(0..types.len()) {
            let mut number = vec![Var(u32::MAX); types.len()];
            let old = std::mem::take(&mut types);
            let mut define = |var: Var, number: &mut [Var]| {
                number[var.index()] = Var(types.len() as u32);
                types.push(old[var.index()].clone());
            };
            for &input in &self.inputs {
                define(input, &mut number);
            }
            for equation in &mut equations {
                for &output in &equation.outputs {
                    define(output, &mut number);
                }
                for var in equation.inputs.iter_mut().chain(&mut equation.outputs) {
                    *var = number[var.index()];
                }
            }
            outputs.iter_mut().for_each(|var| *var = number[var.index()]);
        }
        equations.shrink_to_fit();
        types.shrink_to_fit();
        Program::new(inputs, equations, outputs, types)
    }

    pub(crate) fn define(&mut self, of: ArrayType) -> Var {
        let var = Var(u32::try_from(self.types.len()).expect("a program has fewer than 2^32 variables"));
        self.types.push(of);
        var
    }
}

/// FNV-1a, which is the same in every process, so that a saved program keeps its hash.
#[derive(Clone)]
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words
            .iter()
            .for_each(|&word| self.write_u64(u64::from_le_bytes(word)));
        rest.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0100_0000_01b3);
        self.0 ^= self.0 >> 29;
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }
}
