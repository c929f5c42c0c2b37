//! Copies a program equation by equation.

use crate::infer::TypeError;
use crate::op::Op;
use crate::program::{Builder, Equation, Program, Var, Vars};

/// A program that is written from another one: the new program so far, and a map from the old variables to
/// the new ones.
///
/// ```
/// use kiln_program::{ArrayType, Builder, DType, Op, Unary};
/// use kiln_program::sister::Rewrite;
/// let mut b = Builder::new();
/// let x = b.input(ArrayType::new(DType::F32, [3]));
/// let y = b.push(Op::Unary(Unary::Sin), &[x])?[0];
/// let sin = b.finish(&[y]);
///
/// // The cosine instead of the sine.
/// let mut new = Rewrite::of(&sin);
/// for equation in sin.equations() {
///     new.write(equation, Op::Unary(Unary::Cos))?;
/// }
/// let cos = new.finish(sin.outputs());
/// assert_eq!(cos.equations()[0].op, Op::Unary(Unary::Cos));
/// # Ok::<(), kiln_program::TypeError>(())
/// ```
pub struct Rewrite {
    /// The new program so far.
    pub builder: Builder,
    vars: Vec<Option<Var>>,
}

impl Rewrite {
    /// Returns a new program with the inputs of the old one.
    pub fn of(program: &Program) -> Rewrite {
        Rewrite::with_inputs(program, program.inputs())
    }

    /// Returns a new program with an input for each of these variables of the old one.
    pub fn with_inputs(program: &Program, inputs: impl IntoIterator<Item = Var>) -> Rewrite {
        let mut new = Rewrite {
            builder: Builder::new(),
            vars: vec![None; program.variables()],
        };
        for var in inputs {
            let input = new.builder.input(program.type_of(var).clone());
            new.vars[var.index()] = Some(input);
        }
        new
    }

    /// Returns the new variable for an old one, if there is one.
    pub fn find(&self, var: Var) -> Option<Var> {
        self.vars[var.index()]
    }

    /// Returns the new variable for an old one.
    ///
    /// # Panics
    /// When the variable has none: an equation was left out, and an equation that reads its results was not.
    pub fn get(&self, var: Var) -> Var {
        self.find(var).expect("what is read was written before")
    }

    /// Returns the new variables for an equation's operands.
    ///
    /// # Panics
    /// When an operand has no new variable.
    pub fn operands(&self, equation: &Equation) -> Vars {
        equation.inputs.iter().map(|&var| self.get(var)).collect()
    }

    /// Maps these old variables to new ones. An old variable that has a new one already keeps it.
    pub fn define(&mut self, old: &[Var], new: impl IntoIterator<Item = Var>) {
        for (var, new) in old.iter().zip(new) {
            self.vars[var.index()].get_or_insert(new);
        }
    }

    /// Writes an equation with another op.
    ///
    /// # Errors
    /// When the op does not take these operands.
    pub fn write(&mut self, equation: &Equation, op: Op) -> Result<(), TypeError> {
        let operands = self.operands(equation);
        let results = self.builder.push(op, &operands)?;
        self.define(&equation.outputs, results);
        Ok(())
    }

    /// Writes an equation of the old program as it is.
    ///
    /// # Panics
    /// When its operands have other types in the new program.
    pub fn copy(&mut self, equation: &Equation) {
        self.write(equation, equation.op.clone())
            .expect("an equation of operands of the same types");
    }

    /// Returns the new program. Its results are the new variables of these old ones.
    pub fn finish(self, outputs: &[Var]) -> Program {
        let outputs: Vec<Var> = outputs.iter().map(|&var| self.get(var)).collect();
        self.builder.finish(&outputs)
    }
}

impl Program {
    /// Returns the program with each equation written by `write`, which returns the new results.
    ///
    /// # Errors
    /// The errors of `write`.
    pub fn rewritten(
        &self,
        mut write: impl FnMut(&mut Builder, &Equation, &[Var]) -> Result<Vars, TypeError>,
    ) -> Result<Program, TypeError> {
        let mut new = Rewrite::of(self);
        for equation in self.equations() {
            let operands = new.operands(equation);
            let results = write(&mut new.builder, equation, &operands)?;
            new.define(&equation.outputs, results);
        }
        Ok(new.finish(self.outputs()))
    }
}
