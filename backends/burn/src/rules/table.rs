//! The table of derivatives: the source of each op's rule, and the reason for each rule that kiln writes.
//!
//! Burn's autodiff decorator writes Burn's rule of an op for the lowering of the op. If Burn lacks the op,
//! the rule is that of a composition. Tests compare every rule of kiln with Burn's.

use RuleReason::{Accuracy, Convention, Cost, Missing, Structure};
use RuleSource::{Burn, Composed, Kiln};
use kiln_program::{Binary, Linalg, Op, Reduction, Unary};
use std::fmt;

/// The source of an op's derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSource {
    /// Burn's autodiff decorator writes the rule.
    Burn,
    /// kiln composes the op of Burn's operations, and Burn's autodiff decorator writes the rule of the
    /// composition. The text says where Burn's rule of the op itself fails.
    Composed(RuleReason, &'static str),
    /// kiln writes the rule. The text says where Burn's rule fails, or describes kiln's rule for
    /// [`Structure`].
    Kiln(RuleReason, &'static str),
}

/// The reason why kiln does not use Burn's rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleReason {
    /// Burn's rule loses digits, overflows or vanishes.
    Accuracy,
    /// At a tie, a zero, an end of the domain or NaN, JAX's rule has another value than Burn's.
    Convention,
    /// Burn's rule has the same values, and takes more equations.
    Cost,
    /// Burn cannot differentiate the op.
    Missing,
    /// The op holds programs, takes indices or decomposes matrices. kiln-core has the rule.
    Structure,
}

/// A row of the table of derivatives. It prints as a row of a table in Markdown.
///
/// ```
/// let tanh = kiln::derivative_rules().iter().find(|rule| rule.op == "tanh").unwrap();
/// assert_eq!(tanh.to_string(), "| tanh          | kiln     | Accuracy: 1 - y^2 is 0 beyond 19.1, in f32 beyond 9.1 |");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DerivativeRule {
    /// The name of the op in the text of a program.
    pub op: &'static str,
    /// The source of its derivative.
    pub source: RuleSource,
}

impl fmt::Display for DerivativeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (source, why) = match self.source {
            Burn => ("Burn", String::new()),
            Composed(reason, text) => ("composed", format!("{reason:?}: {text}")),
            Kiln(reason, text) => ("kiln", format!("{reason:?}: {text}")),
        };
        write!(f, "| {:<13} | {source:<8} | {why} |", self.op)
    }
}

macro_rules! table {
    ($none:pat => None; $($op:literal $pattern:pat => $source:expr;)*) => {
        /// Returns the table of derivatives, with a row for each op that can have one.
        ///
        /// ```
        /// for rule in kiln::derivative_rules() {
        ///     println!("{rule}");
        /// }
        /// ```
        pub fn derivative_rules() -> &'static [DerivativeRule] {
            &[$(DerivativeRule { op: $op, source: $source }),*]
        }

        impl DerivativeRule {
            /// Returns the row of an op. An op has none if its derivative is 0, or if its results are never
            /// floats.
            pub fn of(op: &Op) -> Option<DerivativeRule> {
                match op {
                    $none => None,
                    $($pattern => Some(DerivativeRule { op: $op, source: $source }),)*
                }
            }
        }
    };
}

const SQUARE: &str = "x^2 + y^2 overflows or vanishes";
const F32: &str = "Burn rounds its factor to f32: in f64 it is off by 1e-8";
const ROOT: &str = "one reciprocal root; Burn's takes a root and a reciprocal";
const NAN: &str =
    "an operand that loses, and both at NaN, get 0 times the cotangent in JAX; in Burn 0, and halves";
const TIES: &str = "JAX's is shared by all elements that attain the extreme; Burn's goes to the first";
const ZEROS: &str = "Burn's has no second derivative by a factor of 0";
const LAST: &str = "shared by equal elements, as that of max is; Burn's goes to the last";
const GAMMA: &str = "the host computes the function";

