//! The bytes of a PNG file, by RFC 2083, and as text.

use yazi::{CompressionLevel, Format};

/// A PNG file of pixels of four bytes: red, green, blue and opacity.
pub(super) fn png(width: u32, pixels: &[u8]) -> Vec<u8> {
    let row = 4 * width as usize;
    let height = (pixels.len() / row) as u32;
    let mut lines = Vec::with_capacity(pixels.len() + height as usize);
    let mut above = vec![0; row];
    for pixels in pixels.chunks(row) {
        lines.extend(filtered(pixels, &above));
        above.copy_from_slice(pixels);
    }
    let data = yazi::compress(&lines, Format::Zlib, CompressionLevel::Default)
        .expect("a vector takes all that is written to it");

    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    // 8 bits for each of red, green, blue and opacity; not interlaced.
    header.extend([8, 6, 0, 0, 0]);
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [(b"IHDR", &header), (b"IDAT", &data), (b"IEND", &Vec::new())] {
        chunk(&mut file, kind, data);
    }
    file
}

/// A row as differences from the pixel to the left, from the one above, or as it is, whichever has the smallest numbers; the first
/// byte says which.
fn filtered(row: &[u8], above: &[u8]) -> Vec<u8> {
    let left = [0; 4].iter().chain(row);
    let ways: [Vec<u8>; 3] = [
        [0].into_iter().chain(row.iter().copied()).collect(),
        [1].into_iter()
            .chain(row.iter().zip(left).map(|(x, left)| x.wrapping_sub(*left)))
            .collect(),
        [2].into_iter()
            .chain(row.iter().zip(above).map(|(x, above)| x.wrapping_sub(*above)))
            .collect(),
    ];
    let size = |way: &Vec<u8>| -> u64 {
        way.iter()
            .map(|&byte| u64::from((byte as i8).unsigned_abs()))
            .sum()
    };
    ways.into_iter().min_by_key(size).expect("there are three")
}

fn chunk(file: &mut Vec<u8>, kind: &[u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend(kind);
    file.extend(data);
    let check = crc(&file[start..]);
    file.extend(check.to_be_bytes());
}

fn crc(bytes: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |rest, _| match rest & 1 {
            1 => 0xedb8_8320 ^ rest >> 1,
            _ => rest >> 1,
        })
    });
    !bytes.iter().fold(!0, |crc, &byte| {
        table[((crc ^ u32::from(byte)) & 255) as usize] ^ crc >> 8
    })
}

/// Bytes as letters, for a file within a file.
pub(super) fn base64(text: &mut String, bytes: &[u8]) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for i in 0..4 {
            match i <= three.len() {
                true => text.push(LETTERS[(bits >> (18 - 6 * i) & 63) as usize].into()),
                false => text.push('='),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_sums_and_letters_are_the_standards() {
        // The check value of CRC-32, and the test vectors of RFC 4648.
        assert_eq!(crc(b"123456789"), 0xcbf4_3926);
        for (bytes, letters) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ] {
            let mut text = String::new();
            base64(&mut text, bytes.as_bytes());
            assert_eq!(text, letters);
        }
    }
}
