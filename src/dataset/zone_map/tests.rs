use super::*;

fn zone_map(bounds: Bounds) -> ZoneMap {
    ZoneMap {
        nulls: 3,
        bounds,
        kind: Some(ColumnType::Integer),
        placeholders: 5,
        respelled: false,
    }
}

#[test]
fn statistics_come_back_as_they_were() {
    let columns: Vec<_> = [
        Bounds::None,
        Bounds::Boolean {
            min: false,
            max: true,
        },
        Bounds::Integer {
            min: i64::MIN,
            max: i64::MAX,
        },
        Bounds::Number {
            min: -0.0,
            max: f64::INFINITY,
        },
        Bounds::Date {
            min: -719_528,
            max: 2_932_896,
        },
        Bounds::Instant { min: -1, max: 1 },
        Bounds::Text {
            min: vec![],
            max: vec![0xF5],
        },
    ]
    .map(zone_map)
    .into();
    let bytes = encode(&columns);
    assert_eq!(decode(&bytes).unwrap(), columns);
    assert_eq!(decode(&encode(&[])).unwrap(), []);
    // Whichever columns are decoded, and whichever are skipped before them.
    for asked in 0..1_u32 << columns.len() {
        let places: Vec<_> = (0..columns.len())
            .filter(|at| asked >> at & 1 == 1)
            .collect();
        let wanted: Vec<_> = places.iter().map(|at| columns[*at].clone()).collect();
        assert_eq!(decode_columns(&bytes, &places).unwrap(), wanted);
    }
    assert!(matches!(
        decode_columns(&bytes, &[1, columns.len()]),
        Err(CorruptZoneMaps::Lacking(_))
    ));
}

/// Stored zone maps stay readable: a change needs another encoding with another number.
#[test]
fn the_encoding_does_not_change() {
    let bytes = encode(&[zone_map(Bounds::Integer { min: -1, max: 300 })]);
    assert_eq!(bytes, [1, 1, 3, 2, 1, 0xD8, 4, 1, 1, 5]);
}

#[test]
fn damaged_statistics_and_those_of_a_later_release_are_refused() {
    let bytes = encode(&[zone_map(Bounds::None)]);
    assert!(matches!(
        decode(&bytes[..3]),
        Err(CorruptZoneMaps::Damaged(_))
    ));
    assert!(matches!(
        decode(&[9, 0]),
        Err(CorruptZoneMaps::Encoding(Some(9)))
    ));
    assert!(matches!(decode(&[]), Err(CorruptZoneMaps::Encoding(None))));
    // A length larger than any memory.
    let long = [1, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01];
    assert!(decode(&long).is_err());
    assert!(decode_columns(&long, &[0]).is_err());
    for bytes in [&bytes[..3], &[9, 0], &[]] {
        assert!(decode_columns(bytes, &[0]).is_err());
    }
}

#[test]
fn bounds_of_several_raw_blocks_hold_all_their_values() {
    let text = |min: &str, max: &str| Bounds::Text {
        min: min.into(),
        max: max.into(),
    };
    let merged = |raw_blocks: &[Bounds]| {
        let raw_blocks: Vec<_> = raw_blocks.iter().cloned().map(zone_map).collect();
        let merged = ZoneMap::merged(&raw_blocks)?;
        assert_eq!(merged.nulls, 3 * raw_blocks.len() as u32);
        Some(merged.bounds)
    };
    assert_eq!(merged(&[]), Some(Bounds::None));
    assert_eq!(
        merged(&[text("b", "c"), Bounds::None, text("a", "b"), text("b", "d")]),
        Some(text("a", "d"))
    );
    let integers = [(3, 4), (-1, 2)].map(|(min, max)| Bounds::Integer { min, max });
    assert_eq!(merged(&integers), Some(Bounds::Integer { min: -1, max: 4 }));
    let numbers = Bounds::Number { min: 0.5, max: 9.5 };
    let both = Some(Bounds::Number {
        min: -1.0,
        max: 9.5,
    });
    assert_eq!(
        merged(&[&integers[..], std::slice::from_ref(&numbers)].concat()),
        both
    );
    assert_eq!(merged(&[&[numbers], &integers[..]].concat()), both);
    assert_eq!(merged(&[integers[0].clone(), text("a", "b")]), None);
}
