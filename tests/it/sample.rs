//! CSVs that tests send.

/// A CSV of about `bytes` bytes, which packing makes not much smaller.
pub fn large_csv(bytes: usize) -> String {
    let mut csv = String::from("id,code\n");
    let mut id: u64 = 0;
    while csv.len() < bytes {
        id += 1;
        let code = id
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(31)
            .wrapping_mul(0xbf58_476d_1ce4_e5b9);
        csv.push_str(&format!("{id},{code:016x}\n"));
    }
    csv
}
