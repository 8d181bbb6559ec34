//! The memory that a zstd body needs. The header of its first frame has the window size.

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

use super::Frames;
use crate::api::error::Error;

/// The largest window that a frame may ask for, as a power of two: 8 MiB, which RFC 9659 §3 allows on the wire.
const LARGEST: u32 = 23;
/// The window that every body may use, as a power of two: zstd needs it at its usual levels.
const USUAL: u32 = 21;
/// The memory of a decoder without its window.
const TABLES: usize = 384 << 10;
/// Bytes of the longest header of a frame (RFC 8878 §3.1.1).
const HEADER: usize = 18;

/// The memory of a decoder with such a window.
pub(super) fn cost(window: u32) -> usize {
    (1 << window) + TABLES
}

/// The window that a body needs, as a power of two, and the body.
pub(super) async fn window(mut wire: Frames) -> Result<(u32, Frames), Error> {
    let mut head = BytesMut::new();
    while head.len() < HEADER
        && let Some(frame) = wire.next().await
    {
        head.extend_from_slice(&frame?);
    }
    let window = of_frame(&head).clamp(USUAL, LARGEST);
    let head: Result<Bytes, Error> = Ok(head.freeze());
    let body = futures_util::stream::once(std::future::ready(head)).chain(wire);
    Ok((window, Box::pin(body)))
}

/// The window of the first frame (RFC 8878 §3.1.1.1), or the largest one if it isn't known.
fn of_frame(head: &[u8]) -> u32 {
    let [0x28, 0xb5, 0x2f, 0xfd, descriptor, rest @ ..] = head else {
        return LARGEST;
    };
    let is_single_segment = descriptor & 0x20 != 0;
    let bytes: u64 = if is_single_segment {
        // The window is the content. Its length follows the dictionary id.
        let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let field = [1, 2, 4, 8][usize::from(descriptor >> 6)];
        let Some(length) = rest.get(dictionary..dictionary + field) else {
            return LARGEST;
        };
        let digits = length.iter().rev();
        let length = digits.fold(0, |sum, digit| sum << 8 | u64::from(*digit));
        // Lengths below 256 have a field of one byte, so one of two begins there.
        length + if field == 2 { 256 } else { 0 }
    } else {
        let Some(&window) = rest.first() else {
            return LARGEST;
        };
        let base = 1u64 << (10 + (window >> 3));
        base + base / 8 * u64::from(window & 7)
    };
    bytes.max(1).next_power_of_two().ilog2()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_window_is_what_the_encoder_says() {
        for window in [10, 18, 21, 23, 27] {
            let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
            encoder.window_log(window).unwrap();
            encoder.write_all(&vec![7; 64 << 10]).unwrap();
            encoder.flush().unwrap();
            encoder.write_all(&[7; 10]).unwrap();
            let packed = encoder.finish().unwrap();
            assert_eq!(of_frame(&packed), window);
        }
    }

    #[test]
    fn a_frame_of_one_segment_has_a_window_of_its_length() {
        for (length, window) in [(1, 0), (200, 8), (300, 9), (600, 10), (70_000, 17)] {
            let packed = zstd::bulk::compress(&vec![1; length], 3).unwrap();
            assert_eq!(packed[4] & 0x20, 0x20, "{length}");
            assert_eq!(of_frame(&packed), window, "{length}");
        }
        assert_eq!(of_frame(b"id,name"), LARGEST);
        assert_eq!(of_frame(&[0x28, 0xb5, 0x2f, 0xfd, 0x00]), LARGEST);
    }
}
