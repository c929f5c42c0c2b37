//! Imports Burn models. A function over Burn's tensors, such as a module's forward pass, becomes a program.
//! Gradients to any order, `vmap` and the fused CPU engine work on the program.
//!
//! ```
//! use kiln::burn::burn_core::tensor::{Tensor, activation};
//! use kiln::{Array, hessian, numpy as np};
//!
//! let model = kiln::burn::import_function(|x: Tensor<1>| activation::softmax(x, 0), np::ones(3))?;
//! assert_eq!(model.call(np::array([0.0, 1.0, 2.0])).to_string(), "[0.09003057 0.24472848 0.66524094]");
//! let curvature = hessian(|x: Array| model.call(x).index(0));
//! assert_eq!(curvature(np::ones(3)).shape()[..], [3, 3]);
//! # Ok::<(), kiln::burn::ImportError>(())
//! ```
//!
//! | items | content |
//! |---|---|
//! | [`import`], [`import_function`] | import a module or a function |
//! | [`Model`] | the imported function of arrays, and its parameters |
//! | [`ImportError`], [`Refused`] | the reasons why a function cannot be imported |
//! | [`Arrays`], [`Tensors`] | the arguments and results of imported functions |
//! | `burn_core` | Burn's crate, of the version that kiln imports |
//!
//! For a module, [`import`] keeps the parameters as arrays. [`Model::apply`] takes other parameters, so
//! gradients with respect to them are `grad(|parameters| ...)`. `examples/burn_models` takes these gradients
//! for each example of a batch.

use kiln_core::sister::raise;
use kiln_core::tree::{Leaves, Tree};
use kiln_core::{Array, ArrayType, Buffer, Program, call};
use kiln_import as read;
use kiln_import::burn_core::module::Module;
use kiln_import::burn_core::tensor::{Bool, Float, Int, Tensor};
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

pub use kiln_import::{ImportError, Refused, Tensors, burn_core};

/// A tree of Burn's tensors, the type of the arguments or results of an imported function. The type
/// [`Arrays::Arrays`] has an [`Array`] for each tensor: tuples and fixed-size arrays stay.
///
/// ```
/// use kiln::burn::{burn_core::tensor::Tensor, import_function};
/// use kiln::numpy as np;
/// let f = |(x, y): (Tensor<1>, Tensor<1>)| (x.clone() + y.clone(), x * y);
/// let model = import_function(f, (np::ones(2), np::ones(2)))?;
/// let (sum, product) = model.call((np::ones(2), 3 * np::ones(2)));
/// assert_eq!(sum.to_string(), "[4. 4.]");
/// assert_eq!(product.to_string(), "[3. 3.]");
/// # Ok::<(), kiln::burn::ImportError>(())
/// ```
pub trait Arrays: Tensors {
    /// The tree with an [`Array`] for each tensor.
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

/// An imported function from tensors `I` to tensors `O`, as a function from arrays to arrays. The model holds
/// the parameters of the module as arrays. The shapes of arguments are those of the import.
/// [`vmap`](crate::vmap()) adds a batch.
///
/// ```
/// use kiln::burn::{burn_core::tensor::Tensor, import_function};
/// use kiln::{numpy as np, vmap};
/// let model = import_function(|x: Tensor<1>| x.clone().mul(x).sum(), np::ones(2))?;
/// let rows = vmap(|x| model.call(x))(np::array([[1.0, 2.0], [3.0, 4.0]]));
/// assert_eq!(rows.to_string(), "[[ 5.]\n [25.]]"); // Burn's scalars have one axis
/// # Ok::<(), kiln::burn::ImportError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Model<I, O> {
    program: Arc<Program>,
    parameters: BTreeMap<String, Array>,
    /// The parameters' names in the order of the program's inputs.
    order: Vec<String>,
    constants: Vec<Array>,
    of: PhantomData<fn(I) -> O>,
}

/// Imports a function that calls a module, as a function of arrays. `inputs` are examples of its arguments,
/// of which only shapes and dtypes matter. Layers work as in validation: dropout does nothing, and batch
/// normalisation uses its running statistics. The module is not changed.
///
/// # Errors
/// When an operation cannot be written as equations: random numbers, quantized tensors, and layers that are
/// not supported (transposed and deformable convolutions, interpolation, ...). The error names the first such
/// operation.
///
/// # Panics
/// When `forward` panics: Burn panics on shapes that do not fit, and when `forward` reads values.
///
/// ```
/// use kiln::burn::burn_core::{module::Param, tensor::Tensor};
/// use kiln::{Array, grad, numpy as np};
///
/// // A module: here two parameters, else a struct that derives Burn's `Module`.
/// type Line = (Param<Tensor<1>>, Param<Tensor<1>>);
/// let device = Default::default();
/// let parameter = |x: [f32; 1]| Param::from_tensor(Tensor::<1>::from_data(x, &device));
/// let line: Line = (parameter([2.0]), parameter([1.0]));
///
/// let forward = |(slope, start): &Line, x: Tensor<1>| x * slope.val() + start.val();
/// let model = kiln::burn::import(&line, forward, np::ones(1))?;
/// assert_eq!(model.call([3.0].into()).to_string(), "[7.]");
///
/// let gradient = grad(|parameters| model.apply(&parameters, [3.0].into()).sum())(model.parameters());
/// assert_eq!(gradient["0"].to_string(), "[3.]");
/// # Ok::<(), kiln::burn::ImportError>(())
/// ```
pub fn import<M: Module, I: Arrays, O: Arrays>(
    module: &M,
    forward: impl FnOnce(&M, I) -> O,
    inputs: I::Arrays,
) -> Result<Model<I, O>, ImportError> {
    Ok(Model::new(read::import(module, forward, &types(inputs))?))
}

