//! Shapes, and the type of an array: its shape and dtype.

use crate::dtype::DType;
use crate::few::Few;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::Deref;

/// A list of axes.
pub type Axes = Few<usize, 4>;

/// Returns the inverse of a permutation.
///
/// ```
/// assert_eq!(kiln_program::sister::inverse(&[2, 0, 1])[..], [1, 2, 0]);
/// ```
pub fn inverse(permutation: &[usize]) -> Axes {
    let mut back = Axes::from_elem(0, permutation.len());
    for (i, &axis) in permutation.iter().enumerate() {
        back[axis] = i;
    }
    back
}

/// Sorts two lists of axes that belong together one by one, by the left list.
///
/// ```
/// let (left, right) = kiln_program::sister::paired(&[2, 0], &[1, 3]);
/// assert_eq!((&left[..], &right[..]), (&[0, 2][..], &[3, 1][..]));
/// ```
pub fn paired(left: &[usize], right: &[usize]) -> (Axes, Axes) {
    let mut pairs: Vec<(usize, usize)> = left.iter().copied().zip(right.iter().copied()).collect();
    pairs.sort_unstable();
    pairs.into_iter().unzip()
}

/// Serde's form of axes: at most 64, as many as NumPy has. No length prefix allocates memory.
pub(crate) mod axes {
    use crate::shape::Axes;
    use serde::de::{Deserializer, Error, SeqAccess, Visitor};
    use serde::{Serialize, Serializer};
    use std::fmt;

    const MOST: usize = 64;

    pub(crate) fn serialize<S: Serializer>(axes: &Axes, serializer: S) -> Result<S::Ok, S::Error> {
        axes.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Axes, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Axes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "at most {MOST} axes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Axes, A::Error> {
                let mut axes = Axes::new();
                while let Some(axis) = seq.next_element()? {
                    if axes.len() == MOST {
                        return Err(A::Error::invalid_length(MOST + 1, &self));
                    }
                    axes.push(axis);
                }
                Ok(axes)
            }
        }
        deserializer.deserialize_seq(Read)
    }
}

/// The shape of an array: the lengths of its axes. A scalar has the empty shape. A shape derefs to a slice:
/// `shape[0]`, `shape.iter()`, `shape[..]`. It prints as a Python tuple.
///
/// ```
/// # use kiln_program as kiln;
/// use kiln::Shape;
/// let shape = Shape::from([2, 3]);
/// assert_eq!(shape.size(), 6);
/// assert_eq!(shape.to_string(), "(2, 3)");
/// assert_eq!(Shape::from([4]).to_string(), "(4,)");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Shape(#[serde(with = "axes")] Axes);

impl Shape {
    /// Returns the shape of a scalar.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::Shape;
    /// assert_eq!(Shape::scalar().size(), 1);
    /// assert_eq!(Shape::scalar().to_string(), "()");
    /// ```
    pub fn scalar() -> Shape {
        Shape::default()
    }

    /// Returns the number of axes.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::Shape;
    /// assert_eq!(Shape::from([2, 3]).rank(), 2);
    /// ```
    pub fn rank(&self) -> usize {
        self.0.len()
    }

    /// Returns the number of elements.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::Shape;
    /// assert_eq!(Shape::from([2, 3]).size(), 6);
    /// ```
    pub fn size(&self) -> usize {
        self.0.iter().product()
    }

    /// Returns the distance of neighbours along each axis, in row-major order.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::Shape;
    /// assert_eq!(Shape::from([2, 3, 4]).strides()[..], [12, 4, 1]);
    /// ```
    pub fn strides(&self) -> Few<usize, 4> {
        let mut strides = Few::from_elem(1, self.rank());
        for axis in (1..self.rank()).rev() {
            strides[axis - 1] = strides[axis] * self.0[axis];
        }
        strides
    }

    /// Returns the shape without some axes.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::Shape;
    /// assert_eq!(Shape::from([2, 3, 4]).without(&[1]), Shape::from([2, 4]));
    /// ```
    pub fn without(&self, axes: &[usize]) -> Shape {
        self.iter()
            .enumerate()
            .filter(|(axis, _)| !axes.contains(axis))
            .map(|(_, &n)| n)
            .collect()
    }

