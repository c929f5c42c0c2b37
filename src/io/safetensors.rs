//! The safetensors format: the length of a header, a header in JSON, and the elements of all arrays,
//! row-major and little-endian.

use super::file::{all_there, damaged, duplicate, elements, fill, numbers, truncated, typed, within};
use super::{Error, Place};
use kiln_core::{Array, Buffer, DType};
use safetensors::tensor::{Dtype, Metadata, SafeTensorError, TensorInfo};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io::{self, Read, Write};

/// The name in the header that is not an array's.
const NOTES: &str = "__metadata__";

/// The contents of a file.
pub(crate) struct Tensors {
    pub(crate) arrays: BTreeMap<String, Array>,
    /// The metadata: texts by their names.
    pub(crate) notes: HashMap<String, String>,
}

/// A file to write: its header, and the arrays in order.
pub(crate) struct Layout {
    header: Vec<u8>,
    arrays: Vec<(String, Buffer)>,
}

impl Layout {
    /// Lays arrays out as Python's safetensors does: the widest dtypes first, and those of one dtype by name.
    pub(crate) fn new(
        mut arrays: Vec<(String, Buffer)>,
        note: Option<(String, String)>,
        at: &Place,
    ) -> Result<Layout, Error> {
        let order = |buffer: &Buffer| std::cmp::Reverse(tensor_dtype(buffer.array_type().dtype));
        arrays.sort_by(|(a, x), (b, y)| order(x).cmp(&order(y)).then_with(|| a.cmp(b)));
        let mut names: Vec<&str> = arrays.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        if names.contains(&NOTES) {
            return Err(Error::Name {
                at: at.clone(),
                name: NOTES.into(),
            });
        }
        if let Some(same) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(duplicate(at, same[0]));
        }
        let mut start = 0;
        let infos = arrays.iter().map(|(name, buffer)| {
            let end = start + buffer.bytes().len();
            let of = buffer.array_type();
            let info = TensorInfo {
                dtype: tensor_dtype(of.dtype),
                shape: of.shape.to_vec(),
                data_offsets: (start, end),
            };
            start = end;
            (name.clone(), info)
        });
        let notes = note.map(|note| HashMap::from([note]));
        let metadata = Metadata::new(notes, infos.collect()).map_err(|error| damaged(at, error))?;
        let mut text = serde_json::to_vec(&metadata).map_err(|error| damaged(at, error))?;
        // The padding aligns the elements.
        text.resize(text.len().next_multiple_of(8), b' ');
        if text.len() as u64 > LONGEST {
            return Err(damaged(at, format!("a header of {} bytes", text.len())));
        }
        let mut header = (text.len() as u64).to_le_bytes().to_vec();
        header.extend(text);
        Ok(Layout { header, arrays })
    }

    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(&self.header)?;
        self.arrays
            .iter()
            .try_for_each(|(_, buffer)| out.write_all(buffer.bytes()))
    }
}

pub(crate) fn to_bytes(
    arrays: Vec<(String, Buffer)>,
    note: Option<(String, String)>,
) -> Result<Vec<u8>, Error> {
    let at = Place::default();
    let mut bytes = Vec::new();
    match Layout::new(arrays, note, &at)?.write(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(source) => Err(Error::File { at, source }),
    }
}

/// The longest header that the format allows.
const LONGEST: u64 = 100_000_000;

/// Reads arrays, all of `length` bytes.
pub(crate) fn read(reader: &mut dyn Read, length: u64, at: &Place) -> Result<Tensors, Error> {
    if length < 8 {
        return Err(truncated(at, 8, length));
    }
    let mut size = [0; 8];
    fill(reader, &mut size, 0, at)?;
    let other = |found: String| Error::Format {
        at: at.clone(),
        wanted: "safetensors file",
        found,
    };
    let size = u64::from_le_bytes(size);
    if size > LONGEST {
        return Err(other(format!("it begins with a header of {size} bytes")));
    }
    let left = (length - 8)
        .checked_sub(size)
        .ok_or_else(|| truncated(at, 8 + size, length))?;
    let header: Vec<u8> = numbers(reader, size as usize, at)?;
    if header.first() != Some(&b'{') {
        return Err(other("its header is no JSON object".into()));
    }
    let Header { notes, mut tensors } =
        serde_json::from_slice(&header).map_err(|error| damaged(at, format!("its header: {error}")))?;
    tensors.sort_by_key(|(_, info)| info.data_offsets);
    let mut types = Vec::with_capacity(tensors.len());
    let mut seen = BTreeSet::new();
    for (name, info) in &tensors {
        if !seen.insert(name) {
            return Err(duplicate(at, name));
        }
        let at = at.array(name);
        let dtype = array_dtype(info.dtype).ok_or_else(|| Error::Dtype {
            at: at.clone(),
            found: info.dtype.to_string(),
        })?;
        let lengths: Vec<u64> = info.shape.iter().map(|&n| n as u64).collect();
        types.push(typed(dtype, &lengths, &at)?);
    }
    let names: Vec<String> = tensors.iter().map(|(name, _)| name.clone()).collect();
    let metadata = Metadata::new(notes, tensors).map_err(|error| inconsistent(error, at))?;
    let end = metadata.data_len() as u64;
    all_there(end, left, length, at)?;
    within(end, at)?;
    let mut arrays = BTreeMap::new();
    for (name, of) in names.into_iter().zip(types) {
        let array = elements(reader, of, &at.array(&name), |_| Ok(()))?;
        arrays.insert(name, array);
    }
    Ok(Tensors {
        arrays,
        notes: metadata.metadata().clone().unwrap_or_default(),
    })
}

fn inconsistent(error: SafeTensorError, at: &Place) -> Error {
    match error {
        SafeTensorError::InvalidOffset(name) => damaged(
            &at.array(&name),
            "its elements do not start where those of the array before end",
        ),
        SafeTensorError::TensorInvalidInfo => {
            damaged(at, "an array has another number of bytes than its shape says")
        }
        error => damaged(at, error),
    }
}

fn tensor_dtype(dtype: DType) -> Dtype {
    match dtype {
        DType::Bool => Dtype::BOOL,
        DType::I8 => Dtype::I8,
        DType::I16 => Dtype::I16,
        DType::I32 => Dtype::I32,
        DType::I64 => Dtype::I64,
        DType::U8 => Dtype::U8,
        DType::U16 => Dtype::U16,
        DType::U32 => Dtype::U32,
        DType::U64 => Dtype::U64,
        DType::F32 => Dtype::F32,
        DType::F64 => Dtype::F64,
    }
}

fn array_dtype(dtype: Dtype) -> Option<DType> {
    DType::ALL.into_iter().find(|&of| tensor_dtype(of) == dtype)
}

/// The header as it is written. A name may occur twice.
struct Header {
    notes: Option<HashMap<String, String>>,
    tensors: Vec<(String, TensorInfo)>,
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Header, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("arrays by their names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut header = Header {
                    notes: None,
                    tensors: vec![],
                };
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        NOTES => header.notes = Some(map.next_value()?),
                        _ => header.tensors.push((name, map.next_value()?)),
                    }
                }
                Ok(header)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}