/// Imports a function without a module, as a function of arrays. `inputs` are examples of its arguments.
///
/// # Errors
/// When an operation cannot be written as equations. The error names the first such operation. [`import`]
/// lists them.
///
/// # Panics
/// When `f` panics: Burn panics on shapes that do not fit, and when `f` reads values.
///
/// ```
/// use kiln::burn::{burn_core::tensor::Tensor, import_function};
/// use kiln::{Array, grad, numpy as np};
/// let model = import_function(|x: Tensor<1>| x.sin(), np::ones(2))?;
/// let slope = grad(|x: Array| model.call(x).sum());
/// assert_eq!(slope(np::zeros(2)).to_string(), "[1. 1.]");
/// # Ok::<(), kiln::burn::ImportError>(())
/// ```
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

    /// Returns the module's tensors by their paths in the module, such as `layers.0.weight`.
    ///
    /// ```
    /// # use kiln::burn::burn_core::{module::Param, tensor::Tensor};
    /// # use kiln::{Array, numpy as np};
    /// # type Line = (Param<Tensor<1>>, Param<Tensor<1>>);
    /// # let device = Default::default();
    /// # let parameter = |x: [f32; 1]| Param::from_tensor(Tensor::<1>::from_data(x, &device));
    /// # let line: Line = (parameter([2.0]), parameter([1.0]));
    /// # let forward = |(slope, start): &Line, x: Tensor<1>| x * slope.val() + start.val();
    /// # let model = kiln::burn::import(&line, forward, np::ones(1))?;
    /// let names: Vec<String> = model.parameters().into_keys().collect();
    /// assert_eq!(names, ["0", "1"]);
    /// # Ok::<(), kiln::burn::ImportError>(())
    /// ```
    pub fn parameters(&self) -> BTreeMap<String, Array> {
        self.parameters.clone()
    }

    /// Calls the function with the parameters that the module had at the import.
    ///
    /// # Panics
    /// When the inputs do not have the types of the import.
    ///
    /// ```
    /// # use kiln::burn::burn_core::{module::Param, tensor::Tensor};
    /// # use kiln::{Array, numpy as np};
    /// # type Line = (Param<Tensor<1>>, Param<Tensor<1>>);
    /// # let device = Default::default();
    /// # let parameter = |x: [f32; 1]| Param::from_tensor(Tensor::<1>::from_data(x, &device));
    /// # let line: Line = (parameter([2.0]), parameter([1.0]));
    /// # let forward = |(slope, start): &Line, x: Tensor<1>| x * slope.val() + start.val();
    /// # let model = kiln::burn::import(&line, forward, np::ones(1))?;
    /// assert_eq!(model.call([3.0].into()).to_string(), "[7.]"); // 2 x + 1
    /// # Ok::<(), kiln::burn::ImportError>(())
    /// ```
    #[track_caller]
    pub fn call(&self, inputs: I::Arrays) -> O::Arrays {
        self.apply(&self.parameters, inputs)
    }

    /// Calls the function with other parameters.
    ///
    /// # Panics
    /// When a parameter is missing, or an array does not have the type of the import.
    ///
    /// ```
    /// # use kiln::burn::burn_core::{module::Param, tensor::Tensor};
    /// # use kiln::{Array, numpy as np};
    /// # type Line = (Param<Tensor<1>>, Param<Tensor<1>>);
    /// # let device = Default::default();
    /// # let parameter = |x: [f32; 1]| Param::from_tensor(Tensor::<1>::from_data(x, &device));
    /// # let line: Line = (parameter([2.0]), parameter([1.0]));
    /// # let forward = |(slope, start): &Line, x: Tensor<1>| x * slope.val() + start.val();
    /// # let model = kiln::burn::import(&line, forward, np::ones(1))?;
    /// let mut parameters = model.parameters();
    /// parameters.insert("1".into(), [10.0].into());
    /// assert_eq!(model.apply(&parameters, [3.0].into()).to_string(), "[16.]");
    /// # Ok::<(), kiln::burn::ImportError>(())
    /// ```
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

    /// Returns the imported program: `(inputs, parameters, constants) -> outputs`.
    ///
    /// ```
    /// # use kiln::burn::burn_core::{module::Param, tensor::Tensor};
    /// # use kiln::{Array, numpy as np};
    /// # type Line = (Param<Tensor<1>>, Param<Tensor<1>>);
    /// # let device = Default::default();
    /// # let parameter = |x: [f32; 1]| Param::from_tensor(Tensor::<1>::from_data(x, &device));
    /// # let line: Line = (parameter([2.0]), parameter([1.0]));
    /// # let forward = |(slope, start): &Line, x: Tensor<1>| x * slope.val() + start.val();
    /// # let model = kiln::burn::import(&line, forward, np::ones(1))?;
    /// assert_eq!(model.program().input_types().len(), 3); // x, and two parameters
    /// # Ok::<(), kiln::burn::ImportError>(())
    /// ```
    pub fn program(&self) -> &Program {
        &self.program
    }
}
