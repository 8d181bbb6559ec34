use super::*;

#[test]
fn a_text_comes_back_as_it_was() {
    for text in [&b""[..], b"a", &b"id,name\n1,Ada\n".repeat(10_000)] {
        assert_eq!(decompress(&compress(text), text.len()).unwrap(), text);
    }
}

#[test]
fn a_text_that_repeats_itself_is_packed_to_a_small_part_of_it() {
    let text = (0..5000).map(|row| format!("{row},2013-01-01,LAX\n"));
    let text = text.collect::<String>().into_bytes();
    let packed = compress(&text);
    assert!(packed.len() * 4 < text.len(), "{}", packed.len());
}

#[test]
fn a_text_of_another_length_is_damage() {
    let data = compress(b"id\n1\n2\n");
    for bytes in [0, 6, 8, 1 << 20] {
        assert!(decompress(&data, bytes).is_err(), "{bytes}");
    }
}

#[test]
fn damaged_data_is_an_error_and_the_next_block_is_read_again() {
    let text: Vec<u8> = (0..5000_u32)
        .flat_map(|row| format!("{row},{}\n", row * 7919 % 1000).into_bytes())
        .collect();
    let data = compress(&text);
    for at in (0..data.len()).step_by(data.len() / 500) {
        let mut damaged = data.clone();
        damaged[at] ^= 0x55;
        // Damage that still decompresses to as many bytes is for the digest to find.
        if let Ok(other) = decompress(&damaged, text.len()) {
            assert!(other == text || digest(&other) != digest(&text));
        }
        assert!(decompress(&data[..at], text.len()).is_err());
    }
    assert_eq!(decompress(&data, text.len()).unwrap(), text);
}

#[test]
fn a_frame_that_claims_to_be_huge_is_refused() {
    let bomb = compress(&vec![0; 64 << 20]);
    assert!(bomb.len() < 10_000);
    assert!(decompress(&bomb, 1000).is_err());
}

#[test]
fn the_digest_is_the_same_everywhere() {
    let hex: String = digest(b"abc")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex, "06b05ab6733a618578af5f94892f3950");
}
