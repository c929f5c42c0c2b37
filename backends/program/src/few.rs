//! A short list.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smallvec::SmallVec;
use std::borrow::Borrow;
use std::fmt;
use std::ops::{Deref, DerefMut, RangeBounds};

/// A list that keeps up to `N` elements without an allocation: axes, operands, the leaves of a pytree. It has
/// the methods of a [`Vec`].
///
/// ```
/// use kiln_program::Few;
/// let mut axes: Few<usize, 4> = [2, 0].into();
/// axes.push(1);
/// axes.sort();
/// assert_eq!(axes[..], [0, 1, 2]);
/// assert_eq!(axes.iter().rev().copied().collect::<Few<usize, 4>>()[0], 2);
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Few<T, const N: usize>(SmallVec<[T; N]>);

impl<T, const N: usize> Few<T, N> {
    /// Returns an empty list.
    pub fn new() -> Self {
        Few(SmallVec::new())
    }

    /// Returns an empty list with room for `capacity` elements.
    pub fn with_capacity(capacity: usize) -> Self {
        Few(SmallVec::with_capacity(capacity))
    }

    /// Appends an element.
    pub fn push(&mut self, element: T) {
        self.0.push(element);
    }

    /// Removes the last element.
    pub fn pop(&mut self) -> Option<T> {
        self.0.pop()
    }

    /// Inserts an element before the one at `index`.
    ///
    /// # Panics
    /// When `index` is beyond the end.
    pub fn insert(&mut self, index: usize, element: T) {
        self.0.insert(index, element);
    }

    /// Removes the element at `index`.
    ///
    /// # Panics
    /// When there is no such element.
    pub fn remove(&mut self, index: usize) -> T {
        self.0.remove(index)
    }

    /// Keeps the first `len` elements.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Removes all elements.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Keeps the elements for which `f` returns true.
    pub fn retain(&mut self, mut f: impl FnMut(&T) -> bool) {
        self.0.retain(|element| f(element));
    }

    /// Removes a range of elements and returns them.
    ///
    /// # Panics
    /// When the range reaches beyond the end.
    pub fn drain(
        &mut self,
        range: impl RangeBounds<usize>,
    ) -> impl DoubleEndedIterator<Item = T> + ExactSizeIterator {
        self.0.drain(range)
    }

    /// Returns the elements as an array, if there are `M` of them.
    pub fn into_array<const M: usize>(self) -> Option<[T; M]> {
        if self.len() != M {
            return None;
        }
        let mut elements = self.0.into_iter();
        Some(std::array::from_fn(|_| {
            elements.next().expect("an element for each place")
        }))
    }

    /// Returns the elements as a vector.
    pub fn into_vec(self) -> Vec<T> {
        self.0.into_vec()
    }

    /// Returns true if the elements are on the heap.
    pub fn spilled(&self) -> bool {
        self.0.spilled()
    }
}

impl<T: Clone, const N: usize> Few<T, N> {
    /// Returns a list of `n` equal elements.
    pub fn from_elem(element: T, n: usize) -> Self {
        Few(SmallVec::from_elem(element, n))
    }

    /// Appends copies of the elements of a slice.
    pub fn extend_from_slice(&mut self, elements: &[T]) {
        self.0.extend(elements.iter().cloned());
    }

    /// Appends copies of an element, or removes elements, until there are `len` elements.
    pub fn resize(&mut self, len: usize, element: T) {
        self.0.resize(len, element);
    }
}

impl<T, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Few::new()
    }
}

impl<T: fmt::Debug, const N: usize> fmt::Debug for Few<T, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T, const N: usize> Deref for Few<T, N> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const N: usize> DerefMut for Few<T, N> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T, const N: usize> Borrow<[T]> for Few<T, N> {
    fn borrow(&self) -> &[T] {
        self
    }
}

impl<T, const N: usize> AsRef<[T]> for Few<T, N> {
    fn as_ref(&self) -> &[T] {
        self
    }
}

impl<T, const N: usize> FromIterator<T> for Few<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Few(SmallVec::from_iter(elements))
    }
}

impl<T, const N: usize> Extend<T> for Few<T, N> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, elements: I) {
        self.0.extend(elements);
    }
}

impl<'a, T: Copy + 'a, const N: usize> Extend<&'a T> for Few<T, N> {
    fn extend<I: IntoIterator<Item = &'a T>>(&mut self, elements: I) {
        self.0.extend(elements.into_iter().copied());
    }
}

impl<T, const N: usize> From<Vec<T>> for Few<T, N> {
    fn from(elements: Vec<T>) -> Self {
        Few(SmallVec::from_vec(elements))
    }
}

impl<T: Clone, const N: usize> From<&[T]> for Few<T, N> {
    fn from(elements: &[T]) -> Self {
        elements.iter().cloned().collect()
    }
}

impl<T, const N: usize, const M: usize> From<[T; M]> for Few<T, N> {
    fn from(elements: [T; M]) -> Self {
        elements.into_iter().collect()
    }
}

/// The elements of a [`Few`], by value.
#[derive(Debug)]
pub struct IntoIter<T, const N: usize>(smallvec::IntoIter<[T; N]>);

impl<T, const N: usize> Iterator for IntoIter<T, N> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T, const N: usize> DoubleEndedIterator for IntoIter<T, N> {
    fn next_back(&mut self) -> Option<T> {
        self.0.next_back()
    }
}

impl<T, const N: usize> ExactSizeIterator for IntoIter<T, N> {}

impl<T, const N: usize> IntoIterator for Few<T, N> {
    type Item = T;
    type IntoIter = IntoIter<T, N>;

    fn into_iter(self) -> IntoIter<T, N> {
        IntoIter(self.0.into_iter())
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a Few<T, N> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a, T, const N: usize> IntoIterator for &'a mut Few<T, N> {
    type Item = &'a mut T;
    type IntoIter = std::slice::IterMut<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

impl<T: Serialize, const N: usize> Serialize for Few<T, N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de, T: Deserialize<'de>, const N: usize> Deserialize<'de> for Few<T, N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SmallVec::deserialize(deserializer).map(Few)
    }
}