table! {
    Op::Constant { .. } | Op::Lifted { .. } | Op::Iota { .. }
        | Op::Unary(
            Unary::Sign | Unary::Floor | Unary::Ceil | Unary::Round | Unary::Trunc | Unary::Not
        )
        | Op::Binary(Binary::And | Binary::Or | Binary::Xor | Binary::Shl | Binary::Shr)
        | Op::Compare(_) | Op::ArgReduce { .. } | Op::RandomBits { .. } | Op::Uniform { .. } | Op::Effect(_) => None;

    "neg" Op::Unary(Unary::Neg) => Burn;
    "abs" Op::Unary(Unary::Abs) => Kiln(Convention, "JAX's is 1 at 0 and -1 at NaN; Burn's is 0 and NaN");
    "sqrt" Op::Unary(Unary::Sqrt) => Kiln(
        Convention, "JAX's is -inf at -0 and NaN at -inf; Burn's, by a power, is inf and 0"
    );
    "rsqrt" Op::Unary(Unary::Rsqrt) => Kiln(Cost, "Burn's goes through a root, a power and two quotients");
    "cbrt" Op::Unary(Unary::Cbrt) => Kiln(
        Accuracy, "Burn has no cbrt; of kiln's powers its rule is NaN at 0, and -inf next to 0"
    );
    "exp" Op::Unary(Unary::Exp) => Burn;
    "exp2" Op::Unary(Unary::Exp2) => Kiln(
        Accuracy, "Burn's is the result times ln 2: inf from 1024 to 1024.5, in f32 from 128 to 128.5"
    );
    "expm1" Op::Unary(Unary::Expm1) => Kiln(
        Accuracy, "Burn has no expm1; of kiln's product its rule is NaN where exp overflows"
    );
    "log" Op::Unary(Unary::Log) => Kiln(Cost, "one quotient; Burn's takes a reciprocal and a product");
    "log2" Op::Unary(Unary::Log2) => Kiln(Accuracy, F32);
    "log10" Op::Unary(Unary::Log10) => Kiln(Accuracy, F32);
    "log1p" Op::Unary(Unary::Log1p) => Kiln(Cost, "one quotient; Burn's takes a reciprocal and a product");
    "sin" Op::Unary(Unary::Sin) => Burn;
    "cos" Op::Unary(Unary::Cos) => Burn;
    "tan" Op::Unary(Unary::Tan) => Burn;
    "asin" Op::Unary(Unary::Asin) => Kiln(Cost, ROOT);
    "acos" Op::Unary(Unary::Acos) => Kiln(Cost, ROOT);
    "atan" Op::Unary(Unary::Atan) => Kiln(
        Accuracy, "(1 + x^2)^2 overflows in the second derivative beyond 1e77, in f32 beyond 4e9"
    );
    "sinh" Op::Unary(Unary::Sinh) => Burn;
    "cosh" Op::Unary(Unary::Cosh) => Burn;
    "tanh" Op::Unary(Unary::Tanh) => Kiln(Accuracy, "1 - y^2 is 0 beyond 19.1, in f32 beyond 9.1");
    "asinh" Op::Unary(Unary::Asinh) => Kiln(
        Accuracy, "x^2 + 1 overflows beyond 1e154, in f32 beyond 2e19"
    );
    "acosh" Op::Unary(Unary::Acosh) => Kiln(
        Accuracy, "x^2 - 1 loses digits next to 1, overflows, and is positive below -1"
    );
    "atanh" Op::Unary(Unary::Atanh) => Kiln(Accuracy, "1 - x^2 loses digits next to 1: x^2 is rounded");
    "logistic" Op::Unary(Unary::Logistic) => Kiln(Accuracy, "the second derivative cancels next to 0");
    "erf" Op::Unary(Unary::Erf) => Kiln(Cost, "one factor; Burn's takes a factor and a divisor");
    "erfc" Op::Unary(Unary::Erfc) => Kiln(
        Cost, "one factor; of 1 - erf Burn's takes a sign, a factor and a divisor"
    );
    "erf_inv" Op::Unary(Unary::ErfInv) => Kiln(
        Accuracy, "Burn has no erf_inv; of kiln's polynomials its rule is NaN at 0, 1 and -1"
    );
    "lgamma" Op::Unary(Unary::Lgamma) => Kiln(Missing, GAMMA);
    "digamma" Op::Unary(Unary::Digamma) => Kiln(Missing, GAMMA);

    "add" Op::Binary(Binary::Add) => Burn;
    "sub" Op::Binary(Binary::Sub) => Burn;
    "mul" Op::Binary(Binary::Mul) => Burn;
    "div" Op::Binary(Binary::Div) => Kiln(Accuracy, "y^2 overflows or vanishes");
    "rem" Op::Binary(Binary::Rem) => Kiln(
        Cost, "Burn's remainder has the divisor's sign; of kiln's composition its rule is much longer"
    );
    "pow" Op::Binary(Binary::Pow) => Kiln(
        Convention, "at a base of 0 JAX's by the exponent is 0 or NaN; Burn's is NaN or infinite"
    );
    "max" Op::Binary(Binary::Max) => Kiln(Convention, NAN);
    "min" Op::Binary(Binary::Min) => Kiln(Convention, NAN);
    "atan2" Op::Binary(Binary::Atan2) => Kiln(Accuracy, SQUARE);
    "hypot" Op::Binary(Binary::Hypot) => Kiln(
        Accuracy, "the second derivative of x / hypot cancels; that of kiln's composition fails at legs of one length"
    );

    "select" Op::Select => Burn;
    "mul_add" Op::MulAdd => Burn;
    "cast" Op::Cast(_) => Burn;
    "reshape" Op::Reshape(_) => Burn;
    "transpose" Op::Transpose(_) => Burn;
    "broadcast" Op::Broadcast { .. } => Kiln(
        Cost, "one sum over all axes; Burn's sums them one by one, with a reshape after each"
    );
    "slice" Op::Slice { .. } => Burn;
    "pad" Op::Pad { .. } => Burn;
    "reverse" Op::Reverse(_) => Burn;
    "concatenate" Op::Concatenate { .. } => Burn;

    "reduce_sum" Op::Reduce { kind: Reduction::Sum, .. } => Burn;
    "reduce_prod" Op::Reduce { kind: Reduction::Prod, .. } => Composed(Accuracy, ZEROS);
    "reduce_max" Op::Reduce { kind: Reduction::Max, .. } => Kiln(Convention, TIES);
    "reduce_min" Op::Reduce { kind: Reduction::Min, .. } => Kiln(Convention, TIES);
    "cumsum" Op::Cumulative { kind: Reduction::Sum, .. } => Burn;
    "cumprod" Op::Cumulative { kind: Reduction::Prod, .. } => Composed(Accuracy, ZEROS);
    "cummax" Op::Cumulative { kind: Reduction::Max, .. } => Composed(Convention, LAST);
    "cummin" Op::Cumulative { kind: Reduction::Min, .. } => Composed(Convention, LAST);
    "sort" Op::Sort { .. } => Kiln(Missing, "the host sorts");
    "dot" Op::Dot(_) => Kiln(Cost, "contractions of the operands as they are; Burn's transposes and reshapes them");

    "gather" Op::Gather { .. } => Kiln(Structure, "a write that adds");
    "scatter" Op::Scatter { .. } => Kiln(Structure, "a read");
    "solve" Op::Linalg(Linalg::Solve) => Kiln(Structure, "a solution with the transposed matrix");
    "eigh" Op::Linalg(Linalg::Eigh) => Kiln(Structure, "products with the eigenvectors");
    "call" Op::Call(_) => Kiln(Structure, "the derivative of the program");
    "checkpoint" Op::Checkpoint(_) => Kiln(Structure, "the derivative of the program, which is run again");
    "scan" Op::Scan(_) => Kiln(Structure, "a scan in the other direction");
    "while" Op::While(_) => Kiln(Structure, "a loop that also carries tangents; in forward mode only");
    "cond" Op::Cond(_) => Kiln(Structure, "a choice between the derivatives of the branches");
    "custom" Op::Custom(_) => Kiln(Structure, "the user's");
    "stop_gradient" Op::StopGradient => Kiln(Structure, "the cotangent ends here");
}