    /// Returns the number of elements, or `None` if it overflows. The strides must not overflow either, so an
    /// axis of length 0 counts as 1 for the overflow.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::Shape;
    /// assert_eq!(Shape::from([2, 3]).checked_size(), Some(6));
    /// assert_eq!(Shape::from([usize::MAX, 2]).checked_size(), None);
    /// ```
    pub fn checked_size(&self) -> Option<usize> {
        let all = self
            .0
            .iter()
            .try_fold(1usize, |size, &n| size.checked_mul(n.max(1)))?;
        Some(if self.0.contains(&0) { 0 } else { all })
    }

    /// Returns the shape of `length` arrays of this shape, stacked along a new first axis.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::Shape;
    /// assert_eq!(Shape::from([2, 3]).stacked(5)[..], [5, 2, 3]);
    /// ```
    pub fn stacked(&self, length: usize) -> Shape {
        std::iter::once(length).chain(self.iter().copied()).collect()
    }
}

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl From<&[usize]> for Shape {
    fn from(lengths: &[usize]) -> Shape {
        Shape(lengths.into())
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    fn from(lengths: [usize; N]) -> Shape {
        Shape(lengths.as_slice().into())
    }
}

impl From<Vec<usize>> for Shape {
    fn from(lengths: Vec<usize>) -> Shape {
        Shape(lengths.into())
    }
}

impl FromIterator<usize> for Shape {
    fn from_iter<I: IntoIterator<Item = usize>>(lengths: I) -> Shape {
        Shape(lengths.into_iter().collect())
    }
}

impl fmt::Display for Shape {
    /// Prints the shape as Python prints a tuple.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0[..] {
            [n] => write!(f, "({n},)"),
            lengths => {
                f.write_str("(")?;
                for (i, n) in lengths.iter().enumerate() {
                    write!(f, "{}{n}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(")")
            }
        }
    }
}

/// The type of an array: its dtype and shape. It prints as `f32[2,3]`.
///
/// ```
/// # use kiln_program as kiln;
/// use kiln::{ArrayType, DType};
/// assert_eq!(ArrayType::new(DType::F32, [2, 3]).to_string(), "f32[2,3]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ArrayType {
    /// The type of the elements.
    pub dtype: DType,
    /// The lengths of the axes.
    pub shape: Shape,
}

impl ArrayType {
    /// Returns an array type.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::{ArrayType, DType};
    /// assert_eq!(ArrayType::new(DType::I32, [4]).to_string(), "i32[4]");
    /// ```
    pub fn new(dtype: DType, shape: impl Into<Shape>) -> ArrayType {
        ArrayType {
            dtype,
            shape: shape.into(),
        }
    }

    /// Bytes taken by the elements.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::{ArrayType, DType};
    /// assert_eq!(ArrayType::new(DType::F64, [2, 3]).bytes(), 48);
    /// ```
    pub fn bytes(&self) -> usize {
        self.shape.size() * self.dtype.size()
    }

    /// Returns the bytes of the elements, or `None` if memory could not hold them.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::{ArrayType, DType};
    /// assert_eq!(ArrayType::new(DType::F64, [2, 3]).checked_bytes(), Some(48));
    /// assert_eq!(ArrayType::new(DType::F64, [usize::MAX / 2, 2]).checked_bytes(), None);
    /// ```
    pub fn checked_bytes(&self) -> Option<usize> {
        let bytes = self.shape.checked_size()?.checked_mul(self.dtype.size())?;
        (bytes <= isize::MAX as usize).then_some(bytes)
    }

    /// Returns the type of `length` arrays of this type, stacked along a new first axis.
    ///
    /// ```
    /// # use kiln_program as kiln;
    /// use kiln::{ArrayType, DType};
    /// assert_eq!(ArrayType::new(DType::F32, [2]).stacked(5).to_string(), "f32[5,2]");
    /// ```
    pub fn stacked(&self, length: usize) -> ArrayType {
        ArrayType::new(self.dtype, self.shape.stacked(length))
    }
}

impl fmt::Display for ArrayType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[", self.dtype.short())?;
        for (i, n) in self.shape.iter().enumerate() {
            write!(f, "{}{n}", if i > 0 { "," } else { "" })?;
        }
        f.write_str("]")
    }
}
