use super::*;

const COLUMNS: &[(&str, ColumnType)] = &[
    ("id", ColumnType::Integer),
    ("dest", ColumnType::String),
    ("delay", ColumnType::Integer),
    ("a.eq", ColumnType::String),
    ("or", ColumnType::String),
];

fn flights() -> Table {
    let text = "1,LAX,70,x,o\n2,SFO,,y,p\n3,\"a,b(c)\",5,x,o\n4,LAX,5,,p\n5,,70,z,o\n";
    table(COLUMNS, &[], text)
}

#[test]
fn groups_hold_as_sql_has_them_also_for_nulls() {
    let flights = flights();
    for (query, expected) in [
        ("or=(dest.eq.LAX,delay.gt.60)", "145"),
        ("and=(dest.eq.LAX,delay.gt.60)", "1"),
        ("not.or=(dest.eq.LAX,delay.gt.60)", "3"),
        ("not.and=(dest.eq.LAX,delay.gt.60)", "234"),
        (
            "or=(dest.is.null,and(delay.lte.5,dest.in.(LAX,\"a,b(c)\")))",
            "345",
        ),
        ("not.or=(dest.is.null,delay.is.null)", "134"),
        ("or=(not.and(dest.eq.LAX,delay.eq.5),id.eq.4)", "12345"),
        ("or=(dest.not.in.(LAX),not.or(delay.not.is.null))", "23"),
        ("or=(dest.eq.\"a,b(c)\")", "3"),
        ("or=(\"a.eq\".eq.z,a.eq.eq.y)", "25"),
        ("or=(or.eq.p,id.eq.1)", "124"),
        ("or=(dest.like.L*,dest.ilike.\"A,*\")", "134"),
        ("or=(id.eq.1,id.eq.2)&or=(dest.eq.LAX,delay.eq.5)", "1"),
        ("or=(id.lt.3,id.gt.4)&delay=gt.0&and=(delay.lt.100)", "15"),
        ("or=(dest.eq.,id.eq.5)", "5"),
    ] {
        assert_eq!(flights.matching(query).concat(), expected, "{query}");
    }
}

#[test]
fn a_group_rules_a_block_out_only_if_no_row_can_meet_it() {
    let flights = flights();
    let may = |query: &str| {
        let query = flights.resolve(query).unwrap();
        query.may_match(|column| flights.known(column))
    };
    for query in [
        "or=(id.eq.9,delay.gt.70)",
        "or=(id.gt.5,and(delay.lt.60,dest.gt.z))",
        "and=(id.eq.9,dest.eq.LAX)",
        "not.or=(id.lte.5,delay.eq.5)",
        "or=(and(id.eq.9),and(delay.eq.71))",
    ] {
        assert!(!may(query), "{query}");
    }
    assert!(may("or=(id.eq.9,delay.gt.60)"));
    assert!(may("not.and=(id.lte.5,delay.eq.5)"));
    let query = flights.resolve("or=(id.eq.9,delay.eq.5)").unwrap();
    assert_eq!(query.bloom_columns(), [0, 2]);
    assert_eq!(query.zone_map_columns(), [0, 2]);
    assert!(!query.is_of_all_rows());
}

#[test]
fn what_is_wrong_in_a_group_is_told_with_its_place() {
    let flights = flights();
    let deep = |depth: usize| {
        format!(
            "or={}id.eq.1{}",
            "(or".repeat(depth - 1) + "(",
            ")".repeat(depth)
        )
    };
    let many = |count: usize| format!("or=({})", vec!["id.eq.1"; count].join(","));
    flights.resolve(&deep(8)).unwrap();
    flights.resolve(&many(100)).unwrap();
    for (query, words) in [
        (
            "or=()",
            &["or=(…)", "character 2", "COLUMN.OPERATOR.VALUE"][..],
        ),
        ("or=dest", &["character 1", "parentheses"]),
        ("or=(id.eq.1", &["character 9", "closing parenthesis"]),
        ("or=(id.eq.1)x", &["character 10", "nothing may follow"]),
        ("or=(id.eq.1,)", &["character 10"]),
        ("or=(é.eq.1)", &["character 2", "\"é\""]),
        (
            "not.and=(id.eq.1,id.eq.x)",
            &["not.and=(…)", "character 10", "\"x\"", "a number"],
        ),
        (
            "or=(id.equals.1)",
            &["character 2", "equals.1", "operators are"],
        ),
        ("or=(id.in.(1,2)", &["character 13", "closing parenthesis"]),
        ("or=(id.in.(1,2", &["not closed"]),
        ("or=(dest.eq.a(b))", &["character 11", "double quotes"]),
        ("or=(dest.eq.\"a)", &["double quote is not closed"]),
        ("or=(\"dest\"eq.a)", &["character 8", ".OPERATOR"]),
        (&deep(9), &["8 deep"]),
        (&many(101), &["at most 100"]),
        (&format!("{}&{}", many(60), many(41)), &["at most 100"]),
    ] {
        let refusal = flights.refusal(query);
        for word in words {
            assert!(refusal.contains(word), "{query}: {word}: {refusal}");
        }
    }
}

#[test]
fn a_group_is_part_of_the_fingerprint_wherever_it_stands() {
    let flights = flights();
    let of = |query: &str| flights.resolve(query).unwrap().fingerprint();
    let one = of("or=(id.eq.1)&id=gt.0");
    assert_eq!(one, of("id=gt.0&or=(id.eq.1)"));
    for other in ["id=gt.0", "or=(id.eq.2)&id=gt.0", "and=(id.eq.1)&id=gt.0"] {
        assert_ne!(one, of(other), "{other}");
    }
}
