//! Burn models: a function over Burn's tensors, a module's forward pass say, read in as a program, so that gradients to any order, `vmap` and
//! the fused CPU engine work on it.
//!
//! ```
//! use kiln::burn::burn_core::tensor::{Tensor, activation};
//! use kiln::{Array, hessian, numpy as np};
//!
//! let model = kiln::burn::import_function(|x: Tensor<1>| activation::softmax(x, 0), np::ones(3))?;
//! println!("{}", model.call(np::arange(3).astype(kiln::DType::F32))); // [0.09003057 0.24472848 0.66524094]
//! let curvature = hessian(|x: Array| model.call(x).index(0));
//! println!("{}", curvature(np::ones(3)).shape()); // (3, 3)
//! # Ok::<(), kiln::burn::ImportError>(())
//! ```
//!
//! With a module, [`import`] keeps the parameters as arrays: [`Model::apply`] takes others, so that gradients with regard to them are
//! `grad(|parameters| ...)`. `examples/burn_models` takes those for each example of a batch.

use kiln_burn::burn_core::module::Module;
use kiln_burn::burn_core::tensor::{Bool, Float, Int, Tensor};
use kiln_burn::import as read;
use kiln_core::tree::{Leaves, Tree};
use kiln_core::{Array, ArrayType, Buffer, Program, call, raise};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

pub use kiln_burn::import::{ImportError, Tensors};
pub use kiln_burn::{Refused, burn_core};

/// The arrays that stand for a tree of Burn's tensors.
pub trait Arrays: Tensors {
    /// The same tree with an [`Array`] for each tensor.
    type Arrays: Tree;

    #[doc(hidden)]
    fn gather(arrays: &mut std::vec::IntoIter<Array>) -> Self::Arrays;
}

macro_rules! tensors {
    ($($kind:ident)*) => {$(
        impl<const D: usize> Arrays for Tensor<D, $kind> {
            type Arrays = Array;

            fn gather(arrays: &mut std::vec::IntoIter<Array>) -> Array {
                arrays.next().expect("an array for each tensor")
            }
        }
    )*};
}
tensors! { Float Int Bool }

impl Arrays for () {
    type Arrays = ();

    fn gather(_: &mut std::vec::IntoIter<Array>) {}
}

macro_rules! tuples {
    ($(($($name:ident),*))*) => {$(
        impl<$($name: Arrays),*> Arrays for ($($name,)*) {
            type Arrays = ($($name::Arrays,)*);

            fn gather(arrays: &mut std::vec::IntoIter<Array>) -> Self::Arrays {
                ($($name::gather(arrays),)*)
            }
        }
    )*};
}
tuples! { (A) (A, B) (A, B, C) (A, B, C, D) }

impl<T: Arrays, const N: usize> Arrays for [T; N] {
    type Arrays = [T::Arrays; N];

    fn gather(arrays: &mut std::vec::IntoIter<Array>) -> [T::Arrays; N] {
        std::array::from_fn(|_| T::gather(arrays))
    }
}

/// A function that was read in, from tensors `I` to tensors `O`, as a function from arrays to arrays. It holds a module's parameters as
/// arrays, and its shapes are those that it was read with: [`vmap`](crate::vmap()) adds a batch.
#[derive(Clone, Debug)]
pub struct Model<I, O> {
    program: Arc<Program>,
    parameters: BTreeMap<String, Array>,
    /// The parameters' names in the order of the program's inputs.
    order: Vec<String>,
    constants: Vec<Array>,
    of: PhantomData<fn(I) -> O>,
}

/// Reads `forward`, called with the module, in as a function of arrays; `inputs` are examples of what it takes, of which only shapes
/// and dtypes matter. Layers do what they do in validation (dropout nothing, batch normalisation by its running statistics), and the
/// module stays as it is.
///
/// # Errors
/// Names the first operation that has no form as equations: random numbers, quantized tensors, and layers that are not read (transposed and
/// deformable convolutions, interpolation, ...).
///
/// # Panics
/// Where `forward` does: Burn panics on shapes that do not fit, and where values are looked at.
pub fn import<M: Module, I: Arrays, O: Arrays>(
    module: &M,
    forward: impl FnOnce(&M, I) -> O,
    inputs: I::Arrays,
) -> Result<Model<I, O>, ImportError> {
    Ok(Model::new(read::import(module, forward, &types(inputs))?))
}

/// As [`import`], for a function without a module.
///
/// # Errors
/// As [`import`].
///
/// # Panics
/// As [`import`].
pub fn import_function<I: Arrays, O: Arrays>(
    f: impl FnOnce(I) -> O,
    inputs: I::Arrays,
) -> Result<Model<I, O>, ImportError> {
    Ok(Model::new(read::import_function(f, &types(inputs))?))
}

fn types(inputs: impl Tree) -> Vec<ArrayType> {
    Leaves::of(inputs).arrays.iter().map(Array::array_type).collect()
}

fn array(values: &read::Values) -> Array {
    let mut buffer = Buffer::zeros(values.of.clone());
    buffer
        .bytes_mut()
        .expect("nobody else holds a new buffer")
        .copy_from_slice(&values.bytes);
    Array::from_buffer(buffer)
}

impl<I: Arrays, O: Arrays> Model<I, O> {
    fn new(imported: read::Imported) -> Model<I, O> {
        let order = imported.parameters.iter().map(|(name, _)| name.clone()).collect();
        let parameters = imported
            .parameters
            .iter()
            .map(|(name, values)| (name.clone(), array(values)));
        Model {
            program: Arc::new(imported.program),
            parameters: parameters.collect(),
            order,
            constants: imported.constants.iter().map(array).collect(),
            of: PhantomData,
        }
    }

    /// The module's tensors by their paths in it, as `layers.0.weight`.
    pub fn parameters(&self) -> BTreeMap<String, Array> {
        self.parameters.clone()
    }

    /// The function, with the parameters of the module as it was read.
    ///
    /// # Panics
    /// When the inputs are not of the types that the function was read with.
    #[track_caller]
    pub fn call(&self, inputs: I::Arrays) -> O::Arrays {
        self.apply(&self.parameters, inputs)
    }

    /// The function with other parameters.
    ///
    /// # Panics
    /// When a parameter is missing, and when arrays are not of the types that the function was read with.
    #[track_caller]
    pub fn apply(&self, parameters: &BTreeMap<String, Array>, inputs: I::Arrays) -> O::Arrays {
        let mut arguments = Leaves::of(inputs).arrays.into_vec();
        for name in &self.order {
            match parameters.get(name) {
                Some(parameter) => arguments.push(parameter.clone()),
                None => raise("apply", format!("there is no parameter {name}")),
            }
        }
        arguments.extend(self.constants.iter().cloned());
        O::gather(&mut call(&self.program, arguments).into_iter())
    }

    /// What was read: `(inputs, parameters, constants) -> outputs`.
    pub fn program(&self) -> &Program {
        &self.program
    }
}
